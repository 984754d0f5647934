#pragma once

#include <string>
#include <vector>

namespace ami::cli {

// Which server, and how, as the command line says.
struct ServerArguments {
  std::string profile;               // "": see Profile
  std::string url;                   // "": AMI_URL, or that of a profile
  std::string password_file;         // "": none; "-": stdin
  std::vector<std::string> options;  // name=value, any option of ami_set()

  [[nodiscard]] bool has_option(const std::string& name) const;
};

}  // namespace ami::cli
