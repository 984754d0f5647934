#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/lane.h"
#include "delivery/ring.h"

namespace ami {

class QueueLane;

// What makes a descriptor readable while a queue is not empty (net/doorbell.h).
class Bell {
 public:
  virtual ~Bell() = default;
  virtual void ring() noexcept = 0;
  virtual void quiet() noexcept = 0;
};

// Deliveries that wait for a consumer: a dispatcher thread or the application. Each client has its lane in
// it, with bounds of its own; the lanes are emptied in turn.
class Queue : public std::enable_shared_from_this<Queue> {
 public:
  // What one handler gets of one lane in a row: messages of one kind, or a reply. Counts the handler once for
  // each.
  struct Run {
    std::shared_ptr<QueueLane> lane;
    HandlerPtr handler;
    Delivery::Kind kind;
    std::span<MessagePtr> messages;
    ReplyPtr reply;  // beside one message that is null
  };

  // Room for what is taken at a time, so that replies can be given when there is no memory.
  class Batch;
  // Takes up to max deliveries, as many as a batch has room for; waits for the first, timeout_ms at most (-1:
  // no limit), or until interrupt(). Throws std::bad_alloc when a gap is first and cannot be told, and then
  // has taken nothing.
  size_t take(Batch& out, size_t max, int timeout_ms);
  // Takes up to max of those that accept(index, run) accepts: noexcept. It tells how many; index counts them.
  template <typename Accept>
  size_t poll(size_t max, int timeout_ms, Accept accept);
  // The consumer is to end: take() waits no more.
  void interrupt();
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  // Takes at most max, waiting so long for the first, and runs the callbacks. How many it took. Throws
  // std::bad_alloc only when it took nothing.
  size_t dispatch(size_t max, int timeout_ms);
  // For a dispatcher thread: dispatches until interrupt(), whatever happens.
  void run() noexcept;
  // Dispatches what is there, whatever happens.
  void drain() noexcept;

  void set_bell(std::unique_ptr<Bell> bell);
  // Null ends it.
  void set_wake(HandlerPtr wake);

  // Whether clients are attached, or were and have left something behind.
  [[nodiscard]] bool attached() const { return attached_.load() > 0; }
  // Drops everything; handlers are released. For a queue that no client is attached to.
  void clear() noexcept;
  // In a forked child: closes the bell and touches nothing else.
  void abandon() { bell_.reset(); }

 private:
  friend class QueueLane;

  // take() for a loop that has taken done of max: from then on lack of memory only ends the loop.
  size_t take_more(Batch& out, size_t max, size_t done, int timeout_ms);
  // Under the lock: moves deliveries to out, lane by lane, until one of them may resume: that is returned.
  std::shared_ptr<QueueLane> take_ready(Batch& out, size_t full);
  void take_from_lane(Batch& out, size_t full);
  void take_off(QueueLane& lane);
  // Waits for something to take; false when the time is over or the consumer is to end.
  bool wait_filled(std::unique_lock<std::mutex>& lock, int timeout_ms,
                   std::chrono::steady_clock::time_point until);

  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable idle_;                   // a callback of a closed lane has returned
  std::vector<std::shared_ptr<QueueLane>> ready_;  // lanes that are not empty; room for all is reserved
  std::atomic<size_t> lanes_{0};
  size_t waiting_ = 0;  // threads in take()
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<Bell> bell_;
  HandlerPtr wake_;
  std::atomic<int> attached_{0};
};

// One client's part of a queue.
class QueueLane final : public Lane, public std::enable_shared_from_this<QueueLane> {
 public:
  struct Bounds {
    size_t items = 65536;
    size_t bytes = 64U << 20U;
    bool wait = false;  // queue.overflow
  };
  // Makes a gap's notice and finds its handlers; called by consumers, under the queue's lock.
  using Describe = std::function<MessagePtr(const Gap&, std::string_view label, std::vector<HandlerPtr>&)>;
  // There is room again; called by consumers, without a lock. Must not throw.
  using Resume = std::function<void()>;

  QueueLane(std::shared_ptr<Queue> queue, ami_t* client, uint64_t client_id, Describe describe,
            Resume resume);

  ~QueueLane() override;

  // label: of the gaps.
  void set_bounds(const Bounds& bounds, std::string label);
  void event(const HandlerPtr& handler, const MessagePtr& message) override;
  void notice(const HandlerPtr& handler, const MessagePtr& message) override;
  void item(const HandlerPtr& handler, const MessagePtr& message) override;
  void reply(const HandlerPtr& handler, const ReplyPtr& reply) override;
  [[nodiscard]] bool has_much() const override;
  bool commit(bool may_pause) override;
  void lost(uint64_t time_ns) override;

  // Makes the room that a later reply() takes. Throws std::bad_alloc. Any thread.
  void reserve_reply();
  // No reply will come of it.
  void unreserve_reply() noexcept;

  // The client ends: events, items and notices are discarded, and no callback of theirs starts any more.
  // Waits for those that run on other threads; with finish, which is for a thread that runs one itself, it
  // does not wait, and finish runs when that thread has come out of all of them.
  void close(std::function<void()> finish);
  // The handle goes: what is left is delivered without it. Waits as close() does.
  void forget_client();
  // In a forked child: counts the client as gone and touches nothing else.
  void abandon() { queue_->attached_.fetch_sub(1); }
  [[nodiscard]] uint64_t client_id() const { return client_id_; }
  // Whether the client has gone meanwhile, so that this is not delivered any more.
  [[nodiscard]] bool discards(Delivery::Kind kind) const { return closed_ && kind != Delivery::Kind::kReply; }

