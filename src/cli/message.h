#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/key.h"

namespace ami::cli {

// Milliseconds of a clock that is never set.
using Time = int64_t;

// What a model reads of a message: the name, and the first value of a key; one without data where it lacks
// the key.
struct Message {
  std::string_view name;
  std::function<std::string_view(const char* key)> value;

  // Of the first of these keys that it has: over the versions of Asterisk one thing has had many.
  [[nodiscard]] std::string_view value_of(std::initializer_list<const char*> keys) const {
    for (const char* key : keys)
      if (const std::string_view found = value(key); found.data() != nullptr) return found;
    return {};
  }

  // The same, into a text that stays as it is when the message lacks them all. Asterisk's words for what it
  // does not know become "".
  void read(std::initializer_list<const char*> keys, std::string& text) const {
    const std::string_view found = value_of(keys);
    if (found.data() == nullptr) return;
    const bool is_unknown =
        is_same_key(found, "<unknown>") || is_same_key(found, "unknown") || found == "<no name>";
    text = is_unknown ? std::string() : std::string(found);
  }

  [[nodiscard]] std::optional<int64_t> number(std::initializer_list<const char*> keys) const {
    const std::string_view text = value_of(keys);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
    return number;
  }
};

// A model's table of what it does with which messages.
template <typename Model>
struct Handling {
  const char* name;
  void (Model::*handle)(const Message& message, Time now);
};

// Appends the names of a table's messages.
template <typename Table>
void add_names(const Table& table, std::vector<std::string>& names) {
  names.reserve(names.size() + table.size());
  for (const auto& known : table) names.emplace_back(known.name);
}

// False when the table does not have the message.
template <typename Model, typename Table>
bool handle(Model& model, const Table& table, const Message& message, Time now) {
  for (const Handling<Model>& known : table) {
    if (!is_same_key(known.name, message.name)) continue;
    (model.*known.handle)(message, now);
    return true;
  }
  return false;
}

}  // namespace ami::cli
