#pragma once

#include <functional>
#include <string>
#include <variant>

#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/events.h"
#include "cli/list.h"
#include "cli/originate.h"
#include "cli/ping.h"
#include "cli/record.h"
#include "cli/replay.h"
#include "cli/send.h"
#include "cli/shell.h"
#include "cli/top.h"

namespace CLI {
class App;
}

namespace ami::cli {

// Text to be printed instead of work: help, version.
struct Information {
  std::string text;
};

using Arguments = std::variant<Information, EventsArguments, SendArguments, CommandArguments, ListArguments,
                               OriginateArguments, PingArguments, RecordArguments, ReplayArguments,
                               ShellArguments, TopArguments, DoctorArguments>;

// What the command line asks for. Throws Failure (kUsage).
//
// Two verbs are for other programs, and are not in the help: "__complete WORDS..." prints completions(), and
// "__grammar" prints grammar_json().
Arguments parse_arguments(int argc, const char* const* argv);

// Shows all that a command line can say.
void show_grammar(const std::function<void(const CLI::App&)>& see);

// The same of an action alone, as it stands behind `ami send`, but for the server. Throws Failure.
SendArguments parse_action(std::vector<std::string> words);

}  // namespace ami::cli
