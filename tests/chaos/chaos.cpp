// chaos DELIVERY [SEED [ACTIONS]]
//
// Plays actions over a connection to which a proxy does what its plan says, and checks every promise: one
// reply for each accepted action, a fate that is what the server saw, order, no event lost without a gap,
// memory and descriptors that stay. The seed, drawn when there is none, gives the same plan and the same
// actions again. CHAOS_SHOW=1 shows the plans. Exit codes: 0, 1 a promise was broken, 2 usage, or it could
// not run.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "caller.h"
extern "C" {
#include "certificates.h"
}
#include "pbx_process.h"
#include "random.h"
#include "resources.h"
#include "verdict.h"

namespace {

using namespace chaos;

constexpr uint32_t largest_burst = 24;
constexpr uint64_t checkpoints = 32;
// Actions until all is as large as it gets: what the client remembers of those it has sent is bounded.
constexpr uint64_t warm_up = 5000;
constexpr auto patience = std::chrono::seconds(120);
// By how many bytes the heap may grow with each action, in the median of the times between two checkpoints.
// What it needs at a moment of rest differs by some KiB, and there are some 200 actions in between.
constexpr double most_growth_per_action = 64;
// By how much in all, from the first half behind the warm-up to the second. Some bounded buffers get as large
// as they may only when the processor is busy: the commands for the loop's thread, say.
constexpr size_t most_heap_growth = size_t{256} * 1024;

struct Sample {
  uint64_t sent;
  size_t heap;
};

size_t least_heap(std::span<const Sample> samples) {
  return std::ranges::min(samples, {}, &Sample::heap).heap;
}

double median_growth(std::span<const Sample> samples) {
  std::vector<double> growths;
  for (size_t i = 1; i < samples.size(); ++i) {
    const double more = static_cast<double>(samples[i].heap) - static_cast<double>(samples[i - 1].heap);
    growths.push_back(more / static_cast<double>(samples[i].sent - samples[i - 1].sent));
  }
  std::ranges::sort(growths);
  return growths.at(growths.size() / 2);
}

struct CertificateFree {
  void operator()(certificate_t* certificate) const { certificate_free(certificate); }
};

class Run {
 public:
  Run(Delivery delivery, uint64_t seed, uint64_t actions);
  void play();

 private:
  void set_options();
  void burst();
  void send();
  void checkpoint();
  void end();
  void await_last_tick();
  void await(const char* what, const std::function<bool()>& condition);
  bool comes(const std::function<bool()>& condition);
  bool is_ready() const { return ami_state(caller_.client()) == AMI_STATE_READY; }
  void disconnect();
  void check_resources();
  void check_sums();
  void check_faults() const;
  void show() const;

  std::string tls() const;

  const uint64_t seed_, actions_;
  // Null: no TLS.
  const std::unique_ptr<certificate_t, CertificateFree> certificate_;
  PbxProcess pbx_;  // before all that may start a thread
  Random random_;
  Caller caller_;
  uint64_t sent_ = 0;
  uint64_t next_ = 0;              // number, counting refused ones
  size_t descriptors_ = SIZE_MAX;  // at a checkpoint, at least
  std::vector<Sample> samples_;    // at the checkpoints behind the warm-up
};

Run::Run(Delivery delivery, uint64_t seed, uint64_t actions)
    : seed_(seed),
      actions_(actions),
      certificate_((seed & 16U) != 0 ? certificate_new({"pbx.test", nullptr, nullptr, false, 0, 0})
                                     : nullptr),
      pbx_({.seed = seed, .tls = tls(), .show_plans = std::getenv("CHAOS_SHOW") != nullptr}),
      random_(~seed),
      caller_({.delivery = delivery}) {
  samples_.reserve(checkpoints + 2);  // lest it is what grows
}

void Run::set_options() {
  caller_.set("host", "127.0.0.1");
  caller_.set("port", std::to_string(pbx_.port()).c_str());
  caller_.set("username", "admin");
  caller_.set("password", "secret");
  caller_.set("reconnect", "1");
  caller_.set("reconnect.max_ms", "4");
  caller_.set("disconnect.grace_ms", "100");
  caller_.set("ping.interval_ms", "600");
  caller_.set("ping.timeout_ms", "600");
  caller_.set("login.timeout_ms", "3000");
  // Bits of the seed, so that a few seeds have them all.
  if ((seed_ & 1U) != 0) caller_.set("queue.max_items", "30");
  if ((seed_ & 2U) != 0) caller_.set("offline", "queue");
  if ((seed_ & 4U) != 0) {
    caller_.set("filter", "!Drop: yes");
    caller_.stream().expect_early_events();
  }
  if ((seed_ & 8U) != 0) caller_.set("auth", "plain");
  if (!certificate_) return;
  caller_.set("tls", "on");
  caller_.set("tls.pin", certificate_pin(certificate_.get()));
}

std::string Run::tls() const {
  if (!certificate_) return {};
  return std::string(certificate_file(certificate_.get())) + ":" + certificate_key_file(certificate_.get());
}

void Run::await(const char* what, const std::function<bool()>& condition) {
  if (comes(condition)) return;
  broken("still waiting for %s", what);
  show();
  std::_Exit(1);
}

// False when it does not.
bool Run::comes(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    caller_.pump();
  }
  return true;
}

