#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ami {

struct TlsOptions {
  enum class Verify { kFull, kCa, kNone };
  std::string ca, cert, key;  // PEM files; empty: system store, none, none
  Verify verify = Verify::kFull;
  std::string server_name;  // for SNI and verification; an address is verified as one
  std::string pin;          // sha256//BASE64 of the SubjectPublicKeyInfo; replaces chain and name checks
  bool operator==(const TlsOptions&) const = default;
};

// A client's TLS settings, ready to use. What is costly (trust store, key) is shared by all that name the
// same files, and read again when the last of them has gone.
class TlsContext {
 public:
  // nullptr on an error, with the reason (file, OpenSSL's words) in detail.
  static std::shared_ptr<TlsContext> get(const TlsOptions& options, std::string& detail);
  virtual ~TlsContext() = default;
};

// One TLS connection through memory: no socket. Bytes from the peer go into receive(), plain text comes out
// of read(); write() takes plain text; what is to be sent to the peer gathers in output().
class Tls {
 public:
  static std::unique_ptr<Tls> create(const std::shared_ptr<TlsContext>& context, std::string& detail);
  virtual ~Tls() = default;

  enum class State { kHandshake, kOpen, kClosed, kFailed };
  [[nodiscard]] virtual State state() const = 0;
  // Starts the handshake (fills output()).
  virtual void start() = 0;
  // Takes ciphertext, which must stay where it is until read(), which fetches the plain text, has returned 0.
  virtual void receive(std::string_view ciphertext) = 0;
  virtual size_t read(char* buffer, size_t size) = 0;
  // Encrypts text in records of whole lines and at most 1,024 bytes: Asterisk stalls on longer ones
  // (its reader looks at the socket, not at what OpenSSL still holds). A line that is longer by itself goes
  // alone. Returns how many bytes were taken: all, or less before the handshake ends or when it fails.
  virtual size_t write(std::string_view text) = 0;
  // Queues a close_notify.
  virtual void shutdown() = 0;
  [[nodiscard]] virtual std::string_view output() const = 0;
  virtual void consumed(size_t bytes) = 0;
  // After kOpen: "TLSv1.3". After kFailed: what went wrong, in words that name the certificate or the check.
  [[nodiscard]] virtual std::string version() const = 0;
  // When the server's certificate ends, in unix seconds; 0 when that is not known.
  [[nodiscard]] virtual int64_t certificate_end() const = 0;
  [[nodiscard]] virtual const std::string& detail() const = 0;
};

}  // namespace ami
