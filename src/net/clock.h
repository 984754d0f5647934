#pragma once

#include <cstdint>

namespace ami {

// Milliseconds that only go forward, the same as a uv loop's now.
[[nodiscard]] uint64_t monotonic_ms() noexcept;
[[nodiscard]] uint64_t unix_ns() noexcept;
// Unpredictable bits from the operating system.
[[nodiscard]] uint64_t random_seed() noexcept;

}  // namespace ami
