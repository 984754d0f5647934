#include "net/clock.h"

#include <uv.h>

#include <ctime>

namespace ami {

uint64_t monotonic_ms() noexcept {
  return uv_hrtime() / 1'000'000U;
}

uint64_t unix_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t random_seed() noexcept {
  uint64_t seed = 0;
  // Fails only on a system without any source of randomness; ids stay unique there, if not unpredictable.
  if (uv_random(nullptr, nullptr, &seed, sizeof seed, 0, nullptr) != 0) seed = uv_hrtime() ^ unix_ns();
  return seed;
}

}  // namespace ami
