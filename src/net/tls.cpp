#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <new>

#include "net/certificate.h"
#include "net/openssl.h"
#include "net/records.h"
#include "net/tls_context.h"
#include "protocol/text.h"

namespace ami {
namespace {

// A large backlog was an exception; an idle connection is not to keep its memory.
constexpr size_t kOutputKept = 16U << 10U;

class OpenSslTls final : public Tls {
 public:
  explicit OpenSslTls(std::shared_ptr<TlsContextWithOptions> context) : context_(std::move(context)) {}
  ~OpenSslTls() override { free_held<SSL_free>(ssl_); }

  bool open(std::string& detail);

  [[nodiscard]] State state() const override { return state_; }
  void start() override { go_on(); }
  void receive(std::string_view ciphertext) override;
  size_t read(char* buffer, size_t size) override;
  size_t write(std::string_view text) override;
  void shutdown() override;
  [[nodiscard]] std::string_view output() const override { return std::string_view(output_).substr(sent_); }
  void consumed(size_t bytes) override;
  [[nodiscard]] std::string version() const override { return SSL_get_version(ssl_); }
  [[nodiscard]] int64_t certificate_end() const override { return end_of(SSL_get0_peer_certificate(ssl_)); }
  [[nodiscard]] const std::string& detail() const override { return detail_; }

  // Called by OpenSSL, through its C frames.
  bool verify(X509_STORE_CTX* store);
  int take_input(char* buffer, int size);
  int add_output(const char* bytes, int size) noexcept;

 private:
  bool set_name();
  bool check_pin(X509_STORE_CTX* store, X509* leaf);
  bool looks_like_tls();
  void go_on();
  void fail();
  void give_up();
  [[nodiscard]] std::string explain(unsigned long error) const;

  const std::shared_ptr<TlsContextWithOptions> context_;
  SSL* ssl_ = nullptr;
  State state_ = State::kHandshake;
  bool seen_input_ = false;
  std::string_view input_;
  std::string output_;
  size_t sent_ = 0;
  std::string detail_;
};

// Not by OpenSSL, which for lack of memory would take an address for a name.
bool is_address(const std::string& text) {
  in6_addr bytes{};
  return inet_pton(AF_INET, text.c_str(), &bytes) == 1 || inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
}

OpenSslTls* tls_of(BIO* bio) {
  return static_cast<OpenSslTls*>(BIO_get_data(bio));
}

bool OpenSslTls::open(std::string& detail) {
  ERR_clear_error();
  ssl_ = SSL_new(context_->openssl->ssl_ctx());
  const bool made = ssl_ != nullptr && SSL_set_app_data(ssl_, this) == 1;
  BIO* bio = made ? BIO_new(context_->openssl->bio_method()) : nullptr;
  if (bio == nullptr) {
    detail = take_openssl_error();
    return false;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_connect_state(ssl_);
  if (set_name()) return true;
  detail = "tls.server_name \"" + context_->options.server_name + "\": " + take_openssl_error();
  return false;
}

// What the peer is told that we want, and what its certificate must be for.
bool OpenSslTls::set_name() {
  std::string name = context_->options.server_name;
  if (name.empty()) return true;
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_);
  const bool check = context_->options.verify == TlsOptions::Verify::kFull;
  // Certificates know nothing of the interface in fe80::1%eth0.
  const std::string address = name.substr(0, name.find('%'));
  if (is_address(address)) return !check || X509_VERIFY_PARAM_set1_ip_asc(wanted, address.c_str()) == 1;
  // Nor of the dot that ends a full domain name.
  if (name.ends_with('.')) name.pop_back();
  if (SSL_set_tlsext_host_name(ssl_, name.c_str()) != 1) return false;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return !check || X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1;
}

void OpenSslTls::receive(std::string_view ciphertext) {
  input_ = ciphertext;
  if (state_ != State::kHandshake) return;
  if (!seen_input_ && !looks_like_tls()) return;
  seen_input_ = true;
  go_on();
}

// A server that speaks plain text is told from a broken one by its first bytes.
bool OpenSslTls::looks_like_tls() {
  const auto type = static_cast<unsigned char>(input_.empty() ? SSL3_RT_HANDSHAKE : input_[0]);
  if (type >= SSL3_RT_CHANGE_CIPHER_SPEC && type <= SSL3_RT_APPLICATION_DATA) return true;
  const std::string_view line = input_.substr(0, input_.find_first_of("\r\n"));
  detail_ = "the server answered in plain text: \"" + printable(line, 60) + "\"; is this its TLS port?";
  state_ = State::kFailed;
  return false;
}

void OpenSslTls::go_on() {
  if (state_ != State::kHandshake) return;
  const OpenSslHold openssl;
  if (!openssl) return give_up();
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) {
    state_ = State::kOpen;
  } else if (const int error = SSL_get_error(ssl_, done); error != SSL_ERROR_WANT_READ) {
    fail();
  }
}

size_t OpenSslTls::read(char* buffer, size_t size) {
  if (state_ != State::kOpen) return 0;
  const OpenSslHold openssl;
  if (!openssl) return give_up(), 0;
  ERR_clear_error();  // SSL_get_error() takes what others have left on this thread for its own
  size_t count = 0;
  const int done = SSL_read_ex(ssl_, buffer, size, &count);
  if (done == 1) return count;
  switch (SSL_get_error(ssl_, done)) {
    case SSL_ERROR_WANT_READ:
      break;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::kClosed;
      break;
    default:
      fail();
  }
  return 0;
}

size_t OpenSslTls::write(std::string_view text) {
  if (state_ != State::kOpen) return 0;
  const OpenSslHold openssl;
  if (!openssl) return give_up(), 0;
  ERR_clear_error();
  size_t taken = 0;
  while (taken < text.size()) {
    const std::string_view rest = text.substr(taken);
    size_t written = 0;
    if (SSL_write_ex(ssl_, rest.data(), record_length(rest), &written) != 1) {
      fail();
      break;
    }
    taken += written;
  }
  return taken;
}

void OpenSslTls::shutdown() {
  if (state_ != State::kOpen) return;
  const OpenSslHold openssl;
  if (!openssl) return give_up();
  SSL_shutdown(ssl_);
  ERR_clear_error();
  state_ = State::kClosed;
}

void OpenSslTls::consumed(size_t bytes) {
  sent_ += bytes;
  if (sent_ < output_.size()) return;
  sent_ = 0;
  output_.clear();
  if (output_.capacity() > kOutputKept) output_.shrink_to_fit();
}

// The process exits.
void OpenSslTls::give_up() {
  state_ = State::kFailed;
  detail_ = kOpenSslEnded;
}

void OpenSslTls::fail() {
  state_ = State::kFailed;
  const unsigned long error = ERR_peek_error();
  if (detail_.empty()) detail_ = explain(error);
  ERR_clear_error();
}

std::string OpenSslTls::explain(unsigned long error) const {
  const TlsOptions& options = context_->options;
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the server does not offer TLS 1.2 or later";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server demands a client certificate: set tls.cert and tls.key";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return options.cert.empty()
                 ? "the server refused the handshake: no cipher in common, or it demands a client "
                   "certificate (tls.cert and tls.key)"
                 : "the server refused the handshake: no cipher in common, or it does not like the "
                   "client certificate " +
                       options.cert;
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "the server refused the client certificate " + (options.cert.empty() ? "(none)" : options.cert) +
             ": " + take_openssl_error();
    default:
      return take_openssl_error();
  }
}

