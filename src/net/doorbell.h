#pragma once

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

}  // namespace ami
