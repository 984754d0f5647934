// Broken promises: told as they are found, counted for the exit code.
#pragma once

namespace chaos {

// From any thread. Only the first are shown.
void broken(const char* format, ...) __attribute__((format(printf, 1, 2)));
int count_broken();

}  // namespace chaos
