#include "client.h"

#include <chrono>

#include "net/clock.h"
#include "net/fork.h"
#include "net/md5.h"
#include "net/thread.h"
#include "protocol/text.h"

// What is called from any thread. The loop's part is client_loop.cpp.
namespace ami {
namespace {

constexpr size_t kPrefixChars = 10;
// As long as more waits for the loop's thread than this, refused actions are told to their callers alone.
constexpr size_t kMostBeforeNotice = 1024;

}  // namespace

// Unlike that of any other client of the same Asterisk, which shows ActionIDs to all of them.
std::string new_id_prefix(const std::string& identifier) {
  constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
  std::string prefix = identifier;
  uint64_t bits = random_seed();
  for (size_t i = 0; i < kPrefixChars; ++i, bits >>= 5U) prefix += kBase32[bits & 31U];
  return prefix;
}

uint64_t next_id() noexcept {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Client::Client(ami_t* handle)
    : handle_(handle), id_(next_id()), born_(fork_generation()), session_(options_.session, *this, md5) {}

Client::~Client() = default;

bool Client::forked() const {
  return born_ != fork_generation();
}

int Client::refuse(int err, std::string detail) {
  const std::lock_guard lock(mutex_);
  detail_ = std::move(detail);
  return err;
}

int Client::set(std::string_view name, std::string_view value) {
  const std::lock_guard lock(mutex_);
  if (state() != AMI_STATE_IDLE && !Options::is_live(name)) {
    detail_ = "option " + printable(name) + " can only be set while the client is idle";
    return AMI_ESTATE;
  }
  std::string before = options_.session.mask;
  const int err = options_.set(name, value, detail_);
  debug_ = options_.debug;
  if (err != 0 || options_.session.mask == before) return err;
  try {
    if (!inbox_.empty() && inbox_.back().kind == Command::Kind::kMask) {
      inbox_.back().text = options_.session.mask;  // the one before would last for no time
    } else {
      post({Command::Kind::kMask, {}, options_.session.mask});
    }
  } catch (...) {
    options_.session.mask.swap(before);
    throw;
  }
  return 0;
}

int Client::get(std::string_view name, std::string& value) {
  const std::lock_guard lock(mutex_);
  if (equal_nocase(name, "server.banner")) {
    value = banner_;
  } else if (equal_nocase(name, "server.version")) {
    value = version_;
  } else if (!options_.get(name, value)) {
    detail_ = "option \"" + printable(name) + "\" is unknown or cannot be read";
    return AMI_EOPTION;
  }
  return 0;
}

std::string Client::detail() {
  const std::lock_guard lock(mutex_);
  return detail_;
}

int Client::set_loop(uv_loop_s* loop) {
  const std::lock_guard lock(mutex_);
  if (loop_ || queue_) {
    detail_ = "the delivery of this client has already been chosen";
    return AMI_ESTATE;
  }
  loop_ = Loop::around(loop);
  uv_ = loop;
  return 0;
}

int Client::set_queue(std::shared_ptr<Queue> queue) {
  const std::lock_guard lock(mutex_);
  if (loop_ || queue_) {
    detail_ = "the delivery of this client has already been chosen";
    return AMI_ESTATE;
  }
  attach_queue(std::move(queue));
  return 0;
}

int Client::set_log(int level, HandlerPtr handler) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(log_handler_, handler);
    log_level_ = level;
  }
  if (handler) handler->end();
  return 0;
}

void Client::attach_queue(std::shared_ptr<Queue> queue) {
  const auto weak = weak_from_this();
  auto describe = [weak](const Gap& gap, std::string_view label, std::vector<HandlerPtr>& handlers) {
    const auto self = weak.lock();
    return self ? self->describe_gap(gap, label, handlers) : MessagePtr();
  };
  auto resume = [weak] {
    if (const auto self = weak.lock()) {
      const std::lock_guard lock(self->mutex_);
      self->resume_ = true;
      if (self->wakes_) self->transport_->wake();
    }
  };
  queued_ = std::make_shared<QueueLane>(queue, handle_, id_, std::move(describe), std::move(resume));
  lane_ = queued_.get();
  queue_ = std::move(queue);
}

// Under mutex_. What the chosen delivery needs, at the first connect.
void Client::attach() {
  if (uv_ != nullptr && lane_ == nullptr) {
    auto describe = [this](const Gap& gap, std::vector<HandlerPtr>& handlers) {
      return describe_gap(gap, options_.session.identifier, handlers);
    };
    direct_ = std::make_unique<DirectLane>(handle_, std::move(describe));
    lane_ = direct_.get();
  } else if (lane_ == nullptr) {
    const auto queue = std::make_shared<Queue>();
    dispatcher_ = start_thread([queue] { queue->run(); });
    try {
      attach_queue(queue);
    } catch (...) {
      queue->interrupt();
      dispatcher_.join();
      throw;
    }
    own_queue_ = true;
  }
  if (!loop_) loop_ = Loop::shared();
  if (queued_) {
    queued_->set_bounds({options_.queue_max_items, options_.queue_max_bytes, options_.overflow_wait},
                        options_.session.identifier);
  }
}

