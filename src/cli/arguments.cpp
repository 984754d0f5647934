#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <limits>

#include "cli/completion.h"
#include "cli/failure.h"
#include "cli/grammar.h"
#include "cli/help.h"
#include "mock/main_mock.h"

namespace ami::cli {
namespace {

constexpr const char* kJsonDefault = "JSON, a line each; the default unless on a terminal";
constexpr const char* kServerGroup = "Server";
constexpr const char* kOutputGroup = "Output";

constexpr const char* kUrlText = "ami[s]://USER@HOST[:PORT][?OPTION=VALUE]; or AMI_URL";
constexpr const char* kProfileText = "A server of the configuration file; or AMI_PROFILE";

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
  app.add_option("-p,--profile", server.profile, kProfileText)->type_name("PROFILE")->group(kServerGroup);
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

void add_count(CLI::App& app, int64_t& count, const std::string& text) {
  app.add_option("--count", count, text)
      ->type_name("N")
      ->check(between(int64_t{1}, std::numeric_limits<int64_t>::max()));
}

void add_for(CLI::App& app, double& seconds) {
  app.add_option("--for", seconds, "End after so many seconds")
      ->type_name("SECONDS")
      ->check(between(0.001, 1e9));
}

// Which events are printed.
template <typename Wanted>
void add_selection(CLI::App& app, Wanted& wanted) {
  app.add_option("GLOB", wanted.globs, "Names of the events wanted; none: all")->type_name("");
  add_count(app, wanted.count, "End after so many events");
  app.add_option("--not", wanted.not_globs, "Not these, many times")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--where", wanted.conditions, "Only events with such a header, many times")
      ->type_name("KEY=GLOB")
      ->allow_extra_args(false);
}

CLI::App* add_events(CLI::App& app, EventsArguments& events, std::string& format) {
  CLI::App* verb = app.add_subcommand("events", "Print events as they come");
  add_selection(*verb, events);
  add_for(*verb, events.seconds);
  verb->add_flag("--since-ready", events.since_ready, "Nothing from before the login is complete");
  add_layout(*verb, events.layout, format);
  verb->add_option("--url", events.urls, std::string(kUrlText) + ".\nMany times: one stream of all")
      ->type_name("URL")
      ->allow_extra_args(false)
      ->group(kServerGroup);
  verb->add_option("-p,--profile", events.profiles, kProfileText)
      ->type_name("PROFILE")
      ->allow_extra_args(false)
      ->group(kServerGroup);
  add_login(*verb, events.server);
  verb->footer(kEventsHelp);
  return verb;
}

void add_action(CLI::App& app, SendArguments& send) {
  app.add_option("ACTION", send.action, "Its name, such as Originate; none, or -: those of stdin")
      ->type_name("");
  app.add_option("KEY=VALUE", send.fields, "Its headers")->type_name("");
  app.add_option("--until", send.until, "Wait for this event of the action's")->type_name("EVENT");
  app.add_flag("--force", send.force, "Send what no Asterisk is known to have, too");
  app.add_flag("--dry-run", send.dry_run, "Check it, and print the bytes instead of sending them");
  add_timeout(app, send.timeout_ms);
  add_format(app, send.format, kJsonDefault);
}

CLI::App* add_send(CLI::App& app, SendArguments& send) {
  CLI::App* verb = app.add_subcommand("send", "Send an action and print the answer");
  add_action(*verb, send);
  verb->add_option("--jobs", send.jobs, "How many of stdin's at a time; default: 8")
      ->type_name("N")
      ->check(between(size_t{1}, size_t{65536}));
  add_server(*verb, send.server);
  verb->footer(kSendHelp);
  return verb;
}

CLI::App* add_command(CLI::App& app, CommandArguments& command) {
  CLI::App* verb = app.add_subcommand("command", "Run a command of Asterisk's command line");
  verb->add_option("WORDS", command.words, "The command, in one argument or many")->required()->type_name("");
  add_timeout(*verb, command.timeout_ms);
  add_format(*verb, command.format, "The whole reply as a line of JSON");
  add_server(*verb, command.server);
  verb->footer(kCommandHelp);
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
  verb->footer(kListHelp);
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
  verb->footer(kOriginateHelp);
  return verb;
}

CLI::App* add_ping(CLI::App& app, PingArguments& ping) {
  CLI::App* verb = app.add_subcommand("ping", "Measure how long Asterisk takes to answer");
  add_count(*verb, ping.count, "End after so many");
  verb->add_option("--interval", ping.seconds, "From one to the next; default: 1")
      ->type_name("SECONDS")
      ->check(between(0.0, 1e6));
  verb->add_option("--timeout", ping.timeout_ms, "How long to wait for each; default: 10000")
      ->type_name("MS")
      ->check(between(1, std::numeric_limits<int>::max()));
  add_server(*verb, ping.server);
  verb->footer(kPingHelp);
  return verb;
}

CLI::App* add_doctor(CLI::App& app, DoctorArguments& doctor) {
  CLI::App* verb = app.add_subcommand("doctor", "Say what is right, wrong and risky about a server");
  verb->add_option("--for", doctor.seconds, "Count events for so long; default: 3")
      ->type_name("SECONDS")
      ->check(between(0.001, 1e9));
  verb->add_option(
          "--for-use", doctor.use,
          "Print an account for manager.conf with the least rights:\nevents, click-to-call, queues, monitor")
      ->type_name("USE");
  verb->add_flag("--json", doctor.json, "JSON, a line for each finding")->group(kOutputGroup);
  add_server(*verb, doctor.server);
  verb->footer(kDoctorHelp);
  return verb;
}

CLI::App* add_record(CLI::App& app, RecordArguments& record) {
  CLI::App* verb = app.add_subcommand("record", "Write a session to a file");
  verb->add_option("FILE", record.path, "Added to when it is there; - is stdout")->required()->type_name("");
  verb->add_option("--rotate", record.rotate, "Begin another file at that size or age: 100M, 1d")
      ->type_name("SIZE|TIME");
  add_count(*verb, record.count, "End after so many events");
  add_for(*verb, record.seconds);
  add_server(*verb, record.server);
  verb->footer(kRecordHelp);
  return verb;
}

CLI::App* add_replay(CLI::App& app, ReplayArguments& replay, std::string& format) {
  CLI::App* verb = app.add_subcommand("replay", "Print what was recorded");
  verb->add_option("FILE", replay.path, "A file of ami record; - is stdin")->required()->type_name("");
  add_selection(*verb, replay);
  verb->add_flag("--all", replay.all, "Answers and list items, too");
  add_layout(*verb, replay.layout, format);
  verb->footer(kReplayHelp);
  return verb;
}

CLI::App* add_top(CLI::App& app, TopArguments& top) {
  CLI::App* verb = app.add_subcommand("top", "Watch calls and queues on the whole terminal");
  add_server(*verb, top.server);
  verb->footer(kTopHelp);
  return verb;
}

CLI::App* add_shell(CLI::App& app, ShellArguments& shell) {
  CLI::App* verb = app.add_subcommand("shell", "Send actions as they are typed, and see the events");
  verb->add_option("FILTER", shell.filter, "Which events to show: see \\f below")->type_name("");
  add_format(*verb, shell.format, kJsonDefault);
  add_server(*verb, shell.server);
  verb->footer(std::string(kShellHelp) + kShellKeys);
  return verb;
}

// What was given before the verb holds, but what was given behind it goes first.
void inherit(ServerArguments& verb, const ServerArguments& program) {
  if (verb.profile.empty()) verb.profile = program.profile;
  if (verb.url.empty()) verb.url = program.url;
  if (verb.password_file.empty()) verb.password_file = program.password_file;
  verb.options.insert(verb.options.begin(), program.options.begin(), program.options.end());
}

// All that the command line can say, and what it has said.
class Grammar {
 public:
  Grammar();

