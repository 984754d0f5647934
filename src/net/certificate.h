#pragma once

#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ami {

using KeyHash = std::array<unsigned char, 32>;

// The SHA-256 of the certificate's public key (its SubjectPublicKeyInfo).
[[nodiscard]] bool hash_key(const X509* certificate, KeyHash& hash);
// As it is written in tls.pin: sha256//BASE64.
[[nodiscard]] std::string pin_text(const KeyHash& hash);
// The reverse; false when text is no such thing.
[[nodiscard]] bool parse_pin(std::string_view text, KeyHash& hash);

// When it ends, in unix seconds; 0 when that cannot be read.
[[nodiscard]] int64_t end_of(const X509* certificate);

// Why a chain was refused, and what to do about it. error is an X509_V_ERR_*, about refused; leaf is the
// server's certificate, name what it should have been made for.
[[nodiscard]] std::string explain_refusal(int error, const X509* refused, X509* leaf,
                                          const std::string& name);

}  // namespace ami
