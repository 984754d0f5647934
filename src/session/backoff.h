#pragma once

#include <cstdint>
#include <random>

namespace ami {

// When to try again: capped exponential growth, by default with full jitter, so that many clients of one
// server that went down do not come back at the same moment.
class Backoff {
 public:
  enum class Jitter { kFull, kNone };

  Backoff(uint64_t first_ms, uint64_t max_ms, uint64_t seed, Jitter jitter = Jitter::kFull)
      : first_ms_(first_ms), max_ms_(max_ms), jitter_(jitter), random_(seed) {}

  // The next delay: the limit, which doubles with each call, or with jitter drawn evenly from [0, limit].
  uint64_t next();
  // The longest delay, for a server that answers but refuses.
  [[nodiscard]] uint64_t max() const { return max_ms_; }
  [[nodiscard]] uint64_t attempt() const { return attempt_; }
  // After a connection that lasted.
  void reset() { attempt_ = 0; }

 private:
  uint64_t first_ms_;
  uint64_t max_ms_;
  Jitter jitter_;
  uint64_t attempt_ = 0;
  std::mt19937_64 random_;
};

}  // namespace ami
