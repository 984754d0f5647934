// What this process has in use.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chaos {

struct Resources {
  size_t heap = 0;         // bytes that malloc() has given and not got back
  size_t anonymous = 0;    // bytes of memory of its own that are resident
  size_t peak = 0;         // bytes that were resident at most
  size_t descriptors = 0;  // open ones
};

Resources resources();

}  // namespace chaos
