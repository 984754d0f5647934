#include "delivery/queue.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <new>
#include <thread>
#include <utility>

#include "protocol/returned_memory.h"

namespace ami {
namespace {
// So many of one client, then the next client's turn.
constexpr size_t kTurn = 64;
// More than a turn of the loop brings of common events. Small ones take a multiple of their text.
constexpr size_t kMuch = 1024;
}  // namespace

bool Queue::wait_filled(std::unique_lock<std::mutex>& lock, int timeout_ms,
                        std::chrono::steady_clock::time_point until) {
  const auto filled = [this] { return !ready_.empty() || interrupted_; };
  ++waiting_;
  if (timeout_ms < 0) {
    filled_.wait(lock, filled);
  } else {
    filled_.wait_until(lock, until, filled);
  }
  --waiting_;
  return !ready_.empty();
}

size_t Queue::take(Batch& out, size_t max, int timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  const size_t full = std::min(max, Batch::kCapacity);
  out.clear();
  std::unique_lock lock(mutex_);
  // What is ready may turn out to be nothing (its handlers have ended), and then the wait goes on.
  while (out.empty() && (!ready_.empty() || (timeout_ms != 0 && wait_filled(lock, timeout_ms, until)))) {
    const auto resume = take_ready(out, full);
    if (!resume) continue;
    lock.unlock();
    resume->resume_();
    lock.lock();
  }
  // Who was woken may not be able to take all of it.
  const bool others = !ready_.empty() && waiting_ > 0;
  lock.unlock();
  if (others) filled_.notify_one();
  return out.size();
}

std::shared_ptr<QueueLane> Queue::take_ready(Batch& out, size_t full) {
  std::shared_ptr<QueueLane> resume;
  try {
    while (!ready_.empty() && out.size() < full) {
      const auto lane = ready_.front();
      take_from_lane(out, full);
      if (!lane->paused_ || !lane->has_room()) continue;
      lane->paused_ = false;
      resume = lane;
      break;
    }
  } catch (const std::bad_alloc&) {
    if (out.empty()) throw;  // else it is found again with the next take
  }
  if (ready_.empty() && bell_) bell_->quiet();
  return resume;
}

void Queue::take_from_lane(Batch& out, size_t full) {
  const auto lane = ready_.front();
  while (lane->gap_is_next()) lane->expand_gap();
  const size_t before = out.size();
  size_t bytes = 0;
  uint64_t oldest_ns = 0;
  // Another gap waits for the next turn: there may be no memory to tell of it.
  for (size_t n = 0; n < kTurn && !lane->empty() && !lane->gap_is_next() && out.size() < full; ++n) {
    const size_t size = lane->must_is_next() ? 0 : lane->events_.front().size;
    Delivery delivery = lane->pop();
    if (delivery.handler->ended()) continue;
    if (out.size() == before) oldest_ns = delivery.time_ns();
    bytes += size;
    out.add(lane, std::move(delivery));
  }
  lane->take_in_hand(out.size() - before, bytes, oldest_ns);
  ready_.erase(ready_.begin());
  lane->listed_ = !lane->empty();
  if (lane->listed_) ready_.push_back(lane);
}

// A lane that has nothing left.
void Queue::take_off(QueueLane& lane) {
  lane.listed_ = false;
  ready_.erase(std::find(ready_.begin(), ready_.end(), lane.shared_from_this()));
  if (ready_.empty() && bell_) bell_->quiet();
}

void Queue::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  filled_.notify_all();
}

