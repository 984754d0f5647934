#include "profile.h"

namespace ami::mock {

namespace {
constexpr Profile profiles[] = {
    // version, ami, asterisk, old: command; EventList; old: pong, events, permission; extended; advanced;
    // kick;
    // newexten; pause_reason; tree; uptime
    {"22", "11.0.0", "22.10.1", false, true, false, false, false, true, true, true, true, false, false, true},
    {"20", "9.0.0", "20.20.1", false, true, false, false, false, true, true, true, true, false, false, true},
    {"18", "7.0.3", "18.26.4", false, true, false, false, false, true, true, true, true, false, false, true},
    {"16", "5.0.4", "16.28.0", false, true, false, false, false, true, false, false, true, true, true, true},
    {"13", "2.10.6", "13.38.3", true, true, false, false, false, true, false, false, false, true, false,
     false},
    {"11", "1.3", "11.25.3", true, false, false, false, false, false, false, false, false, true, false,
     false},
    {"1.8", "1.1", "1.8.32.3", true, false, false, false, false, false, false, false, false, true, false,
     false},
    {"1.6", "1.1", "1.6.2.24", true, false, false, false, false, false, false, false, false, true, false,
     false},
    {"1.4", "1.0", "1.4.44", true, false, true, true, true, false, false, false, false, true, false, false},
};
}  // namespace

const Profile* find_profile(std::string_view version) {
  for (const Profile& profile : profiles) {
    if (version == profile.version) return &profile;
  }
  return nullptr;
}

std::string profile_names() {
  std::string names;
  for (const Profile& profile : profiles) names += (names.empty() ? "" : ", ") + std::string(profile.version);
  return names;
}

}  // namespace ami::mock
