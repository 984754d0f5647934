#include "resources.h"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace chaos {
namespace {

size_t heap_in_use() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A line of /proc/self/status, in kB there.
size_t status_of(const char* name) {
  std::FILE* file = std::fopen("/proc/self/status", "re");
  if (file == nullptr) return 0;
  char line[256];
  size_t bytes = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, name, std::strlen(name)) == 0) {
      bytes = std::strtoull(line + std::strlen(name), nullptr, 10) * 1024;
    }
  }
  static_cast<void>(std::fclose(file));
  return bytes;
}

// Without the one that reads the folder.
size_t descriptors_in_use() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count - 1;
}

}  // namespace

Resources resources() {
  return {heap_in_use(), status_of("RssAnon:"), status_of("VmHWM:"), descriptors_in_use()};
}

}  // namespace chaos
