// soak SECONDS [URL [SEED]]
//
// Clients in several ways of delivery under a storm of calls of 5,000 events a second, with random actions,
// connections that are cut every few seconds, and one application that is slow now and then. With a URL of a
// real Asterisk one more client sends actions there, and restarts it every minute. At the end stands a table
// of what came of everything. Exit codes: 0, 1 a promise was broken, 2 usage, or it could not run.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "caller.h"
#include "pbx_process.h"
#include "random.h"
#include "resources.h"
#include "verdict.h"

namespace {

using namespace chaos;
using Clock = std::chrono::steady_clock;

constexpr const char* storm = "storm 4000";  // and about 1,000 ticks
constexpr auto patience = std::chrono::seconds(120);
constexpr auto between_restarts = std::chrono::seconds(60);
constexpr auto first_restart = std::chrono::seconds(20);
constexpr auto sample_pause = std::chrono::milliseconds(500);
constexpr auto nap_time = std::chrono::milliseconds(1200);
constexpr uint64_t actions_per_second = 300;
// Buffers as large as the worst moment needed. A leak of a byte an event would be more after some minutes.
constexpr size_t heap_slack = 4U << 20U;

int64_t events_told(Caller& caller) {
  const auto events = caller.stream().sums();
  return static_cast<int64_t>(events.ticks + events.others + events.dropped);
}

bool has_ended(const Caller& caller) {
  return ami_state(caller.client()) == AMI_STATE_IDLE && ami_stat(caller.client(), AMI_STAT_QUEUED) == 0;
}

// A client is idle a moment before the last is told.
bool is_told(Caller& caller) {
  ami_t* client = caller.client();
  return ami_stat(client, AMI_STAT_EVENTS) == events_told(caller) &&
         caller.stream().is_complete(ami_stat(client, AMI_STAT_GENERATION),
                                     ami_stat(client, AMI_STAT_DROPPED));
}

class Soak {
 public:
  Soak(std::chrono::seconds time, std::string url, uint64_t seed);
  void play();

 private:
  void add(Delivery delivery);
  void add_real();
  void turn();
  void nap();
  void restart_real();
  void sample();
  void await(const char* what, const std::function<bool()>& condition);
  bool comes(const std::function<bool()>& condition);
  bool at_rest();
  Resources rest();
  void end();
  void check_caller(Caller& caller);
  void check_resources(const Resources& last) const;
  void check_trials();
  void show(const Resources& last);
  void show_caller(const char* name, Caller& caller);

  const Clock::time_point begin_ = Clock::now();
  const Clock::time_point end_;
  const std::string url_;
  PbxProcess pbx_;  // before all that may start a thread
  Random random_;
  std::vector<std::unique_ptr<Caller>> callers_;  // of the mock
  std::unique_ptr<Caller> real_;
  uint64_t next_ = 0;  // number of an action
  uint64_t restarts_ = 0;
  Clock::time_point next_restart_ = begin_ + first_restart;
  Clock::time_point next_sample_ = begin_, awake_ = begin_;
  Resources first_, peak_;
};

Soak::Soak(std::chrono::seconds time, std::string url, uint64_t seed)
    : end_(begin_ + time),
      url_(std::move(url)),
      pbx_({.seed = seed, .by_time = true, .scene = storm, .ticks_per_ms = 1}),
      random_(~seed) {
  for (const Delivery delivery : {Delivery::thread, Delivery::poll, Delivery::loop}) add(delivery);
  if (!url_.empty()) add_real();
}

void Soak::add(Delivery delivery) {
  callers_.push_back(std::make_unique<Caller>(
      Caller::Wish{.delivery = delivery, .index = callers_.size(), .all_events = true}));
  Caller& caller = *callers_.back();
  caller.set("url", ("ami://admin:secret@127.0.0.1:" + std::to_string(pbx_.port())).c_str());
  caller.set("reconnect", "10");
  caller.set("reconnect.max_ms", "100");
  caller.set("ping.interval_ms", "1000");
  caller.set("ping.timeout_ms", "1000");
  caller.set("queue.max_items", "4000");
  if (delivery == Delivery::poll) caller.set("offline", "queue");
}

void Soak::add_real() {
  real_ =
      std::make_unique<Caller>(Caller::Wish{.index = callers_.size(), .all_events = true, .marked = false});
  real_->set("url", url_.c_str());
  real_->set("reconnect", "100");
  real_->set("reconnect.max_ms", "1000");
}

// Some actions, and then what has come.
void Soak::turn() {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin_).count();
  for (auto& caller : callers_) {
    const bool due = next_ * 1000 < static_cast<uint64_t>(passed) * actions_per_second;
    if (due && next_ % callers_.size() == caller->index()) caller->send(next_++, random_);
    if (random_.one_in(20)) caller->cancel(random_);
    caller->pump();
  }
  if (real_ && random_.one_in(8)) real_->send(next_++, random_);
  nap();
  restart_real();
  sample();
}

