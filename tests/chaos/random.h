// Random numbers that are the same on every machine (SplitMix64), which std's distributions are not.
#pragma once

#include <cstdint>

namespace chaos {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // From 0 to limit - 1.
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>((next() >> 32U) * limit >> 32U); }
  uint32_t between(uint32_t low, uint32_t high) { return low + below(high - low + 1); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  // Every order of magnitude up to limit (at least 1) is as likely as the others.
  uint32_t of_any_size(uint32_t limit) {
    uint32_t top = limit;
    while (top > 8 && one_in(2)) top /= 8;
    return below(top);
  }

 private:
  uint64_t state_;
};

}  // namespace chaos
