#include "cli/server.h"

#include <strings.h>

#include <algorithm>

namespace ami::cli {

bool ServerArguments::has_option(const std::string& name) const {
  return std::any_of(options.begin(), options.end(), [&name](const std::string& option) {
    return option.size() > name.size() && strncasecmp(option.c_str(), name.c_str(), name.size()) == 0 &&
           option[name.size()] == '=';
  });
}

}  // namespace ami::cli
