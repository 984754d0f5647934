#include "classes.h"

#include <algorithm>

#include "text.h"

namespace ami::mock {

namespace {
struct ClassName {
  const char* name;
  int bit;
};
constexpr ClassName class_names[] = {
    {"system", 0}, {"call", 1},      {"log", 2},        {"verbose", 3},  {"command", 4},
    {"agent", 5},  {"user", 6},      {"config", 7},     {"dtmf", 8},     {"reporting", 9},
    {"cdr", 10},   {"dialplan", 11}, {"originate", 12}, {"agi", 13},     {"cc", 15},
    {"aoc", 16},   {"test", 17},     {"security", 18},  {"message", 30},
};
}  // namespace

Classes parse_classes(std::string_view names) {
  Classes out = 0;
  for (const std::string& part : split(names, ',')) {
    std::string_view word = trim(part);
    if (same_word(word, "all")) out |= all_classes;
    for (const ClassName& known : class_names) {
      if (same_word(word, known.name)) out |= Classes{1} << known.bit;
    }
  }
  return out;
}

bool are_classes(std::string_view names) {
  std::vector<std::string> parts = split(names, ',');
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    std::string_view word = trim(part);
    return word.empty() || same_word(word, "none") || parse_classes(word) != 0;
  });
}

bool parse_mask(std::string_view text, Classes& mask) {
  if (text.empty()) return false;
  int64_t number = 0;
  if (to_number(text, number) && number >= 0) {
    mask = static_cast<Classes>(number) & all_classes;
    return true;
  }
  for (const char* word : {"off", "no", "false", "n", "f"}) {
    if (same_word(text, word)) {
      mask = 0;
      return true;
    }
  }
  mask = is_true(text) ? all_classes : parse_classes(text);
  return true;
}

std::string privilege(Classes classes) {
  if (classes == 0) return "<none>";
  std::string out;
  for (const ClassName& known : class_names) {
    if (classes & (Classes{1} << known.bit)) out.append(known.name).append(",");
  }
  return out + "all";
}

}  // namespace ami::mock
