// What differs between the Asterisk releases that the mock can be.
#pragma once

#include <string>
#include <string_view>

namespace ami::mock {

struct Profile {
  const char* version;            // the name to ask for it
  const char* ami;                // of the banner
  const char* asterisk;           // of "core show version"
  bool old_command = false;       // Response: Follows ... --END COMMAND--
  bool list_headers = true;       // EventList and ListItems on lists
  bool first_dialect = false;     // Response: Pong, Response: Events On, "Authentication Required"
  bool extended_regex = true;     // in filters
  bool advanced_filter = true;    // MatchCriteria
  bool core_extras = true;        // CoreProcessedCalls, SoundsSearchCustomDir
  bool kick = true;               // manager kick session
  bool newexten_dialplan = true;  // class of Newexten (before: call)
  bool pause_reason = false;      // QueueMemberPause with Reason
  bool tree_count_wrong = false;  // DBGetTree says ListItems: 1
  bool booted_uptime = true;      // FullyBooted with Uptime and LastReload
};

const Profile* find_profile(std::string_view version);  // nullptr if unknown
std::string profile_names();                            // "22, 20, ..."

}  // namespace ami::mock
