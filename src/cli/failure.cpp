#include "cli/failure.h"

#include <unistd.h>

#include "cli/utf8.h"

namespace ami::cli {

int exit_code_of(int err) {
  switch (err) {
    case AMI_OK:
      return kSuccess;
    case AMI_EREPLY:
      return kErrorReply;
    case AMI_EINVAL:
    case AMI_EOPTION:
    case AMI_EINJECT:
    case AMI_ETOOBIG:
    case AMI_EEXIST:
    case AMI_EENCODING:
      return kUsage;
    case AMI_EAUTH:
    case AMI_EFILTER:
      return kNoLogin;
    case AMI_ETIMEDOUT:
    case AMI_ENORESPONSE:
      return kTimeOut;
    default:
      return kNoConnection;
  }
}

int error_number(std::string_view name) {
#define AMI_RETURN_IF_NAMED(error, number, text) \
  if (name == "AMI_" #error) return number;
  AMI_ERROR_MAP(AMI_RETURN_IF_NAMED)
#undef AMI_RETURN_IF_NAMED
  return AMI_ELOST;
}

Failure failure_of(const ami_t* client, int err) {
  std::string text = detail_of(client);
  if (text.empty()) text = ami_strerror(err);
  return {exit_code_of(err), text};
}

void complain(const std::string& text) {
  std::string line = "ami: " + visible(text) + "\n";
  // Nobody is left to tell when stderr itself fails.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ami::cli