// As soon as it is accepted.
void Run::send() {
  await("an action to be accepted", [this] { return caller_.send(next_++, random_); });
  ++sent_;
}

void Run::burst() {
  const bool slow = random_.one_in(8);
  if (slow) caller_.set_gate(false);
  for (uint32_t n = random_.between(1, largest_burst); n > 0 && sent_ < actions_; --n) {
    send();
    if (random_.one_in(12)) caller_.cancel(random_);
  }
  for (uint32_t n = slow ? random_.below(20) : 0; n > 0; --n) caller_.pump();
  caller_.set_gate(true);
  const uint64_t last = next_ - 1;
  if (random_.one_in(2)) await("a reply", [this, last] { return caller_.ledger().is_replied(last); });
  if (!random_.one_in(12)) return;
  disconnect();
  caller_.connect();
}

// Between two connections, so that what a moment of one needed does not count.
void Run::checkpoint() {
  await("rest", [this] { return caller_.ledger().is_settled() && is_ready(); });
  if (ami_stat(caller_.client(), AMI_STAT_INFLIGHT) != 0) broken("at rest, but actions are in flight");
  disconnect();
  const Resources found = resources();
  descriptors_ = std::min(descriptors_, found.descriptors);
  if (sent_ >= warm_up && (samples_.empty() || samples_.back().sent != sent_)) {
    samples_.push_back({sent_, found.heap});
  }
  caller_.connect();
}

void Run::disconnect() {
  caller_.disconnect();
  await("the end of a connection", [this] { return ami_state(caller_.client()) == AMI_STATE_IDLE; });
}

void Run::play() {
  set_options();
  caller_.connect();
  for (uint64_t next = 0; sent_ < actions_;) {
    if (sent_ >= next) {
      checkpoint();
      next += actions_ / checkpoints + 1;
    }
    burst();
  }
  end();
}

// So that the last events, too, are there or accounted for. A connection may still be about to end.
void Run::await_last_tick() {
  for (;;) {
    await("a login", [this] { return is_ready(); });
    const int64_t generation = ami_stat(caller_.client(), AMI_STAT_GENERATION);
    pbx_.tick();
    const auto arrived = [this] { return caller_.stream().last_tick() == pbx_.record().ticks; };
    await("the last event", [&] {
      return arrived() || !is_ready() || ami_stat(caller_.client(), AMI_STAT_GENERATION) != generation;
    });
    if (arrived()) return;
  }
}

void Run::end() {
  pbx_.calm();
  await_last_tick();
  checkpoint();
  disconnect();
  comes([this] {  // if not, check_sums() says what is missing
    return caller_.stream().is_complete(ami_stat(caller_.client(), AMI_STAT_GENERATION),
                                        ami_stat(caller_.client(), AMI_STAT_DROPPED));
  });
  check_resources();
  check_sums();
  caller_.destroy();
  if (!pbx_.stop()) broken("the server's side did not see all connections end");
  caller_.ledger().check(&pbx_.record());
  if (pbx_.record().disorders != 0) broken("%d actions arrived out of order", int(pbx_.record().disorders));
  show();
}

void Run::check_resources() {
  // A socket that says farewell to a peer that may still read stays a little longer.
  await("descriptors to be given back", [this] { return resources().descriptors <= descriptors_; });
  const std::span samples(samples_);
  if (samples.size() < 4) return;
  const size_t half = samples.size() / 2;
  const size_t before = least_heap(samples.first(half)), later = least_heap(samples.subspan(half));
  const double growth = median_growth(samples);
  std::printf("heap %zu at least, later %zu, grows by %.1f an action; %zu descriptors\n", before, later,
              growth, descriptors_);
  if (later > before + most_heap_growth) broken("the heap grows: %zu to %zu", before, later);
  if (growth > most_growth_per_action) broken("the heap grows by %.1f bytes an action", growth);
}