  CLI::App app{"ami: talk to Asterisk's Manager Interface", "ami"};

  // What was parsed. Throws Failure.
  Arguments arguments();

 private:
  struct Verb {
    CLI::App* app;
    ServerArguments* server;  // nullptr: it needs none
    std::function<Arguments()> arguments;
  };

  template <typename Type>
  void add(CLI::App* verb, Type& arguments) {
    ServerArguments* server = nullptr;
    if constexpr (requires { arguments.server; }) server = &arguments.server;
    verbs_.push_back({verb, server, [&arguments] { return Arguments(arguments); }});
  }
  [[noreturn]] void refuse_verb() const;

  std::vector<Verb> verbs_;
  ServerArguments server_;
  EventsArguments events_;
  std::string format_;
  SendArguments send_;
  CommandArguments command_;
  ListArguments list_;
  OriginateArguments call_;
  PingArguments ping_;
  DoctorArguments doctor_;
  RecordArguments record_;
  ReplayArguments replay_;
  std::string replay_format_;
  TopArguments top_;
  ShellArguments shell_;
  MockSettings mock_;
};

Grammar::Grammar() {
  app.get_formatter()->column_width(26);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.set_version_flag("--version", std::string("ami ") + ami_version_string(), "Print the version and exit");
  app.require_subcommand(0, 1);
  app.footer(kProgramHelp);
  add(add_events(app, events_, format_), events_);
  add(add_send(app, send_), send_);
  add(add_command(app, command_), command_);
  add(add_list(app, list_), list_);
  add(add_originate(app, call_), call_);
  add(add_ping(app, ping_), ping_);
  add(add_doctor(app, doctor_), doctor_);
  add(add_record(app, record_), record_);
  add(add_replay(app, replay_, replay_format_), replay_);
  add(add_top(app, top_), top_);
  add(add_shell(app, shell_), shell_);
  add_mock_options(*app.add_subcommand("mock", "Be a fake Asterisk, for tests and trials"), mock_);
  for (CLI::App* verb : app.get_subcommands({})) verb->group("Verbs");
  add_server(app, server_);
  // Last, since verbs would inherit it: to tell an unknown verb by our own words.
  app.allow_extras();
}

void Grammar::refuse_verb() const {
  std::string hint = "the verbs are ";
  for (const CLI::App* verb : app.get_subcommands({})) hint += verb->get_name() + ", ";
  hint.replace(hint.size() - 2, 2, "; see ami --help");
  std::vector<std::string> rest = app.remaining();
  if (rest.empty()) throw Failure(kUsage, "no verb: " + hint);
  if (rest.front().starts_with('-'))
    throw Failure(kUsage, "unknown option (" + rest.front() + "): see ami --help");
  throw Failure(kUsage, "unknown verb (" + rest.front() + "): " + hint);
}

Arguments Grammar::arguments() {
  if (app.get_subcommands().empty() || app.remaining_size() != 0) refuse_verb();
  if (events_.urls.size() == 1) events_.server.url = events_.urls.front();
  if (events_.profiles.size() == 1) events_.server.profile = events_.profiles.front();
  settle_layout(events_.layout, format_);
  settle_layout(replay_.layout, replay_format_);
  for (const Verb& verb : verbs_) {
    if (!verb.app->parsed()) continue;
    if (verb.server != nullptr) inherit(*verb.server, server_);
    return verb.arguments();
  }
  throw Failure(kUsage, "mock stands first: ami mock [OPTIONS]");
}

}  // namespace

void show_grammar(const std::function<void(const CLI::App&)>& see) {
  see(Grammar().app);
}

Arguments parse_arguments(int argc, const char* const* argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "__complete") return Information{completions({argv + 2, argv + argc})};
  if (first == "__grammar") return Information{grammar_json()};
  Grammar grammar;
  CLI::App& app = grammar.app;
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Information{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Information{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    std::vector<CLI::App*> begun = app.get_subcommands();
    std::string verb = begun.empty() ? "" : begun.front()->get_name() + " ";
    throw Failure(kUsage, std::string(error.what()) + ": see ami " + verb + "--help");
  }
  return grammar.arguments();
}

SendArguments parse_action(std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag();
  SendArguments send;
  send.action.clear();
  add_action(app, send);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    throw Failure(kUsage, error.what());
  }
  return send;
}

}  // namespace ami::cli
