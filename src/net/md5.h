#pragma once

#include <string_view>

namespace ami {

// The MD5 of protocol/digest.h, from OpenSSL. False where it has none: in FIPS mode, or at the exit of
// the process. Throws std::bad_alloc.
bool md5(std::string_view text, unsigned char out[16]);

}  // namespace ami
