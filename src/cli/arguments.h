#pragma once

#include <string>
#include <variant>

#include "cli/command.h"
#include "cli/events.h"
#include "cli/list.h"
#include "cli/originate.h"
#include "cli/ping.h"
#include "cli/send.h"

namespace ami::cli {

// Text to be printed instead of work: help, version.
struct Information {
  std::string text;
};

using Arguments = std::variant<Information, EventsArguments, SendArguments, CommandArguments, ListArguments,
                               OriginateArguments, PingArguments>;

// What the command line asks for. Throws Failure (kUsage).
Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace ami::cli
