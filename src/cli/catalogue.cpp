#include "cli/catalogue.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "cli/failure.h"
#include "cli/key.h"

namespace ami::cli {
namespace {

struct Action {
  const char* name;
  const char* required;  // headers, with blanks between them
  const char* others;
};

constexpr Action kActions[] = {
#include "cli/catalogue.inc"
};

constexpr const char* kForce = "--force sends it all the same";

Keys words_of(const char* text) {
  std::istringstream stream(text);
  Keys words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// How many characters are to be added, left out, changed or swapped with the next (Damerau and Levenshtein),
// whatever the case.
size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::vector<size_t>> steps(one.size() + 1, std::vector<size_t>(other.size() + 1));
  for (size_t i = 0; i <= one.size(); i++) {
    for (size_t j = 0; j <= other.size(); j++) {
      if (i == 0 || j == 0) {
        steps[i][j] = i + j;
        continue;
      }
      const size_t change = small(one[i - 1]) == small(other[j - 1]) ? 0 : 1;
      steps[i][j] = std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + change});
      const bool swapped = i > 1 && j > 1 && small(one[i - 1]) == small(other[j - 2]) &&
                           small(one[i - 2]) == small(other[j - 1]);
      if (swapped) steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
    }
  }
  return steps[one.size()][other.size()];
}

// The one of names that is nearly name; "" if none is. In a short name one slip is much.
std::string nearly(std::string_view name, const Keys& names) {
  size_t least = name.size() < 4 ? 1 : name.size() < 8 ? 2 : 3;
  std::string found;
  for (const std::string& known : names) {
    const size_t steps = distance(name, known);
    if (steps >= least) continue;
    least = steps;
    found = known;
  }
  return found;
}

std::string question(const std::string& name) {
  return name.empty() ? "" : "did you mean " + name + "? ";
}

const Action* find_action(std::string_view name) {
  const auto* found = std::find_if(std::begin(kActions), std::end(kActions),
                                   [&name](const Action& action) { return is_same_key(action.name, name); });
  return found == std::end(kActions) ? nullptr : found;
}

[[noreturn]] void refuse_name(const std::string& name, const Keys& others) {
  Keys names = known_actions();
  names.insert(names.end(), others.begin(), others.end());
  throw Failure(kUsage, "no Asterisk from 1.4 to 24 has an action of this name (" + name +
                            "): " + question(nearly(name, names)) + kForce);
}

Keys headers_of(const Action& action) {
  Keys headers = words_of(action.required);
  const Keys others = words_of(action.others);
  headers.insert(headers.end(), others.begin(), others.end());
  return headers;
}

}  // namespace

Keys known_actions() {
  Keys names;
  for (const Action& action : kActions) names.emplace_back(action.name);
  return names;
}

Keys known_headers(std::string_view action) {
  const Action* known = find_action(action);
  return known == nullptr ? Keys() : headers_of(*known);
}

void check_action(const std::string& name, const std::vector<std::string>& fields, const Keys& others) {
  const Action* found = find_action(name);
  if (found == nullptr && holds_key(others, name)) return;
  if (found == nullptr) refuse_name(name, others);
  const Action& action = *found;
  const Keys required = words_of(action.required);
  const Keys known = headers_of(action);
  Keys given;
  for (const std::string& field : fields) given.push_back(field.substr(0, field.find('=')));
  // To a UserEvent belong whatever headers its sender likes.
  for (const std::string& key : is_same_key(name, "UserEvent") ? Keys() : given) {
    const std::string near = holds_key(known, key) ? "" : nearly(key, known);
    if (!near.empty())
      throw Failure(kUsage, std::string(action.name) + " has no header of this name (" + key +
                                "): " + question(near) + kForce);
  }
  const auto missing = std::find_if(required.begin(), required.end(),
                                    [&given](const std::string& key) { return !holds_key(given, key); });
  if (missing != required.end())
    throw Failure(kUsage, std::string(action.name) + " lacks a header that it requires (" + *missing +
                              "): add " + *missing + "=VALUE; " + kForce);
}

}  // namespace ami::cli
