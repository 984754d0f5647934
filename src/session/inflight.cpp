#include "session/inflight.h"

#include <algorithm>
#include <new>

#include "protocol/digest.h"
#include "protocol/text.h"

namespace ami {
namespace {

constexpr uint64_t kMarginMs = 5000;  // for the answer's way, beyond the time that the server was given
constexpr uint64_t kGraceMs = 1000;   // for what is left of a list that the server has gone on from
constexpr uint64_t kQuietMs = 1000;   // of an answer that may have no end: ask by a Ping

bool starts_list(const Message& response, const Pending& pending) {
  if (equal_nocase(response.get("EventList"), "start")) return true;
  if (!pending.is_list) return false;
  const auto text = response.get("Message");
  return text.empty() || contains_nocase(text, "follow") || equal_nocase(pending.name, "WaitEvent");
}

// One event comes, and it is an item.
bool is_single(const Pending& pending) {
  return pending.old_list && pending.answer.shape == Shape::kSingleEvent;
}

bool ends_list(const Arrival& arrival, const Pending& pending) {
  const auto end = pending.answer.end;
  if (!end.empty() && !is_single(pending) && equal_nocase(arrival.frame().name, end)) return true;
  const auto word = arrival.get("EventList");
  return equal_nocase(word, "complete") || equal_nocase(word, "cancelled");
}

// Asterisk up to 1.6.2 does not tell the end of these lists, and an event may be missing for good.
bool may_lack_end(const Pending& pending) {
  if (!pending.old_list) return false;
  return is_single(pending) || equal_nocase(pending.name, "DBGet") || equal_nocase(pending.name, "IAXpeers");
}

size_t hash_of(std::string_view wire_id) {
  return std::hash<std::string_view>()(wire_id);
}

// An event can end it before, or without, a response.
bool ends_by_event(const Pending& pending) {
  return !pending.until.empty() || pending.answer.shape == Shape::kEventOnly;
}

}  // namespace

void InFlight::add(const PendingPtr& pending, uint64_t now) {
  try {
    if (room_.capacity() <= unreplied_users_) room_.reserve(2 * unreplied_users_ + 16);
    if (pending->deadline != kNever) deadlines_.emplace(pending->deadline, pending.get());
    order_.push_back(pending.get());
    pending->to = output_.append(pending->wire);
  } catch (const std::bad_alloc&) {
    deadlines_.erase({pending->deadline, pending.get()});
    if (!order_.empty() && order_.back() == pending.get()) order_.pop_back();
    throw;
  }
  by_id_.add(*PendingPtr(pending).release(), hash_of(pending->wire_id()));
  pending->from = pending->to - pending->wire.size();
  pending->state = Pending::State::kResponse;
  wipe(pending->wire);
  pending->wire.shrink_to_fit();
  if (ends_by_event(*pending)) ++by_event_;
  if (pending->role == Role::kUser) ++unreplied_users_;
  update_head(now);
}

// Answers come in order: mostly it is the oldest one.
Pending* InFlight::find(std::string_view wire_id) const {
  if (!order_.empty() && order_.front()->wire_id() == wire_id) return order_.front();
  return by_id_.find(hash_of(wire_id), [&](const Pending& pending) { return pending.wire_id() == wire_id; });
}

InFlight::Match InFlight::match_response(const Frame& frame) const {
  const auto id = frame.get("ActionID");
  Match match;
  if (!id.empty()) {
    match.pending = find(id);
  } else {
    const auto waits = [](const Pending* p) { return p->state == Pending::State::kResponse; };
    const auto it = std::find_if(order_.begin(), order_.end(), waits);
    if (it != order_.end()) match.pending = *it;
  }
  // An answer to what has not been sent cannot be one.
  if (match.pending && match.pending->to > output_.handed()) match.pending = nullptr;
  return match;
}

// While this is false an event's ActionID need not even be looked for.
bool InFlight::watches_events() const {
  return by_event_ > 0 || cuts_ > 0 || !remnant_.empty() || (head_ != nullptr && head_->in_list());
}

InFlight::Match InFlight::match_event(const Frame& frame) const {
  Match match;
  if (!watches_events() || equal_nocase(frame.name, "UserEvent")) return match;
  const auto id = frame.get("ActionID");
  if (id.empty()) {
    // Items of a few lists carry no ActionID (IAXpeers). Events of the stream always carry a Privilege.
    if (frame.get("Privilege").data() == nullptr) return match_stray();
    return match;
  }
  match.pending = find(id);
  if (!match.pending) {
    match.item = !remnant_.empty() && id == remnant_;
    return match;
  }
  if (match.pending->to > output_.handed()) return {};
  switch (match.pending->state) {
    case Pending::State::kList:
    case Pending::State::kSingle:
    case Pending::State::kCut:
      match.item = true;
      break;
    case Pending::State::kUntil:
      match.item = !equal_nocase(frame.name, match.pending->until);
      break;
    case Pending::State::kResponse:
      if (match.pending->answer.shape == Shape::kEventOnly) {
        match.item = equal_nocase(frame.name, match.pending->answer.end);
      }
      if (!match.item && !equal_nocase(frame.name, match.pending->until)) match.pending = nullptr;
      break;
    case Pending::State::kWaiting:
      match.pending = nullptr;
      break;
  }
  return match;
}

InFlight::Match InFlight::match_stray() const {
  Match match;
  if (head_ != nullptr && head_->in_list()) {
    match.pending = order_.front();
    match.item = true;
  }
  return match;
}

bool InFlight::apply_response(const Match& match, Arrival& arrival, uint64_t now) {
  Pending* const pending = match.pending;
  if (pending == nullptr) return false;
  if (pending->state == Pending::State::kResponse) {
    pass_over(*pending, now);
    answered(*pending, arrival, now);
    return true;
  }
  // A second response: an error ends what the first one began; anything else means nothing.
  const auto& response = arrival.message();
  if (!response || response->status() == 0) return false;
  if (pending->in_list()) remnant_ = pending->wire_id();
  if (!pending->replied) pending->response = response;
  finish(*pending, AMI_EREPLY, AMI_ANSWERED, now);
  return true;
}

// The server answers `pending`, so it is done with all that came before.
void InFlight::pass_over(const Pending& pending, uint64_t now) {
  remnant_.clear();
  while (order_.front() != &pending) {
    Pending& earlier = *order_.front();
    if (earlier.in_list() && !earlier.replied) {
      order_.pop_front();
      earlier.state = Pending::State::kCut;
      ++cuts_;
      watch(earlier, std::min(earlier.deadline, now + kGraceMs));
    } else {
      finish(earlier, AMI_ENORESPONSE, AMI_MAYBE_RUN, now);
    }
  }
  update_head(now);
}

void InFlight::answered(Pending& pending, Arrival& arrival, uint64_t now) {
  const auto& response = arrival.message();
  if (!response) {
    finish(pending, AMI_ENOMEM, AMI_ANSWERED, now);
    return;
  }
  if (!pending.replied) pending.response = response;
  if (response->status() != 0) {
    finish(pending, AMI_EREPLY, AMI_ANSWERED, now);
    return;
  }
  if (!pending.until.empty() && !pending.replied) {
    pending.state = Pending::State::kUntil;
    order_.pop_front();
    if (!pending.own_clock) watch(pending, plus(now, clock_of(pending)));
  } else if (pending.role == Role::kUser && starts_list(*response, pending)) {
    pending.state = Pending::State::kList;
    pending.old_list = response->get("EventList").empty();
    head_since_ = now;
  } else if (pending.answer.shape == Shape::kSingleEvent && pending.until.empty()) {
    pending.state = Pending::State::kSingle;
    pending.old_list = true;
    head_since_ = now;
  } else {
    finish(pending, 0, AMI_ANSWERED, now);
  }
  update_head(now);
}

void InFlight::apply_event(const Match& match, Arrival& arrival, uint64_t now) {
  if (match.pending == nullptr) return;
  Pending& pending = *match.pending;
  if (!pending.replied) static_cast<void>(arrival.message());  // the reply gets it, whatever it is
  const bool awaited = !match.item;                            // the event of until
  if (awaited || pending.state == Pending::State::kResponse ||
      (pending.state != Pending::State::kUntil && ends_list(arrival, pending))) {
    const auto& message = arrival.message();
    int status = message ? message->status() : AMI_ENOMEM;
    if (equal_nocase(arrival.get("EventList"), "cancelled")) status = AMI_EREPLY;
    if (!pending.replied) {
      // An event that takes the place of a response stands in that place.
      (pending.answer.shape == Shape::kEventOnly ? pending.response : pending.end) = message;
    }
    if (pending.state == Pending::State::kResponse) pass_over(pending, now);
    // An item of a list was awaited: the rest of that list is still to come.
    const auto& response = pending.response;
    if (awaited && response && starts_list(*response, pending)) remnant_ = pending.wire_id();
    finish(pending, status, AMI_ANSWERED, now);
    return;
  }
  take_item(pending, arrival, now);
}

void InFlight::take_item(Pending& pending, Arrival& arrival, uint64_t now) {
  // What is swallowed is no progress: else a list without an end would hold up the others for ever.
  if (&pending == head_ && !pending.replied) head_since_ = now;
  const int status = pending.replied ? 0 : give_item(pending, arrival);
  if (is_single(pending)) {
    finish(pending, status, AMI_ANSWERED, now);
  } else if (status != 0) {
    end(pending, status, now);
  }
}

int InFlight::give_item(Pending& pending, Arrival& arrival) {
  const auto& message = arrival.message();
  if (!message) return AMI_ENOMEM;
  ++pending.item_count;
  pending.item_bytes += message->size();
  if (const int err = check_bounds(pending); err != 0) return err;
  try {
    if (pending.keep_items) {
      pending.items.push_back(message);
    } else {
      sink_.on_item(pending, message);
    }
  } catch (const std::bad_alloc&) {
    return AMI_ENOMEM;
  }
  return 0;
}

int InFlight::check_bounds(const Pending& pending) {
  const bool count = pending.item_count > settings_.list_max_items;
  if (!count && pending.item_bytes <= settings_.list_max_bytes) return 0;
  try {
    const size_t bound = count ? settings_.list_max_items : settings_.list_max_bytes;
    sink_.on_limit(pending.name + ": more than " + std::to_string(bound) +
                   (count ? " items" : " bytes of items") + " came; list.max_" + (count ? "items" : "bytes") +
                   " is the bound");
  } catch (const std::bad_alloc&) {  // then nothing but the reply tells
  }
  return AMI_ELIMIT;
}

void InFlight::end(Pending& pending, int status, uint64_t now) {
  if (pending.replied) return;
  if (pending.state == Pending::State::kUntil || pending.state == Pending::State::kCut) {
    finish(pending, status, AMI_ANSWERED, now);
  } else if (pending.state == Pending::State::kResponse && unsent(pending)) {
    pending.withdrawn = true;
    ++withdrawn_;
    settle(pending, status, AMI_NOT_SENT);
  } else {
    settle(pending, status, pending.state == Pending::State::kResponse ? AMI_MAYBE_RUN : AMI_ANSWERED);
    if (&pending == head_) blocked_since_ = now;
  }
}

// Every byte of the output is an action's.
void InFlight::take_back_withdrawn(uint64_t now) noexcept {
  if (withdrawn_ == 0) return;
  uint64_t gone = 0;
  auto kept = order_.begin();
  for (Pending* const pending : order_) {
    if (pending->withdrawn) {
      gone += pending->to - pending->from;
      if (ends_by_event(*pending)) --by_event_;
      by_id_.remove(*pending);
      pending->unref();
      continue;
    }
    if (gone != 0) output_.move_up(pending->from, pending->to, gone);
    pending->from -= gone;
    pending->to -= gone;
    *kept++ = pending;
  }
  order_.erase(kept, order_.end());
  output_.take_back(gone);
  withdrawn_ = 0;
  update_head(now);
}

void InFlight::watch(Pending& pending, uint64_t deadline) {
  if (pending.deadline != kNever) deadlines_.erase({pending.deadline, &pending});
  pending.deadline = deadline;
  if (deadline != kNever) deadlines_.emplace(deadline, &pending);
}

// Gives the reply, if it has not been given; the action keeps its place.
void InFlight::settle(Pending& pending, int status, int fate) {
  if (pending.replied) return;
  pending.replied = true;
  if (pending.deadline != kNever) deadlines_.erase({pending.deadline, &pending});
  pending.deadline = kNever;
  pending.status = status;
  pending.fate = fate;
  if (pending.role == Role::kUser) --unreplied_users_;
  sink_.on_done(pending);
}

void InFlight::finish(Pending& pending, int status, int fate, uint64_t now) {
  const PendingPtr last = remove(pending);
  update_head(now);
  settle(pending, status, fate);
}

// With the count that it had here.
PendingPtr InFlight::remove(Pending& pending) {
  if (pending.state == Pending::State::kCut) --cuts_;
  if (ends_by_event(pending)) --by_event_;
  if (pending.state != Pending::State::kUntil && pending.state != Pending::State::kCut) {
    const auto it = std::find(order_.begin(), order_.end(), &pending);
    if (it != order_.end()) order_.erase(it);
  }
  by_id_.remove(pending);
  return PendingPtr::adopt(&pending);
}

void InFlight::update_head(uint64_t now) {
  const Pending* front = head();
  const bool sent = front != nullptr && front->to <= output_.handed();
  if (front == head_ && sent == head_sent_) return;
  head_ = front;
  head_sent_ = sent;
  head_since_ = now;
  blocked_since_ = now;
}

void InFlight::handed_over(uint64_t now) {
  update_head(now);
}

void InFlight::clear() {
  order_.clear();
  deadlines_.clear();
  by_id_.clear([](Pending& pending) { pending.unref(); });
  head_ = nullptr;
  head_sent_ = false;
  by_event_ = cuts_ = withdrawn_ = unreplied_users_ = 0;
  remnant_.clear();
}

std::vector<PendingPtr> InFlight::take_unreplied() {
  std::vector<PendingPtr> all = std::move(room_);
  by_id_.for_each([&](Pending& pending) {
    if (!pending.replied && pending.role == Role::kUser) all.push_back(PendingPtr::share(&pending));
  });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->from < b->from; });
  return all;
}

