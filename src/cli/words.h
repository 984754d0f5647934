#pragma once

#include <string>
#include <vector>

namespace ami::cli {

// The words of a line, quoted as in sh: blanks part them, unless in '...' or "..." or behind a backslash.
// Throws Failure for a quote that does not end, and for a NUL byte.
std::vector<std::string> words_of(const std::string& line);

}  // namespace ami::cli
