#include "faults.h"

#include <algorithm>

namespace ami::mock {

namespace {
struct Known {
  std::string_view name;
  bool counts;
};
constexpr Known known_faults[] = {
    {"cut_at", false},         {"cut_on_action", true},   {"cut_after_response", true},
    {"cut_in_response", true}, {"cut_in_list", false},    {"cut_in_login", true},
    {"cut_on_logoff", true},   {"reset", true},           {"half_close", true},
    {"stall_read", true},      {"stall_write", true},     {"hold", true},
    {"one_byte", false},       {"garbage", false},        {"wrong_id", true},
    {"no_id", true},           {"double_response", true}, {"no_response", true},
    {"error_in_list", false},  {"endless_list", true},    {"endless_line", true},
    {"endless_message", true}, {"shutting_down", true},   {"refuse_login", true},
    {"login_in_use", true},    {"refuse_filter", true},   {"greet_silence", true},
    {"greet_none", true},      {"greet_http", true},      {"greet_ssh", true},
    {"greet_endless", true},   {"greet_eof", true},       {"greet_cut", false},
    {"greet_close", true},
};
const Known* find_known(std::string_view name) {
  auto* end = std::end(known_faults);
  auto* found = std::find_if(std::begin(known_faults), end, [&](const Known& k) { return k.name == name; });
  return found == end ? nullptr : found;
}
}  // namespace

bool is_fault(std::string_view name) {
  return find_known(name) != nullptr;
}

bool counts_occurrences(std::string_view name) {
  const Known* known = find_known(name);
  return known && known->counts;
}

std::string fault_names() {
  std::string names;
  for (const Known& known : known_faults) names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

std::shared_ptr<Fault> FaultWatch::hit(std::string_view name) {
  std::erase_if(watched_, [](const Watched& w) { return !w.fault->armed; });
  std::shared_ptr<Fault> fired;
  for (Watched& watched : watched_) {
    if (watched.fault->name != name) continue;
    ++watched.seen;
    int64_t due = counts_occurrences(name) ? std::max<int64_t>(1, watched.fault->n) : 1;
    if (fired || watched.seen < due) continue;
    watched.seen = 0;
    fire(*watched.fault);
    fired = watched.fault;
  }
  return fired;
}

std::shared_ptr<Fault> FaultWatch::armed(std::string_view name) const {
  for (const Watched& watched : watched_) {
    if (watched.fault->armed && watched.fault->name == name) return watched.fault;
  }
  return nullptr;
}

}  // namespace ami::mock
