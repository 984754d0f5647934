#pragma once

#include <deque>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "session/arrival.h"
#include "session/output.h"
#include "session/pending.h"
#include "session/settings.h"

namespace ami {

class InFlightSink {
 public:
  // An item of a list whose items are given as they come.
  virtual void on_item(Pending& pending, const MessagePtr& message) = 0;
  // An action has come to a bound, and will end with AMI_ELIMIT.
  virtual void on_limit(const std::string& detail) = 0;
  // The reply is complete. Once for each action.
  virtual void on_done(Pending& pending) = 0;

 protected:
  ~InFlightSink() = default;
};

// The actions on one connection, in the order in which they were sent, until each is complete. Asterisk works
// on one action at a time, which gives three facts to build on: responses come in order, all that an action
// writes itself is contiguous, and a later answer proves that the earlier actions are over.
class InFlight {
 public:
  InFlight(const Settings& settings, InFlightSink& sink, Output& output)
      : settings_(settings), sink_(sink), output_(output) {}
  ~InFlight() { clear(); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  // Appends the action to the output, or throws std::bad_alloc and has changed nothing.
  void add(const PendingPtr& pending, uint64_t now);

  // What a message means to the actions: found first (nothing changes), applied after it was shown to the
  // application, so that a reply never overtakes the message that completes it.
  struct Match {
    Pending* pending = nullptr;  // null: nobody's
    bool item = false;           // not for the event stream
  };
  [[nodiscard]] Match match_response(const Frame& frame) const;
  [[nodiscard]] Match match_event(const Frame& frame) const;
  // A block that is neither response nor event.
  [[nodiscard]] Match match_stray() const;
  // False when the response turns out to answer nothing (a double).
  bool apply_response(const Match& match, Arrival& arrival, uint64_t now);
  void apply_event(const Match& match, Arrival& arrival, uint64_t now);

  // Gives the reply now. If nothing of the action has left it is withdrawn; else it keeps its place.
  void end(Pending& pending, int status, uint64_t now);
  // Takes what is withdrawn out of the output: all of it at once, since it may be much. Before the output is
  // used.
  void take_back_withdrawn(uint64_t now) noexcept;
  // The caller's actions that have no reply yet, in the order of sending. Needs no memory.
  [[nodiscard]] std::vector<PendingPtr> take_unreplied();
  // The connection is over: forgets all actions.
  void clear();
  [[nodiscard]] bool unsent(const Pending& pending) const { return pending.from >= output_.handed(); }

  void handed_over(uint64_t now);
  void tick(uint64_t now);
  [[nodiscard]] uint64_t deadline() const;
  // Something at the head may never end by itself: a Ping behind it would tell.
  [[nodiscard]] uint64_t probe_at() const;
  // When the head has held up the others for too long.
  [[nodiscard]] uint64_t blocked_at() const;

  // The oldest action that the server has not finished; null if none.
  [[nodiscard]] const Pending* head() const { return order_.empty() ? nullptr : order_.front(); }
  // Since when the server can have been working on it, or since its last item.
  [[nodiscard]] uint64_t head_since() const { return head_since_; }
  [[nodiscard]] bool head_sent() const { return head_sent_; }
  [[nodiscard]] size_t unreplied_users() const { return unreplied_users_; }

 private:
  [[nodiscard]] Pending* find(std::string_view wire_id) const;
  [[nodiscard]] bool watches_events() const;
  [[nodiscard]] uint64_t clock_of(const Pending& pending) const;
  void pass_over(const Pending& pending, uint64_t now);
  void answered(Pending& pending, Arrival& arrival, uint64_t now);
  void take_item(Pending& pending, Arrival& arrival, uint64_t now);
  int give_item(Pending& pending, Arrival& arrival);
  int check_bounds(const Pending& pending);
  void watch(Pending& pending, uint64_t deadline);
  void settle(Pending& pending, int status, int fate);
  // Afterwards pending may be gone.
  void finish(Pending& pending, int status, int fate, uint64_t now);
  PendingPtr remove(Pending& pending);
  void update_head(uint64_t now);

  const Settings& settings_;
  InFlightSink& sink_;
  Output& output_;
  std::deque<Pending*> order_;                      // what the server still has to work through
  HashTable<Pending, &Pending::by_wire_id> by_id_;  // these, and those in kUntil and kCut; each counted once
  std::set<std::pair<uint64_t, Pending*>> deadlines_;  // own clocks, kUntil, kCut
  const Pending* head_ = nullptr;
  bool head_sent_ = false;
  uint64_t head_since_ = 0;
  uint64_t blocked_since_ = 0;
  size_t by_event_ = 0;  // actions that an event can end, whatever their state
  size_t cuts_ = 0;
  size_t withdrawn_ = 0;
  size_t unreplied_users_ = 0;
  std::vector<PendingPtr> room_;  // for all of these, so that no lack of memory can lose a reply
  std::string remnant_;           // ActionID of a list that is answered, of which something may still come
};

}  // namespace ami
