#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <limits>

#include "cli/failure.h"

namespace ami::cli {
namespace {

constexpr const char* kVerbs = "events, send, command, mock";

constexpr const char* kProgramFooter = R"(Examples:
  export AMI_URL=ami://admin@pbx.example    the password: AMI_PASSWORD, or asked for
  ami events 'Queue*'                      every event of the queues, until Ctrl-C
  ami send Originate Channel=PJSIP/100 Context=default Exten=200 Priority=1
  ami command 'core show channels'
  ami mock --port 5038                     a fake Asterisk to try things on

Exit codes: 0 done, 1 Asterisk said Error, 2 wrong usage, 3 no connection,
4 no login, 5 time-out, 6 stdout cannot be written, 128 + N ended by signal N.
'ami VERB --help' tells more about each.)";

constexpr const char* kEventsFooter = R"(Examples:
  ami events --url ami://admin@pbx.example
  ami events 'Queue*' 'Agent*'
  ami events Newchannel | jq -r .fields.Channel
  ami events --count 1 FullyBooted --for 30 > /dev/null

A GLOB is an event's name, with * and ? for any text and any character; case does
not matter. What the library tells (login, ready, connection-..., gap where events may
have been missed) is part of the stream. The first login must succeed; from then on the
stream lives through restarts of Asterisk, unless -o reconnect=false.

Exit codes: 0 at the end of --count or --for, or when nobody reads any more; 130 at
Ctrl-C, 143 at SIGTERM; others as in 'ami --help'.

JSON, one line for each message:
  {"seq":17,"time":"2026-11-24T04:45:56.123Z","kind":"event","name":"Newchannel",
   "fields":{"Event":"Newchannel","Channel":"PJSIP/100-1","ChanVariable":["a=1","b=2"]}}
fields keeps the order of the wire; a header that repeats has an array. If the repeats
were not neighbours, "order" lists all the keys as they came. "label" is the option
identifier. Bytes that are not UTF-8 appear as the characters U+EF80 to U+EFFF, whose
last two hexadecimal digits are the byte (and so does a text that held those already).

On a terminal, Privilege, ActionID, EventList and empty headers are left out.)";

constexpr const char* kSendFooter = R"(Examples:
  ami send Ping
  ami send CoreShowChannels | jq -r '.items[].fields.Channel'
  ami send Originate Channel=PJSIP/100 Application=Playback Data=hello-world \
      Async=true --until OriginateResponse
  ami send SetVar Variable=greeting Value='a = b'

The first = parts key and value. A key may be given many times. The JSON holds the
response, the items of a list and the event that ended it:
  {"action":"Ping","status":0,"error":null,"fate":"answered","response":{...},
   "items":[],"end":null,"output":null}
fate tells whether to send again is safe: not_sent, maybe_run (sent, no answer seen),
answered. The messages in it look as in 'ami events --help'.)";

constexpr const char* kCommandFooter = R"(Examples:
  ami command 'core show channels'
  ami command core show uptime
  ami command 'pjsip show endpoints' | grep Avail

Prints the text as Asterisk's own console would, also in a pipe; --json prints the whole
reply. When Asterisk says Error (Asterisk 14 and later) the exit code is 1.)";

constexpr const char* kJsonDefault = "JSON, a line each; the default unless on a terminal";
constexpr const char* kServerGroup = "Server";
constexpr const char* kOutputGroup = "Output";

void add_server(CLI::App& app, ServerArguments& server) {
  auto append = [&server](const std::string& option) { server.options.push_back(option); };
  app.add_option("--url", server.url, "ami[s]://USER@HOST[:PORT][?OPTION=VALUE]; or AMI_URL")
      ->type_name("URL")
      ->group(kServerGroup);
  app.add_option("--password-file", server.password_file,
                 "Its first line is the password, - is stdin; or AMI_PASSWORD;\notherwise it is asked for")
      ->type_name("FILE")
      ->group(kServerGroup);
  app.add_option("-o", "Any option of the library, many times: -o tls.ca=FILE")
      ->type_name("NAME=VALUE")
      ->each(append)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kServerGroup);
}

void add_format(CLI::App& app, Format& format, const std::string& json_text) {
  auto add = [&](const char* name, Format value, const std::string& text) {
    auto choose = [&format, value] {
      if (format != Format::kAutomatic && format != value)
        throw CLI::ValidationError("--json, --text and --raw exclude each other");
      format = value;
    };
    app.add_flag_callback(name, choose, text)->group(kOutputGroup);
  };
  add("--json", Format::kJson, json_text);
  add("--text", Format::kText, "Readable text");
  add("--raw", Format::kRaw, "The bytes as they came on the wire");
}

