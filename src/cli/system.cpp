#include "cli/system.h"

#include <cstdlib>
#include <system_error>

namespace ami::cli {

const char* environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here calls setenv()
  return value == nullptr ? "" : value;
}

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace ami::cli
