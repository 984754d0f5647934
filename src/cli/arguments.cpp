#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <limits>

#include "cli/failure.h"

namespace ami::cli {
namespace {

constexpr const char* kVerbs = "events, send, command, list, originate, ping, mock";

constexpr const char* kProgramFooter = R"(Examples:
  export AMI_URL=ami://admin@pbx.example    the password: AMI_PASSWORD, or asked for
  ami events 'Queue*'                      every event of the queues, until Ctrl-C
  ami send Originate Channel=PJSIP/100 Context=default Exten=200 Priority=1
  ami command 'core show channels'
  ami list CoreShowChannels                a table of what a list holds
  ami originate PJSIP/100 --exten 200      a call, and what becomes of it
  ami mock --port 5038                     a fake Asterisk to try things on

Exit codes: 0 done, 1 Asterisk said Error, 2 wrong usage, 3 no connection,
4 no login, 5 time-out, 6 stdout cannot be written, 128 + N ended by signal N.
'ami VERB --help' tells more about each.)";

constexpr const char* kEventsFooter = R"(Examples:
  ami events --url ami://admin@pbx.example
  ami events 'Queue*' 'Agent*'
  ami events Newchannel | jq -r .fields.Channel
  ami events --where 'Channel=PJSIP/100-*' --not 'VarSet' --not 'RTCP*'
  ami events Hangup --format '%t %{Channel} %{Cause-txt}'
  ami events 'Queue*' --format csv --fields Queue,Position,CallerIDNum > queue.csv
  ami events --count 1 FullyBooted --for 30 > /dev/null

A GLOB is an event's name, with * and ? for any text and any character; case does
not matter. What the library tells (login, ready, connection-..., gap where events may
have been missed) is part of the stream. The first login must succeed; from then on the
stream lives through restarts of Asterisk, unless -o reconnect=false.

A format is json, text, raw, csv (whose columns --fields names), or a pattern: %t time,
%n name, %k kind, %s number, %l label, %{Key} the first value of that header, %% percent.

With several --url each line has a label: the option identifier of its URL, or else host
and port.

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

The first = parts key and value. A key may be given many times. The action and its
headers are looked up first in what Asterisk 1.4 to 24 have. The JSON holds the
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

constexpr const char* kListFooter = R"(Examples:
  ami list CoreShowChannels
  ami list QueueStatus Queue=support --fields Event,Name,Status,CallsTaken
  ami list PJSIPShowEndpoints --csv > endpoints.csv
  ami list SIPpeers --json | jq -r .fields.ObjectName

A row for each item, a column for each header that has a value in one of them; values of
a header that repeats stand with commas between them.)";

constexpr const char* kOriginateFooter = R"(Examples:
  ami originate PJSIP/100 --exten 200
  ami originate PJSIP/100 --app Playback --data hello-world --caller-id '"Door" <17>'
  ami originate Local/100@sales --exten s --context queue --var customer=4711

Asterisk calls the channel, and when it answers sends it to the extension or the
application. Exit code 0: it has answered; 1: it has not.)";

constexpr const char* kPingFooter = R"(Examples:
  ami ping
  ami ping --count 100 --interval 0

Until Ctrl-C, or --count. The time is that from sending to the answer: of the network, and
of whatever Asterisk was at. Exit code 5 when none was answered.)";

constexpr const char* kJsonDefault = "JSON, a line each; the default unless on a terminal";
constexpr const char* kServerGroup = "Server";
constexpr const char* kOutputGroup = "Output";

constexpr const char* kUrlText = "ami[s]://USER@HOST[:PORT][?OPTION=VALUE]; or AMI_URL";

