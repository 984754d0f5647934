#include "cli/ping.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/action.h"

namespace ami::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

std::string with_places(double number) {
  char text[64];
  static_cast<void>(std::snprintf(text, sizeof text, "%.3f", number));
  return text;
}

class Pings {
 public:
  Pings(const PingArguments& arguments, const Signals& signals, Output& output)
      : arguments_(arguments),
        signals_(signals),
        output_(output),
        connection_(arguments.server, {{"events", "off"}}, signals),
        ping_(make_action("Ping", {})) {
    ami_action_timeout(ping_.get(), arguments.timeout_ms);
  }

  int run() {
    connection_.open();
    where_ = option_of(connection_.client(), "host") + ":" + option_of(connection_.client(), "port");
    output_.write("PING " + where_ + " (" + option_of(connection_.client(), "server.banner") + ")\n");
    std::optional<Failure> end;
    try {
      repeat();
    } catch (const Failure& failure) {
      end = failure;
    }
    summarize();
    connection_.close();
    if (end) throw Failure(*end);
    if (answered_.empty()) return kTimeOut;
    return signals_.exit_code();
  }

 private:
  void repeat() {
    const auto pause =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(arguments_.seconds));
    auto next = Clock::now();
    while (arguments_.count == 0 || sent_ < arguments_.count) {
      if (!wait_until(next)) return;
      next = std::max(next + pause, Clock::now());
      if (!once()) return;
    }
  }

  // False: a signal came, or nobody reads any more.
  bool wait_until(Deadline time) {
    while (true) {
      const Wake wake = connection_.wait(time, output_.fd());
      if (wake != Wake::kItems) return wake == Wake::kDeadline;
      Items items(connection_.queue());
      for (const ami_item_t& item : items)
        if (item.msg != nullptr && Connection::is_final(item.msg)) throw Connection::failure(item.msg);
    }
  }

  bool once() {
    const auto start = Clock::now();
    ++sent_;
    const ReplyHandle reply = perform(connection_, ping_.get());
    const double time = Milliseconds(Clock::now() - start).count();
    const std::string number = "seq=" + std::to_string(sent_);
    // A server of Asterisk 1.4 says Pong where others say Success; an error is an answer too.
    const int status = ami_reply_status(reply.get());
    if (ami_reply_fate(reply.get()) == AMI_ANSWERED) {
      answered_.push_back(time);
      return output_.write("answer from " + where_ + ": " + number + " time=" + with_places(time) + " ms\n");
    }
    const bool goes_on = output_.write("no answer: " + number + " " + ami_strerror(status) + "\n");
    if (status != AMI_ETIMEDOUT) throw failure_of(connection_.client(), status);
    return goes_on;
  }

  void summarize() {
    const auto answered = static_cast<int64_t>(answered_.size());
    const int64_t lost = sent_ == 0 ? 0 : (sent_ - answered) * 100 / sent_;
    std::string text = "\n" + std::to_string(sent_) + " sent, " + std::to_string(answered) + " answered, " +
                       std::to_string(lost) + " % lost\n";
    if (!answered_.empty()) {
      std::sort(answered_.begin(), answered_.end());
      double sum = 0;
      for (double time : answered_) sum += time;
      text += "round trip min/median/mean/max = " + with_places(answered_.front()) + "/" +
              with_places(answered_[answered_.size() / 2]) + "/" +
              with_places(sum / static_cast<double>(answered_.size())) + "/" + with_places(answered_.back()) +
              " ms\n";
    }
    output_.write(text);
  }

  const PingArguments& arguments_;
  const Signals& signals_;
  Output& output_;
  Connection connection_;
  ActionHandle ping_;
  std::string where_;
  int64_t sent_ = 0;
  std::vector<double> answered_;  // milliseconds
};

}  // namespace

int run_ping(const PingArguments& arguments, const Signals& signals, Output& output) {
  return Pings(arguments, signals, output).run();
}

}  // namespace ami::cli