bool OpenSslTls::verify(X509_STORE_CTX* store) {
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  if (context_->pin) return check_pin(store, leaf);
  if (context_->options.verify == TlsOptions::Verify::kNone) return true;
  if (X509_verify_cert(store) == 1) return true;
  detail_ = explain_refusal(X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_current_cert(store), leaf,
                            context_->options.server_name);
  return false;
}

bool OpenSslTls::check_pin(X509_STORE_CTX* store, X509* leaf) {
  KeyHash hash;
  const bool hashed = hash_key(leaf, hash);
  if (hashed && CRYPTO_memcmp(hash.data(), context_->pin->data(), hash.size()) == 0) return true;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  detail_ = "the server's key is not the pinned one: tls.pin is " + context_->options.pin +
            ", the server has " + (hashed ? pin_text(hash) : "an unreadable key");
  return false;
}

int OpenSslTls::take_input(char* buffer, int size) {
  const size_t count = std::min(input_.size(), static_cast<size_t>(size));
  if (count == 0) return 0;  // memcpy takes no null, not even for nothing
  memcpy(buffer, input_.data(), count);
  input_.remove_prefix(count);
  return static_cast<int>(count);
}

int OpenSslTls::add_output(const char* bytes, int size) noexcept {
  try {
    output_.append(bytes, static_cast<size_t>(size));
    return size;
  } catch (const std::bad_alloc&) {
    return -1;
  }
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace

BIO_METHOD* new_bio_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "libami connection");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, [](BIO* bio, char* buffer, int size) {
    BIO_clear_retry_flags(bio);
    const int count = tls_of(bio)->take_input(buffer, size);
    if (count > 0) return count;
    BIO_set_retry_read(bio);
    return -1;
  });
  BIO_meth_set_write(method, [](BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    return tls_of(bio)->add_output(bytes, size);
  });
  BIO_meth_set_ctrl(method, control);
  return method;
}

int verify_peer(X509_STORE_CTX* store, void*) {
  const auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  try {
    return static_cast<OpenSslTls*>(SSL_get_app_data(ssl))->verify(store) ? 1 : 0;
  } catch (const std::bad_alloc&) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
    return 0;
  }
}

std::unique_ptr<Tls> Tls::create(const std::shared_ptr<TlsContext>& context, std::string& detail) {
  const OpenSslHold openssl;
  if (!openssl) {
    detail = kOpenSslEnded;
    return nullptr;
  }
  auto tls = std::make_unique<OpenSslTls>(std::static_pointer_cast<TlsContextWithOptions>(context));
  if (!tls->open(detail)) return nullptr;
  return tls;
}

}  // namespace ami
