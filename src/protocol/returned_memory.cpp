#include "protocol/returned_memory.h"

#include <cstdlib>
#include <new>

namespace ami {
ReturnedMemory& ReturnedMemory::instance() noexcept {
  static constinit ReturnedMemory all;
  return all;
}

void ReturnedMemory::remove_maker() noexcept {
  if (makers_.fetch_sub(1, std::memory_order_relaxed) == 1) free_all();
}

void ReturnedMemory::give(void* memory, size_t size) noexcept {
  if (makers_.load(std::memory_order_relaxed) == 0 || bytes() + size > kMostBytes) {
    std::free(memory);
    return;
  }
  bytes_.fetch_add(size, std::memory_order_relaxed);
  auto* block = new (memory) Block{top_.load(std::memory_order_relaxed)};
  while (
      !top_.compare_exchange_weak(block->next, block, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void ReturnedMemory::free_all() noexcept {
  if (top_.load(std::memory_order_relaxed) == nullptr) return;
  Block* block = top_.exchange(nullptr, std::memory_order_acquire);
  bytes_.store(0, std::memory_order_relaxed);
  while (block != nullptr) {
    Block* const next = block->next;
    std::free(block);
    block = next;
  }
}

}  // namespace ami
