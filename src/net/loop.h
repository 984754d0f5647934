#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

struct uv_loop_s;

namespace ami {

// A uv loop that clients live on: the library's own, run by its I/O thread, or the caller's. Clients on one
// uv loop share one Loop, and with it the read buffer.
class Loop {
 public:
  // The library's: the I/O thread starts with the first user and ends (is joined) with the last. Throws
  // std::bad_alloc or std::system_error.
  static std::shared_ptr<Loop> shared();
  // The caller's. To be called on its thread.
  static std::shared_ptr<Loop> around(uv_loop_s* loop);

  virtual ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs task on the loop's thread in a later turn. Any thread. A task must not throw: there is nobody to
  // tell.
  virtual void post(std::function<void()> task) = 0;
  // Whether the calling thread is the loop's: the I/O thread, or the one that last ran the caller's loop.
  [[nodiscard]] virtual bool is_current() const = 0;
  [[nodiscard]] virtual bool is_shared() const = 0;
  [[nodiscard]] virtual uv_loop_s* uv() const = 0;
  // One buffer for all reads of the loop: nothing may keep a view of it.
  static constexpr size_t kReadBufferBytes = 64U << 10U;
  [[nodiscard]] virtual char* read_buffer() = 0;
  // A second one of the same size, for the plain text of TLS. Made when first asked for.
  [[nodiscard]] virtual char* text_buffer() = 0;
  // Every callback of the loop says so: it is how is_current() knows the thread.
  virtual void enter() noexcept = 0;

 protected:
  Loop() = default;
};

}  // namespace ami
