#include "protocol/lists.h"

#include <algorithm>
#include <iterator>

#include "protocol/text.h"

namespace ami {
namespace {

constexpr Answer kAnswers[] = {
#include "protocol/lists.inc"
};
constexpr Answer kOther = {"", Shape::kPlain, ""};

// The order of lists.inc.
constexpr bool before(std::string_view a, std::string_view b) noexcept {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return lower(x) < lower(y); });
}
static_assert(std::is_sorted(std::begin(kAnswers), std::end(kAnswers),
                             [](const Answer& a, const Answer& b) { return before(a.action, b.action); }));

}  // namespace

const Answer& answer_of(std::string_view action) noexcept {
  const Answer* found =
      std::lower_bound(std::begin(kAnswers), std::end(kAnswers), action,
                       [](const Answer& a, std::string_view name) { return before(a.action, name); });
  return found != std::end(kAnswers) && equal_nocase(found->action, action) ? *found : kOther;
}

}  // namespace ami
