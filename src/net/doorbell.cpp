#include "net/doorbell.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "net/socket.h"

#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace ami {

#ifdef __linux__

Doorbell::Doorbell() : read_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), write_fd_(read_fd_) {}

#else

Doorbell::Doorbell() {
  int ends[2];
  if (pipe(ends) != 0) return;
  if (set_nonblocking_cloexec(ends[0]) && set_nonblocking_cloexec(ends[1])) {
    read_fd_ = ends[0];
    write_fd_ = ends[1];
  } else {
    close(ends[0]);
    close(ends[1]);
  }
}

#endif

Doorbell::~Doorbell() {
  if (write_fd_ != read_fd_) close(write_fd_);
  if (read_fd_ != -1) close(read_fd_);
}

void Doorbell::ring() noexcept {
  // Eight bytes, as an eventfd wants them. A full pipe is rung already.
  const uint64_t one = 1;
  while (write(write_fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Doorbell::quiet() noexcept {
  uint64_t rings[8];
  ssize_t count = 0;
  do {
    count = read(read_fd_, rings, sizeof rings);
  } while (count == static_cast<ssize_t>(sizeof rings) || (count < 0 && errno == EINTR));
}

StreamDoorbell::StreamDoorbell() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return;
  if (set_nonblocking_cloexec(ends[0]) && set_nonblocking_cloexec(ends[1])) {
    reader_ = ends[0];
    writer_ = ends[1];
  } else {
    close(ends[0]);
    close(ends[1]);
  }
}

StreamDoorbell::~StreamDoorbell() {
  if (reader_ != -1) close(reader_);
  if (writer_ != -1) close(writer_);
}

// A full socket is rung already; without a reader nobody is to be woken.
void StreamDoorbell::ring() const noexcept {
  (void)send_some(writer_, "!", 1);
}

}  // namespace ami
