#include "filter.h"

#include "text.h"

namespace ami::mock {

namespace {
constexpr const char* no_syntax = "Filter was formatted incorrectly.  Check the syntax of the filter given.";
constexpr const char* no_compile = "Filter did not compile.  Check the syntax of the filter given.";
}  // namespace

Filter::~Filter() {
  if (compiled_) regfree(&regex_);
}

bool Filter::compile(std::string_view pattern, bool extended) {
  compiled_ = regcomp(&regex_, std::string(pattern).c_str(), REG_NOSUB | (extended ? REG_EXTENDED : 0)) == 0;
  return compiled_;
}

std::unique_ptr<Filter> Filter::legacy(std::string_view text, bool extended, std::string& reason) {
  std::unique_ptr<Filter> filter(new Filter);
  if (!text.empty() && text.front() == '!') {
    filter->exclude_ = true;
    text.remove_prefix(1);
  }
  if (filter->compile(text, extended)) return filter;
  reason = no_compile;
  return nullptr;
}

bool Filter::read_criteria(std::string_view criteria) {
  method_ = Method::None;
  while (!criteria.empty()) {
    std::string_view word = trim(take_until(criteria, '('));
    size_t close = criteria.find(')');
    if (close == std::string_view::npos) return false;
    std::string_view value = criteria.substr(0, close);
    criteria.remove_prefix(close + 1);
    criteria = trim(criteria);
    if (!criteria.empty() && criteria.front() == ',') criteria.remove_prefix(1);
    if (word == "action") {
      if (value != "include" && value != "exclude") return false;
      exclude_ = value == "exclude";
    } else if (word == "name") {
      name_ = value;
    } else if (word == "header") {
      header_ = value;
    } else if (word == "method") {
      if (value == "regex")
        method_ = Method::Regex;
      else if (value == "exact")
        method_ = Method::Exact;
      else if (value == "starts_with")
        method_ = Method::StartsWith;
      else if (value == "ends_with")
        method_ = Method::EndsWith;
      else if (value == "contains")
        method_ = Method::Contains;
      else if (value != "none")
        return false;
    } else {
      return false;
    }
  }
  return true;
}

std::unique_ptr<Filter> Filter::advanced(std::string_view criteria, std::string_view text,
                                         std::string& reason) {
  std::unique_ptr<Filter> filter(new Filter);
  filter->text_ = text;
  if (!filter->read_criteria(criteria) || (filter->method_ != Method::None && text.empty())) {
    reason = no_syntax;
    return nullptr;
  }
  if (filter->method_ == Method::Regex && !filter->compile(text, true)) {
    reason = no_compile;
    return nullptr;
  }
  return filter;
}

bool Filter::matches(std::string_view event) const {
  if (!name_.empty() && header(event, "Event") != name_) return false;
  if (method_ == Method::None) return true;
  std::string_view subject = event;
  if (!header_.empty()) {
    subject = header(event, header_);
    if (subject.data() == nullptr) return false;
  }
  switch (method_) {
    case Method::Regex:
      return regexec(&regex_, std::string(subject).c_str(), 0, nullptr, 0) == 0;
    case Method::Exact:
      return subject == text_;
    case Method::StartsWith:
      return subject.starts_with(text_);
    case Method::EndsWith:
      return subject.ends_with(text_);
    default:
      return subject.find(text_) != std::string_view::npos;
  }
}

bool passes(const std::vector<std::unique_ptr<Filter>>& filters, std::string_view event) {
  bool any_include = false;
  bool included = false;
  for (const auto& filter : filters) {
    if (filter->excludes()) continue;
    any_include = true;
    included = included || filter->matches(event);
  }
  if (any_include && !included) return false;
  for (const auto& filter : filters) {
    if (filter->excludes() && filter->matches(event)) return false;
  }
  return true;
}

}  // namespace ami::mock
