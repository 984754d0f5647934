#include "cli/rights.h"

#include <algorithm>
#include <array>

#include "cli/failure.h"

namespace ami::cli {
namespace {

struct Use {
  const char* name;
  const char* what;
  const char* read;
  const char* write;
};

constexpr std::array kUses = {
    Use{"events", "sees what happens to calls, queues and the server, and changes nothing",
        "system,call,agent,user", ""},
    Use{"click-to-call", "places calls, and learns what becomes of them (it needs no other event)", "call",
        "originate"},
    Use{"queues", "sees queues and their agents, and logs agents in, out and to a pause", "agent", "agent"},
    Use{"monitor", "asks for channels, settings and the state of devices now and then, without events", "",
        "reporting"},
};

}  // namespace

std::string account_lines(const std::string& use, const std::string& user) {
  const auto* found =
      std::find_if(kUses.begin(), kUses.end(), [&](const Use& known) { return use == known.name; });
  if (found == kUses.end()) {
    std::string names;
    for (const Use& known : kUses) names += std::string(names.empty() ? "" : ", ") + known.name;
    throw Failure(kUsage, "unknown use (" + use + "): --for-use knows " + names);
  }
  return std::string("; for manager.conf: it ") + found->what + "\n[" + user +
         "]\nsecret =            ; long and by lot, such as: openssl rand -hex 24\n"
         "deny = 0.0.0.0/0.0.0.0\ndeny = ::/0\npermit = 127.0.0.1/255.255.255.255   ; in its place, where "
         "the program runs\nread = " +
         found->read + "\nwrite = " + found->write + "\nwritetimeout = 5000\n";
}

}  // namespace ami::cli
