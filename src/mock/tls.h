// The TLS side of the listener.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace ami::mock {

struct TlsOptions {
  std::string certificate, key, client_ca, min_version, max_version;
};

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;
using SslHandle = std::unique_ptr<SSL, SslFree>;

// nullptr and a reason when a file cannot be used.
SslContext make_tls(const TlsOptions& options, std::string& reason);
// The subject of the peer's certificate in one line, empty if it sent none.
std::string peer_subject(SSL* ssl);

}  // namespace ami::mock