void Run::check_sums() {
  ami_t* client = caller_.client();
  const auto accepted = static_cast<int64_t>(caller_.ledger().sums().accepted);
  for (const int which : {AMI_STAT_ACTIONS, AMI_STAT_REPLIES}) {
    if (ami_stat(client, which) != accepted) {
      broken("%" PRId64 " actions accepted, statistic %d says %" PRId64, accepted, which,
             ami_stat(client, which));
    }
  }
  if (ami_stat(client, AMI_STAT_INFLIGHT) != 0) broken("actions are in flight at the end");
  caller_.stream().check(ami_stat(client, AMI_STAT_GENERATION), ami_stat(client, AMI_STAT_DROPPED));
  if (actions_ > warm_up && !certificate_) check_faults();
  // Else nothing was tried.
  if (pbx_.record().connections < 3) broken("there were only %d connections", int(pbx_.record().connections));
  if (caller_.stream().sums().ticks == 0) broken("no event was delivered");
}

void Run::show() const {
  const Record& record = pbx_.record();
  const auto& ledger = const_cast<Caller&>(caller_).ledger().sums();
  const auto& stream = const_cast<Caller&>(caller_).stream().sums();
  std::printf("actions: %" PRIu64 " accepted, %" PRIu64 " refused; not sent %" PRIu64 ", maybe run %" PRIu64
              ", answered %" PRIu64 "\n",
              ledger.accepted, ledger.refused, ledger.by_fate[AMI_NOT_SENT], ledger.by_fate[AMI_MAYBE_RUN],
              ledger.by_fate[AMI_ANSWERED]);
  std::printf("events: %" PRIu64 " raised, %" PRIu64 " delivered, %" PRIu64 " dropped (%" PRIu64
              " gaps), %" PRIu64 " missed (%" PRIu64 " gaps)\n",
              record.ticks.load(), stream.ticks, stream.dropped, stream.overflows, stream.lost_ticks,
              stream.reconnects);
  std::printf("%" PRIu64 " connections; faults:", record.connections.load());
  for (size_t fault = 0; fault < faults; ++fault) {
    uint64_t count = 0;
    for (const auto& at_place : record.fired.at(fault)) count += at_place;
    const auto name = name_of(static_cast<Fault>(fault));
    std::printf(" %.*s %" PRIu64, static_cast<int>(name.size()), name.data(), count);
  }
  std::printf("; ends at:");
  for (size_t place = 0; place < places; ++place) {
    uint64_t count = 0;
    for (const Fault end : endings) count += record.fired.at(static_cast<size_t>(end)).at(place);
    const auto name = name_of(static_cast<Place>(place));
    std::printf(" %.*s %" PRIu64, static_cast<int>(name.size()), name.data(), count);
  }
  std::printf("; %" PRIu64 " ways went on beside a half-closed one\n", record.read_on.load());
  std::fflush(stdout);
}

// A run of some thousand actions meets everything; bytes of TLS have no places.
void Run::check_faults() const {
  const auto& fired = pbx_.record().fired;
  if (pbx_.record().read_on == 0) broken("no way went on beside one that was half-closed");
  for (size_t fault = 0; fault < faults; ++fault) {
    uint64_t count = 0;
    for (const auto& at_place : fired.at(fault)) count += at_place;
    if (count == 0) broken("no %s was tried", std::string(name_of(static_cast<Fault>(fault))).c_str());
  }
  for (size_t place = 0; place < places; ++place) {
    uint64_t count = 0;
    for (const Fault end : endings) count += fired.at(static_cast<size_t>(end)).at(place);
    const auto name = name_of(static_cast<Place>(place));
    if (count == 0 && name != "time") broken("no connection ended at %s", std::string(name).c_str());
  }
}

int usage() {
  std::fprintf(stderr, "usage: chaos thread|poll|dispatch|loop [SEED [ACTIONS]]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) return usage();
  const auto delivery = find_delivery(argv[1]);
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device()();
  const uint64_t actions = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10000;
  if (!delivery || actions == 0 || actions > most_actions / 4) return usage();
  std::printf("chaos %s %" PRIu64 " %" PRIu64 "\n", argv[1], seed, actions);
  std::fflush(stdout);
  {
    Run run(*delivery, seed, actions);
    run.play();
  }
  if (count_broken() == 0) return 0;
  std::printf("%d promises broken: chaos %s %" PRIu64 " %" PRIu64 " plays it again\n", count_broken(),
              argv[1], seed, actions);
  return 1;
}
