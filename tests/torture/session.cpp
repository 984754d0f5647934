// The session, driven without I/O as a client drives it: what it throws ends the connection.

#include "session/session.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "ami/ami.h"
#include "memory.h"
#include "torture.h"

namespace {

using ami::Action;
using ami::Arrival;
using ami::MessagePtr;
using ami::Pending;
using ami::PendingPtr;
using ami::Route;

constexpr uint64_t kStart = 1000000;

bool first_bytes(std::string_view text, unsigned char out[16]) {
  std::fill(out, out + 16, static_cast<unsigned char>(0));
  std::copy_n(text.begin(), std::min<size_t>(text.size(), 16), out);
  return true;
}

class World final : public ami::SessionSink {
 public:
  explicit World(bool filters = false, bool offline = false);
  ~World();

  void connect();
  void log_in();
  void say(const char* text);
  // Number of the action, from 1; 0 when it was refused.
  size_t submit(const char* name, const char* until = "", bool each = false, int timeout = -1);
  void cancel(size_t action);
  void advance(uint64_t ms);
  void close();
  void lose(bool keep_unsent);
  void hold(bool held) { hold_ = held; }
  void report() const;
  [[nodiscard]] int status_of(size_t action) const { return entries_[action].status; }

 private:
  struct Entry {
    PendingPtr pending;
    int replies = 0;
    int status = 0;
    int fate = 0;
    size_t items = 0;
    size_t each = 0;
    bool accepted = false;
  };

  void on_message(Arrival& arrival, Route route) override;
  void on_item(Pending& pending, const MessagePtr& message) override;
  void on_limit(const std::string&) override {}
  void on_reply(Pending& pending) override;
  void on_login(int err, std::string_view reason) override;
  void on_ready() override { ++readies_; }
  void on_failure(int err, const std::string& detail, std::string_view phase) override;
  void on_logged_off() override { over_ = true; }
  void on_log(int, const std::string&) override {}

  template <typename Work>
  void step(Work work);
  void settle();
  void end();

