#pragma once

#include <strings.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ami::cli {

// Keys are the same whatever their case.
inline bool is_same_key(std::string_view one, std::string_view other) {
  return one.size() == other.size() && strncasecmp(one.data(), other.data(), one.size()) == 0;
}

template <typename Keys>
bool holds_key(const Keys& keys, std::string_view key) {
  return std::any_of(keys.begin(), keys.end(),
                     [key](std::string_view known) { return is_same_key(known, key); });
}

// Which headers are shown: these, or all when there are none here.
using Keys = std::vector<std::string>;
inline bool shows_key(const Keys& keys, std::string_view key) {
  return keys.empty() || holds_key(keys, key);
}

}  // namespace ami::cli
