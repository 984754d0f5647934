#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ami/ami.h"
#include "cli/connection.h"

namespace ami::cli {

// The answer to an action, be it an error. Throws Failure when there is none.
ReplyHandle ask(const Connection& connection, const char* name, const std::vector<std::string>& fields = {});

// What an account may do, as far as its server tells.
struct Account {
  std::set<std::string> actions;  // that it may run
  std::set<std::string> classes;  // of actions; without those that no action has for itself

  [[nodiscard]] bool has(const std::string& name) const { return classes.contains(name); }
  [[nodiscard]] bool may(const std::string& action) const { return actions.contains(action); }
};
Account account_of(const Connection& connection);

// The text of a command of Asterisk's command line; nothing where the account may not, or Asterisk knows
// none.
std::optional<std::string> command_text(const Connection& connection, const std::string& command);
// What stands behind "name:" in such a text, without blanks around it; "" when it is not there.
std::string setting_of(std::string_view text, std::string_view name);

// The account's writetimeout in manager.conf: "" when it has none; nothing where the account may not read
// that file. Its secret comes over the connection with it.
std::optional<std::string> write_timeout_of(const Connection& connection, const std::string& user);

}  // namespace ami::cli
