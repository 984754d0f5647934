#include "world.h"

#include <pthread.h>
#include <uv.h>

#include <chrono>
#include <cstring>
#include <ctime>

#include "server.h"

namespace {

constexpr int kStepMs = 2;
// So many steps without memory, and nothing will come any more.
constexpr int kStepsWithoutMemory = 10;
constexpr int64_t kLongestSeconds = 120;

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void notify() {
  pthread_mutex_lock(&mutex);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

void step_thread() {
  timespec end{};
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_nsec += kStepMs * 1000000L;
  end.tv_sec += end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  pthread_mutex_lock(&mutex);
  pthread_cond_timedwait(&changed, &mutex, &end);
  pthread_mutex_unlock(&mutex);
}

int64_t seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool is(const char* value, const char* wanted) {
  return value != nullptr && std::strcmp(value, wanted) == 0;
}

}  // namespace

World::World(Way way) : way_(way) {}

bool World::make() {
  if (way_ == Way::kLoop) {
    static uv_loop_t loop;
    TORTURE_CHECK(uv_loop_init(&loop) == 0, 0);
    loop_ = &loop;
  }
  if (way_ == Way::kPoll || way_ == Way::kDispatch) {
    insist([&] { return (queue_ = ami_queue_new()) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
    if (queue_ == nullptr) return false;
  }
  insist([&] { return (client_ = ami_new()) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
  if (client_ == nullptr) return false;
  if (insist([&] { return ami_on_log(client_, 3, on_log, nullptr, nullptr); }) != 0) return false;
  if (queue_ != nullptr && insist([&] { return ami_set_queue(client_, queue_); }) != 0) return false;
  if (loop_ != nullptr && insist([&] { return ami_set_loop(client_, loop_); }) != 0) return false;
  char port[16];
  static_cast<void>(std::snprintf(port, sizeof port, "%d", server::port()));
  return set("host", "127.0.0.1") && set("port", port) && set("username", "admin") &&
         set("password", "secret");
}

World::~World() {
  if (client_ != nullptr) destroy();
  check();
  if (loop_ == nullptr) return;
  TORTURE_CHECK(uv_loop_close(loop_) == 0, 0);
}

void World::destroy() {
  {
    const memory::Watched watched;
    ami_destroy(client_);
  }
  if (loop_ != nullptr) {
    const memory::Watched watched;
    uv_run(loop_, UV_RUN_DEFAULT);
  }
  if (queue_ == nullptr) return;
  // Replies are left, and are given without memory too.
  client_ = nullptr;
  const memory::Watched watched;
  if (way_ == Way::kDispatch) {
    while (ami_queue_dispatch(queue_, 100, 0) > 0) {
    }
  } else {
    ami_item_t item;
    while (ami_queue_poll(queue_, &item, 1, 0) > 0) {
      take(item);
      ami_queue_release(&item, 1);
    }
  }
  TORTURE_CHECK(ami_queue_free(queue_) == 0, 0);
  queue_ = nullptr;
}

// What is promised, whatever happened.
void World::check() const {
  if (queue_ != nullptr) TORTURE_CHECK(ami_queue_free(queue_) == 0, 0);
  for (size_t i = 0; i < sent_count_; ++i) {
    TORTURE_CHECK(sents_[i].replies == (sents_[i].accepted ? 1 : 0), sents_[i].replies);
    TORTURE_CHECK(sents_[i].releases == 1, sents_[i].releases);
  }
  for (size_t i = 0; i < heard_count_; ++i) TORTURE_CHECK(heards_[i].releases == 1, heards_[i].releases);
}

void World::report() {
  has_dropped();
  for (size_t i = 0; i < sent_count_; ++i) {
    torture::result("accepted", sents_[i].accepted ? 1 : 0);
    torture::result("replies", sents_[i].replies);
    torture::result("status", sents_[i].status);
    torture::result("fate", sents_[i].fate);
    torture::result("items", static_cast<long long>(sents_[i].items.load()));
  }
  for (size_t i = 0; i < heard_count_ && !expects_drops_; ++i) {
    torture::result("messages", heards_[i].messages);
  }
}

// ----------------------------------------------------------------------------------------- what is given

void World::on_event(ami_t*, const ami_msg_t* msg, void* user) {
  auto* heard = static_cast<Heard*>(user);
  if (is(ami_msg_get(msg, "Error", nullptr), "AMI_ENOMEM")) torture::told();
  if (is(ami_msg_name(msg), "gap")) on_gap(msg, *heard);
  heard->messages.fetch_add(1);
  notify();
}

// That of a reconnect says nothing of memory.
void World::on_gap(const ami_msg_t* msg, Heard& heard) {
  if (!is(ami_msg_get(msg, "Cause", nullptr), "overflow")) return;
  const char* dropped = ami_msg_get(msg, "Dropped", nullptr);
  TORTURE_CHECK(dropped != nullptr, 0);
  heard.dropped.fetch_add(std::atoi(dropped));
  if (!heard.of->expects_drops_) torture::told();
}

void World::on_reply(ami_t*, const ami_reply_t* reply, void* user) {
  auto* sent = static_cast<Sent*>(user);
  TORTURE_CHECK(ami_reply_id(reply) == sent->id, sent->id);
  sent->status = ami_reply_status(reply);
  sent->fate = ami_reply_fate(reply);
  sent->items.fetch_add(ami_reply_count(reply));
  // OpenSSL does not always call it so, and nothing else fails here.
  if (sent->status == AMI_ENOMEM || sent->status == AMI_ETLS) torture::told();
  TORTURE_CHECK(sent->status != AMI_ETIMEDOUT,
                sent->id);  // the mock answers all that the client has really sent
  if (sent->status == 0) {
    const ami_msg_t* response = ami_reply_response(reply);
    TORTURE_CHECK(response != nullptr, sent->id);
    // Both are made when they are asked for, and may be NULL.
    const char* raw = ami_msg_raw(response, nullptr);
    TORTURE_CHECK(raw == nullptr || std::strlen(raw) > 0, 0);
    if (raw == nullptr) torture::told();
    if (ami_msg_get(response, "Output", nullptr) != nullptr && ami_msg_output(response, nullptr) == nullptr) {
      torture::told();
    }
  }
  sent->replies.fetch_add(1);
  notify();
}

void World::on_log(int, const char* line, void*) {
  if (std::strstr(line, "out of memory") != nullptr || std::strstr(line, "AMI_ENOMEM") != nullptr)
    torture::told();
}

void World::on_release_sent(void* user) {
  static_cast<Sent*>(user)->releases.fetch_add(1);
  notify();
}
void World::on_release_heard(void* user) {
  static_cast<Heard*>(user)->releases.fetch_add(1);
  notify();
}

namespace {
void on_item(ami_t*, const ami_msg_t* msg, void* user) {
  TORTURE_CHECK(ami_msg_kind(msg) == AMI_MSG_LISTITEM, ami_msg_kind(msg));
  static_cast<Sent*>(user)->items.fetch_add(1);
}
}  // namespace

void World::take(const ami_item_t& item) {
  switch (item.kind) {
    case AMI_ITEM_REPLY:
      return on_reply(client_, item.reply, item.user);
    case AMI_ITEM_LISTITEM:
      return on_item(client_, item.msg, item.user);
    default:
      return on_event(client_, item.msg, item.user);
  }
}

// ------------------------------------------------------------------------------------------------ waiting

bool World::goes_on(int steps) {
  if (steps < kStepsWithoutMemory || !memory::is_short()) {
    static const int64_t start = seconds();
    TORTURE_CHECK(seconds() - start < kLongestSeconds, ami_state(client_));
    return true;
  }
  torture::told();  // that nothing goes on can be told by none but those that were to go on
  if (torture::mode() == torture::Mode::kBack) memory::give_back();
  return torture::mode() == torture::Mode::kBack;
}

void World::step() {
  switch (way_) {
    case Way::kThread:
      return step_thread();
    case Way::kLoop:
      return step_loop();
    case Way::kDispatch: {
      const int count = try_call([&] { return ami_queue_dispatch(queue_, 16, kStepMs); });
      TORTURE_CHECK(count >= 0 || count == AMI_ENOMEM, count);
      if (count == AMI_ENOMEM) step_thread();
      return;
    }
    case Way::kPoll: {
      ami_item_t items[16];
      const int count = try_call([&] { return ami_queue_poll(queue_, items, 16, kStepMs); });
      TORTURE_CHECK(count >= 0 || count == AMI_ENOMEM, count);
      if (count == AMI_ENOMEM) return step_thread();
      const memory::Watched watched;
      for (int i = 0; i < count; ++i) take(items[i]);
      return ami_queue_release(items, static_cast<size_t>(count));
    }
  }
}

void World::step_loop() {
  const memory::Watched watched;
  uv_timer_t timer;
  uv_timer_init(loop_, &timer);
  // Repeated, since it may be due before the loop waits for the first time.
  uv_timer_start(
      &timer, [](uv_timer_t*) {}, kStepMs, kStepMs);
  uv_run(loop_, UV_RUN_ONCE);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  uv_run(loop_, UV_RUN_NOWAIT);
}

bool World::wait_state(int state) {
  return until([&] { return ami_state(client_) == state; });
}

bool World::wait_ready() {
  const auto decided = [&] {
    const int state = ami_state(client_);
    return state == AMI_STATE_READY || state == AMI_STATE_IDLE;
  };
  if (!until(decided)) return false;
  if (ami_state(client_) == AMI_STATE_READY) return true;
  if (way_ != Way::kLoop) {
    const int err = try_call([&] { return ami_wait(client_, 0); });
    TORTURE_CHECK(err != 0, err);
    // What OpenSSL could not do for lack of memory, it does not always call so.
    if (settings_ != nullptr && (err == AMI_ETLS || err == AMI_EOPTION)) torture::told();
    TORTURE_CHECK(torture::was_told(), err);
  }
  return false;
}

bool World::wait_reply(Sent* sent) {
  return sent == nullptr || until([&] { return sent->replies > 0; });
}

int World::dropped() const {
  return client_ == nullptr ? 0 : static_cast<int>(ami_stat(client_, AMI_STAT_DROPPED));
}

bool World::has_dropped() {
  const bool dropped = !expects_drops_ && this->dropped() > 0;
  if (dropped) torture::told();
  return dropped;
}

bool World::wait_messages(Heard* heard, int count) {
  // A connection that has ended brings no more.
  return heard == nullptr || until([&] {
           return heard->messages >= count || ami_state(client_) == AMI_STATE_IDLE || has_dropped();
         });
}

// ------------------------------------------------------------------------------------------------ calls

bool World::set(const char* name, const char* value) {
  return insist([&] { return ami_set(client_, name, value); }) == 0;
}

bool World::connect() {
  // A connection that ended for lack of memory is begun again.
  for (int attempt = 0; attempt < 3; ++attempt) {
    const int err = insist([&] { return ami_connect(client_); });
    if (err != 0) return false;
    if (wait_ready()) return true;
    if (memory::is_short()) return false;
  }
  return false;
}

bool World::disconnect() {
  if (insist([&] { return ami_disconnect(client_); }) != 0) return false;
  return wait_state(AMI_STATE_IDLE);
}

Heard* World::listen(const char* name) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    TORTURE_CHECK(heard_count_ < heards_.size(), heard_count_);
    Heard& heard = heards_[heard_count_++];
    heard.of = this;
    const int err =
        try_call([&] { return ami_on(client_, name, on_event, &heard, on_release_heard, &heard.id); });
    TORTURE_CHECK(err == 0 || (err == AMI_ENOMEM && heard.releases == 1), err);
    heard.registered = err == 0;
    if (err == 0) return &heard;
    if (memory::is_short()) break;
  }
  return nullptr;
}

bool World::forget(Heard* heard) {
  if (heard == nullptr) return false;
  const int err = insist([&] { return ami_off(client_, heard->id); });
  TORTURE_CHECK(err == 0 || err == AMI_ENOMEM, err);
  return err == 0;
}

Sent* World::send(const char* const* words, bool each, const char* until_event) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    TORTURE_CHECK(sent_count_ < sents_.size(), sent_count_);
    ami_action_t* action = nullptr;
    try_call(
        [&] { return (action = ami_action_new(words[0])) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
    int spoilt = 0;
    for (size_t i = 1; action != nullptr && words[i] != nullptr; i += 2) {
      spoilt = try_call([&] { return ami_action_add(action, words[i], words[i + 1]); });
    }
    if (action != nullptr && until_event != nullptr) {
      spoilt = try_call([&] { return ami_action_until(action, until_event); });
    }
    TORTURE_CHECK(spoilt == 0 || spoilt == AMI_ENOMEM, spoilt);
    if (action != nullptr) {
      Sent& sent = sents_[sent_count_++];
      const int err = try_call([&] {
        return each ? ami_send_each(client_, action, on_item, on_reply, &sent, on_release_sent, &sent.id)
                    : ami_send(client_, action, on_reply, &sent, on_release_sent, &sent.id);
      });
      TORTURE_CHECK(spoilt == 0 || err == AMI_ENOMEM, err);  // an action with a part missing never goes out
      // Accepted when the call returns: the reply may have come before.
      sent.accepted = err == 0;
      ami_action_free(action);
      TORTURE_CHECK(err == 0 || (sent.releases == 1 && sent.replies == 0), err);
      TORTURE_CHECK(err == 0 || torture::was_told(), err);
      if (err == 0) return &sent;
    }
    if (memory::is_short()) break;
  }
  return nullptr;
}

bool World::cancel(Sent* sent) {
  if (sent == nullptr) return false;
  const int err = insist([&] { return ami_cancel(client_, sent->id); });
  TORTURE_CHECK(err == 0 || err == AMI_ENOMEM || sent->replies == 1 || torture::was_told(), err);
  return err == 0;
}

bool World::ping() {
  static const char* const kPing[] = {"Ping", nullptr};
  Sent* sent = send(kPing);
  return sent != nullptr && wait_reply(sent) && sent->status == 0;
}

bool World::call() {
  ami_action_t* action = nullptr;
  insist([&] { return (action = ami_action_new("Ping")) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
  if (action == nullptr) return false;
  ami_reply_t* reply = nullptr;
  const int err = insist([&] { return ami_call(client_, action, &reply); });
  TORTURE_CHECK((err == 0) == (reply != nullptr), err);
  const bool good = err == 0 && ami_reply_status(reply) == 0;
  if (err == 0 && ami_reply_status(reply) == AMI_ENOMEM) torture::told();
  TORTURE_CHECK(good || torture::was_told(), err);
  const memory::Watched watched;
  ami_reply_unref(reply);
  ami_action_free(action);
  return good;
}

void World::revive() {
  if (torture::mode() == torture::Mode::kOn) return;
  torture::all_done();
  memory::give_back();
  server::tell("clear");
  server::tell("release");
  // What has gone wrong may only now end the connection.
  for (int attempt = 0; attempt < 3; ++attempt) {
    // Where reconnect is on it comes back by itself.
    until([&] {
      const int state = ami_state(client_);
      return state == AMI_STATE_READY || state == AMI_STATE_IDLE;
    });
    if (ami_state(client_) == AMI_STATE_IDLE) {
      TORTURE_CHECK(set("password", "secret") && set("reconnect", "false"), 0);
      if (settings_ != nullptr) TORTURE_CHECK(settings_(*this), 0);
      TORTURE_CHECK(connect(), 0);
    }
    if (ping()) return;
  }
  TORTURE_CHECK(false, sents_[sent_count_ - 1].status);
}
