#pragma once

#include <atomic>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define AMI_FREE_AT_ONCE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AMI_FREE_AT_ONCE
#endif
#endif

namespace ami {

// The memory of messages that one thread made and another one is done with. There, free() would take the lock
// of the allocator that the maker wants for the next message at the same moment, and every second event they
// would meet in the kernel. Here it waits on a stack until the maker frees it.
class ReturnedMemory {
 public:
  // How much may wait, lest it is a burden when the makers have nothing to do.
#ifdef AMI_FREE_AT_ONCE
  static constexpr size_t kMostBytes = 0;  // so that AddressSanitizer sees who looks at a message too late
#else
  static constexpr size_t kMostBytes = 1U << 20U;
#endif

  // The one of the process.
  static ReturnedMemory& instance() noexcept;

  // Memory waits while there are makers; with the last one it goes, but for what is given at that moment.
  void add_maker() noexcept {
    makers_.fetch_add(1, std::memory_order_relaxed);
  }
  void remove_maker() noexcept;
  // From any thread. memory came from malloc(), and has room for a pointer.
  void give(void* memory, size_t size) noexcept;
  // For a maker, before it makes more.
  void free_all() noexcept;
  // How much waits, about.
  [[nodiscard]] size_t bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

 private:
  struct Block {
    Block* next;
  };

  std::atomic<Block*> top_{nullptr};
  std::atomic<size_t> bytes_{0};
  std::atomic<size_t> makers_{0};
};

}  // namespace ami