  ami::Settings settings_;
  std::unique_ptr<ami::Session> session_;
  std::array<Entry, 40> entries_;
  size_t used_ = 0;
  uint64_t now_ = kStart;
  bool connected_ = false;
  bool hold_ = false;
  bool over_ = false;
  int why_ = AMI_ECLOSED;
  int readies_ = 0;
  int events_ = 0;
};

World::World(bool filters, bool offline) {
  settings_.username = "a user name that takes memory";
  settings_.password = "a secret that takes memory too";
  settings_.offline_queue = offline;
  settings_.list_max_items = 5;
  if (filters) settings_.filters = {"Event: A long enough filter", "Event: B"};
  session_ = std::make_unique<ami::Session>(settings_, *this, first_bytes);
}

// A session is destroyed with nothing under way. Each accepted action had its one reply.
World::~World() {
  if (connected_) end();
  {
    const memory::Watched watched;
    session_->end_waiting(AMI_ECLOSED);
    session_.reset();
  }
  for (size_t i = 1; i <= used_; ++i) {
    const Entry& entry = entries_[i];
    TORTURE_CHECK(entry.replies == (entry.accepted ? 1 : 0), i);
    TORTURE_CHECK(!entry.pending, i);
    TORTURE_CHECK(!entry.accepted || entry.fate != 0, i);
  }
}

void World::report() const {
  for (size_t i = 1; i <= used_; ++i) {
    const Entry& entry = entries_[i];
    torture::result("replies", entry.replies);
    torture::result("status", entry.status);
    torture::result("fate", entry.fate);
    torture::result("items", static_cast<long long>(entry.items + entry.each));
  }
  torture::result("ready", readies_);
  torture::result("events", events_);
}

void World::on_message(Arrival& arrival, Route route) {
  if (route != Route::kEvent) return;
  if (arrival.message()) {
    ++events_;
  } else {
    torture::told();  // a gap tells it
  }
}

void World::on_item(Pending& pending, const MessagePtr& message) {
  TORTURE_CHECK(message, 0);
  ++entries_[pending.id].each;
}

void World::on_reply(Pending& pending) {
  Entry& entry = entries_[pending.id];
  TORTURE_CHECK(++entry.replies == 1, pending.id);
  entry.status = pending.status;
  entry.fate = pending.fate;
  entry.items = pending.items.size();
  if (entry.status == AMI_ENOMEM) torture::told();
  if (entry.fate == AMI_ANSWERED && entry.status == 0) TORTURE_CHECK(pending.response, 0);
  entry.pending = {};
}

void World::on_login(int err, std::string_view) {
  TORTURE_CHECK(err == 0, err);
}

void World::on_failure(int err, const std::string&, std::string_view) {
  over_ = true;
  why_ = err;
}

template <typename Work>
void World::step(Work work) {
  const memory::Watched watched;
  try {
    work();
  } catch (const std::bad_alloc&) {
    session_->stop();
    over_ = true;
    why_ = AMI_ENOMEM;
    torture::told();
  }
  settle();
}

void World::settle() {
  if (over_ && connected_) end();
  if (connected_ && !hold_) session_->handed_over(session_->output().size(), now_);
}

// Must not throw.
void World::end() {
  const memory::Watched watched;
  connected_ = over_ = false;
  session_->disconnected(why_, settings_.offline_queue && why_ != AMI_ECLOSED, now_);
  why_ = AMI_ECLOSED;
  TORTURE_CHECK(session_->output().empty(), session_->output().size());
}

void World::connect() {
  connected_ = true;
  step([this] { session_->connected(now_, "p"); });
}

void World::say(const char* text) {
  if (!connected_) return;
  step([&] { session_->receive(text, now_, now_ * 1000000); });
}

void World::log_in() {
  say("Asterisk Call Manager/9.0.0\r\n");
  say("Response: Success\r\nActionID: ps1\r\nChallenge: 123456789\r\n\r\n");
  say("Response: Success\r\nActionID: ps2\r\nMessage: Authentication accepted\r\n\r\n");
  if (settings_.filters.empty()) return;
  for (const char* id : {"3", "4", "5", "6"}) {
    char text[80];
    static_cast<void>(std::snprintf(text, sizeof text, "Response: Success\r\nActionID: ps%s\r\n\r\n", id));
    say(text);
  }
}

size_t World::submit(const char* name, const char* until, bool each, int timeout) {
  const memory::Watched watched;
  Entry& entry = entries_[used_ + 1];
  const size_t number = ++used_;
  try {
    Action action(name);
    if (*until != '\0') action.set_until(until);
    if (timeout >= 0) action.set_timeout(timeout);
    action.add("Text", "something that takes memory to keep");
    std::string text;
    std::string detail;
    if (action.write("a" + std::to_string(number), settings_.encoding, text, detail) != 0) return 0;
    entry.pending = PendingPtr::adopt(new Pending(number, action, "a" + std::to_string(number), text));
  } catch (const std::bad_alloc&) {
    torture::told();
    return 0;
  }
  entry.accepted = true;
  entry.pending->keep_items = !each;
  if (timeout > 0) entry.pending->deadline = now_ + static_cast<uint64_t>(timeout);
  step([&] { session_->submit(PendingPtr(entry.pending), now_); });
  return number;
}

void World::cancel(size_t action) {
  if (!entries_[action].pending) return;
  step([&] { session_->cancel(PendingPtr(entries_[action].pending), now_); });
  TORTURE_CHECK(entries_[action].replies == 1, action);
}

void World::advance(uint64_t ms) {
  const uint64_t until = now_ + ms;
  for (uint64_t at; (at = session_->deadline()) <= until;) {
    now_ = std::max(now_, at);
    step([this] { session_->tick(now_); });
  }
  now_ = until;
}

void World::close() {
  step([this] { session_->close(now_); });
  if (!connected_) over_ = false;
}

void World::lose(bool keep_unsent) {
  if (!connected_) return;
  const memory::Watched watched;
  connected_ = over_ = false;
  session_->disconnected(AMI_ELOST, keep_unsent, now_);
}

// ------------------------------------------------------------------------------------------- scenarios

// Whatever a scenario leaves behind, the session can be used again: its last act.
void revive(World& world) {
  torture::all_done();
  memory::give_back();
  world.lose(false);
  world.connect();
  world.log_in();
  const size_t ping = world.submit("Ping");
  char text[80];
  static_cast<void>(std::snprintf(text, sizeof text, "Response: Success\r\nActionID: a%zu\r\n\r\n", ping));
  world.say(text);
  TORTURE_CHECK(ping != 0 && world.status_of(ping) == 0, ping);
}

// Each scenario in a session of its own that is revived; with kOn it is destroyed as it is.
void in_session(void (*act)(World&), bool filters = false, bool offline = false) {
  const memory::Watched watched;
  try {
    World world(filters, offline);
    world.connect();
    world.log_in();
    act(world);
    world.report();
    if (torture::mode() != torture::Mode::kOn) revive(world);
  } catch (const std::bad_alloc&) {
    torture::told();  // the session itself could not be made
  }
}

void answer(World& world) {
  world.submit("Ping");
  world.say("Response: Success\r\nPing: Pong\r\nTimestamp: 1700000000.123456\r\nActionID: a1\r\n\r\n");
  world.submit("Any");
  world.say("Response: Error\r\nActionID: a2\r\nMessage: a message of some length\r\n\r\n");
  world.submit("Command");
  world.say("Response: Follows\r\nPrivilege: Command\r\nActionID: a3\r\none\ntwo\n--END COMMAND--\r\n\r\n");
  world.submit("Command");
  world.say("Response: Success\r\nActionID: a4\r\nOutput: one\r\nOutput: two\r\n\r\n");
}

void lists(World& world) {
  world.submit("QueueStatus");
  world.submit("QueueStatus", "", true);
  world.submit("Originate", "OriginateResponse");
  world.say("Response: Success\r\nActionID: a1\r\nEventList: start\r\n\r\n");
  world.say("Event: QueueParams\r\nActionID: a1\r\nQueue: support\r\n\r\n");
  world.say("Event: QueueMember\r\nActionID: a1\r\nQueue: support\r\n\r\n");
  world.say("Event: QueueStatusComplete\r\nActionID: a1\r\nEventList: Complete\r\nListItems: 2\r\n\r\n");
  world.say("Response: Success\r\nActionID: a2\r\nEventList: start\r\n\r\n");
  world.say("Event: QueueParams\r\nActionID: a2\r\nQueue: support\r\n\r\n");
  world.say("Event: QueueStatusComplete\r\nActionID: a2\r\nEventList: Complete\r\nListItems: 1\r\n\r\n");
  world.say("Response: Success\r\nActionID: a3\r\nMessage: Originate successfully queued\r\n\r\n");
  world.say("Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: a3\r\nResponse: Success\r\n\r\n");
}

// Items over the bound, a list without its end, an action that is never answered.
void bad_lists(World& world) {
  world.submit("QueueStatus");
  world.say("Response: Success\r\nActionID: a1\r\nEventList: start\r\n\r\n");
  for (int i = 0; i < 7; ++i) world.say("Event: QueueParams\r\nActionID: a1\r\nQueue: support\r\n\r\n");
  world.submit("QueueStatus");
  world.submit("Any");
  world.submit("Ping");
  world.say("Event: QueueStatusComplete\r\nActionID: a1\r\nEventList: Complete\r\n\r\n");
  world.say("Response: Success\r\nActionID: a2\r\nEventList: start\r\n\r\n");
  world.say("Event: QueueParams\r\nActionID: a2\r\nQueue: support\r\n\r\n");
  world.say("Response: Success\r\nPing: Pong\r\nActionID: a4\r\n\r\n");
  world.advance(5000);
}

void events(World& world) {
  world.say("Event: One\r\nPrivilege: call,all\r\nChannel: PJSIP/alice-00000001\r\n\r\nEvent: Two\r\nPriv");
  world.say("ilege: call,all\r\n\r\nno message at all\r\n\r\nEvent: Three\r\nPrivilege: call,all\r\n\r\n");
  world.say("Event: Four\r\nPrivilege: call,all\r\nText: ");
  for (int i = 0; i < 20; ++i)
    world.say("a long line that comes in many pieces, and is kept until it is whole ");
  world.say("\r\n\r\n");
}

void times(World& world) {
  world.submit("Any", "", false, 500);
  world.submit("Any", "Done", false, 800);
  world.submit("Any");
  world.say("Response: Success\r\nActionID: a1\r\n\r\n");
  world.say("Response: Success\r\nActionID: a2\r\n\r\n");
  world.advance(1000);
  world.advance(40000);
  world.advance(200000);
}

void cancels(World& world) {
  for (int i = 0; i < 4; ++i) world.submit("Any");
  world.hold(true);
  for (int i = 0; i < 4; ++i) world.submit("Any");
  world.cancel(2);
  world.cancel(6);
  world.cancel(8);
  world.hold(false);
  world.say("Response: Success\r\nActionID: a1\r\n\r\n");
  world.say("Response: Success\r\nActionID: a2\r\n\r\n");
}

void loses(World& world) {
  for (int i = 0; i < 20; ++i) world.submit("Any");
  world.say("Response: Success\r\nActionID: a1\r\n\r\n");
  world.lose(false);
}

void closes(World& world) {
  for (int i = 0; i < 5; ++i) world.submit("Any");
  world.close();
  world.advance(6000);
  world.say("Response: Goodbye\r\nActionID: ps3\r\n\r\n");
}

// What was not sent waits for the next connection.
void waits(World& world) {
  world.hold(true);
  for (int i = 0; i < 6; ++i) world.submit("Any");
  world.lose(true);
  for (int i = 0; i < 6; ++i) world.submit("Any", "", false, i == 0 ? 100 : -1);
  world.advance(200);
  world.hold(false);
  world.connect();
  world.log_in();
  world.say("Response: Success\r\nActionID: a1\r\n\r\nResponse: Success\r\nActionID: a2\r\n\r\n");
}

constexpr torture::Scenario kScenarios[] = {
    {"login", [] { in_session([](World&) {}); }},
    {"filters", [] { in_session([](World&) {}, true); }},
    {"answer", [] { in_session(answer); }},
    {"lists", [] { in_session(lists); }},
    {"bad-lists", [] { in_session(bad_lists); }},
    {"events", [] { in_session(events); }},
    {"times", [] { in_session(times); }},
    {"cancel", [] { in_session(cancels); }},
    {"lose", [] { in_session(loses); }},
    {"close", [] { in_session(closes); }},
    {"wait", [] { in_session(waits, false, true); }},
};

}  // namespace

int main(int argc, char** argv) {
  memory::install();
  return torture::run(argc, argv, kScenarios, std::size(kScenarios));
}
