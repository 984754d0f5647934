#pragma once

#include <string>
#include <vector>

namespace ami::cli {

// What may stand for the last of the words behind "ami", which may be begun or empty: a line for each, then a
// tab and what it means, if there is something to say. A word that ends in = goes on without a blank. The
// line
// ":files" means that the name of a file is wanted. For the shells: see completions/.
std::string completions(const std::vector<std::string>& words);

}  // namespace ami::cli