size_t Queue::take_more(Batch& out, size_t max, size_t done, int timeout_ms) {
  if (done == 0) return take(out, max, timeout_ms);
  try {
    return take(out, max - done, 0);
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

void Queue::run() noexcept {
  while (!interrupted_) {
    try {
      dispatch(Batch::kCapacity, -1);
    } catch (const std::bad_alloc&) {
      std::this_thread::yield();  // until there is memory again, everything stays where it is
    }
  }
}

void Queue::drain() noexcept {
  for (bool more = true; more;) {
    try {
      more = dispatch(Batch::kCapacity, 0) > 0;
    } catch (const std::bad_alloc&) {
      std::this_thread::yield();
    }
  }
}

size_t Queue::dispatch(size_t max, int timeout_ms) {
  Batch batch;
  size_t done = 0;
  while (done < max) {
    const size_t taken = take_more(batch, max, done, timeout_ms);
    if (taken == 0) break;
    done += taken;
    for (auto& run : batch.runs()) run.lane->run(run);
    for (auto& run : batch.runs()) run.lane->run_finish();
  }
  return done;
}

void Queue::Batch::add(const std::shared_ptr<QueueLane>& lane, Delivery delivery) noexcept {
  auto* message =
      std::construct_at(reinterpret_cast<MessagePtr*>(messages_) + size_++, std::move(delivery.message));
  Run* last = run_count_ == 0 ? nullptr : &runs().back();
  if (last != nullptr && last->lane == lane && last->handler.get() == delivery.handler.get() &&
      last->kind == delivery.kind && !last->reply) {
    last->messages = {last->messages.data(), last->messages.size() + 1};
    static_cast<void>(delivery.handler.release());  // of which the run keeps the count
    return;
  }
  auto* run = reinterpret_cast<Run*>(runs_) + run_count_++;
  std::construct_at(
      run, Run{lane, std::move(delivery.handler), delivery.kind, {message, 1}, std::move(delivery.reply)});
}

void Queue::Batch::clear() noexcept {
  for (auto& run : runs()) {
    run.handler.release()->unref(static_cast<uint32_t>(run.messages.size()));
    std::destroy_at(&run);
  }
  std::destroy_n(reinterpret_cast<MessagePtr*>(messages_), size_);
  size_ = run_count_ = 0;
}

void Queue::set_bell(std::unique_ptr<Bell> bell) {
  const std::lock_guard lock(mutex_);
  bell_ = std::move(bell);
  if (!ready_.empty()) bell_->ring();
}

void Queue::set_wake(HandlerPtr wake) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(wake_, wake);
  }
  if (wake) wake->end();
}

void Queue::clear() noexcept {
  std::list<QueueLane::Must> musts;  // of the replies, handlers are released without the lock
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : ready_) {
      musts.splice(musts.end(), lane->musts_);
      lane->last_gap_ = lane->musts_.end();
      lane->events_.clear();
      lane->bytes_ = lane->notices_ = 0;
      lane->listed_ = false;
    }
    ready_.clear();
    if (bell_) bell_->quiet();
  }
  for (const auto& must : musts) {
    if (must.delivery.handler) must.delivery.handler->end();  // a gap has none
  }
  set_wake({});
}

QueueLane::QueueLane(std::shared_ptr<Queue> queue, ami_t* client, uint64_t client_id, Describe describe,
                     Resume resume)
    : queue_(std::move(queue)),
      key_(client),
      client_(client),
      client_id_(client_id),
      describe_(std::move(describe)),
      resume_(std::move(resume)) {
  spare_gap_.emplace_back();
  const std::lock_guard lock(queue_->mutex_);
  queue_->ready_.reserve(queue_->lanes_ + 1);
  ++queue_->lanes_;
  queue_->attached_.fetch_add(1);
  ReturnedMemory::instance().add_maker();
}

// Perhaps under the queue's lock, when the queue held the last reference.
QueueLane::~QueueLane() {
  count_handler();
  queue_->lanes_.fetch_sub(1);
  ReturnedMemory::instance().remove_maker();
}

void QueueLane::set_bounds(const Bounds& bounds, std::string label) {
  const std::lock_guard lock(queue_->mutex_);
  bounds_ = bounds;
  label_ = std::move(label);
  drop_what_is_over();
}

void QueueLane::event(const HandlerPtr& handler, const MessagePtr& message) {
  try {
    staged_events_.emplace_back();
  } catch (const std::bad_alloc&) {
    return lost(message->time_ns());
  }
  Event& event = staged_events_.back();
  event.message = message;
  message->hand_over();
  event.place = next_place_++;
  event.size = message->size();
  // In a row for the same handler only the first counts it at once.
  if (handler.get() == staged_for_) {
    event.handler = HandlerPtr::adopt(staged_for_);
    ++uncounted_;
  } else {
    count_handler();
    event.handler = handler;
    staged_for_ = handler.get();
  }
}

