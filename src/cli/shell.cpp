#include "cli/shell.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/action.h"
#include "cli/arguments.h"
#include "cli/catalogue.h"
#include "cli/editor.h"
#include "cli/help.h"
#include "cli/lines.h"
#include "cli/list.h"
#include "cli/selection.h"
#include "cli/words.h"

namespace ami::cli {
namespace {

using Words = std::vector<std::string>;

// Which events are shown: globs of names, -GLOB for those that are not, Key=GLOB for what a header must hold.
Selection selection_of(const Words& filter) {
  Words names;
  Words not_names;
  Words conditions;
  for (const std::string& word : filter) {
    if (word.find('=') != std::string::npos) {
      conditions.push_back(word);
    } else if (word.starts_with('-')) {
      not_names.push_back(word.substr(1));
    } else {
      names.push_back(word);
    }
  }
  return {names, not_names, conditions};
}

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

class Shell {
 public:
  Shell(const ShellArguments& arguments, const Signals& signals, Output& output)
      : signals_(signals),
        output_(output),
        format_(arguments.format),
        printer_(format_, output),
        is_interactive_(isatty(STDIN_FILENO) == 1 && output.is_terminal()),
        connection_(arguments.server, {{"reconnect", is_interactive_ ? "true" : "false"}}, signals),
        shows_events_(is_interactive_),
        selection_({}, {}, {}),
        actions_(known_actions()) {
    if (!arguments.filter.empty()) set_filter(arguments.filter);
    connection_.subscribe("*");
    name_ = option_of(connection_.client(), "identifier");
    if (name_.empty())
      name_ = option_of(connection_.client(), "username") + "@" + option_of(connection_.client(), "host");
  }

  int run() {
    connection_.start();
    while (!is_ready_ && !is_over()) wait(-1);
    if (end_) throw Failure(*end_);
    if (is_interactive_) {
      edit_lines();
    } else {
      read_lines();
    }
    connection_.close();
    if (end_) throw Failure(*end_);
    return is_interactive_ ? signals_.exit_code() : exit_code_;
  }

 private:
  void edit_lines() {
    editor_ = std::make_unique<Editor>(
        Editor::Callbacks{[this] { return name_ + (is_ready_ ? "> " : " (not connected)> "); },
                          [this] { return wait_for_key(); },
                          [this](const std::string& before) { return candidates_of(before, actions_); }},
        output_);
    while (!is_over()) {
      const std::optional<std::string> line = editor_->line();
      if (!line) return;
      obey(*line);
    }
  }

  bool wait_for_key() {
    while (!is_over())
      if (wait(STDIN_FILENO) == Wake::kInput) return true;
    return false;
  }

  void read_lines() {
    std::string line;
    while (!is_over()) {
      if (lines_.next(line)) {
        obey(line);
      } else if (lines_.at_end()) {
        return;
      } else if (wait(lines_.fd()) == Wake::kInput) {
        lines_.read();
      }
    }
    if (end_ && !lines_.at_end())
      end_ = Failure(end_->exit_code(), std::string(end_->what()) + "; what follows line " +
                                            std::to_string(lines_.number()) + " was not sent");
  }

  [[nodiscard]] bool is_over() const { return is_at_end_ || end_; }

  // Sees to what comes, but for input.
  Wake wait(int input) {
    const Wake wake = connection_.wait({}, is_interactive_ ? -1 : output_.fd(), input);
    if (wake == Wake::kItems) take_items();
    if (wake == Wake::kReaderGone) is_at_end_ = true;
    if (wake == Wake::kSignal && !(is_interactive_ && Signals::forget_interrupt()))
      end_ = connection_.interrupted("the shell has ended");
    return wake;
  }

  void take_items() {
    Items items(connection_.queue());
    std::string text;
    for (const ami_item_t& item : items) {
      if (item.kind == AMI_ITEM_REPLY) take_reply(item);
      if (item.msg == nullptr) continue;
      if (is_shown(item.msg)) (reply_ ? behind_reply_ : text) += printer_.message(item.msg);
      if (ami_msg_kind(item.msg) == AMI_MSG_NOTICE) note(item.msg);
    }
    if (!text.empty()) show(text);
  }

  // The first login is told by the prompt, or a failure.
  [[nodiscard]] bool is_shown(const ami_msg_t* message) const {
    const bool is_notice = ami_msg_kind(message) == AMI_MSG_NOTICE;
    return was_ready_ && (shows_events_ || (is_notice && is_interactive_)) && selection_.takes(message);
  }

  void note(const ami_msg_t* notice) {
    if (std::string_view(ami_msg_name(notice)) == "ready") {
      if (is_interactive_) ask_for_actions();
      if (is_interactive_ && !was_ready_) output_.write(greeting());
      is_ready_ = was_ready_ = true;
    } else if (Connection::is_close(notice)) {
      is_ready_ = false;
      if (!was_ready_ || Connection::is_final(notice)) end_ = Connection::failure(notice);
    }
  }

  [[nodiscard]] std::string greeting() const {
    return "This is " + option_of(connection_.client(), "server.banner") + ". \\? is help, \\q the end.\n";
  }

  void take_reply(const ami_item_t& item) {
    if (item.id == awaited_) reply_.reset(ami_reply_ref(item.reply));
    if (item.id == listing_ && ami_reply_status(item.reply) == AMI_OK) learn_actions(item.reply);
  }

  void ask_for_actions() {
    const ActionHandle action = make_action("ListCommands", {});
    ami_send(connection_.client(), action.get(), nullptr, nullptr, nullptr, &listing_);
  }

