#include "cli/events.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/selection.h"

namespace ami::cli {
namespace {

// A server of the stream.
struct Source {
  Connection connection;
  uint64_t last_seq = 0;
  bool was_ready = false;
};

// One run of the verb.
class EventStream {
 public:
  EventStream(const EventsArguments& arguments, const Signals& signals, Output& output)
      : signals_(signals),
        output_(output),
        printer_(arguments.layout, output),
        selection_({}, arguments.not_globs, arguments.conditions),
        since_ready_(arguments.since_ready),
        deadline_(deadline_in(arguments.seconds)),
        left_(arguments.count) {
    if (arguments.urls.size() < 2 && arguments.profiles.size() < 2) {
      add(arguments.server);
    } else {
      add_several(arguments);
    }
    for (const auto& source : sources_)
      for (const std::string& name : names(arguments.globs)) source->connection.subscribe(name);
  }

  int run() {
    write(printer_.head());
    for (const auto& source : sources_) source->connection.start();
    Wake wake = Wake::kItems;
    while (wake == Wake::kItems && !done_) {
      wake = first().wait(deadline_, output_.fd());
      if (wake == Wake::kItems) print_items();
    }
    if (wake == Wake::kDeadline) check_ready();
    if (wake == Wake::kReaderGone) reader_gone_ = true;
    for (const auto& source : sources_) {
      source->connection.close([this](const ami_item_t& item) {
        if (item.msg == nullptr || ami_msg_kind(item.msg) != AMI_MSG_NOTICE) return;
        Source& from = source_of(item);
        if (is_new(from, item.msg) && is_shown(from, item.msg)) write(printer_.message(item.msg));
      });
    }
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

  void add(const ServerArguments& server) {
    const Connection* other = sources_.empty() ? nullptr : &first();
    sources_.push_back(std::make_unique<Source>(Source{{server, {{"reconnect", "true"}}, signals_, other}}));
  }

  // Several URLs may share one profile; several profiles are servers of their own.
  void add_several(const EventsArguments& arguments) {
    ServerArguments server = arguments.server;
    for (const std::string& url : arguments.urls) {
      server.url = url;
      add_labelled(server);
    }
    if (arguments.profiles.size() < 2) return;
    server.url.clear();
    for (const std::string& profile : arguments.profiles) {
      server.profile = profile;
      add_labelled(server);
    }
  }

  void add_labelled(const ServerArguments& server) {
    add(server);
    ami_t* client = sources_.back()->connection.client();
    if (!option_of(client, "identifier").empty()) return;
    std::string label =
        server.url.empty() ? server.profile : option_of(client, "host") + ":" + option_of(client, "port");
    if (ami_set(client, "identifier", label.c_str()) == AMI_OK) return;  // else it is too long
    ami_set(client, "identifier", ("server" + std::to_string(sources_.size())).c_str());
  }

  [[nodiscard]] Connection& first() const { return sources_.front()->connection; }

  Source& source_of(const ami_item_t& item) {
    const auto found = std::find_if(sources_.begin(), sources_.end(), [&item](const auto& source) {
      return source->connection.id() == item.client;
    });
    return found == sources_.end() ? *sources_.front() : **found;
  }

  void check_ready() const {
    const bool all =
        std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->was_ready; });
    if (!all) throw Failure(kTimeOut, "no login within the time of --for: give it longer");
  }

  // There is an item for each name that matches; a message is one line all the same.
  static bool is_new(Source& source, const ami_msg_t* message) {
    const uint64_t seq = ami_msg_seq(message);
    return std::exchange(source.last_seq, seq) != seq;
  }

  void print_items() {
    Items items(first().queue());
    std::string text;
    const ami_msg_t* end = nullptr;
    for (const ami_item_t& item : items) {
      if (done_ || end != nullptr || item.msg == nullptr) continue;
      Source& source = source_of(item);
      if (!is_new(source, item.msg)) continue;
      const bool shown = is_shown(source, item.msg);
      if (shown) text += printer_.message(item.msg);
      note(source, item.msg, shown);
      if (is_end(source, item.msg)) end = item.msg;
    }
    write(text);
    if (end != nullptr) throw Connection::failure(end);
  }

  // A server that has never let us in is more likely a mistake than a restart: no second attempt.
  static bool is_end(const Source& source, const ami_msg_t* message) {
    return Connection::is_close(message) && (Connection::is_final(message) || !source.was_ready);
  }

  [[nodiscard]] bool is_shown(const Source& source, const ami_msg_t* message) const {
    return (source.was_ready || !since_ready_) && selection_.takes(message);
  }

  void note(Source& source, const ami_msg_t* message, bool shown) {
    if (ami_msg_kind(message) != AMI_MSG_NOTICE) {
      if (shown && left_ > 0 && --left_ == 0) done_ = true;
    } else if (std::string_view(ami_msg_name(message)) == "ready") {
      source.was_ready = true;
    }
  }

  void write(const std::string& text) {
    if (!reader_gone_ && !output_.write(text)) reader_gone_ = done_ = true;
  }

  const Signals& signals_;
  std::vector<std::unique_ptr<Source>> sources_;
  Output& output_;
  Printer printer_;
  Selection selection_;
  bool since_ready_;
  std::optional<Deadline> deadline_;
  int64_t left_;
  bool done_ = false;
  bool reader_gone_ = false;
};

}  // namespace

int run_events(const EventsArguments& arguments, const Signals& signals, Output& output) {
  return EventStream(arguments, signals, output).run();
}

}  // namespace ami::cli
