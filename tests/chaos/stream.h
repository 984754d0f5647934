// The events of one client: numbered, so that what is missing is known, and must be covered by a gap.
#pragma once

#include <cstdint>
#include <mutex>

#include "ami/ami.h"

namespace chaos {

class Stream {
 public:
  // exact: ticks are the only events that the client handles, so that what gaps tell of is ticks.
  explicit Stream(bool exact) : exact_(exact) {}

  struct Sums {
    uint64_t ticks = 0;          // delivered
    uint64_t others = 0;         // events that are no ticks
    uint64_t dropped = 0;        // told by gaps with a number
    uint64_t reconnects = 0;     // gaps by reconnecting
    uint64_t overflows = 0;      // gaps by overflow
    uint64_t lost_ticks = 0;     // missing where there was a reconnect; exact: and not dropped
    uint64_t dropped_ticks = 0;  // missing where there was none
  };

  // The client has filters: events may come before its login is known to be complete.
  void expect_early_events();
  // A message or reply in the order of delivery; 0: its place is unknown.
  void place(uint64_t seq);
  // Events and the notices "gap" and "ready".
  void message(const ami_msg_t* message);
  [[nodiscard]] uint64_t last_tick() const;
  [[nodiscard]] Sums sums() const;
  // Whether all has been told of a client with these counters. A client is idle a moment before that.
  [[nodiscard]] bool is_complete(int64_t generation, int64_t dropped) const;
  void check(int64_t generation, int64_t dropped) const;

 private:
  void tick(const ami_msg_t* message);
  void gap(const ami_msg_t* message);
  void ready(const ami_msg_t* message);
  void place_locked(uint64_t seq);
  void missing(uint64_t before, uint64_t number);

  const bool exact_;
  mutable std::mutex mutex_;
  uint64_t last_seq_ = 0, last_tick_ = 0, generation_ = 0;
  double last_time_ = 0;    // unix time of the last tick, or to which the last gap of a reconnect reaches
  uint64_t dropped_ = 0;    // since the last tick, as told
  bool reconnect_ = false;  // since the last tick
  uint64_t reconnects_since_ready_ = 0;
  bool early_events_ = false;
  Sums sums_;
};

}  // namespace chaos
