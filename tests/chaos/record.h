// What the server's side saw, written by its process and read by that of the client.
#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <new>

#include "plan.h"

namespace chaos {

constexpr uint64_t most_actions = 1U << 24U;

struct Record {
  std::atomic<int> port;              // of the proxy
  std::atomic<uint64_t> connections;  // through the proxy
  std::atomic<uint64_t> ticks;        // events with a number, from 1
  std::atomic<uint64_t> heard;        // ticks that were written to a session, counted for each
  std::atomic<uint64_t> events;       // all events that were
  std::atomic<uint64_t> disorders;    // actions that came after a later one of the same connection
  std::atomic<uint64_t> read_on;      // ways that were read to their end beside one that was half-closed
  std::array<std::array<std::atomic<uint64_t>, places>, faults> fired;
  std::array<std::atomic<uint8_t>, most_actions> seen;  // how often, by the action's number
};

// Zeroed memory of its own kind, that children share and that is not counted as anonymous.
template <typename Type>
Type* map_shared() {
  void* memory =
      mmap(nullptr, sizeof(Type), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<Type*>(memory);
}

}  // namespace chaos
