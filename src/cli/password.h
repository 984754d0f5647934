#pragma once

#include <string>
#include <string_view>

#include "cli/profile.h"
#include "cli/signals.h"

namespace ami::cli {

// Fills it with zeros.
void wipe(std::string& text);

// A password in memory: wiped at its end.
class Password {
 public:
  explicit Password(std::string text) : text_(std::move(text)) {}
  ~Password();
  Password(const Password&) = delete;
  Password& operator=(const Password&) = delete;

  [[nodiscard]] const char* text() const { return text_.c_str(); }

 private:
  std::string text_;
};

// Whether url carries a password, before its @ or as an option.
bool url_has_password(const std::string& url);
// Whether name=value is the option that holds the password.
bool is_password_option(std::string_view option);

// The password of a server whose URL and options hold none: the first line of the file (- is stdin), or else
// that of the profile's password-file or password-command, or else AMI_PASSWORD, or else what is typed at the
// terminal. who (user@host) stands in the question. Throws Failure when there is none.
Password find_password(const std::string& file, const Profile& profile, const std::string& who,
                       const Signals& signals);

}  // namespace ami::cli
