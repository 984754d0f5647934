// The accounts of the mock.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "classes.h"

namespace ami::mock {

struct User {
  std::string name, secret;
  Classes read = all_classes;
  Classes write = all_classes;
  bool single = false;  // no second login
  bool denied = false;  // an ACL keeps it out
  int64_t write_timeout_ms = -1;
  std::vector<std::string> filters;
};

class Users {
 public:
  Users();
  // NAME:SECRET[:READ[:WRITE[:FLAGS]]]; replaces a user of that name. False and a reason if it cannot be
  // read.
  bool add(std::string_view text, std::string& reason);
  const User* find(std::string_view name) const;  // case-blind
  const std::vector<User>& all() const { return users_; }

 private:
  std::vector<User> users_;
};

// Lower-case hex of MD5(challenge, secret).
std::string login_key(std::string_view challenge, std::string_view secret);

}  // namespace ami::mock
