#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "cli/server.h"

namespace ami::cli {

// A server as the configuration file describes it, in a section of its own:
//   [office]
//   url = ami://admin@pbx.example
//   password-command = secret-tool lookup service ami
//   tls.ca = /etc/ssl/office.pem
// The names are url, password-file, password-command, and every option of ami_set().
class Profile {
 public:
  struct Entry {
    std::string name;
    std::string value;
    int line = 0;
  };

  // That of -p; or, unless the command line or AMI_URL name a server, that of AMI_PROFILE or the one named
  // default. An empty one when there is none to be had. Throws Failure for what is wrong in the file, and
  // where others could read a password in it or put in a command.
  explicit Profile(const ServerArguments& server);
  ~Profile();  // wipes the values: a password may be among them
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  // In the order of the file, without the other three names.
  [[nodiscard]] const std::list<Entry>& options() const { return options_; }
  // Their value is "" when the profile has none.
  [[nodiscard]] const Entry& url() const { return url_; }
  [[nodiscard]] const Entry& password_file() const { return password_file_; }
  [[nodiscard]] const Entry& password_command() const { return password_command_; }
  [[nodiscard]] bool has_password_source() const {
    return !password_file_.value.empty() || !password_command_.value.empty();
  }
  // Whether an option of that name is in it.
  [[nodiscard]] bool has_option(std::string_view name) const;
  // "FILE:LINE", for what is wrong with it.
  [[nodiscard]] std::string place_of(const Entry& entry) const;

 private:
  void take(std::string_view name, std::string_view value, int line);

  std::string name_;
  std::list<Entry> options_;  // whose entries never move, and so leave no copies behind
  Entry url_, password_file_, password_command_;
};

// The file: ami/config in XDG_CONFIG_HOME, which is ~/.config without one. "" without a home.
std::string configuration_file();
// The profiles in it; none when it cannot be read.
std::vector<std::string> profile_names();

}  // namespace ami::cli
