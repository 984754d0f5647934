#include "verdict.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>

namespace chaos {
namespace {

constexpr int most_shown = 30;
std::atomic<int> found{0};

}  // namespace

void broken(const char* format, ...) {
  if (found.fetch_add(1) >= most_shown) return;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  static_cast<void>(std::vsnprintf(text, sizeof text, format, arguments));
  va_end(arguments);
  static_cast<void>(std::fprintf(stderr, "BROKEN: %s\n", text));
}

int count_broken() {
  return found;
}

}  // namespace chaos
