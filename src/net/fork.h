#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace ami {

// How many forks lie between this process and the one that first loaded the library: an object that remembers
// the number of its birth knows whether it has been carried into a child. Costs one load.
[[nodiscard]] uint32_t fork_generation() noexcept;

// The lock of what the library keeps once a process. A fork waits for it, so that in the child no thread that
// no longer exists can hold it.
[[nodiscard]] std::mutex& process_mutex() noexcept;

// In a forked child: keeps an object for ever. Its locks may be held, and its condition variables waited at,
// by threads that are not here; to destroy those would not return. Throws std::bad_alloc.
void keep_in_child(std::shared_ptr<const void> object);

}  // namespace ami
