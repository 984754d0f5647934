#include "ami/ami.h"

extern "C" {

AMI_API const char* ami_strerror(int err) {
  switch (err) {
    case AMI_OK:
      return "success";
#define AMI_ERROR_TEXT(name, number, text) \
  case number:                             \
    return text;
      AMI_ERROR_MAP(AMI_ERROR_TEXT)
#undef AMI_ERROR_TEXT
    default:
      return "unknown error";
  }
}

AMI_API const char* ami_err_name(int err) {
  switch (err) {
    case AMI_OK:
      return "AMI_OK";
#define AMI_ERROR_NAME(name, number, text) \
  case number:                             \
    return "AMI_" #name;
      AMI_ERROR_MAP(AMI_ERROR_NAME)
#undef AMI_ERROR_NAME
    default:
      return "AMI_UNKNOWN";
  }
}

}  // extern "C"
