#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "net/certificate.h"
#include "net/tls.h"

namespace ami {

// What is costly, shared by all options that name the same files: the trust store, the key, the protocol
// settings.
class OpenSslContext {
 public:
  // Throws std::bad_alloc; detail is set when the result is of no use.
  OpenSslContext(const TlsOptions& options, std::string& detail);

  [[nodiscard]] SSL_CTX* ssl_ctx() const noexcept { return ssl_ctx_.get(); }
  // The BIO through which a connection takes and gives its bytes.
  [[nodiscard]] const BIO_METHOD* bio_method() const noexcept { return bio_method_.get(); }

 private:
  // "", or what is wrong.
  std::string load(const TlsOptions& options);
  std::string load_key(const std::string& key, const std::string& cert);

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> ssl_ctx_;
  std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> bio_method_;
};

class TlsContextWithOptions final : public TlsContext {
 public:
  TlsOptions options;
  std::optional<KeyHash> pin;
  std::shared_ptr<OpenSslContext> openssl;
};

// Made for each connection, in tls.cpp.
BIO_METHOD* new_bio_method();
int verify_peer(X509_STORE_CTX* store, void*);

// OpenSSL's words for the first error since the queue was cleared; the queue is cleared.
std::string take_openssl_error();

}  // namespace ami
