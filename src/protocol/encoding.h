#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The option "encoding": what the bytes of values mean. Limits and names always use wire bytes.
namespace ami {

enum class Encoding : uint8_t {
  kBytes,   // ascii, binary: untouched
  kUtf8,    // received: invalid bytes become U+FFFD; to send: must be valid
  kLatin1,  // received: converted to UTF-8; to send: converted from UTF-8
};

// True when decoding would change nothing, so that no copy is needed.
[[nodiscard]] bool is_plain(Encoding encoding, std::string_view wire) noexcept;
// Appends the decoded form of wire. In UTF-8 each longest beginning of a character that breaks off, and each
// byte that can begin none, becomes one U+FFFD.
void decode(Encoding encoding, std::string_view wire, std::string& out);
// How many bytes decode() would append.
[[nodiscard]] size_t decoded_size(Encoding encoding, std::string_view wire) noexcept;
// Writes the decoded form to out, which has room for decoded_size() bytes, and returns its end.
char* decode_to(Encoding encoding, std::string_view wire, char* out) noexcept;
// Appends the wire form of text; false (and out unchanged) when it cannot be said in this encoding.
[[nodiscard]] bool encode(Encoding encoding, std::string_view text, std::string& out);

}  // namespace ami
