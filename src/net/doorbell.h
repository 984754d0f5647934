#pragma once

#include <utility>

namespace ami {

// A descriptor that is readable while rung: eventfd on Linux, a pipe elsewhere. Close-on-exec, non-blocking.
class Doorbell {
 public:
  Doorbell();  // fd() is -1 when the system gave none
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void ring() noexcept;   // readable from now on
  void quiet() noexcept;  // no longer
  [[nodiscard]] int fd() const noexcept { return read_fd_; }

 private:
  int read_fd_ = -1;
  int write_fd_ = -1;
};

// A stream socket from which a byte can be read for every ring; rings that were not read yet may merge into
// one.
class StreamDoorbell {
 public:
  StreamDoorbell();  // take_reader() is -1 when the system gave none
  ~StreamDoorbell();
  StreamDoorbell(const StreamDoorbell&) = delete;
  StreamDoorbell& operator=(const StreamDoorbell&) = delete;

  void ring() const noexcept;
  // The end to read from, once: whoever takes it closes it.
  [[nodiscard]] int take_reader() noexcept { return std::exchange(reader_, -1); }

 private:
  int reader_ = -1;
  int writer_ = -1;
};

}  // namespace ami
