#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace ami {

// A file descriptor that is closed with its owner; -1: none.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) noexcept : fd_(fd) {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  void close() noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  // Its owner is another from now on.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// "192.0.2.1:5038", "[2001:db8::1]:5038".
[[nodiscard]] std::string text_of(const SocketAddress& address);
// The words for an errno number.
[[nodiscard]] std::string error_text(int error);

bool set_nonblocking_cloexec(int fd) noexcept;

// A TCP socket for a client, not connected: non-blocking, close-on-exec, no-delay, keep-alive, never SIGPIPE.
// Without a descriptor when the system gave none (errno).
[[nodiscard]] Socket open_tcp(int family) noexcept;
// 0 when under way (or done), else an errno number.
[[nodiscard]] int start_connect(int fd, const SocketAddress& address) noexcept;
// What came of it: 0 or an errno number.
[[nodiscard]] int connect_result(int fd) noexcept;
// Whether the two ends of the connection are one socket: TCP can connect to itself when the local port that
// it chose happens to be the port that nobody listens on.
[[nodiscard]] bool is_self_connected(int fd) noexcept;
// Makes close() end the connection at once, and leave the port free.
void reset_on_close(int fd) noexcept;

// recv and send that go on after a signal and never raise SIGPIPE; -1 with errno.
[[nodiscard]] ssize_t receive_some(int fd, char* buffer, size_t size) noexcept;
[[nodiscard]] ssize_t send_some(int fd, const char* data, size_t size) noexcept;
[[nodiscard]] bool would_block(int error) noexcept;

}  // namespace ami
