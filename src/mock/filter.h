// Event filters of a session, as manager.conf and the Filter action make them.
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

class Filter {
 public:
  // Legacy form: a POSIX regular expression over the whole event, "!" first excludes.
  // Criteria (of the newer form):
  // "action(exclude),name(X),header(Y),method(regex|exact|starts_with|ends_with|contains| none)". nullptr and
  // a reason when it cannot be read.
  static std::unique_ptr<Filter> legacy(std::string_view text, bool extended, std::string& reason);
  static std::unique_ptr<Filter> advanced(std::string_view criteria, std::string_view text,
                                          std::string& reason);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  bool excludes() const { return exclude_; }
  bool matches(std::string_view event) const;

 private:
  enum class Method { Regex, Exact, StartsWith, EndsWith, Contains, None };
  Filter() = default;
  bool compile(std::string_view pattern, bool extended);
  bool read_criteria(std::string_view criteria);

  bool exclude_ = false;
  Method method_ = Method::Regex;
  std::string name_, header_, text_;
  regex_t regex_{};
  bool compiled_ = false;
};

// Includes first (none: everything), then excludes.
bool passes(const std::vector<std::unique_ptr<Filter>>& filters, std::string_view event);

}  // namespace ami::mock
