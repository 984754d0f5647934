#include "actions.h"

#include <algorithm>

#include "text.h"

namespace ami::mock {

const std::vector<Action>& all_actions() {
  static const std::vector<Action> all = [] {
    std::vector<Action> out;
    for (const auto* part :
         {&session_actions(), &system_actions(), &call_actions(), &queue_actions(), &list_actions()}) {
      out.insert(out.end(), part->begin(), part->end());
    }
    std::sort(out.begin(), out.end(),
              [](const Action& a, const Action& b) { return lower(a.name) < lower(b.name); });
    return out;
  }();
  return all;
}

const Action* find_action(std::string_view name) {
  const auto& all = all_actions();
  auto found =
      std::lower_bound(all.begin(), all.end(), lower(name),
                       [](const Action& action, const std::string& key) { return lower(action.name) < key; });
  return found != all.end() && same_word(found->name, name) ? &*found : nullptr;
}

}  // namespace ami::mock