template <typename Number>
CLI::Validator between(Number least, Number most) {
  return CLI::Range(least, most).description("");  // the type's name says enough in the help
}

void add_timeout(CLI::App& app, int& timeout_ms) {
  app.add_option("--timeout", timeout_ms, "Give up so long after sending; 0 is never")
      ->type_name("MS")
      ->check(between(0, std::numeric_limits<int>::max()));
}

CLI::App* add_events(CLI::App& app, EventsArguments& events) {
  CLI::App* verb = app.add_subcommand("events", "Print events as they come");
  verb->add_option("GLOB", events.globs, "Names of the events wanted; none: all")->type_name("");
  verb->add_option("--count", events.count, "End after so many events")
      ->type_name("N")
      ->check(between(int64_t{1}, std::numeric_limits<int64_t>::max()));
  verb->add_option("--for", events.seconds, "End after so many seconds")
      ->type_name("SECONDS")
      ->check(between(0.001, 1e9));
  add_format(*verb, events.format, kJsonDefault);
  add_server(*verb, events.server);
  verb->footer(kEventsFooter);
  return verb;
}

CLI::App* add_send(CLI::App& app, SendArguments& send) {
  CLI::App* verb = app.add_subcommand("send", "Send an action and print the answer");
  verb->add_option("ACTION", send.action, "Its name, such as Originate")->required()->type_name("");
  verb->add_option("KEY=VALUE", send.fields, "Its headers")->type_name("");
  verb->add_option("--until", send.until, "Wait for this event of the action's")->type_name("EVENT");
  add_timeout(*verb, send.timeout_ms);
  add_format(*verb, send.format, kJsonDefault);
  add_server(*verb, send.server);
  verb->footer(kSendFooter);
  return verb;
}

CLI::App* add_command(CLI::App& app, CommandArguments& command) {
  CLI::App* verb = app.add_subcommand("command", "Run a command of Asterisk's command line");
  verb->add_option("WORDS", command.words, "The command, in one argument or many")->required()->type_name("");
  add_timeout(*verb, command.timeout_ms);
  add_format(*verb, command.format, "The whole reply as a line of JSON");
  add_server(*verb, command.server);
  verb->footer(kCommandFooter);
  return verb;
}

// What was given before the verb holds, but what was given behind it goes first.
void inherit(ServerArguments& verb, const ServerArguments& program) {
  if (verb.url.empty()) verb.url = program.url;
  if (verb.password_file.empty()) verb.password_file = program.password_file;
  verb.options.insert(verb.options.begin(), program.options.begin(), program.options.end());
}

[[noreturn]] void refuse_verb(const CLI::App& app) {
  std::vector<std::string> rest = app.remaining();
  std::string hint = std::string("the verbs are ") + kVerbs + "; see ami --help";
  if (rest.empty()) throw Failure(kUsage, "no verb: " + hint);
  if (rest.front().starts_with('-'))
    throw Failure(kUsage, "unknown option (" + rest.front() + "): see ami --help");
  throw Failure(kUsage, "unknown verb (" + rest.front() + "): " + hint);
}

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) {
  CLI::App app("ami: talk to Asterisk's Manager Interface", "ami");
  app.get_formatter()->column_width(26);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  ServerArguments server;
  EventsArguments events;
  SendArguments send;
  CommandArguments command;
  app.set_version_flag("--version", std::string("ami ") + ami_version_string(), "Print the version and exit");
  app.require_subcommand(0, 1);
  app.footer(kProgramFooter);
  CLI::App* events_verb = add_events(app, events);
  CLI::App* send_verb = add_send(app, send);
  CLI::App* command_verb = add_command(app, command);
  app.add_subcommand("mock", "Be a fake Asterisk, for tests and trials: see ami mock --help");
  for (CLI::App* verb : app.get_subcommands({})) verb->group("Verbs");
  add_server(app, server);
  app.allow_extras();  // to tell an unknown verb by our own words
  CLI::App* used = nullptr;
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty() || app.remaining_size() != 0) refuse_verb(app);
    used = app.get_subcommands().front();
  } catch (const CLI::CallForHelp&) {
    return Information{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Information{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    std::vector<CLI::App*> begun = app.get_subcommands();
    std::string verb = begun.empty() ? "" : begun.front()->get_name() + " ";
    throw Failure(kUsage, std::string(error.what()) + ": see ami " + verb + "--help");
  }
  inherit(events.server, server);
  inherit(send.server, server);
  inherit(command.server, server);
  if (used == events_verb) return events;
  if (used == send_verb) return send;
  if (used == command_verb) return command;
  throw Failure(kUsage, "mock stands first: ami mock [OPTIONS]");
}

}  // namespace ami::cli
