#pragma once

#include <functional>
#include <thread>

namespace ami {

// A thread of the library's: it blocks all signals, so that the host's handlers run on the host's threads.
// Throws std::system_error.
[[nodiscard]] std::thread start_thread(std::function<void()> run);

}  // namespace ami