// How long the server may take for what it does next for this action.
uint64_t InFlight::clock_of(const Pending& pending) const {
  if (pending.role != Role::kUser && pending.role != Role::kMask) return kNever;
  const bool answered = pending.state != Pending::State::kResponse;
  const bool waits_for_server = pending.has_server_ms && (pending.until.empty() ? !answered : answered);
  if (waits_for_server) return plus(pending.server_ms, kMarginMs);
  return settings_.action_timeout_ms == 0 ? kNever : settings_.action_timeout_ms;
}

uint64_t InFlight::blocked_at() const {
  if (head_ == nullptr || !head_->replied || !head_sent_) return kNever;
  const uint64_t clock = clock_of(*head_);
  return std::max(plus(blocked_since_, settings_.blocked_max_ms),
                  clock == kNever ? 0 : plus(head_since_, clock));
}

uint64_t InFlight::probe_at() const {
  if (head_ == nullptr || !head_sent_ || head_->role == Role::kPing) return kNever;
  if (head_->replied) return blocked_since_;
  return head_->in_list() && head_->old_list ? plus(head_since_, kQuietMs) : kNever;
}

uint64_t InFlight::deadline() const {
  uint64_t at = deadlines_.empty() ? kNever : deadlines_.begin()->first;
  if (head_ != nullptr && head_sent_ && !head_->replied && !head_->own_clock) {
    at = std::min(at, plus(head_since_, clock_of(*head_)));
  }
  return at;
}

void InFlight::tick(uint64_t now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Pending& pending = *deadlines_.begin()->second;
    if (pending.state == Pending::State::kCut) {
      finish(pending, may_lack_end(pending) ? 0 : AMI_ENORESPONSE, AMI_ANSWERED, now);
    } else {
      end(pending, AMI_ETIMEDOUT, now);
    }
  }
  if (deadline() <= now && !order_.empty()) end(*order_.front(), AMI_ETIMEDOUT, now);
}

}  // namespace ami
