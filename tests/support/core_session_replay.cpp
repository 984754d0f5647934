#include "core_session_replay.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "session/session.h"

using ami::Action;
using ami::Arrival;
using ami::MessagePtr;
using ami::Pending;
using ami::PendingPtr;
using ami::Route;

namespace {

struct Sent {
  size_t offset = 0;
  std::string name;
  std::string id;
};

bool no_md5(std::string_view /*text*/, unsigned char* /*out*/) {
  return false;
}

// One run of a conversation.
class Run final : public ami::SessionSink {
 public:
  explicit Run(size_t actions) : replies_(actions) {
    settings_.plain_login = true;
    session_.emplace(settings_, *this, no_md5);
    session_->connected(kNow, "p");
  }

  void receive(std::string_view bytes) {
    session_->receive(bytes, kNow, 0);
    flush();
  }

  void submit(const Sent& sent) {
    const uint64_t number = ++submitted_;
    const std::string id = sent.id.empty() ? "none" + std::to_string(number) : sent.id;
    session_->submit(PendingPtr::adopt(new Pending(number, Action(sent.name), id, "x")), kNow);
    flush();
  }

  std::string finish() {
    session_->disconnected(AMI_ELOST, false, kNow);
    std::string text;
    for (const auto& reply : replies_) text += reply;
    return text + "messages " + std::to_string(events_) + ' ' + std::to_string(responses_ - 1) + ' ' +
           std::to_string(items_) + '\n';
  }

 private:
  static constexpr uint64_t kNow = 1000;

  void flush() { session_->handed_over(session_->output().size(), kNow); }

  // The answer to the session's own login is the first message, and none of the recording's.
  static std::string place(const MessagePtr& message) {
    return message ? std::to_string(message->seq() - 1) : "0";
  }

  void on_message(Arrival& arrival, Route route) override {
    seq_ = arrival.stamp().seq;
    if (route == Route::kEvent) ++events_;
    if (route == Route::kResponse) ++responses_;
    if (route == Route::kItem) ++items_;
  }
  void on_item(Pending& /*pending*/, const MessagePtr& /*message*/) override {}
  void on_reply(Pending& reply) override {
    static const char* const kFates[] = {"", "not-sent", "maybe-run", "answered"};
    const bool lost = reply.status == AMI_ELOST;
    const std::string status = reply.status == 0 ? "OK" : std::string(ami_err_name(reply.status)).substr(4);
    std::string items;
    for (const auto& item : reply.items) {
      items += items.empty() ? "" : ",";
      items += place(item);
    }
    replies_[reply.id - 1] += "reply " + std::to_string(reply.id) + ' ' + status + ' ' + kFates[reply.fate] +
                              " response=" + place(reply.response) + " items=" + items +
                              " end=" + place(reply.end) + " at=" + std::to_string(lost ? 0 : seq_ - 1) +
                              '\n';
  }
  void on_limit(const std::string& /*detail*/) override {}
  void on_login(int /*err*/, std::string_view /*reason*/) override {}
  void on_ready() override {}
  void on_failure(int err, const std::string& detail, std::string_view /*phase*/) override {
    replies_.push_back(std::string("failed ") + ami_err_name(err) + ' ' + detail + '\n');
  }
  void on_logged_off() override {}
  void on_log(int /*level*/, const std::string& /*line*/) override {}

  ami::Settings settings_;
  std::optional<ami::Session> session_;
  std::vector<std::string> replies_;
  uint64_t submitted_ = 0;
  uint64_t seq_ = 0;
  size_t events_ = 0, responses_ = 0, items_ = 0;
};

}  // namespace

struct core_replay {
  core_replay(std::string_view file, const char* plan) {
    const size_t greeting_end = file.find('\n') + 1;
    greeting = file.substr(0, greeting_end);
    rest = file.substr(greeting_end);
    std::istringstream lines(plan);
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("send ", 0) != 0) {
        expected += line + '\n';
        continue;
      }
      Sent one;
      std::istringstream words(line.substr(5));
      words >> one.offset >> one.name;
      one.offset -= std::min(one.offset, greeting_end);
      const size_t quote = line.find('"');
      one.id = line.substr(quote + 1, line.size() - quote - 2);
      sent.push_back(one);
    }
  }

  std::string play(size_t first, size_t step) const {
    Run run(sent.size());
    run.receive(greeting);
    run.receive("Response: Success\r\nActionID: ps1\r\n\r\n");
    auto next = sent.begin();
    size_t piece_end = first;
    for (size_t at = 0;;) {
      for (; next != sent.end() && next->offset <= at; ++next) run.submit(*next);
      if (at == rest.size()) return run.finish();
      while (piece_end <= at) piece_end += step;
      const size_t end = std::min({piece_end, rest.size(), next == sent.end() ? rest.size() : next->offset});
      run.receive(rest.substr(at, end - at));
      at = end;
    }
  }

  std::string_view greeting, rest;
  std::vector<Sent> sent;
  std::string expected;
  std::string told;
};

extern "C" {

core_replay_t* core_replay_new(const char* bytes, size_t size, const char* plan) {
  return new core_replay({bytes, size}, plan);
}
void core_replay_free(core_replay_t* replay) {
  delete replay;
}
const char* core_replay_play(core_replay_t* replay, size_t first, size_t step) {
  replay->told = replay->play(first, step);
  return replay->told.c_str();
}
const char* core_replay_expected(const core_replay_t* replay) {
  return replay->expected.c_str();
}

}  // extern "C"
