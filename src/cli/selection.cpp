#include "cli/selection.h"

#include <strings.h>

#include <algorithm>
#include <string_view>

#include "cli/failure.h"

namespace ami::cli {
namespace {

bool is_same(char one, char other) {
  return strncasecmp(&one, &other, 1) == 0;
}

// As the globs of ami_on(): * and ? alone, whatever the case. Linear but for a step back to the last *.
bool matches(std::string_view glob, std::string_view text) {
  size_t at = 0;
  size_t in = 0;
  size_t star = std::string_view::npos;
  size_t retry = 0;
  while (at < text.size()) {
    if (in < glob.size() && glob[in] == '*') {
      star = in++;
      retry = at;
    } else if (in < glob.size() && (glob[in] == '?' || is_same(glob[in], text[at]))) {
      ++in;
      ++at;
    } else if (star != std::string_view::npos) {
      in = star + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  return std::all_of(glob.begin() + static_cast<std::ptrdiff_t>(in), glob.end(),
                     [](char c) { return c == '*'; });
}

}  // namespace

Selection::Selection(std::vector<std::string> names, std::vector<std::string> not_names,
                     const std::vector<std::string>& conditions)
    : names_(std::move(names)), not_names_(std::move(not_names)) {
  for (const std::string& condition : conditions) {
    const size_t equals = condition.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Failure(kUsage, "a condition without key and glob (" + condition + "): write it as Key=GLOB");
    conditions_.push_back({condition.substr(0, equals), condition.substr(equals + 1)});
  }
}

bool Selection::takes(const ami_msg_t* message) const {
  const auto is_named = [name = std::string_view(ami_msg_name(message))](const std::string& glob) {
    return matches(glob, name);
  };
  if (std::any_of(not_names_.begin(), not_names_.end(), is_named)) return false;
  if (ami_msg_kind(message) == AMI_MSG_NOTICE) return true;
  if (!names_.empty() && std::none_of(names_.begin(), names_.end(), is_named)) return false;
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    for (size_t nth = 0;; nth++) {
      const ami_field_t* field = ami_msg_find(message, condition.key.c_str(), nth);
      if (field == nullptr) return false;
      if (matches(condition.glob, {field->value, field->value_len})) return true;
    }
  });
}

}  // namespace ami::cli
