#include "protocol/digest.h"

#include <cstring>

namespace ami {

std::string challenge_key(Md5 md5, std::string_view challenge, std::string_view secret) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  const Wiper wiper(text);
  text.reserve(challenge.size() + secret.size());  // so that growing leaves no copy of the secret behind
  text.append(challenge).append(secret);
  unsigned char digest[16];
  const bool made = md5(text, digest);
  std::string key;
  if (!made) return key;
  for (const unsigned char byte : digest) {
    key += kHex[byte >> 4U];
    key += kHex[byte & 15U];
  }
  return key;
}

void wipe(std::string& text) noexcept {
  // Called through a pointer that might change, so that it cannot be left out as in vain.
  static void* (*const volatile overwrite)(void*, int, size_t) = std::memset;
  // A longer text may have been here before. Within the capacity nothing is allocated.
  text.resize(text.capacity());
  overwrite(text.data(), 0, text.size());
  text.clear();
}

}  // namespace ami
