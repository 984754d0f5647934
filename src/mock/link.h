// One accepted socket, plain or TLS. TLS sits right on the socket, as in Asterisk: what OpenSSL has decrypted
// and the reader had no room for cannot be seen by polling (see RequestReader).
#pragma once

#include <cstddef>

#include "tls.h"

namespace ami::mock {

class Link {
 public:
  enum class Result { Done, Again, Closed };

  Link(int fd, SSL_CTX* tls);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int fd() const { return fd_; }
  SSL* ssl() const { return ssl_.get(); }
  Result handshake();  // Done at once without TLS
  Result read(char* buffer, size_t room, size_t& count);
  Result write(const char* data, size_t size, size_t& count);
  bool wants_write() const { return wants_write_; }  // of the last Again, also of handshake and read
  void half_close();
  // orderly: with the TLS closing alert. Unread input is taken first, so that the end is a FIN; reset: an
  // RST.
  void close(bool orderly, bool reset);

 private:
  Result tls_result(int result);

  int fd_;
  SslHandle ssl_;
  bool wants_write_ = false;
};

}  // namespace ami::mock