int Client::connect() {
  std::unique_lock lock(mutex_);
  if (state() != AMI_STATE_IDLE || destroying_) {
    detail_ = "already connecting or connected";
    return AMI_ESTATE;
  }
  attach();
  id_prefix_ = new_id_prefix(options_.session.identifier);
  const bool now = !alive_ && on_loop();
  if (alive_) {
    post({Command::Kind::kStart, {}, {}});
  } else if (!now) {
    loop_->post([self = shared_from_this()] { self->turn([&] { self->start(); }); });
  }
  alive_ = true;
  detail_.clear();
  state_ = AMI_STATE_CONNECTING;
  lock.unlock();
  if (now) turn([this] { start(); });
  return 0;
}

int Client::wait(int timeout_ms) {
  std::unique_lock lock(mutex_);
  if (Delivering::any() || on_loop()) {
    detail_ = "ami_wait() blocks, and this thread delivers messages";
    return AMI_ETHREAD;
  }
  const auto decided = [this] {
    return state() == AMI_STATE_READY || state() == AMI_STATE_IDLE || destroying_;
  };
  if (timeout_ms < 0) {
    changed_.wait(lock, decided);
  } else if (!changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), decided)) {
    if (detail_.empty()) detail_ = "not logged in within " + std::to_string(timeout_ms) + " ms";
    return AMI_ETIMEDOUT;
  }
  if (destroying_) return AMI_ECLOSED;
  if (state() == AMI_STATE_READY) return 0;
  if (last_error_ == AMI_ESTATE) detail_ = "ami_connect() was not called";
  return last_error_;
}

int Client::disconnect() {
  const std::lock_guard lock(mutex_);
  if (state() == AMI_STATE_IDLE || state() == AMI_STATE_CLOSING) return 0;
  post({Command::Kind::kClose, {}, {}});
  state_ = AMI_STATE_CLOSING;
  return 0;
}

int Client::on(std::string_view name, const HandlerPtr& handler) {
  if (name.empty()) return refuse(AMI_EINVAL, "the name of an event may not be empty; * is every event");
  router_.add(name, handler);
  return 0;
}

int Client::off(uint64_t sub) {
  const auto handler = router_.remove(sub);
  if (!handler) return refuse(AMI_ENOENT, "no handler has the id " + std::to_string(sub));
  handler->end();
  return 0;
}

int Client::admit(const Action& action, std::string& detail) const {
  const int state_now = state();
  const bool offline = state_now != AMI_STATE_READY;
  if (destroying_ || !alive_ || state_now == AMI_STATE_CLOSING || state_now == AMI_STATE_IDLE ||
      (offline && !options_.session.offline_queue)) {
    detail = "not logged in: wait for ready, or set offline=queue";
    return AMI_ESTATE;
  }
  if (accepted_.size() >= options_.inflight_max) {
    detail = "inflight.max: " + std::to_string(options_.inflight_max) + " actions wait for their replies";
    return AMI_EFULL;
  }
  if (offline && accepted_.size() >= options_.offline_max) {
    detail = "offline.max: " + std::to_string(options_.offline_max) + " actions wait for a connection";
    return AMI_EFULL;
  }
  if (equal_nocase(action.until(), "OriginateResponse") && !options_.mask_has_call()) {
    detail = "OriginateResponse never comes with events=" + options_.session.mask + ": class call is needed";
    return AMI_ESTATE;
  }
  return 0;
}

int Client::write(const Action& action, uint64_t id, std::string& text, std::string& detail) {
  const bool own = !action.own_id().empty();
  if (own) {
    wire_id_.assign(options_.session.identifier).append(action.own_id());
  } else {
    wire_id_.assign(id_prefix_).append(std::to_string(id));
  }
  if (wire_id_.size() > kMaxActionId) {
    detail = "ActionID \"" + printable(wire_id_) + "\" is longer than 64 bytes, identifier included";
    return AMI_ETOOBIG;
  }
  if (own && own_ids_.taken(wire_id_, monotonic_ms())) {
    detail = "ActionID \"" + printable(wire_id_) + "\" is pending, or was within the last minute";
    return AMI_EEXIST;
  }
  return action.write(wire_id_, options_.session.encoding, text, detail);
}

struct Client::Accepted final : Pending {
  using Pending::Pending;
  HandlerPtr handler;
  Waiter* waiter = nullptr;
  OwnIds::Place own_id;   // empty: the library's
  bool canceled = false;  // under mutex_
};

