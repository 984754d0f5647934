#include "delivery/handler.h"

#include <mutex>
#include <new>
#include <vector>

namespace ami {
namespace {

// Handlers whose items were handed out, by slot. ami_item_t has room for a small number, not for a pointer.
struct Slots {
  std::mutex mutex;
  std::vector<Handler*> handlers;
  std::vector<uint32_t> free;
};
Slots& slots() {
  static auto* const all = new Slots;  // never destroyed: items may be released while the process ends
  return *all;
}

}  // namespace

Ref<Handler> Handler::create(uint64_t id, const Callbacks& callbacks, void* user,
                             ami_release_cb release) noexcept {
  auto* handler = new (std::nothrow) Handler(id, callbacks, user, release);
  if (handler == nullptr && release != nullptr) release(user);
  return HandlerPtr::adopt(handler);
}

Handler::~Handler() {
  end();
  const uint32_t number = slot_.load(std::memory_order_relaxed);
  if (number == 0) return;
  const std::lock_guard lock(slots().mutex);
  slots().handlers[number - 1] = nullptr;
  slots().free.push_back(number);
}

bool Handler::begin(uint32_t count) noexcept {
  uint32_t uses = uses_.load(std::memory_order_relaxed);
  do {
    if ((uses & kEnded) != 0) return false;
  } while (!uses_.compare_exchange_weak(uses, uses + count, std::memory_order_acq_rel));
  return true;
}

void Handler::finish(uint32_t count) noexcept {
  if (uses_.fetch_sub(count, std::memory_order_acq_rel) - count == kEnded && release_ != nullptr)
    release_(user);
}

bool Handler::end() noexcept {
  uint32_t uses = uses_.load(std::memory_order_relaxed);
  do {
    if ((uses & kEnded) != 0) return false;
  } while (!uses_.compare_exchange_weak(uses, (uses | kEnded) - 1, std::memory_order_acq_rel));
  if (((uses | kEnded) - 1) == kEnded && release_ != nullptr) release_(user);
  return true;
}

bool Handler::reserve_slot() noexcept {
  if (slot_.load(std::memory_order_acquire) != 0) return true;
  uint32_t number = 0;
  try {
    const std::lock_guard lock(slots().mutex);
    number = slot_.load(std::memory_order_relaxed);
    if (number != 0) return true;
    if (slots().free.empty()) {
      // Room to give the slot back is made together with the slot, so that giving it back cannot fail.
      slots().free.reserve(slots().handlers.size() + 1);
      slots().handlers.push_back(this);
      number = static_cast<uint32_t>(slots().handlers.size());
    } else {
      number = slots().free.back();
      slots().free.pop_back();
      slots().handlers[number - 1] = this;
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  slot_.store(number, std::memory_order_release);
  return true;
}

uint32_t Handler::lend(uint32_t count) noexcept {
  const uint32_t slot = slot_.load(std::memory_order_acquire);
  if (slot == 0 || !begin(count)) return 0;
  ref(count);
  return slot;
}

void Handler::give_back(uint32_t slot, uint32_t count) noexcept {
  Handler* handler = nullptr;
  {
    const std::lock_guard lock(slots().mutex);
    if (slot == 0 || slot > slots().handlers.size()) return;
    handler = slots().handlers[slot - 1];
  }
  handler->finish(count);
  handler->unref(count);
}

}  // namespace ami
