#include "link.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0  // the mock's thread blocks SIGPIPE as well
#endif

namespace ami::mock {

Link::Link(int fd, SSL_CTX* tls) : fd_(fd) {
  if (!tls) return;
  ssl_.reset(SSL_new(tls));
  SSL_set_fd(ssl_.get(), fd);
  SSL_set_accept_state(ssl_.get());
}

Link::~Link() {
  close(false, false);
}

Link::Result Link::tls_result(int result) {
  int error = SSL_get_error(ssl_.get(), result);
  wants_write_ = error == SSL_ERROR_WANT_WRITE;
  return wants_write_ || error == SSL_ERROR_WANT_READ ? Result::Again : Result::Closed;
}

Link::Result Link::handshake() {
  if (!ssl_) return Result::Done;
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Result::Done : tls_result(result);
}

Link::Result Link::read(char* buffer, size_t room, size_t& count) {
  wants_write_ = false;
  if (ssl_) {
    ERR_clear_error();
    int result = SSL_read_ex(ssl_.get(), buffer, room, &count);
    return result == 1 ? Result::Done : tls_result(result);
  }
  ssize_t got = recv(fd_, buffer, room, 0);
  if (got < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Result::Again : Result::Closed;
  count = static_cast<size_t>(got);
  return got == 0 ? Result::Closed : Result::Done;
}

Link::Result Link::write(const char* data, size_t size, size_t& count) {
  wants_write_ = true;
  if (ssl_) {
    ERR_clear_error();
    int result = SSL_write_ex(ssl_.get(), data, size, &count);
    return result == 1 ? Result::Done : tls_result(result);
  }
  ssize_t sent = send(fd_, data, size, MSG_NOSIGNAL);
  if (sent < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Result::Again : Result::Closed;
  count = static_cast<size_t>(sent);
  return Result::Done;
}

void Link::half_close() {
  if (ssl_) SSL_shutdown(ssl_.get());
  shutdown(fd_, SHUT_WR);
}

void Link::close(bool orderly, bool reset) {
  if (fd_ < 0) return;
  if (reset) {
    linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  } else {
    if (orderly && ssl_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    shutdown(fd_, SHUT_WR);
    char scrap[4096];
    while (recv(fd_, scrap, sizeof scrap, MSG_DONTWAIT) > 0) continue;
  }
  ssl_.reset();
  ::close(fd_);
  fd_ = -1;
}

}  // namespace ami::mock
