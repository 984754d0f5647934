#include "core_memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int> allocations_left{-1};

void* allocate(size_t size) {
  if (allocations_left.load(std::memory_order_relaxed) >= 0 && allocations_left.fetch_sub(1) == 0) {
    return nullptr;
  }
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

// Only these: nothing that is tested with them is over-aligned.
void* operator new(size_t size) {
  void* memory = allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return allocate(size);
}
// By themselves they would come to those above, but not in a sanitizer's runtime.
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new[](size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t /*size*/) noexcept {
  std::free(memory);
}

void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t /*size*/) noexcept {
  std::free(memory);
}

extern "C" {

void core_fail_allocation(int after) {
  allocations_left = after;
}
int core_allocation_spared(void) {
  return allocations_left >= 0 ? 1 : 0;
}

}  // extern "C"
