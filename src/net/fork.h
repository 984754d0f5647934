#pragma once

#include <cstdint>

namespace ami {

// How many forks lie between this process and the one that first loaded the library: an object that remembers
// the number of its birth knows whether it has been carried into a child. Costs one load.
[[nodiscard]] uint32_t fork_generation() noexcept;

}  // namespace ami
