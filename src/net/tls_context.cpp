#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <map>
#include <mutex>
#include <new>
#include <system_error>
#include <tuple>

#include "net/fork.h"
#include "net/openssl.h"

namespace ami {
namespace {

// Whether the chain of the peer is looked at.
bool needs_trust(const TlsOptions& options) {
  return options.pin.empty() && options.verify != TlsOptions::Verify::kNone;
}

// CA, certificate, key, system store.
using Files = std::tuple<std::string, std::string, std::string, bool>;
Files files_of(const TlsOptions& options) {
  const bool trust = needs_trust(options);
  return {trust ? options.ca : std::string(), options.cert, options.key, trust};
}

// Under process_mutex(). Never destroyed: threads of the library may outlive the static objects of a process.
std::map<Files, std::weak_ptr<OpenSslContext>>& cache() {
  static auto* const the_cache = new std::map<Files, std::weak_ptr<OpenSslContext>>;
  return *the_cache;
}

std::shared_ptr<OpenSslContext> shared_context(const TlsOptions& options, std::string& detail) {
  const std::lock_guard lock(process_mutex());
  std::erase_if(cache(), [](const auto& entry) { return entry.second.expired(); });
  auto& known = cache()[files_of(options)];
  if (auto context = known.lock()) return context;
  auto made = std::make_shared<OpenSslContext>(options, detail);
  if (!detail.empty()) return nullptr;
  known = made;
  return made;
}

std::string with_file(const char* option, const std::string& file, const std::string& why) {
  return std::string(option) + " \"" + file + "\": " + why;
}

// Why a file could not be used that should hold such a thing.
std::string explain_file(const char* thing) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  const bool is_missing = (ERR_GET_LIB(error) == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
                          (ERR_GET_LIB(error) == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED);
  const std::string text = take_openssl_error();
  return is_missing ? std::string("there is no ") + thing + " in it, in PEM form" : text;
}

// Without this OpenSSL would ask on the terminal.
int give_no_pass_phrase(char*, int, int, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return 0;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (error == 0) return "no reason given";
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(error) + " of OpenSSL";
}

OpenSslContext::OpenSslContext(const TlsOptions& options, std::string& detail)
    : ssl_ctx_(SSL_CTX_new(TLS_client_method()), free_held<SSL_CTX_free>),
      bio_method_(new_bio_method(), free_held<BIO_meth_free>) {
  if (!ssl_ctx_ || !bio_method_) {
    detail = "OpenSSL cannot be used: " + take_openssl_error();
    return;
  }
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(ssl_ctx_.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(ssl_ctx_.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(ssl_ctx_.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ssl_ctx_.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(ssl_ctx_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ssl_ctx_.get(), verify_peer, nullptr);
  SSL_CTX_set_default_passwd_cb(ssl_ctx_.get(), give_no_pass_phrase);
  detail = load(options);
}

std::string OpenSslContext::load(const TlsOptions& options) {
  if (needs_trust(options)) {
    // Whatever is in tls.ca is trusted, also the server's own certificate without its CA.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl_ctx_.get()), X509_V_FLAG_PARTIAL_CHAIN);
    if (options.ca.empty()) {
      if (SSL_CTX_set_default_verify_paths(ssl_ctx_.get()) != 1)
        return "the system's CAs: " + take_openssl_error();
    } else if (SSL_CTX_load_verify_file(ssl_ctx_.get(), options.ca.c_str()) != 1) {
      return with_file("tls.ca", options.ca, explain_file("certificate"));
    }
  }
  ERR_clear_error();
  if (options.cert.empty()) return options.key.empty() ? "" : "tls.key without tls.cert";
  if (SSL_CTX_use_certificate_chain_file(ssl_ctx_.get(), options.cert.c_str()) != 1) {
    return with_file("tls.cert", options.cert, explain_file("certificate"));
  }
  // Both may be in one file.
  return load_key(options.key.empty() ? options.cert : options.key, options.cert);
}

std::string OpenSslContext::load_key(const std::string& key, const std::string& cert) {
  bool asked = false;
  SSL_CTX_set_default_passwd_cb_userdata(ssl_ctx_.get(), &asked);
  const bool loaded = SSL_CTX_use_PrivateKey_file(ssl_ctx_.get(), key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(ssl_ctx_.get(), nullptr);
  // A key of another kind than the certificate's is kept beside it, and would never be used.
  if (loaded && SSL_CTX_check_private_key(ssl_ctx_.get()) == 1) return "";
  const unsigned long error = ERR_peek_error();
  std::string why = explain_file("private key");
  if (loaded || (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH)) {
    why = "it is not the key of tls.cert \"" + cert + "\"";
  } else if (asked) {
    why = "it is encrypted, and nobody can be asked for the pass phrase: use a key without one";
  }
  return with_file("tls.key", key, why);
}

std::shared_ptr<TlsContext> TlsContext::get(const TlsOptions& options, std::string& detail) {
  detail.clear();
  auto context = std::make_shared<TlsContextWithOptions>();
  context->options = options;
  const OpenSslHold openssl;
  if (!openssl) {
    detail = kOpenSslEnded;
    return nullptr;
  }
  if (!options.pin.empty()) {
    KeyHash hash;
    if (!parse_pin(options.pin, hash)) {
      detail = "tls.pin \"" + options.pin + "\" is not sha256// and the base64 of 32 bytes";
      return nullptr;
    }
    context->pin = hash;
  } else if (options.verify == TlsOptions::Verify::kFull && options.server_name.empty()) {
    detail = "tls.server_name is empty: there is no name to verify";
    return nullptr;
  }
  context->openssl = shared_context(options, detail);
  if (!context->openssl) return nullptr;
  return context;
}

}  // namespace ami