void QueueLane::count_handler() noexcept {
  if (uncounted_ != 0) staged_for_->ref(std::exchange(uncounted_, 0));
  staged_for_ = nullptr;
}

void QueueLane::notice(const HandlerPtr& handler, const MessagePtr& message) {
  staged_musts_.push_back({{Delivery::Kind::kNotice, handler, message, {}}, next_place_++, {}});
}

void QueueLane::item(const HandlerPtr& handler, const MessagePtr& message) {
  message->hand_over();
  staged_musts_.push_back({{Delivery::Kind::kItem, handler, message, {}}, next_place_++, {}});
}

void QueueLane::reserve_reply() {
  std::list<Must> node;
  node.emplace_back();
  const std::lock_guard lock(queue_->mutex_);
  reserve_.splice(reserve_.end(), node);
}

void QueueLane::unreserve_reply() noexcept {
  const std::lock_guard lock(queue_->mutex_);
  reserve_.pop_front();
}

void QueueLane::reply(const HandlerPtr& handler, const ReplyPtr& reply) {
  {
    const std::lock_guard lock(queue_->mutex_);
    staged_musts_.splice(staged_musts_.end(), reserve_, reserve_.begin());
  }
  Must& must = staged_musts_.back();
  must.delivery = {Delivery::Kind::kReply, handler, {}, reply};
  must.place = next_place_++;
}

void QueueLane::lost(uint64_t time_ns) {
  lost_.add(time_ns);
}

void QueueLane::move_others_than_replies(std::list<Must>& from, std::list<Must>& to) {
  for (auto it = from.begin(); it != from.end();) {
    const auto must = it++;
    if (must->delivery.kind != Delivery::Kind::kReply) to.splice(to.end(), from, must);
  }
}

bool QueueLane::has_much() const {
  return staged_events_.size() + staged_musts_.size() > kMuch;
}

bool QueueLane::commit(bool may_pause) {
  ReturnedMemory::instance().free_all();
  const bool as_before = std::exchange(may_pause_, may_pause) == may_pause;
  if (as_before && staged_events_.empty() && staged_musts_.empty() && lost_.dropped == 0) return false;
  count_handler();
  HandlerPtr wake;
  bool full = false;
  bool waiting = false;
  std::list<Must> discarded;  // handlers are released without the lock
  {
    const std::lock_guard lock(queue_->mutex_);
    move_staged(discarded);
    drop_what_is_over();
    full = paused_ = may_pause && bounds_.wait && (paused_ || over_bounds());
    if (!listed_ && !empty()) {
      if (queue_->ready_.empty()) {
        waiting = queue_->waiting_ > 0;
        if (queue_->bell_) queue_->bell_->ring();
        wake = queue_->wake_;
      }
      listed_ = true;
      queue_->ready_.push_back(shared_from_this());
    }
  }
  // Not under the lock, which is the first thing that the thread will want.
  if (waiting) queue_->filled_.notify_one();
  if (wake && wake->begin()) {
    wake->callbacks.wake(wake->user);
    wake->finish();
  }
  return full;
}

void QueueLane::move_staged(std::list<Must>& discarded) {
  if (closed_) {
    move_others_than_replies(staged_musts_, discarded);
    lost_ = {};
  }
  for (const auto& staged : staged_musts_) notices_ += staged.may_be_dropped() ? 1 : 0;
  musts_.splice(musts_.end(), staged_musts_);
  // A queue that an earlier connection has left full: what comes with the login has no place in it.
  const bool no_room = bounds_.wait && !paused_ && over_bounds();
  for (auto& staged : staged_events_) {
    if (closed_) break;
    if (no_room) {
      count_drop(staged);
      continue;
    }
    const size_t size = staged.size;
    try {
      events_.push_back(std::move(staged));
      bytes_ += size;
    } catch (const std::bad_alloc&) {
      count_drop(staged);  // cppcheck-suppress accessMoved // push_back() has not taken it
    }
  }
  staged_events_.clear();
  for (; lost_.dropped > 0; --lost_.dropped) {
    count_drop(next_place_++, 0, std::exchange(lost_.from_ns, lost_.to_ns));
  }
}

