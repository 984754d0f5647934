#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ami::cli {

// A flaw of Asterisk's that whoever may log in to the manager interface can use.
struct Advisory {
  const char* id;
  const char* what;
  std::vector<const char*> fixed;  // the first release of each line without it
  const char* since = "0";         // the first release with it, where not all earlier ones have it
};

// Those that a release such as "18.24.1" has, by its number; none for what is no release.
std::vector<const Advisory*> advisories_of(std::string_view release);
// Whether it is one: not so for certified and unreleased Asterisks, whose numbers are others.
bool is_release(std::string_view release);

}  // namespace ami::cli
