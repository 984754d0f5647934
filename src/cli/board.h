#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "cli/calls.h"
#include "cli/message.h"
#include "cli/queues.h"

namespace ami::cli {

// The picture of an Asterisk that `ami top` shows: calls, queues, the pace of its events, and what was
// missed. Takes messages, lists and the time as arguments and asks nobody.
//
// Its lists are to be asked for after each login and each gap; and where no event tells of a change, because
// this login may not read them, every few seconds.
class Board {
 public:
  enum Part { kCalls, kQueues };
  static constexpr std::array kParts = {kCalls, kQueues};

  enum class Link { kConnecting, kReady, kLost };

  // The messages that it is to see.
  static std::vector<std::string> names();
  void see(const Message& message, Time now);

  // The action whose list is to be asked for now; "" if none.
  [[nodiscard]] std::string wanted(Part part, Time now) const;
  void asked(Part part);
  void listed(Part part, const std::vector<Message>& items, Time now);
  // is_answer: Asterisk said so, rather than nothing.
  void refused(Part part, const std::string& reason, bool is_answer, Time now);

  // Each second: how many events have come and how many were dropped, since the program began.
  void count(int64_t events, int64_t dropped, Time now);

  [[nodiscard]] std::vector<Call> calls() const { return calls_.all(queues_.queued()); }
  [[nodiscard]] std::vector<Queue> queues() const { return queues_.all(); }
  [[nodiscard]] const Channel* channel(const std::string& id) const { return calls_.find(id); }
  [[nodiscard]] size_t channels() const { return calls_.channels(); }

  [[nodiscard]] Link link() const { return link_; }
  // Why it is as it is; "" when ready.
  [[nodiscard]] const std::string& link_text() const { return link_text_; }
  [[nodiscard]] Time link_since() const { return link_since_; }
  // Events in each second, the last one at the end.
  [[nodiscard]] const std::deque<int64_t>& rates() const { return rates_; }
  [[nodiscard]] int64_t gaps() const { return gaps_; }
  [[nodiscard]] int64_t dropped() const { return dropped_; }
  // The last gap, in words.
  [[nodiscard]] const std::string& last_gap() const { return last_gap_; }
  // A list has come since the login.
  [[nodiscard]] bool is_known(Part part) const { return states_[part].was_listed; }
  // A list has come since the last gap, and the connection stands.
  [[nodiscard]] bool is_current(Part part) const { return link_ == Link::kReady && states_[part].is_current; }
  // What keeps it from being right at all times, in words.
  [[nodiscard]] std::vector<std::string> troubles(Time now) const;

 private:
  struct State {
    std::optional<Time> due;  // when a list is to be asked for
    bool is_asked = false;
    bool is_current = false;
    bool is_followed = false;  // its events come
    bool was_listed = false;
    std::optional<Time> silent_since;  // when a list first told of what no event had
    bool may_not_show = false;         // CoreShowChannels, which fewer may use than Status, and 1.4 lacks
    std::string refusal;
  };
  static const std::vector<Handling<Board>> kHandled;

  void on_ready(const Message& notice, Time now);
  void on_close(const Message& notice, Time now);
  void on_gap(const Message& notice, Time now);
  void on_booted(const Message& event, Time now);
  void want_lists(Time now);

  Calls calls_;
  Queues queues_;
  std::array<State, kParts.size()> states_;
  Link link_ = Link::kConnecting;
  std::string link_text_;
  Time link_since_ = 0;
  std::deque<int64_t> rates_;
  std::optional<Time> counted_;
  int64_t events_ = 0, gaps_ = 0, dropped_ = 0;
  std::string last_gap_;
};

}  // namespace ami::cli
