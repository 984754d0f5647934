#pragma once

#include <cstddef>
#include <string_view>

namespace ami {

inline constexpr size_t kTlsRecordBytes = 1024;

// How much of text the next TLS record takes: whole lines of together at most kTlsRecordBytes, or one line
// that is longer. (What follows the last line end goes alone.) Asterisk looks at the socket for more, not at
// what OpenSSL has decrypted already: of a longer record it would leave a rest unread.
[[nodiscard]] size_t record_length(std::string_view text) noexcept;

}  // namespace ami
