#include "net/fork.h"

#include <pthread.h>

#include <atomic>
#include <utility>
#include <vector>

namespace ami {
namespace {

std::atomic<uint32_t> generation{0};

// Never destroyed: library threads may outlive the static objects of a process that exits.
std::mutex& mutex() noexcept {
  alignas(std::mutex) static unsigned char memory[sizeof(std::mutex)];
  static auto* const the_mutex = new (memory) std::mutex;
  return *the_mutex;
}

[[maybe_unused]] const int registered = pthread_atfork([] { mutex().lock(); }, [] { mutex().unlock(); },
                                                       [] {
                                                         generation.fetch_add(1, std::memory_order_relaxed);
                                                         mutex().unlock();
                                                       });

}  // namespace

uint32_t fork_generation() noexcept {
  return generation.load(std::memory_order_relaxed);
}

std::mutex& process_mutex() noexcept {
  return mutex();
}

void keep_in_child(std::shared_ptr<const void> object) {
  static auto* const kept = new std::vector<std::shared_ptr<const void>>;
  kept->push_back(std::move(object));
}

}  // namespace ami
