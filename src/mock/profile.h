// What differs between the Asterisk releases that the mock can be.
#pragma once

#include <string>
#include <string_view>

namespace ami::mock {

struct Profile {
  const char* version;     // the name to ask for it
  const char* ami;         // of the banner
  const char* asterisk;    // of "core show version"
  bool old_command;        // Response: Follows ... --END COMMAND--
  bool list_headers;       // EventList and ListItems on lists
  bool old_pong;           // Response: Pong
  bool old_events;         // Response: Events On
  bool short_permission;   // "Authentication Required" before login
  bool extended_regex;     // in filters
  bool advanced_filter;    // MatchCriteria
  bool kick;               // manager kick session
  bool newexten_dialplan;  // class of Newexten (before: call)
  bool pause_reason;       // QueueMemberPause with Reason
  bool tree_count_wrong;   // DBGetTree says ListItems: 1
  bool booted_uptime;      // FullyBooted with Uptime and LastReload
};

const Profile* find_profile(std::string_view version);  // nullptr if unknown
std::string profile_names();                            // "22, 20, ..."

}  // namespace ami::mock
