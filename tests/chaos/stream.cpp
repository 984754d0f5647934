#include "stream.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "verdict.h"

namespace chaos {
namespace {

using Shown = unsigned long long;

constexpr double rounding = 1e-5;  // of times in text

const char* text_of(const ami_msg_t* message, const char* key) {
  const char* value = ami_msg_get(message, key, nullptr);
  return value != nullptr ? value : "";
}

uint64_t number_of(const ami_msg_t* message, const char* key) {
  return std::strtoull(text_of(message, key), nullptr, 10);
}

}  // namespace

void Stream::expect_early_events() {
  const std::lock_guard lock(mutex_);
  early_events_ = true;
}

void Stream::place(uint64_t seq) {
  const std::lock_guard lock(mutex_);
  place_locked(seq);
}

void Stream::place_locked(uint64_t seq) {
  if (seq == 0) return;
  if (seq < last_seq_) broken("message %llu comes after message %llu", Shown{seq}, Shown{last_seq_});
  last_seq_ = seq;
}

void Stream::message(const ami_msg_t* message) {
  const std::lock_guard lock(mutex_);
  place_locked(ami_msg_seq(message));
  const std::string_view name = ami_msg_name(message);
  if (name == "Tick") return tick(message);
  if (name == "gap") return gap(message);
  if (name == "ready") return ready(message);
  if (ami_msg_kind(message) == AMI_MSG_EVENT) ++sums_.others;
}

void Stream::tick(const ami_msg_t* message) {
  const uint64_t number = number_of(message, "Number");
  if (number == 0 || std::strcmp(text_of(message, "Number"), text_of(message, "Again")) != 0) {
    return broken("a mangled event behind tick %llu", Shown{last_tick_});
  }
  if (number <= last_tick_) return broken("tick %llu comes after %llu", Shown{number}, Shown{last_tick_});
  ++sums_.ticks;
  last_time_ = static_cast<double>(ami_msg_time(message)) / 1e9;
  // Before the first one nothing was promised.
  if (last_tick_ != 0) missing(last_tick_, number);
  last_tick_ = number;
  dropped_ = 0;
  reconnect_ = false;
}

void Stream::missing(uint64_t before, uint64_t number) {
  const uint64_t missing = number - before - 1;
  if (reconnect_) {
    if (exact_ && dropped_ > missing) {
      broken("%llu ticks are missing before %llu, and %llu said to be dropped", Shown{missing}, Shown{number},
             Shown{dropped_});
    }
    sums_.lost_ticks += missing - (exact_ ? std::min(dropped_, missing) : 0);
    return;
  }
  sums_.dropped_ticks += missing;
  if (exact_ ? missing != dropped_ : missing > dropped_) {
    broken("%llu ticks are missing before %llu, but gaps tell of %llu", Shown{missing}, Shown{number},
           Shown{dropped_});
  }
}

void Stream::gap(const ami_msg_t* message) {
  const char* cause = text_of(message, "Cause");
  const double from = std::strtod(text_of(message, "From"), nullptr);
  const double to = std::strtod(text_of(message, "To"), nullptr);
  if (from < 1e9 || to < from) {
    broken("a gap from \"%s\" to \"%s\"", text_of(message, "From"), text_of(message, "To"));
  }
  if (std::strcmp(cause, "overflow") == 0) {
    const uint64_t dropped = number_of(message, "Dropped");
    if (dropped == 0) broken("a gap by overflow that dropped nothing");
    dropped_ += dropped;
    sums_.dropped += dropped;
    ++sums_.overflows;
  } else if (std::strcmp(cause, "reconnect") == 0) {
    if (number_of(message, "Generation") != generation_ + 1) {
      broken("the gap before generation %llu says %s", Shown{generation_ + 1},
             text_of(message, "Generation"));
    }
    if (from < last_time_ - rounding) {
      broken("a gap from %f, but what comes before it reaches to %f", from, last_time_);
    }
    last_time_ = to;
    reconnect_ = true;
    ++reconnects_since_ready_;
    ++sums_.reconnects;
  } else {
    broken("a gap by \"%s\"", cause);
  }
}

void Stream::ready(const ami_msg_t* message) {
  if (number_of(message, "Generation") != generation_ + 1) {
    broken("generation %s comes after %llu", text_of(message, "Generation"), Shown{generation_});
  }
  ++generation_;
  const uint64_t due = generation_ > 1 ? 1 : 0;
  // Where a connection with early events was lost before it was ready, there is one more.
  if (reconnects_since_ready_ != due && !(early_events_ && reconnects_since_ready_ > due)) {
    broken("%llu gaps before generation %llu", Shown{reconnects_since_ready_}, Shown{generation_});
  }
  reconnects_since_ready_ = 0;
}

uint64_t Stream::last_tick() const {
  const std::lock_guard lock(mutex_);
  return last_tick_;
}

bool Stream::is_complete(int64_t generation, int64_t dropped) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(generation_) == generation && static_cast<int64_t>(sums_.dropped) == dropped;
}

Stream::Sums Stream::sums() const {
  const std::lock_guard lock(mutex_);
  return sums_;
}

void Stream::check(int64_t generation, int64_t dropped) const {
  const std::lock_guard lock(mutex_);
  if (static_cast<int64_t>(generation_) != generation) {
    broken("%lld logins, %llu times ready", static_cast<long long>(generation), Shown{generation_});
  }
  if (static_cast<int64_t>(sums_.dropped) != dropped) {
    broken("%lld events dropped, %llu told by gaps", static_cast<long long>(dropped), Shown{sums_.dropped});
  }
}

}  // namespace chaos