  struct Levels {
    size_t items = 0, bytes = 0;
    uint64_t oldest_ns = 0;
    uint64_t dropped = 0;
  };
  [[nodiscard]] Levels levels() const;
  // Whether as many deliveries wait, of whatever kind, as there may be events.
  [[nodiscard]] bool full() const;

 private:
  friend class Queue;

  struct Event {
    HandlerPtr handler;
    MessagePtr message;
    uint64_t place = 0;
    size_t size = 0;  // of the message, which is best left alone until its reader wants it
  };
  struct Must {  // what is no event
    Delivery delivery;
    uint64_t place;
    Gap gap;  // which may have become a notice
    [[nodiscard]] bool may_be_dropped() const {
      return delivery.kind == Delivery::Kind::kNotice && gap.dropped == 0;
    }
    [[nodiscard]] uint64_t time_ns() const;
  };

  // Under the queue's lock.
  [[nodiscard]] bool empty() const { return events_.empty() && musts_.empty(); }
  [[nodiscard]] bool over_bounds() const { return events_.size() > bounds_.items || bytes_ > bounds_.bytes; }
  [[nodiscard]] bool has_room() const {
    return events_.size() <= bounds_.items / 2 && bytes_ <= bounds_.bytes / 2;
  }
  void count_handler() noexcept;
  void move_staged(std::list<Must>& discarded);
  static void move_others_than_replies(std::list<Must>& from, std::list<Must>& to);
  void drop_what_is_over();
  [[nodiscard]] bool event_between(uint64_t first, uint64_t second) const;
  void count_drop(const Event& event) {
    count_drop(event.place, event.message->seq(), event.message->time_ns());
  }
  void count_drop(uint64_t place, uint64_t seq, uint64_t time_ns);
  void join_next_gap();
  void insert_gap(std::list<Must>::iterator next, uint64_t place, uint64_t time_ns);
  void expand_gap();
  // Whether the oldest is no event.
  [[nodiscard]] bool must_is_next() const {
    return !musts_.empty() && (events_.empty() || musts_.front().place < events_.front().place);
  }
  [[nodiscard]] bool gap_is_next() const {
    return must_is_next() && musts_.front().delivery.kind == Delivery::Kind::kGap;
  }
  Delivery pop();

  // Between these two deliveries are in the hands of a consumer, and still wait.
  void take_in_hand(size_t items, size_t bytes, uint64_t oldest_ns) noexcept;  // under the lock
  void hand_over(const Queue::Run& run, std::span<const MessagePtr> messages) noexcept;
  void run(const Queue::Run& run);
  void call(const Queue::Run& run);
  void run_finish();
  void wait_idle(std::unique_lock<std::mutex>& lock);

  const std::shared_ptr<Queue> queue_;
  const ami_t* const key_;  // for Delivering; may dangle
  std::atomic<ami_t*> client_;
  const uint64_t client_id_;
  const Describe describe_;
  const Resume resume_;
  Bounds bounds_;
  std::string label_;

  // Of the loop thread: gathered since the last commit().
  std::vector<Event> staged_events_;
  Handler* staged_for_ = nullptr;  // the last of them
  uint32_t uncounted_ = 0;         // how many at the end do not count it yet
  std::list<Must> staged_musts_;
  uint64_t next_place_ = 1;
  Gap lost_;
  bool may_pause_ = false;  // as of the last commit()

  // Under the queue's lock.
  Ring<Event> events_;
  Ring<Event> discarded_;  // by close()
  std::list<Must> musts_;
  std::list<Must> reserve_;    // nodes for replies to come
  std::list<Must> spare_gap_;  // one node, so that a gap needs no memory when memory is short
  std::list<Must>::iterator last_gap_ = musts_.end();
  size_t bytes_ = 0;
  size_t notices_ = 0;  // of musts_: those that may be dropped
  uint64_t dropped_ = 0;
  bool listed_ = false;  // in queue_->ready_
  bool paused_ = false;  // the reader of this connection waits for room

  std::atomic<size_t> in_hand_{0};
  std::atomic<size_t> in_hand_bytes_{0};
  std::atomic<uint64_t> in_hand_since_ns_{0};  // when the oldest of them, or the one before it, came
  std::atomic<bool> closed_{false};
  std::atomic<int> running_{0};
  std::function<void()> finish_;
};

class Queue::Batch {
 public:
  static constexpr size_t kCapacity = 64;

  Batch() = default;
  ~Batch() { clear(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void add(const std::shared_ptr<QueueLane>& lane, Delivery delivery) noexcept;
  void clear() noexcept;
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<Run> runs() { return {reinterpret_cast<Run*>(runs_), run_count_}; }

 private:
  // Neither is touched before it is used.
  alignas(MessagePtr) std::byte messages_[kCapacity * sizeof(MessagePtr)];
  alignas(Run) std::byte runs_[kCapacity * sizeof(Run)];
  size_t size_ = 0, run_count_ = 0;
};

template <typename Accept>
size_t Queue::poll(size_t max, int timeout_ms, Accept accept) {
  Batch batch;
  size_t done = 0;
  while (done < max) {
    if (take_more(batch, max, done, timeout_ms) == 0) break;
    for (auto& run : batch.runs()) {
      run.lane->hand_over(run, run.messages);
      done += accept(done, run);
    }
  }
  return done;
}

}  // namespace ami