// Now and then one application does nothing for longer than its queue has room.
void Soak::nap() {
  const auto now = Clock::now();
  if (now < awake_) return;
  const uint32_t sleeper = random_.below(4);
  for (auto& caller : callers_) {
    caller->set_gate(caller->index() != sleeper || caller->delivery() == Delivery::loop);
  }
  awake_ = now + nap_time;
}

void Soak::restart_real() {
  if (!real_ || Clock::now() < next_restart_ || ami_state(real_->client()) != AMI_STATE_READY) return;
  if (!real_->send_command(next_++, "core restart now")) return;
  next_restart_ = Clock::now() + between_restarts;
  ++restarts_;
}

void Soak::sample() {
  if (Clock::now() < next_sample_) return;
  next_sample_ = Clock::now() + sample_pause;
  const Resources now = resources();
  peak_.heap = std::max(peak_.heap, now.heap);
  peak_.anonymous = std::max(peak_.anonymous, now.anonymous);
  peak_.descriptors = std::max(peak_.descriptors, now.descriptors);
}

void Soak::await(const char* what, const std::function<bool()>& condition) {
  if (comes(condition)) return;
  broken("still waiting for %s", what);
  show(resources());
  std::_Exit(1);
}

// False when it does not.
bool Soak::comes(const std::function<bool()>& condition) {
  const auto end = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() > end) return false;
    for (auto& caller : callers_) caller->pump();
    if (real_) real_->pump();
  }
  return true;
}

bool Soak::at_rest() {
  const auto rests = [](Caller& caller) {
    return caller.ledger().is_settled() && ami_state(caller.client()) == AMI_STATE_READY &&
           ami_stat(caller.client(), AMI_STAT_QUEUED) == 0;
  };
  return std::all_of(callers_.begin(), callers_.end(), [&](auto& caller) { return rests(*caller); }) &&
         (!real_ || rests(*real_));
}

Resources Soak::rest() {
  for (auto& caller : callers_) caller->set_gate(true);
  await("rest", [this] { return at_rest(); });
  return resources();
}

void Soak::play() {
  for (auto& caller : callers_) caller->connect();
  if (real_) real_->connect();
  const auto warm = begin_ + (end_ - begin_) / 4;
  while (Clock::now() < warm) turn();
  first_ = rest();
  while (Clock::now() < end_) turn();
  end();
}

void Soak::end() {
  for (auto& caller : callers_) caller->set_gate(true);
  pbx_.calm();
  const Resources last = rest();
  sample();
  check_resources(last);
  for (auto& caller : callers_) caller->disconnect();
  if (real_) real_->disconnect();
  await("the end", [this] {
    return std::all_of(callers_.begin(), callers_.end(), [](auto& caller) { return has_ended(*caller); }) &&
           (!real_ || has_ended(*real_));
  });
  comes([this] {  // if not, check_caller() says what is missing
    return std::all_of(callers_.begin(), callers_.end(), [](auto& caller) { return is_told(*caller); }) &&
           (!real_ || is_told(*real_));
  });
  if (!pbx_.stop()) broken("the server's side did not see all connections end");
  for (auto& caller : callers_) check_caller(*caller);
  if (real_) check_caller(*real_);
  if (pbx_.record().disorders != 0) broken("%d actions arrived out of order", int(pbx_.record().disorders));
  check_trials();
  show(last);
  for (auto& caller : callers_) caller->destroy();
  if (real_) real_->destroy();
  for (auto& caller : callers_) caller->ledger().check(&pbx_.record());
  if (real_) real_->ledger().check(nullptr);
}

// Every event that was received was delivered or dropped and told.
void Soak::check_caller(Caller& caller) {
  ami_t* client = caller.client();
  if (ami_stat(client, AMI_STAT_EVENTS) != events_told(caller)) {
    broken("%" PRId64 " events received, but %" PRId64 " delivered or dropped",
           ami_stat(client, AMI_STAT_EVENTS), events_told(caller));
  }
  caller.stream().check(ami_stat(client, AMI_STAT_GENERATION), ami_stat(client, AMI_STAT_DROPPED));
  if (&caller != real_.get()) return;
  if (ami_stat(client, AMI_STAT_GENERATION) <= static_cast<int64_t>(restarts_)) {
    broken("%d restarts of Asterisk, %d logins", int(restarts_), int(ami_stat(client, AMI_STAT_GENERATION)));
  }
}

