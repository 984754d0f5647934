#include "cli/advisory.h"

#include <algorithm>
#include <charconv>

namespace ami::cli {
namespace {

// By Asterisk's own advisories (downloads.asterisk.org/pub/security, github.com/asterisk/asterisk/security).
const Advisory kAdvisories[] = {
    {"GHSA-33x6-fj46-6rfh (CVE-2024-53566)",
     "ListCategories reads files outside the configuration folder",
     {"18.26.1", "20.11.1", "21.6.1", "22.1.1"}},
    {"GHSA-c4cg-9275-6w44 (CVE-2024-42365)",
     "an account with originate can write files, and so run programs",
     {"18.24.2", "20.9.2", "21.4.2"}},
    {"GHSA-8857-hfmw-vg8f (CVE-2023-49294)",
     "GetConfig reads any file, by a path with dots",
     {"18.20.1", "20.5.1", "21.0.1"}},
    {"AST-2022-009 (CVE-2022-42706)",
     "GetConfig reads files outside the configuration folder",
     {"16.29.1", "18.15.1", "19.7.1", "20.0.1"}},
    {"AST-2019-007 (CVE-2019-18610)",
     "an account with originate can run programs",
     {"13.29.2", "16.6.2", "17.0.1"},
     "13"},
    {"AST-2014-006 (CVE-2014-4046)",
     "any account can run programs by MixMonitor",
     {"11.10.1", "12.3.1"},
     "11"},
    {"AST-2012-004 (CVE-2012-2414)",
     "accounts without class system can run programs by Originate, GetVar and Status",
     {"1.6.2.24", "1.8.11.1", "10.3.1"},
     "1.6.2"},
    {"AST-2011-006 (CVE-2011-1599)",
     "an account with originate can run programs",
     {"1.4.40.1", "1.6.1.25", "1.6.2.17.3", "1.8.3.3"},
     "1.4"},
};

using Numbers = std::vector<int>;

// Of "18.24.1" and of "18.24.1~dfsg+2": the numbers at the beginning.
Numbers numbers_of(std::string_view text) {
  Numbers numbers;
  const char* at = text.data();
  const char* end = at + text.size();
  for (int number = 0;;) {
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return numbers;
    numbers.push_back(number);
    if (rest == end || *rest != '.') return numbers;
    at = rest + 1;
  }
}

// What its fixes are released for: 1.8, 1.6.2, 18.
Numbers line_of(const Numbers& numbers) {
  const size_t size = numbers[0] != 1 ? 1 : numbers.size() > 1 && numbers[1] == 6 ? 3 : 2;
  return {numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(std::min(size, numbers.size()))};
}

bool has(const Advisory& advisory, const Numbers& release) {
  if (release < numbers_of(advisory.since)) return false;
  const Numbers line = line_of(release);
  for (const char* fixed : advisory.fixed)
    if (line_of(numbers_of(fixed)) == line) return release < numbers_of(fixed);
  return line < line_of(numbers_of(advisory.fixed.back()));  // no fix was made for so old a line
}

}  // namespace

bool is_release(std::string_view release) {
  return numbers_of(release).size() > 1 && release.find("cert") == std::string_view::npos;
}

std::vector<const Advisory*> advisories_of(std::string_view release) {
  std::vector<const Advisory*> found;
  if (!is_release(release)) return found;
  for (const Advisory& advisory : kAdvisories)
    if (has(advisory, numbers_of(release))) found.push_back(&advisory);
  return found;
}

}  // namespace ami::cli
