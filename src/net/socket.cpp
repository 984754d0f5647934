#include "net/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

namespace ami {
namespace {

// A dead peer is noticed by the Pings of the session long before; this is for links that have none.
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 4;

void set_option(int fd, int level, int name, int value) noexcept {
  // Options are wishes: a system that refuses one still gives a working connection.
  (void)setsockopt(fd, level, name, &value, sizeof value);
}

void configure(int fd) noexcept {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(TCP_KEEPIDLE)
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
#elif defined(TCP_KEEPALIVE)
  set_option(fd, IPPROTO_TCP, TCP_KEEPALIVE, kKeepAliveIdleSeconds);
#endif
#ifdef TCP_KEEPINTVL
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
#endif
#ifdef TCP_KEEPCNT
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
#endif
#ifdef SO_NOSIGPIPE
  set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
}

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // SO_NOSIGPIPE does it
#endif

}  // namespace

void Socket::close() noexcept {
  // Never retried after EINTR: the descriptor is gone all the same.
  if (fd_ != -1) ::close(std::exchange(fd_, -1));
}

std::string text_of(const SocketAddress& address) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address.storage), address.size, host, sizeof host, port,
                  sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  const bool v6 = address.storage.ss_family == AF_INET6;
  std::string text = v6 ? "[" : "";
  text += host;
  text += v6 ? "]:" : ":";
  return text += port;
}

std::string error_text(int error) {
  char text[128];
  return uv_strerror_r(uv_translate_sys_error(error), text, sizeof text);
}

bool set_nonblocking_cloexec(int fd) noexcept {
  const int flags = fcntl(fd, F_GETFL);
  return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1 && fcntl(fd, F_SETFD, FD_CLOEXEC) != -1;
}

Socket open_tcp(int family) noexcept {
#ifdef SOCK_CLOEXEC
  Socket tcp(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
#else
  Socket tcp(socket(family, SOCK_STREAM, IPPROTO_TCP));
  if (tcp.fd() != -1 && !set_nonblocking_cloexec(tcp.fd())) tcp.close();
#endif
  if (tcp.fd() != -1) configure(tcp.fd());
  return tcp;
}

int start_connect(int fd, const SocketAddress& address) noexcept {
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return 0;
  // After EINTR the attempt goes on by itself.
  return errno == EINPROGRESS || errno == EINTR ? 0 : errno;
}

int connect_result(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool is_self_connected(int fd) noexcept {
  SocketAddress near;
  SocketAddress far;
  near.size = far.size = sizeof(sockaddr_storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&near.storage), &near.size) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&far.storage), &far.size) != 0 ||
      near.storage.ss_family != far.storage.ss_family) {
    return false;
  }
  if (near.storage.ss_family == AF_INET) {
    const auto& a = reinterpret_cast<const sockaddr_in&>(near.storage);
    const auto& b = reinterpret_cast<const sockaddr_in&>(far.storage);
    return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
  }
  const auto& a = reinterpret_cast<const sockaddr_in6&>(near.storage);
  const auto& b = reinterpret_cast<const sockaddr_in6&>(far.storage);
  return a.sin6_port == b.sin6_port && memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
}

void reset_on_close(int fd) noexcept {
  const linger at_once{1, 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

ssize_t receive_some(int fd, char* buffer, size_t size) noexcept {
  ssize_t count = 0;
  do {
    count = recv(fd, buffer, size, 0);
  } while (count < 0 && errno == EINTR);
  return count;
}

ssize_t send_some(int fd, const char* data, size_t size) noexcept {
  ssize_t count = 0;
  do {
    count = send(fd, data, size, kSendFlags);
  } while (count < 0 && errno == EINTR);
  return count;
}

bool would_block(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace ami
