#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/key.h"

namespace ami::cli {

// Looks an action and its headers (Key=Value) up in what is known of Asterisk 1.4 to 24. Throws Failure for
// an action that no version has, for a header that is required and missing, and for one that is nearly
// another's name. others: actions that the server is known to have beside; of those nothing more is asked.
void check_action(const std::string& name, const std::vector<std::string>& fields, const Keys& others = {});

// The actions of all those versions, and the headers of one of them: first those that are required. None for
// one that is not known.
Keys known_actions();
Keys known_headers(std::string_view action);

}  // namespace ami::cli