void QueueLane::drop_what_is_over() {
  while (!bounds_.wait && over_bounds() && !events_.empty()) {
    const Event oldest = events_.pop_front();
    bytes_ -= oldest.size;
    count_drop(oldest);
  }
  while (notices_ > bounds_.items) {
    const auto oldest = std::find_if(musts_.begin(), musts_.end(), std::mem_fn(&Must::may_be_dropped));
    const auto place = oldest->place;
    const auto message = std::move(oldest->delivery.message);
    musts_.erase(oldest);
    --notices_;
    count_drop(place, message->seq(), message->time_ns());
  }
}

bool QueueLane::event_between(uint64_t first, uint64_t second) const {
  if (events_.empty() || events_.front().place > second) return false;
  size_t low = 0;
  for (size_t high = events_.size(); low < high;) {
    const size_t middle = low + (high - low) / 2;
    events_[middle].place > first ? high = middle : low = middle + 1;
  }
  return low < events_.size() && events_[low].place < second;
}

// The drop joins the gaps around it, unless something that was not dropped stands between.
void QueueLane::count_drop(uint64_t place, uint64_t seq, uint64_t time_ns) {
  ++dropped_;
  const bool behind = last_gap_ != musts_.end() && last_gap_->place < place;
  auto next = behind ? std::next(last_gap_) : musts_.begin();
  while (next != musts_.end() && next->place < place) ++next;
  const auto before = next == musts_.begin() ? musts_.end() : std::prev(next);
  if (before != musts_.end() && before->delivery.kind == Delivery::Kind::kGap &&
      !event_between(before->place, place)) {
    last_gap_ = before;
    last_gap_->place = place;
  } else if (!spare_gap_.empty()) {
    insert_gap(next, place, time_ns);
  } else if (last_gap_ == musts_.end()) {
    return;  // out of memory since the last gap: dropped_ has it
  }
  Gap& gap = last_gap_->gap;
  ++gap.dropped;
  gap.to_ns = time_ns;
  gap.seq = seq;
  join_next_gap();
}

void QueueLane::join_next_gap() {
  const auto next = std::next(last_gap_);
  if (next == musts_.end() || next->delivery.kind != Delivery::Kind::kGap ||
      event_between(last_gap_->place, next->place)) {
    return;
  }
  next->gap.dropped += last_gap_->gap.dropped;
  next->gap.from_ns = last_gap_->gap.from_ns;
  musts_.erase(last_gap_);
  last_gap_ = next;
}

void QueueLane::insert_gap(std::list<Must>::iterator next, uint64_t place, uint64_t time_ns) {
  musts_.splice(next, spare_gap_);
  last_gap_ = std::prev(next);
  *last_gap_ = {};
  last_gap_->delivery.kind = Delivery::Kind::kGap;
  last_gap_->place = place;
  last_gap_->gap.from_ns = time_ns;
  try {
    spare_gap_.emplace_back();
  } catch (const std::bad_alloc&) {
    spare_gap_.clear();
  }
}

// The gap at the front becomes one notice for each of its handlers.
void QueueLane::expand_gap() {
  if (last_gap_ == musts_.begin()) last_gap_ = musts_.end();
  const Must front = musts_.front();
  std::list<Must> notices;
  std::vector<HandlerPtr> handlers;
  const MessagePtr message = describe_(front.gap, label_, handlers);
  for (const auto& handler : handlers) {
    notices.push_back({{Delivery::Kind::kNotice, handler, message, {}}, front.place, front.gap});
  }
  musts_.pop_front();
  if (message) musts_.splice(musts_.begin(), notices);
}

Delivery QueueLane::pop() {
  if (must_is_next()) {
    if (musts_.front().may_be_dropped()) --notices_;
    Delivery delivery = std::move(musts_.front().delivery);
    musts_.pop_front();
    return delivery;
  }
  Event front = events_.pop_front();
  bytes_ -= front.size;
  return {Delivery::Kind::kEvent, std::move(front.handler), std::move(front.message), {}};
}