  void learn_actions(const ami_reply_t* reply) {
    const ami_field_t* fields = nullptr;
    const size_t count = ami_msg_fields(ami_reply_response(reply), &fields);
    Keys names;
    for (size_t i = 0; i < count; i++)
      if (!holds_key(Keys{"Response", "ActionID"}, fields[i].key)) names.emplace_back(fields[i].key);
    if (!names.empty()) actions_ = names;
  }

  void show(const std::string& text) {
    if (editor_) {
      editor_->show(text);
    } else if (!output_.write(text)) {
      is_at_end_ = true;
    }
  }

  void obey(const std::string& line) {
    try {
      interpret(line);
    } catch (const Failure& failure) {
      if (failure.exit_code() == kNoOutput) throw;  // no answer can be shown, so nothing more is sent
      tell(failure.what());
      exit_code_ = std::max(exit_code_, failure.exit_code());
    }
    const std::string text = std::exchange(behind_reply_, {});
    if (!text.empty() && !is_at_end_) show(text);
  }

  void interpret(const std::string& line) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') return;
    if (line[begin] == '!') return run_command(line.substr(begin + 1));
    Words words = words_of(line[begin] == '\\' ? line.substr(begin + 1) : line);
    if (line[begin] != '\\') return send(std::move(words));
    const std::string name = words.empty() ? "" : words.front();
    if (!words.empty()) words.erase(words.begin());
    control(name, words);
  }

  void control(const std::string& name, const Words& words) {
    if (name == "q") {
      is_at_end_ = true;
    } else if (name == "?") {
      show(kShellKeys);
    } else if (name == "f") {
      if (!words.empty()) set_filter(words);
      if (is_interactive_) show("events: " + filter_ + "\n");
    } else if (name == "l") {
      list(words);
    } else {
      throw Failure(kUsage, "unknown command (\\" + name + "): there are \\? \\f \\l \\q");
    }
  }

  void set_filter(const Words& words) {
    const bool is_switch = words.size() == 1 && (words.front() == "on" || words.front() == "off");
    selection_ = selection_of(is_switch ? Words() : words);
    shows_events_ = words.front() != "off" || !is_switch;
    filter_ = joined(words);
  }

  void send(Words words) {
    const SendArguments arguments = parse_action(std::move(words));
    const ActionHandle action = action_of(arguments, actions_);
    if (arguments.dry_run) return show(bytes_of(action.get()));
    const ReplyHandle reply = perform(action.get());
    if (!reply) return;
    const Printer printer(arguments.format == Format::kAutomatic ? format_ : arguments.format, output_);
    answer(arguments.action, reply.get(), printer.reply(arguments.action.c_str(), reply.get()));
  }

  void list(Words words) {
    if (words.empty()) throw Failure(kUsage, "no list: name one, as in \\l CoreShowChannels");
    const SendArguments arguments = parse_action(std::move(words));
    const ReplyHandle reply = perform(action_of(arguments, actions_).get());
    if (!reply) return;
    const bool is_error = ami_reply_status(reply.get()) != AMI_OK;
    answer(arguments.action, reply.get(), is_error ? "" : list_text(reply.get(), {}, output_));
  }

  void run_command(const std::string& command) {
    const size_t begin = command.find_first_not_of(" \t");
    if (begin == std::string::npos) throw Failure(kUsage, "no command: write one, as in !core show channels");
    const ReplyHandle reply = perform(make_action("Command", {"Command=" + command.substr(begin)}).get());
    if (reply) answer("Command", reply.get(), printer_.output(ami_reply_response(reply.get())));
  }

  // None when the shell is over before it is there. Throws Failure when the action is refused.
  ReplyHandle perform(const ami_action_t* action) {
    const int err = ami_send(connection_.client(), action, nullptr, nullptr, nullptr, &awaited_);
    if (err != AMI_OK) throw failure_of(connection_.client(), err);
    while (!reply_) {
      const Wake wake = wait(-1);
      if (wake == Wake::kSignal || wake == Wake::kReaderGone) ami_cancel(connection_.client(), awaited_);
      if (wake != Wake::kItems && is_over()) break;
    }
    return std::exchange(reply_, {});
  }

  void answer(const std::string& name, const ami_reply_t* reply, const std::string& text) {
    show(text);
    const std::string trouble = trouble_of(name, reply);
    // What Asterisk says for an error stands in the text; nobody need read it twice.
    if (!trouble.empty() && (!is_interactive_ || text.empty())) tell(trouble);
    exit_code_ = std::max(exit_code_, exit_code_of(ami_reply_status(reply)));
  }

  void tell(const std::string& trouble) const {
    complain((is_interactive_ ? "" : "line " + std::to_string(lines_.number()) + ": ") + trouble);
  }

  const Signals& signals_;
  Output& output_;
  Format format_;
  Printer printer_;
  bool is_interactive_;
  Connection connection_;
  std::string name_;
  bool shows_events_;
  Selection selection_;
  std::string filter_ = "on";
  Keys actions_;
  std::unique_ptr<Editor> editor_;
  Lines lines_;
  uint64_t listing_ = 0;  // the ListCommands under way
  uint64_t awaited_ = 0;
  ReplyHandle reply_;         // of awaited_
  std::string behind_reply_;  // what came behind it, and is to be shown behind it
  bool is_ready_ = false;
  bool was_ready_ = false;
  bool is_at_end_ = false;
  std::optional<Failure> end_;  // that came unasked
  int exit_code_ = kSuccess;
};

}  // namespace

int run_shell(const ShellArguments& arguments, const Signals& signals, Output& output) {
  return Shell(arguments, signals, output).run();
}

}  // namespace ami::cli