int Client::send(const Action& action, const HandlerPtr& handler, bool keep_items, Waiter* waiter,
                 uint64_t id) {
  std::string detail;
  int err = action.check(detail);
  if (err != 0) return refuse(err, std::move(detail));
  const uint64_t now = action.timeout_ms() > 0 ? monotonic_ms() : 0;
  const std::lock_guard lock(mutex_);
  err = admit(action, detail);
  std::string text;
  if (err == 0) err = write(action, id, text, detail);
  if (err != 0) {
    if (err == AMI_ESTATE && inbox_.size() < kMostBeforeNotice) {
      post({Command::Kind::kUnwritable, {}, action.name()});
    }
    detail_ = action.name() + ": " + detail;
    return err;
  }
  const auto pending = Ref<Accepted>::adopt(new Accepted(id, action, wire_id_, std::move(text)));
  pending->handler = handler;
  pending->waiter = waiter;
  pending->keep_items = keep_items;
  if (action.timeout_ms() > 0) pending->deadline = now + static_cast<uint64_t>(action.timeout_ms());
  const bool to_queue = queued_ && handler;
  // Those of a queue that is not the application's never become items.
  if (to_queue && !own_queue_ && !handler->reserve_slot()) throw std::bad_alloc();
  if (to_queue) queued_->reserve_reply();
  try {
    if (!action.own_id().empty()) pending->own_id = own_ids_.take(wire_id_);
    post({Command::Kind::kSubmit, PendingPtr::share(pending.get()), {}});
  } catch (...) {
    if (to_queue) queued_->unreserve_reply();
    if (!pending->own_id.empty()) own_ids_.give_back(pending->own_id);
    throw;
  }
  accepted_.add(*pending, id);
  counters_[kActions].fetch_add(1, std::memory_order_relaxed);
  return 0;
}

int Client::call(const Action& action, ReplyPtr& reply) {
  if (const std::lock_guard lock(mutex_); Delivering::any() || (uv_ != nullptr && on_loop())) {
    detail_ = "ami_call() blocks, and this thread delivers messages: use ami_send()";
    return AMI_ETHREAD;
  }
  Waiter waiter;
  const int err = send(action, {}, true, &waiter, next_id());
  if (err != 0) return err;
  std::unique_lock lock(waiter.mutex);
  waiter.done.wait(lock, [&] { return static_cast<bool>(waiter.reply); });
  reply = std::move(waiter.reply);
  return 0;
}

int Client::cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  Pending* const found = accepted_.find(id, [id](const Pending& pending) { return pending.id == id; });
  auto* accepted = static_cast<Accepted*>(found);
  if (accepted == nullptr || accepted->canceled) {
    detail_ = "no action with the id " + std::to_string(id) + " waits for its reply";
    return AMI_ENOENT;
  }
  post({Command::Kind::kCancel, PendingPtr::share(found), {}});
  accepted->canceled = true;
  return 0;
}

// To the loop's thread, which takes everything that was posted at once.
void Client::post(Command command) {
  if (!alive_) return;
  inbox_.push_back(std::move(command));
  if (!wakes_) return;
  if (!loop_->is_current()) {
    transport_->wake();
  } else if (!inside_) {
    transport_->flush_soon();
  }
}

// The reply goes out: the action is no longer pending. What this needs was made when the action was accepted.
void Client::on_reply(Pending& pending) {
  auto& accepted = static_cast<Accepted&>(pending);
  {
    const std::lock_guard lock(mutex_);
    // The answer may have been faster, but ami_cancel() has given its word.
    if (accepted.canceled) accepted.status = AMI_ECANCELED;
    accepted_.remove(accepted);
    if (!accepted.own_id.empty()) own_ids_.rest(accepted.own_id, monotonic_ms());
  }
  counters_[kReplies].fetch_add(1, std::memory_order_relaxed);
  const auto reply = ReplyPtr::share(&accepted);
  if (accepted.waiter != nullptr) {
    const std::lock_guard lock(accepted.waiter->mutex);
    accepted.waiter->reply = reply;
    accepted.waiter->done.notify_one();
  } else {
    if (queued_) accepted.time_ns = unix_ns();
    // The reply may be kept for ever, its handler not.
    const auto handler = std::move(accepted.handler);
    lane_->reply(handler, reply);
  }
}

void Client::on_item(Pending& pending, const MessagePtr& message) {
  const auto& accepted = static_cast<Accepted&>(pending);
  if (accepted.handler) lane_->item(accepted.handler, message);
}