void QueueLane::take_in_hand(size_t items, size_t bytes, uint64_t oldest_ns) noexcept {
  if (items != 0 && in_hand_.fetch_add(items) == 0) in_hand_since_ns_ = oldest_ns;
  if (bytes != 0) in_hand_bytes_.fetch_add(bytes);
}

void QueueLane::hand_over(const Queue::Run& run, std::span<const MessagePtr> messages) noexcept {
  in_hand_since_ns_ = run.reply ? run.reply->time_ns : messages.back()->time_ns();
  if (run.kind == Delivery::Kind::kEvent) {
    size_t bytes = 0;
    for (const auto& message : messages) bytes += message->size();
    in_hand_bytes_.fetch_sub(bytes);
  }
  in_hand_.fetch_sub(messages.size());
}

void QueueLane::run(const Queue::Run& run) {
  running_.fetch_add(1);
  if (run.handler->begin()) {
    const Delivering scope(key_);
    call(run);
    run.handler->finish();
  } else {
    hand_over(run, run.messages);
  }
  if (running_.fetch_sub(1) != 1 || !closed_) return;
  const std::lock_guard lock(queue_->mutex_);
  queue_->idle_.notify_all();
}

// The handler and the client may end at any time; then what is left is only counted.
void QueueLane::call(const Queue::Run& run) {
  auto& handler = *run.handler;
  for (const auto& message : run.messages) {
    hand_over(run, {&message, 1});
    if (discards(run.kind) || handler.ended()) continue;
    if (run.reply) {
      if (handler.callbacks.reply != nullptr) handler.callbacks.reply(client_, run.reply.get(), handler.user);
      handler.end();
    } else if (handler.callbacks.event != nullptr) {
      handler.callbacks.event(client_, message.get(), handler.user);
    }
  }
}

void QueueLane::run_finish() {
  if (!closed_) return;
  std::function<void()> finish;
  {
    const std::lock_guard lock(queue_->mutex_);
    if (running_ == 0) finish = std::exchange(finish_, {});
  }
  if (finish) finish();
}

void QueueLane::wait_idle(std::unique_lock<std::mutex>& lock) {
  if (Delivering::of(key_)) return;
  queue_->idle_.wait(lock, [this] { return running_ == 0; });
}

void QueueLane::close(std::function<void()> finish) {
  std::list<Must> musts;
  std::unique_lock lock(queue_->mutex_);
  finish_ = std::move(finish);
  if (!closed_.exchange(true)) queue_->attached_.fetch_sub(1);
  discarded_.swap(events_);  // a new deque would take memory
  bytes_ = notices_ = 0;
  last_gap_ = musts_.end();
  move_others_than_replies(musts_, musts);
  if (listed_ && empty()) queue_->take_off(*this);
  wait_idle(lock);
  lock.unlock();
  discarded_.clear();
}

void QueueLane::forget_client() {
  std::unique_lock lock(queue_->mutex_);
  client_ = nullptr;
  wait_idle(lock);
}

uint64_t QueueLane::Must::time_ns() const {
  return delivery.kind == Delivery::Kind::kGap ? gap.from_ns : delivery.time_ns();
}

QueueLane::Levels QueueLane::levels() const {
  const std::lock_guard lock(queue_->mutex_);
  const size_t in_hand = in_hand_;
  Levels levels{events_.size() + musts_.size() + in_hand, bytes_ + in_hand_bytes_, 0, dropped_};
  if (levels.items == 0) return levels;
  levels.oldest_ns = std::min({in_hand == 0 ? UINT64_MAX : in_hand_since_ns_.load(),
                               events_.empty() ? UINT64_MAX : events_.front().message->time_ns(),
                               musts_.empty() ? UINT64_MAX : musts_.front().time_ns()});
  return levels;
}

bool QueueLane::full() const {
  const std::lock_guard lock(queue_->mutex_);
  return events_.size() + musts_.size() >= bounds_.items;
}

}  // namespace ami
