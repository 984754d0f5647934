#pragma once

#include <cstdint>

namespace ami {

// Of a point in time or a span, in milliseconds.
constexpr uint64_t kNever = UINT64_MAX;

[[nodiscard]] constexpr uint64_t plus(uint64_t a, uint64_t b) noexcept {
  return a > kNever - b ? kNever : a + b;
}

}  // namespace ami