void add_login(CLI::App& app, ServerArguments& server) {
  auto append = [&server](const std::string& option) { server.options.push_back(option); };
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

void add_server(CLI::App& app, ServerArguments& server) {
  app.add_option("--url", server.url, kUrlText)->type_name("URL")->group(kServerGroup);
  add_login(app, server);
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

void add_layout(CLI::App& app, Layout& layout, std::string& text) {
  add_format(app, layout.format, kJsonDefault);
  app.add_option("--format", text, "json, text, raw, csv, or a pattern: see below")
      ->type_name("FORMAT")
      ->group(kOutputGroup);
  app.add_option("--fields", layout.keys, "These headers alone")
      ->delimiter(',')
      ->type_name("KEY,...")
      ->group(kOutputGroup);
}

// What --format says, unless --json and the like say another.
void settle_layout(Layout& layout, const std::string& text) {
  if (text.empty()) return;
  Layout wanted = parse_layout(text);
  if (layout.format != Format::kAutomatic && layout.format != wanted.format)
    throw Failure(kUsage, "--format " + text + " and another format exclude each other");
  wanted.keys = layout.keys;
  layout = wanted;
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

CLI::App* add_events(CLI::App& app, EventsArguments& events, std::string& format) {
  CLI::App* verb = app.add_subcommand("events", "Print events as they come");
  verb->add_option("GLOB", events.globs, "Names of the events wanted; none: all")->type_name("");
  verb->add_option("--count", events.count, "End after so many events")
      ->type_name("N")
      ->check(between(int64_t{1}, std::numeric_limits<int64_t>::max()));
  verb->add_option("--for", events.seconds, "End after so many seconds")
      ->type_name("SECONDS")
      ->check(between(0.001, 1e9));
  verb->add_option("--not", events.not_globs, "Not these, many times")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  verb->add_option("--where", events.conditions, "Only events with such a header, many times")
      ->type_name("KEY=GLOB")
      ->allow_extra_args(false);
  verb->add_flag("--since-ready", events.since_ready, "Nothing from before the login is complete");
  add_layout(*verb, events.layout, format);
  verb->add_option("--url", events.urls, std::string(kUrlText) + ".\nMany times: one stream of all")
      ->type_name("URL")
      ->allow_extra_args(false)
      ->group(kServerGroup);
  add_login(*verb, events.server);
  verb->footer(kEventsFooter);
  return verb;
}

CLI::App* add_send(CLI::App& app, SendArguments& send) {
  CLI::App* verb = app.add_subcommand("send", "Send an action and print the answer");
  verb->add_option("ACTION", send.action, "Its name, such as Originate")->required()->type_name("");
  verb->add_option("KEY=VALUE", send.fields, "Its headers")->type_name("");
  verb->add_option("--until", send.until, "Wait for this event of the action's")->type_name("EVENT");
  verb->add_flag("--force", send.force, "Send what no Asterisk is known to have, too");
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

CLI::App* add_list(CLI::App& app, ListArguments& list) {
  CLI::App* verb = app.add_subcommand("list", "Print the items of a list as a table");
  verb->add_option("ACTION", list.action, "Its name, such as CoreShowChannels")->required()->type_name("");
  verb->add_option("KEY=VALUE", list.fields, "Its headers")->type_name("");
  add_timeout(*verb, list.timeout_ms);
  auto add = [&](const char* name, Format format, const char* text) {
    verb->add_flag_callback(
            name, [&list, format] { list.layout.format = format; }, text)
        ->group(kOutputGroup);
  };
  add("--json", Format::kJson, "JSON, a line for each item");
  add("--csv", Format::kCsv, "CSV, the names of the columns first");
  verb->add_option("--fields", list.layout.keys, "These columns alone")
      ->delimiter(',')
      ->type_name("KEY,...")
      ->group(kOutputGroup);
  add_server(*verb, list.server);
  verb->footer(kListFooter);
  return verb;
}

CLI::App* add_originate(CLI::App& app, OriginateArguments& call) {
  CLI::App* verb = app.add_subcommand("originate", "Place a call, and say what becomes of it");
  verb->add_option("CHANNEL", call.channel, "Whom to call first, such as PJSIP/100")
      ->required()
      ->type_name("");
  verb->add_option("--exten", call.extension, "The extension it is sent to")->type_name("EXTEN");
  verb->add_option("--context", call.context, "The extension's context; default: default")
      ->type_name("CONTEXT");
  verb->add_option("--priority", call.priority, "Its priority there; default: 1")->type_name("N");
  verb->add_option("--app", call.application, "The application it is sent to instead")->type_name("NAME");
  verb->add_option("--data", call.data, "The application's arguments")->type_name("TEXT");
  verb->add_option("--caller-id", call.caller_id, "What the channel sees of the caller")->type_name("TEXT");
  verb->add_option("--var", call.variables, "A variable of the channel, many times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  verb->add_option("--ring", call.ring_ms, "How long it may ring; default: 30000")
      ->type_name("MS")
      ->check(between(1, std::numeric_limits<int>::max()));
  add_format(*verb, call.format, "The whole reply as a line of JSON");
  add_server(*verb, call.server);
  verb->footer(kOriginateFooter);
  return verb;
}

CLI::App* add_ping(CLI::App& app, PingArguments& ping) {
  CLI::App* verb = app.add_subcommand("ping", "Measure how long Asterisk takes to answer");
  verb->add_option("--count", ping.count, "End after so many")
      ->type_name("N")
      ->check(between(int64_t{1}, std::numeric_limits<int64_t>::max()));
  verb->add_option("--interval", ping.seconds, "From one to the next; default: 1")
      ->type_name("SECONDS")
      ->check(between(0.0, 1e6));
  verb->add_option("--timeout", ping.timeout_ms, "How long to wait for each; default: 10000")
      ->type_name("MS")
      ->check(between(1, std::numeric_limits<int>::max()));
  add_server(*verb, ping.server);
  verb->footer(kPingFooter);
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
  ListArguments list;
  OriginateArguments call;
  PingArguments ping;
  std::string format;
  app.set_version_flag("--version", std::string("ami ") + ami_version_string(), "Print the version and exit");
  app.require_subcommand(0, 1);
  app.footer(kProgramFooter);
  CLI::App* events_verb = add_events(app, events, format);
  CLI::App* send_verb = add_send(app, send);
  CLI::App* command_verb = add_command(app, command);
  CLI::App* list_verb = add_list(app, list);
  CLI::App* originate_verb = add_originate(app, call);
  CLI::App* ping_verb = add_ping(app, ping);
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
  for (ServerArguments* verb :
       {&events.server, &send.server, &command.server, &list.server, &call.server, &ping.server})
    inherit(*verb, server);
  if (events.urls.size() == 1) events.server.url = events.urls.front();
  settle_layout(events.layout, format);
  if (used == events_verb) return events;
  if (used == send_verb) return send;
  if (used == command_verb) return command;
  if (used == list_verb) return list;
  if (used == originate_verb) return call;
  if (used == ping_verb) return ping;
  throw Failure(kUsage, "mock stands first: ami mock [OPTIONS]");
}

}  // namespace ami::cli
