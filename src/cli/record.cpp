#include "cli/record.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/json.h"
#include "cli/recording_file.h"
#include "cli/redaction.h"

namespace ami::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongestUnsynced(1);

uint64_t unix_ns() {
  using std::chrono::nanoseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<nanoseconds>(now).count());
}

// One run of the verb.
class Recorder {
 public:
  Recorder(const RecordArguments& arguments, const Signals& signals, Output& output)
      : signals_(signals),
        output_(output),
        connection_(arguments.server, {{"reconnect", "true"}}, signals),
        deadline_(deadline_in(arguments.seconds)),
        left_(arguments.count) {
    const bool to_stdout = arguments.path == "-";
    if (to_stdout && !arguments.rotate.empty())
      throw Failure(kUsage, "--rotate needs a file, and - is stdout: name a file");
    const Rotation rotation = arguments.rotate.empty() ? Rotation() : parse_rotation(arguments.rotate);
    for (const char* name : {"data", "gap", "login", "ready", "connection-*"}) connection_.subscribe(name);
    if (to_stdout) {
      text_ = std::string(recording::kFileHead) + recording::text_of(session());
    } else {
      file_ = std::make_unique<RecordingFile>(arguments.path, rotation, [this] { return session(); });
    }
  }

  int run() {
    connection_.start();
    Wake wake = Wake::kItems;
    while (!done_) {
      wake = connection_.wait(next_deadline(), file_ ? -1 : output_.fd());
      if (wake == Wake::kSignal || wake == Wake::kReaderGone) break;
      take_items();
      if (deadline_ && Clock::now() >= *deadline_) {
        check_ready();
        break;
      }
    }
    is_closing_ = true;
    connection_.close([this](const ami_item_t& item) {
      if (!done_) take(item);
    });
    flush();
    if (file_) file_->sync();
    return signals_.exit_code();
  }

 private:
  [[nodiscard]] recording::Entry session() const {
    ami_t* client = connection_.client();
    std::string text = "Program: ami " + std::string(ami_version_string()) + "\r\n";
    text += "Server: " + option_of(client, "host") + ":" + option_of(client, "port") + "\r\n";
    const std::string label = option_of(client, "identifier");
    if (!label.empty()) text += "Label: " + label + "\r\n";
    const std::string banner = option_of(client, "server.banner");
    if (!banner.empty()) text += "Banner: " + banner + "\r\n";
    return {"session", 0, unix_ns(), text + "\r\n"};
  }

  [[nodiscard]] std::optional<Deadline> next_deadline() const {
    if (!file_ || !file_->is_unsynced()) return deadline_;
    const Deadline sync = synced_ + kLongestUnsynced;
    return deadline_ ? std::min(*deadline_, sync) : sync;
  }

  void check_ready() const {
    if (!was_ready_) throw Failure(kTimeOut, "no login within the time of --for: give it longer");
  }

  void take_items() {
    const Items items(connection_.queue());
    for (const ami_item_t& item : items)
      if (!done_) take(item);
    flush();
  }

  void take(const ami_item_t& item) {
    const ami_msg_t* message = item.msg;
    // A message has an item for each name that it matches.
    if (message == nullptr || std::exchange(last_seq_, ami_msg_seq(message)) == ami_msg_seq(message)) return;
    const int kind = ami_msg_kind(message);
    const recording::Entry entry{kind == 0 ? "message" : kind_text(kind), ami_msg_seq(message),
                                 ami_msg_time(message), without_secrets(message)};
    if (file_) {
      file_->add(entry);
    } else {
      text_ += recording::text_of(entry);
    }
    if (kind == AMI_MSG_EVENT) {
      if (left_ > 0 && --left_ == 0) done_ = true;
    } else if (kind != AMI_MSG_NOTICE) {
      return;
    } else if (std::string_view(ami_msg_name(message)) == "ready") {
      was_ready_ = true;
    } else if (Connection::is_close(message) && !was_ready_ && !is_closing_) {
      flush();
      // A server that has never let us in is more likely a mistake than a restart: no second attempt.
      throw Connection::failure(message);
    }
  }

  void flush() {
    if (!file_) {
      if (!output_.write(std::exchange(text_, {}))) done_ = true;
      return;
    }
    file_->write();
    if (Clock::now() < synced_ + kLongestUnsynced) return;
    file_->sync();
    synced_ = Clock::now();
  }

  const Signals& signals_;
  Output& output_;
  Connection connection_;
  std::unique_ptr<RecordingFile> file_;  // none: to stdout
  std::string text_;                     // for stdout
  std::optional<Deadline> deadline_;
  Deadline synced_ = Clock::now();
  int64_t left_;
  uint64_t last_seq_ = 0;
  bool was_ready_ = false;
  bool is_closing_ = false;
  bool done_ = false;
};

}  // namespace

int run_record(const RecordArguments& arguments, const Signals& signals, Output& output) {
  return Recorder(arguments, signals, output).run();
}

}  // namespace ami::cli
