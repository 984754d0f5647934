#include "tls.h"

#include <openssl/err.h>
#include <openssl/x509.h>

namespace ami::mock {

namespace {
int version_number(const std::string& text) {
  if (text == "1.0") return TLS1_VERSION;
  if (text == "1.1") return TLS1_1_VERSION;
  if (text == "1.2") return TLS1_2_VERSION;
  if (text == "1.3") return TLS1_3_VERSION;
  return 0;
}

std::string last_error() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return text;
}

bool set_versions(SSL_CTX* context, const TlsOptions& options, std::string& reason) {
  for (const std::string* text : {&options.min_version, &options.max_version}) {
    if (!text->empty() && version_number(*text) == 0) {
      reason = "tls version \"" + *text + "\" is not one of 1.0, 1.1, 1.2, 1.3";
      return false;
    }
  }
  int highest = version_number(options.max_version);
  if (highest != 0) SSL_CTX_set_max_proto_version(context, highest);
  // OpenSSL lets go of what is older than 1.2 only at security level 0.
  bool old = highest != 0 && highest < TLS1_2_VERSION;
  if (old) SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, options.min_version.empty() ? (old ? TLS1_VERSION : TLS1_2_VERSION)
                                                                     : version_number(options.min_version));
  return true;
}
}  // namespace

SslContext make_tls(const TlsOptions& options, std::string& reason) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context || !set_versions(context.get(), options, reason)) return nullptr;
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str()) != 1) {
    reason = "tls: certificate " + options.certificate + ": " + last_error();
    return nullptr;
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    reason = "tls: key " + options.key + ": " + last_error();
    return nullptr;
  }
  if (!options.client_ca.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), options.client_ca.c_str(), nullptr) != 1) {
      reason = "tls.ca: " + options.client_ca + ": " + last_error();
      return nullptr;
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

std::string peer_subject(SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (!certificate) return {};
  char text[512];
  X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
  X509_free(certificate);
  return text;
}

}  // namespace ami::mock
