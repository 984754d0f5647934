#include "cli/events.h"

#include <algorithm>
#include <string_view>

#include "cli/selection.h"

namespace ami::cli {
namespace {

// One run of the verb.
class EventStream {
 public:
  EventStream(const EventsArguments& arguments, const Signals& signals, Output& output)
      : signals_(signals),
        connection_(arguments.server, {{"reconnect", "true"}}, signals),
        output_(output),
        printer_(arguments.layout, output),
        selection_(arguments.not_globs, arguments.conditions),
        since_ready_(arguments.since_ready),
        left_(arguments.count) {
    if (arguments.seconds > 0) {
      std::chrono::duration<double> length(arguments.seconds);
      deadline_ = std::chrono::steady_clock::now() + std::chrono::ceil<std::chrono::milliseconds>(length);
    }
    for (const std::string& name : names(arguments.globs)) connection_.subscribe(name);
  }

  int run() {
    write(printer_.head());
    connection_.start();
    Wake wake = Wake::kItems;
    while (wake == Wake::kItems && !done_) {
      wake = connection_.wait(deadline_, output_.fd());
      if (wake == Wake::kItems) print_items();
    }
    if (wake == Wake::kDeadline && !was_ready_)
      throw Failure(kTimeOut, "no login within the time of --for: give it longer");
    if (wake == Wake::kReaderGone) reader_gone_ = true;
    connection_.close([this](const ami_item_t& item) {
      if (item.msg == nullptr || ami_msg_kind(item.msg) != AMI_MSG_NOTICE || !is_new(item)) return;
      if (is_shown(item.msg)) write(printer_.message(item.msg));
    });
    return signals_.exit_code();
  }

 private:
  // A stream without its notices would not tell of what it misses.
  static std::vector<std::string> names(const std::vector<std::string>& globs) {
    if (globs.empty() || std::find(globs.begin(), globs.end(), "*") != globs.end()) return {"*"};
    std::vector<std::string> all = {"gap", "login", "ready", "connection-*"};
    all.insert(all.end(), globs.begin(), globs.end());
    return all;
  }

  // There is an item for each name that matches; a message is one line all the same.
  bool is_new(const ami_item_t& item) {
    uint64_t seq = ami_msg_seq(item.msg);
    bool fresh = seq != last_seq_;
    last_seq_ = seq;
    return fresh;
  }

  void print_items() {
    Items items(connection_.queue());
    std::string text;
    const ami_msg_t* end = nullptr;
    for (const ami_item_t& item : items) {
      if (done_ || end != nullptr || item.msg == nullptr || !is_new(item)) continue;
      const bool shown = is_shown(item.msg);
      if (shown) text += printer_.message(item.msg);
      note(item.msg, shown);
      if (is_end(item.msg)) end = item.msg;
    }
    write(text);
    if (end != nullptr) throw Connection::failure(end);
  }

  // A server that has never let us in is more likely a mistake than a restart: no second attempt.
  bool is_end(const ami_msg_t* message) const {
    return Connection::is_close(message) && (Connection::is_final(message) || !was_ready_);
  }

  bool is_shown(const ami_msg_t* message) const {
    return (was_ready_ || !since_ready_) && selection_.takes(message);
  }

  void note(const ami_msg_t* message, bool shown) {
    if (ami_msg_kind(message) != AMI_MSG_NOTICE) {
      if (shown && left_ > 0 && --left_ == 0) done_ = true;
    } else if (std::string_view(ami_msg_name(message)) == "ready") {
      was_ready_ = true;
    }
  }

  void write(const std::string& text) {
    if (!reader_gone_ && !output_.write(text)) reader_gone_ = done_ = true;
  }

  const Signals& signals_;
  Connection connection_;
  Output& output_;
  Printer printer_;
  Selection selection_;
  bool since_ready_;
  std::optional<Deadline> deadline_;
  int64_t left_;
  uint64_t last_seq_ = 0;
  bool done_ = false;
  bool reader_gone_ = false;
  bool was_ready_ = false;
};

}  // namespace

int run_events(const EventsArguments& arguments, const Signals& signals, Output& output) {
  return EventStream(arguments, signals, output).run();
}

}  // namespace ami::cli
