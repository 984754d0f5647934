#include "profile.h"

namespace ami::mock {

namespace {

constexpr Profile current(const char* version, const char* ami, const char* asterisk) {
  return {.version = version, .ami = ami, .asterisk = asterisk};
}

constexpr Profile sixteen() {
  Profile profile = current("16", "5.0.4", "16.28.0");
  profile.advanced_filter = profile.core_extras = profile.kick = false;
  profile.pause_reason = profile.tree_count_wrong = true;
  return profile;
}

constexpr Profile thirteen() {
  Profile profile = sixteen();
  profile.version = "13";
  profile.ami = "2.10.6";
  profile.asterisk = "13.38.3";
  profile.old_command = true;
  profile.newexten_dialplan = profile.booted_uptime = profile.tree_count_wrong = false;
  return profile;
}

constexpr Profile older(const char* version, const char* ami, const char* asterisk) {
  Profile profile = thirteen();
  profile.version = version;
  profile.ami = ami;
  profile.asterisk = asterisk;
  profile.list_headers = profile.extended_regex = false;
  return profile;
}

constexpr Profile oldest() {
  Profile profile = older("1.4", "1.0", "1.4.44");
  profile.first_dialect = true;
  return profile;
}

constexpr Profile profiles[] = {
    current("22", "11.0.0", "22.10.1"),
    current("20", "9.0.0", "20.20.1"),
    current("18", "7.0.3", "18.26.4"),
    sixteen(),
    thirteen(),
    older("11", "1.3", "11.25.3"),
    older("1.8", "1.1", "1.8.32.3"),
    older("1.6", "1.1", "1.6.2.24"),
    oldest(),
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
