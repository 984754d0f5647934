#pragma once

#include <string>

#include "cli/key.h"

namespace ami::cli {

// What a word of the shell's input can go on with.
struct Candidates {
  size_t typed = 0;  // bytes before the cursor that a candidate takes the place of
  Keys words;
};

// Of the text before the cursor: actions (of these names) for the first word, headers of the action that are
// not yet there for the others, and the options of an action.
Candidates candidates_of(const std::string& before, const Keys& actions);

}  // namespace ami::cli
