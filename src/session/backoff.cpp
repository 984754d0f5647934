#include "session/backoff.h"

#include <algorithm>

namespace ami {

uint64_t Backoff::next() {
  constexpr uint64_t kMaxDoublings = 32;
  const uint64_t doublings = std::min(attempt_++, kMaxDoublings);
  const uint64_t limit = std::min(first_ms_ << doublings, max_ms_);
  if (jitter_ == Jitter::kNone) return limit;
  return std::uniform_int_distribution<uint64_t>(0, limit)(random_);
}

}  // namespace ami