int64_t Client::stat(int which) {
  const auto count = [&](Counter counter) {
    return static_cast<int64_t>(counters_[counter].load(std::memory_order_relaxed));
  };
  QueueLane::Levels levels;
  std::unique_lock lock(mutex_);
  const auto inflight = static_cast<int64_t>(accepted_.size());
  const auto queued = queued_;
  const auto* const direct = direct_.get();
  lock.unlock();
  if (queued) levels = queued->levels();
  const uint64_t dropped = direct != nullptr ? direct->dropped() : levels.dropped;
  const uint64_t now = unix_ns();
  const uint64_t age_ns = levels.items == 0 || levels.oldest_ns > now ? 0 : now - levels.oldest_ns;
  switch (which) {
    case AMI_STAT_EVENTS:
      return count(kEvents);
    case AMI_STAT_RESPONSES:
      return count(kResponses);
    case AMI_STAT_BYTES_IN:
      return count(kBytesIn);
    case AMI_STAT_BYTES_OUT:
      return count(kBytesOut);
    case AMI_STAT_ACTIONS:
      return count(kActions);
    case AMI_STAT_REPLIES:
      return count(kReplies);
    case AMI_STAT_INFLIGHT:
      return inflight;
    case AMI_STAT_DROPPED:
      return static_cast<int64_t>(dropped);
    case AMI_STAT_QUEUED:
      return static_cast<int64_t>(levels.items);
    case AMI_STAT_QUEUED_BYTES:
      return static_cast<int64_t>(levels.bytes);
    case AMI_STAT_QUEUE_AGE_MS:
      return static_cast<int64_t>(age_ns / 1000000);
    case AMI_STAT_CONNECTS:
      return count(kConnects);
    case AMI_STAT_GENERATION:
      return count(kGeneration);
    case AMI_STAT_RESYNCS:
      return count(kResyncs);
    case AMI_STAT_STRAYS:
      return count(kStrays);
    case AMI_STAT_WRITES:
      return count(kWrites);
    default:
      return refuse(AMI_EINVAL, "no statistic has the number " + std::to_string(which));
  }
}

// ------------------------------------------------------------------------------------------ the end

// Needs no memory, since it cannot say that it failed.
void Client::destroy() {
  if (forked()) return abandon();
  if (destroying_.exchange(true)) return;
  const auto self = shared_from_this();
  std::unique_lock lock(mutex_);
  changed_.notify_all();  // ami_wait() on other threads
  const bool on_a_loop = alive_;
  const bool elsewhere = direct_ && on_a_loop && !on_loop();
  // Where the transport is not there yet, start() is on its way.
  if (elsewhere && wakes_) transport_->wake();
  lock.unlock();
  if (lane_ == nullptr || (direct_ && !on_a_loop)) {  // never connected, and no queue chosen
    release_handlers();
    delete handle_;
  } else if (elsewhere) {
    return;  // settle() finishes
  } else if (direct_ && inside_) {
    session_.stop();  // settle() finishes
  } else if (direct_) {
    finish_direct();
  } else if (Delivering::of(handle_)) {
    queued_->close([this] { finish_queued(); });  // a small function, which takes no memory
  } else {
    queued_->close({});
    finish_queued();
  }
}

void Client::finish_queued() {
  const auto self = shared_from_this();
  stop_dispatcher();
  std::unique_lock lock(mutex_);
  if (wakes_) transport_->wake();
  changed_.wait(lock, [this] { return !alive_; });
  // Let go here, so that the I/O thread is joined when this was its last client.
  const auto loop = std::move(loop_);
  lock.unlock();
  if (own_queue_) queue_->drain();
  release_handlers();
  queued_->forget_client();
  delete handle_;
}

void Client::finish_direct() {
  if (handle_ == nullptr) return;  // start() was on its way
  inside_ = true;
  shut_session();
  release_handlers();
  if (transport_) {
    const std::lock_guard lock(mutex_);
    wakes_ = false;
    transport_->close();
  }
  delete std::exchange(handle_, nullptr);
}

// Every accepted action gets its reply.
void Client::shut_session() {
  if (transport_) transport_->disconnect();
  session_.disconnected(AMI_ECLOSED, false, monotonic_ms());
  connected_ = false;
  closing_ = true;
  run_inbox();
  session_.end_waiting(AMI_ECLOSED);
}

void Client::stop_dispatcher() {
  if (!dispatcher_.joinable()) return;
  queue_->interrupt();
  if (dispatcher_.get_id() == std::this_thread::get_id()) {
    dispatcher_.detach();
  } else {
    dispatcher_.join();
  }
}

void Client::release_handlers() {
  router_.end_all();
  set_log(-1, {});
}

// In a forked child: the threads are not here, and locks may be held by them for ever. What is shared with
// the parent is left as it is.
void Client::abandon() {
  if (transport_) transport_->abandon();
  if (queued_) queued_->abandon();
  keep_in_child(handle_->client);
  delete handle_;
}

}  // namespace ami
