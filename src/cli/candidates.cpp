#include "cli/candidates.h"

#include <sstream>
#include <string_view>

#include "cli/catalogue.h"

namespace ami::cli {
namespace {

Keys headers_left(const std::string& action, const Keys& given) {
  Keys left;
  for (const std::string& header : known_headers(action))
    if (!holds_key(given, header)) left.push_back(header + "=");
  return left;
}

bool begins_with(std::string_view text, std::string_view start) {
  return is_same_key(text.substr(0, start.size()), start);
}

}  // namespace

Candidates candidates_of(const std::string& before, const Keys& actions) {
  const size_t begin = before.find_last_of(" \t") + 1;
  const std::string start = before.substr(begin);
  std::istringstream stream(before.substr(0, begin));
  Keys words;
  for (std::string word; stream >> word;) words.push_back(word.substr(0, word.find('=')));
  Keys possible;
  if (words.empty()) {
    possible = start.starts_with('\\') ? Keys{"\\?", "\\f", "\\l", "\\q"} : actions;
  } else if (words.front().starts_with('!')) {
    return {};
  } else if (words.size() == 1 && words.front() == "\\l") {
    possible = actions;
  } else if (start.starts_with('-')) {
    possible = {"--until", "--timeout", "--force", "--dry-run", "--json", "--text", "--raw"};
  } else {
    possible = headers_left(words.front() == "\\l" ? words[1] : words.front(), words);
  }
  Candidates candidates{start.size(), {}};
  for (const std::string& each : possible)
    if (begins_with(each, start)) candidates.words.push_back(each);
  return candidates;
}

}  // namespace ami::cli