void Soak::check_resources(const Resources& last) const {
  if (last.heap > first_.heap + heap_slack) broken("the heap grows: %zu to %zu", first_.heap, last.heap);
  if (last.descriptors != first_.descriptors) {
    broken("descriptors: %zu at first, %zu at the end", first_.descriptors, last.descriptors);
  }
}

// What the run is for has happened. Some seconds, on a machine with other work, need not show all of it.
void Soak::check_trials() {
  const auto seconds =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(end_ - begin_).count());
  const bool is_long = seconds >= 60;
  const auto at_least = [](const char* what, uint64_t least, uint64_t count) {
    if (count < least) broken("%s: %" PRIu64 ", where at least %" PRIu64 " should be", what, count, least);
  };
  const Record& record = pbx_.record();
  at_least("events", callers_.size() * seconds * (is_long ? 4000 : 100), record.events.load());
  at_least("connections", callers_.size() + (is_long ? seconds / 10 : 1), record.connections.load());
  if (real_) at_least("restarts of Asterisk", is_long ? seconds / 90 : 0, restarts_);
  uint64_t dropped = 0;
  for (auto& caller : callers_) {
    at_least("actions", seconds, caller->ledger().sums().accepted);
    dropped += caller->stream().sums().dropped;
  }
  at_least("dropped events", is_long ? 1 : 0, dropped);
}

void Soak::show_caller(const char* name, Caller& caller) {
  const auto actions = caller.ledger().sums();
  const auto events = caller.stream().sums();
  std::printf("%-9s %9" PRId64 " %9" PRIu64 " %8" PRIu64 " %8" PRIu64 " %6" PRIu64 " %8" PRIu64 " %8" PRIu64
              " %8" PRIu64 " %8" PRIu64 " %6" PRIu64 "\n",
              name, ami_stat(caller.client(), AMI_STAT_EVENTS), events.ticks + events.others, events.dropped,
              events.lost_ticks, events.reconnects + events.overflows, actions.accepted,
              actions.by_fate[AMI_ANSWERED], actions.by_fate[AMI_MAYBE_RUN], actions.by_fate[AMI_NOT_SENT],
              actions.refused);
}

void Soak::show(const Resources& last) {
  const Record& record = pbx_.record();
  int64_t received = 0;
  for (auto& caller : callers_) received += ami_stat(caller->client(), AMI_STAT_EVENTS);
  std::printf(
      "client     received delivered  dropped   missed   gaps  actions answered maybe-run not-sent "
      "refused\n");
  for (auto& caller : callers_) show_caller(std::string(name_of(caller->delivery())).c_str(), *caller);
  if (real_) show_caller("asterisk", *real_);
  std::printf("(missed: numbered events, a fifth of all, for which a gap by reconnecting stands)\n");
  const auto sent = static_cast<int64_t>(record.events.load());
  std::printf("events: the mock sent %" PRId64 ", the clients received %" PRId64 ", %" PRId64
              " were cut off with a connection (%.2f %%); %" PRIu64 " connections, %" PRIu64
              " restarts of Asterisk\n",
              sent, received, sent - received,
              100.0 * static_cast<double>(sent - received) / std::max<double>(1, static_cast<double>(sent)),
              record.connections.load(), restarts_);
  if (sent < received) broken("more events were received than sent");
  std::printf("memory (KiB): heap %zu warm, %zu at most, %zu at the end; resident %zu, %zu, %zu; peak %zu\n",
              first_.heap / 1024, peak_.heap / 1024, last.heap / 1024, first_.anonymous / 1024,
              peak_.anonymous / 1024, last.anonymous / 1024, last.peak / 1024);
  std::printf("descriptors: %zu warm, %zu at most, %zu at the end\n", first_.descriptors, peak_.descriptors,
              last.descriptors);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const long seconds = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (argc > 4 || seconds <= 0) {
    std::fprintf(stderr, "usage: soak SECONDS [URL [SEED]]\n");
    return 2;
  }
  const std::string url = argc > 2 ? argv[2] : "";
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device()();
  std::printf("soak %ld \"%s\" %" PRIu64 "\n", seconds, url.c_str(), seed);
  std::fflush(stdout);
  {
    Soak soak(std::chrono::seconds(seconds), url, seed);
    soak.play();
  }
  return count_broken() == 0 ? 0 : 1;
}
