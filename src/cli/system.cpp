#include "cli/system.h"

#include <cstdlib>
#include <system_error>

namespace ami::cli {

const char* environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here calls setenv()
  return value == nullptr ? "" : value;
}

std::string user_folder(const char* variable, const char* fallback) {
  std::string folder = environment(variable);
  if (folder.starts_with('/')) return folder;  // the specification: a relative one is to be ignored
  const std::string home = environment("HOME");
  return home.empty() ? home : home + "/" + fallback;
}

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace ami::cli
