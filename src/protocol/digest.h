#pragma once

#include <string>
#include <string_view>

namespace ami {

// Writes the 16 bytes of the MD5 of text to out; false where MD5 is not to be had (FIPS mode). Given from
// outside, since cryptography is the business of src/net.
using Md5 = bool (*)(std::string_view text, unsigned char out[16]);

// The Key of an MD5 login: lower-case hex of MD5(challenge, secret). "" when md5 fails. Intermediate copies
// of the secret are wiped.
[[nodiscard]] std::string challenge_key(Md5 md5, std::string_view challenge, std::string_view secret);

// Overwrites and empties text, in a way that no compiler leaves out.
void wipe(std::string& text) noexcept;

// Wipes a text at the end of a scope, however that is left.
class Wiper {
 public:
  explicit Wiper(std::string& text) noexcept : text_(text) {}
  ~Wiper() { wipe(text_); }
  Wiper(const Wiper&) = delete;
  Wiper& operator=(const Wiper&) = delete;

 private:
  std::string& text_;
};

}  // namespace ami
