#include "cli/replay.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/failure.h"
#include "cli/handle.h"
#include "cli/json.h"
#include "cli/selection.h"
#include "cli/system.h"
#include "recording/reader.h"

namespace ami::cli {
namespace {

constexpr size_t kPiece = 1U << 16U;  // printed at once

using MessageHandle = std::unique_ptr<ami_msg_t, Ender<ami_msg_unref>>;

int kind_of(const recording::Entry& entry) {
  for (int kind : {AMI_MSG_EVENT, AMI_MSG_RESPONSE, AMI_MSG_NOTICE, AMI_MSG_LISTITEM})
    if (entry.kind == kind_text(kind)) return kind;
  return 0;
}

// One run of the verb.
class Replay {
 public:
  Replay(const ReplayArguments& arguments, const Signals& signals, Output& output)
      : path_(arguments.path),
        signals_(signals),
        output_(output),
        printer_(arguments.layout, output),
        selection_(arguments.globs, arguments.not_globs, arguments.conditions),
        all_(arguments.all),
        left_(arguments.count) {
    if (path_ == "-") return;
    file_.open(path_, std::ios::binary);
    if (!file_) throw Failure(kUsage, path_ + " cannot be read (" + reason_of(errno) + "): name a recording");
  }

  void run() {
    text_ = printer_.head();
    recording::Reader reader(path_ == "-" ? std::cin : file_);
    recording::Entry entry;
    recording::Found found = recording::Found::kEntry;
    while (!is_over() && (found = reader.next(entry)) == recording::Found::kEntry) {
      print(entry);
      if (text_.size() >= kPiece) write();
    }
    write();
    if (is_over()) return;
    const std::string place = path_ + " at byte " + std::to_string(reader.whole());
    if (found == recording::Found::kTorn)
      complain("warning: " + place + " begins a part of an entry: the recording was cut short");
    if (found == recording::Found::kDamaged)
      throw Failure(kUsage, place + " is no recording, or damaged: what follows is not printed");
  }

 private:
  [[nodiscard]] bool is_over() const { return done_ || signals_.exit_code() != 0; }

  void print(const recording::Entry& entry) {
    if (entry.kind == "session") label_ = recording::header_of(entry, "Label");
    const int kind = kind_of(entry);
    if (kind == 0 && entry.kind != "message") return;  // of a later version of the format
    if (!all_ && kind != AMI_MSG_EVENT && kind != AMI_MSG_NOTICE) return;
    const MessageHandle message(
        ami_msg_new(kind, entry.bytes.data(), entry.bytes.size(), entry.seq, entry.time_ns, label_.c_str()));
    if (!message) {
      write();
      throw Failure(kUsage, path_ + " has an entry that is no message (number " + std::to_string(entry.seq) +
                                "): it is damaged");
    }
    if (!selection_.takes(message.get())) return;
    text_ += printer_.message(message.get());
    if (kind != AMI_MSG_NOTICE && left_ > 0 && --left_ == 0) done_ = true;
  }

  void write() {
    if (!output_.write(text_)) done_ = true;
    text_.clear();
  }

  std::string path_;
  const Signals& signals_;
  std::ifstream file_;
  Output& output_;
  Printer printer_;
  Selection selection_;
  bool all_;
  int64_t left_;
  std::string label_;
  std::string text_;
  bool done_ = false;
};

}  // namespace

int run_replay(const ReplayArguments& arguments, const Signals& signals, Output& output) {
  Replay(arguments, signals, output).run();
  return signals.exit_code();
}

}  // namespace ami::cli
