#pragma once

#include <atomic>
#include <cstdint>

#include "ami/ami.h"
#include "protocol/ref.h"

namespace ami {

// A callback triple of the application's: of a subscription, an action, a log or a wake-up. Counted twice: as
// an object, and by its uses, of which the registration is the first. When the last use ends, user is
// released.
class Handler {
 public:
  struct Callbacks {
    ami_event_cb event = nullptr;
    ami_reply_cb reply = nullptr;
    ami_log_cb log = nullptr;
    ami_wake_cb wake = nullptr;
  };

  // When it cannot be made, user is released at once and the result is null.
  static Ref<Handler> create(uint64_t id, const Callbacks& callbacks, void* user,
                             ami_release_cb release) noexcept;

  void ref(uint32_t count = 1) const noexcept { refs_.fetch_add(count, std::memory_order_relaxed); }
  void unref(uint32_t count = 1) const noexcept {
    if (refs_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
  }

  // Begins a use, or so many; false after end().
  bool begin(uint32_t count = 1) noexcept;
  // Ends what begin() began.
  void finish(uint32_t count = 1) noexcept;
  // Ends the registration: no use begins any more. False when it had ended before.
  bool end() noexcept;
  [[nodiscard]] bool ended() const noexcept { return (uses_.load(std::memory_order_acquire) & kEnded) != 0; }

  const uint64_t id;
  const Callbacks callbacks;
  void* const user;

  // The number under which an item that was handed out finds this handler again; from 1. False when out of
  // memory.
  bool reserve_slot() noexcept;
  // So many items go out: each a use, which also keeps the handler, until it is given back by that number. 0
  // after end(), and without a slot.
  uint32_t lend(uint32_t count) noexcept;
  static void give_back(uint32_t slot, uint32_t count) noexcept;

 private:
  static constexpr uint32_t kEnded = 1U << 31U;

  Handler(uint64_t handler_id, const Callbacks& cbs, void* user_data, ami_release_cb release)
      : id(handler_id), callbacks(cbs), user(user_data), release_(release) {}
  ~Handler();

  const ami_release_cb release_;
  mutable std::atomic<uint32_t> refs_{1};
  std::atomic<uint32_t> uses_{1};
  std::atomic<uint32_t> slot_{0};
};
using HandlerPtr = Ref<Handler>;

}  // namespace ami
