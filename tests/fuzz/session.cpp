// A session under a script: what a server says, what an application asks for, and time. Each accepted action
// gets exactly one reply, with a fate that is true; time-outs are kept; nothing is in flight after the end of
// a connection; an action that has ended is freed; memory stays under what the bounds and the actions under
// way allow. The bounds are small, so that a short script reaches them.

#include "session/session.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "ami/ami.h"
#include "fuzz.h"

extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace {

using ami::Action;
using ami::Arrival;
using ami::Frame;
using ami::MessagePtr;
using ami::Pending;
using ami::PendingPtr;
using ami::Route;

size_t allocated() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  return mallinfo2().uordblks;
}

constexpr size_t kMostActions = 200;
// A session with its buffers, and what a running action may cost besides its messages. Measured were 6 KiB
// and 650 bytes.
constexpr size_t kSessionBytes = 8U << 10U;
constexpr size_t kActionBytes = 1024;
// Without a sanitizer what is freed may still count: the C library keeps a few blocks of each size.
const size_t kKeptBytes = __sanitizer_get_current_allocated_bytes != nullptr ? 0 : 256U << 10U;
constexpr uint64_t kStart = 1000000;

// The actions that are in memory.
struct Alive {
  size_t all = 0;
  size_t in_place = 0;  // of these, what has had its reply, but the server may still say something about
};

bool keeps_place(int status) {
  return status == AMI_ECANCELED || status == AMI_ETIMEDOUT || status == AMI_ELIMIT || status == AMI_ECLOSED;
}

class Counted final : public Pending {
 public:
  Counted(Alive& alive, uint64_t number, const Action& action, std::string_view wire_id, std::string text)
      : Pending(number, action, wire_id, std::move(text)), alive_(alive) {
    ++alive_.all;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  ~Counted() override {
    --alive_.all;
    if (replied && keeps_place(status)) --alive_.in_place;
  }

  Alive& alive_;
};

struct Entry {
  PendingPtr pending;  // until its reply
  int replies = 0;
  bool each = false;
  size_t items = 0;  // given as they came, with their bytes
  size_t item_bytes = 0;
  bool begun = false;     // a byte of it was handed over
  bool complete = false;  // all were
  bool canceled = false;
  uint64_t latest = UINT64_MAX;  // by its own time-out
};

bool first_bytes(std::string_view text, unsigned char out[16]) {
  std::fill(out, out + 16, static_cast<unsigned char>(0));
  std::copy_n(text.begin(), std::min<size_t>(text.size(), 16), out);
  return true;
}

class World final : public ami::SessionSink {
 public:
  explicit World(unsigned bits);

  void step(fuzz::Input& input);
  void check_memory() const;
  void finish();

 private:
  void on_message(Arrival& arrival, Route route) override;
  void on_item(Pending& pending, const MessagePtr& message) override;
  void on_reply(Pending& reply) override;
  void on_limit(const std::string& detail) override;
  void on_login(int err, std::string_view reason) override;
  void on_ready() override;
  void on_failure(int err, const std::string& detail, std::string_view phase) override;
  void on_logged_off() override;
  void on_log(int level, const std::string& line) override;

  void submit(fuzz::Input& input);
  void cancel(size_t index);
  void advance(uint64_t ms);
  void receive(std::string_view bytes, bool in_pieces);
  void say(fuzz::Input& input, unsigned times);
  void log_in();
  void hand_over(size_t size);
  void note_handed(size_t size);
  void connect();
  void disconnect(int err, bool keep_unsent);
  void settle();
  void said_something();
  void check_bounds(const Frame& frame) const;
  void check_list(const Pending& pending) const;
  Entry& entry_of(const Pending& pending) { return entries_[pending.id - 1]; }

  ami::Settings settings_;
  std::unique_ptr<ami::Session> session_;
  Alive alive_;
  std::vector<Entry> entries_;
  size_t unreplied_ = 0;
  size_t masks_ = 0;  // which the session asked for itself on this connection
  size_t longest_output_ = 0;
  size_t longest_chunk_ = 0;
  size_t largest_message_ = 0;
  uint64_t now_ = kStart;
  uint64_t last_seq_ = 0;
  bool connected_ = false;
  bool hold_ = false;
  bool over_ = false;  // the session wants the connection to end
  bool stop_ = false;  // at the next callback
  bool closed_ = false;
  int why_ = 0;
  size_t rest_ = 0;  // of the output, the bytes that are still of an action that has begun
  size_t baseline_ = 0;
};

World::World(unsigned bits) {
  settings_.plain_login = (bits & 1U) != 0;
  settings_.offline_queue = (bits & 2U) != 0;
  if ((bits & 4U) != 0) settings_.filters = {"Event: A", "Event: B"};
  settings_.encoding = static_cast<ami::Encoding>((bits >> 3U) % 3);
  hold_ = (bits & 32U) != 0;
  settings_.message_max_bytes = (bits & 64U) != 0 ? 300 : 800;
  settings_.line_max_bytes = (bits & 64U) != 0 ? 100 : 110;
  settings_.list_max_items = (bits & 64U) != 0 ? 3 : 8;
  settings_.list_max_bytes = (bits & 64U) != 0 ? 600 : 2000;
  settings_.blocked_max_ms = 45000;
  if ((bits & 128U) != 0) settings_.ping_interval_ms = 0;
  entries_.reserve(kMostActions);
  baseline_ = allocated();
  session_ = std::make_unique<ami::Session>(settings_, *this, first_bytes);
  connect();
}

// -------------------------------------------------------------------------------- what the session says

void World::said_something() {
  if (!std::exchange(stop_, false)) return;
  session_->stop();
  over_ = true;
  why_ = AMI_ECLOSED;
}

void World::on_message(Arrival& arrival, Route route) {
  FUZZ_CHECK(connected_ && arrival.stamp().seq > last_seq_, "");
  last_seq_ = arrival.stamp().seq;
  const Frame& frame = arrival.frame();
  FUZZ_CHECK((route == Route::kResponse) == (frame.kind == AMI_MSG_RESPONSE), std::string(frame.bytes));
  FUZZ_CHECK(route != Route::kStray || frame.kind == 0, std::string(frame.bytes));
  check_bounds(frame);
  FUZZ_CHECK(arrival.message()->raw() == frame.bytes, std::string(frame.bytes));
  largest_message_ = std::max(largest_message_, arrival.message()->size() + frame.bytes.size());
  said_something();
}

void World::check_bounds(const Frame& frame) const {
  FUZZ_CHECK(frame.bytes.size() <= settings_.message_max_bytes, std::string(frame.bytes));
  if (frame.raw.data() != nullptr) return;  // its text is not lines
  for (std::string_view rest = frame.bytes; !rest.empty();) {
    const size_t line = std::min(rest.find("\r\n"), rest.size());
    FUZZ_CHECK(line <= settings_.line_max_bytes, std::string(frame.bytes));
    rest.remove_prefix(std::min(line + 2, rest.size()));
  }
}

void World::on_item(Pending& pending, const MessagePtr& message) {
  Entry& entry = entry_of(pending);
  FUZZ_CHECK(message && message->kind() == AMI_MSG_LISTITEM, "");
  FUZZ_CHECK(entry.each && entry.replies == 0 && entry.complete, pending.wire_id());
  FUZZ_CHECK(++entry.items <= settings_.list_max_items, pending.wire_id());
  entry.item_bytes += message->size();
  FUZZ_CHECK(entry.item_bytes <= settings_.list_max_bytes, pending.wire_id());
  said_something();
}

void World::on_reply(Pending& reply) {
  Entry& entry = entry_of(reply);
  FUZZ_CHECK(++entry.replies == 1 && entry.pending.get() == &reply, reply.wire_id());
  --unreplied_;
  if (keeps_place(reply.status)) ++alive_.in_place;
  switch (reply.fate) {
    case AMI_NOT_SENT:
      FUZZ_CHECK(!entry.begun && reply.status != 0, reply.wire_id());
      break;
    case AMI_MAYBE_RUN:
      FUZZ_CHECK(entry.begun && !reply.response && reply.status != 0, reply.wire_id());
      break;
    default:
      FUZZ_CHECK(reply.fate == AMI_ANSWERED && entry.complete, reply.wire_id());
  }
  FUZZ_CHECK(reply.status != AMI_ECANCELED || entry.canceled, reply.wire_id());
  FUZZ_CHECK(reply.status != AMI_ETIMEDOUT || now_ > kStart, reply.wire_id());
  FUZZ_CHECK(!entry.each || reply.items.empty(), reply.wire_id());
  check_list(reply);
  entry.pending = {};
  said_something();
}

void World::on_limit(const std::string& detail) {
  FUZZ_CHECK(detail.find("list.max_") != std::string::npos, detail);
}

void World::on_login(int err, std::string_view /*reason*/) {
  FUZZ_CHECK(connected_ && (err == 0 || err == AMI_EAUTH), "");
  said_something();
}

void World::on_ready() {
  FUZZ_CHECK(connected_ && session_->ready(), "");
  said_something();
}

void World::on_failure(int err, const std::string& detail, std::string_view /*phase*/) {
  FUZZ_CHECK(connected_ && err < 0 && !detail.empty(), detail);
  over_ = true;
  why_ = err;
}

void World::on_logged_off() {
  FUZZ_CHECK(closed_, "");
  over_ = true;
  why_ = AMI_ECLOSED;
}

void World::on_log(int level, const std::string& line) {
  FUZZ_CHECK(level >= 0 && level <= 3 && line.find_first_of("\r\n") == std::string::npos, line);
}

// ------------------------------------------------------------------------------ what an application does

void World::submit(fuzz::Input& input) {
  static constexpr std::array kNames = {"Ping",      "QueueStatus", "DBGet",  "FAXStats", "DataGet",
                                        "WaitEvent", "Originate",   "Logoff", "Any",      "IAXpeers"};
  if (entries_.size() == kMostActions) return;
  const unsigned bits = input.byte();
  Action action(kNames[(bits & 15U) % kNames.size()]);
  if ((bits & 16U) != 0) action.set_until((bits & 1U) != 0 ? "Done" : "Item");
  const unsigned extra = bits >> 6U;
  if (extra == 1) action.set_timeout(static_cast<int>(input.number()));
  if (extra == 2) action.add("Timeout", std::to_string(input.number()));
  if (extra == 3) action.add("X", std::string(input.byte(), 'x'));
  const uint64_t id = entries_.size() + 1;
  const std::string wire_id = 'a' + std::to_string(id);
  std::string text;
  std::string detail;
  if (action.check(detail) != 0) return;
  FUZZ_CHECK(action.write(wire_id, settings_.encoding, text, detail) == 0, detail);
  Entry& entry = entries_.emplace_back();
  entry.pending = PendingPtr::adopt(new Counted(alive_, id, action, wire_id, text));
  ++unreplied_;
  entry.each = (bits & 32U) != 0;
  entry.pending->keep_items = !entry.each;
  if (action.timeout_ms() > 0) {
    entry.latest = entry.pending->deadline = now_ + static_cast<uint64_t>(action.timeout_ms());
  }
  // The session may reply, and so empty the entry, at once.
  session_->submit(PendingPtr(entry.pending), now_);
  settle();
}

void World::cancel(size_t index) {
  if (index >= entries_.size() || !entries_[index].pending) return;
  entries_[index].canceled = true;
  session_->cancel(PendingPtr(entries_[index].pending), now_);
  FUZZ_CHECK(entries_[index].replies == 1, std::to_string(index + 1));
  settle();
}

void World::advance(uint64_t ms) {
  const uint64_t until = now_ + ms;
  for (uint64_t at; (at = session_->deadline()) <= until;) {
    now_ = std::max(now_, at);
    session_->tick(now_);
    settle();
    FUZZ_CHECK(session_->deadline() > now_, "a tick in vain");
  }
  now_ = until;
  for (const Entry& entry : entries_) FUZZ_CHECK(entry.replies == 1 || entry.latest > now_, "late");
}

// ------------------------------------------------------------------------------------- what a server does

void World::receive(std::string_view bytes, bool in_pieces) {
  // Of one byte each where there are not many.
  const size_t piece = in_pieces ? 1 + bytes.size() / 100 : bytes.size();
  for (size_t at = 0; at < bytes.size() && connected_; at += piece) {
    // In memory of its own, so that a sanitizer notices when more is read.
    const std::vector<char> part(bytes.begin() + at, bytes.begin() + std::min(at + piece, bytes.size()));
    session_->receive({part.data(), part.size()}, now_, now_ * 1000000);
    settle();
  }
  longest_chunk_ = std::max(longest_chunk_, bytes.size());
}

void World::say(fuzz::Input& input, unsigned times) {
  static constexpr std::array kTexts = {
      "Response: Success\r\nActionID: @\r\n\r\n",
      "Response: Success\r\nActionID: @\r\nMessage: x\r\n\r\n",
      "Response: Success\r\nActionID: @\r\nEventList: start\r\n\r\n",
      "Response: Success\r\nActionID: @\r\nMessage: will follow\r\n\r\n",
      "Response: Success\r\nActionID: @\r\nChallenge: 12345\r\n\r\n",
      "Response: Error\r\nActionID: @\r\nMessage: x\r\n\r\n",
      "Response: Success\r\n\r\n",
      "Response: Error\r\n\r\n",
      "Response: Follows\r\nPrivilege: Command\r\nActionID: @\r\ntext\r\n\r\n--END COMMAND--\r\n\r\n",
      "Event: Item\r\nActionID: @\r\n\r\n",
      "Event: Item\r\nActionID: @\r\nText: 012345678901234567890123456789\r\n\r\n",
      "Event: QueueStatusComplete\r\nActionID: @\r\nEventList: Complete\r\n\r\n",
      "Event: QueueStatusComplete\r\nActionID: @\r\n\r\n",
      "Event: Item\r\nActionID: @\r\nEventList: cancelled\r\n\r\n",
      "Event: Done\r\nPrivilege: x\r\nActionID: @\r\n\r\n",
      "Event: DataGet Tree\r\nActionID: @\r\n\r\n",
      "Event: FAXStats\r\nActionID: @\r\n\r\n",
      "Event: IAXpeers\r\nName: x\r\n\r\n",
      "Event: Other\r\nPrivilege: x\r\n\r\n",
      "Event: UserEvent\r\nPrivilege: x\r\nActionID: @\r\n\r\n",
      "Channel: x\r\n\r\n",
      "Response: Goodbye\r\nActionID: @\r\n\r\n",
  };
  std::string text = kTexts[input.below(kTexts.size())];
  const unsigned which = input.byte();
  // One of our own, or, counted from the last, one of the application's.
  const unsigned number = which / 2 % 32;
  std::string id = "ps" + std::to_string(number);
  if ((which & 1U) != 0) {
    id = 'a' + std::to_string(entries_.size() - std::min<size_t>(number, entries_.size()));
  }
  if (const size_t place = text.find('@'); place != std::string::npos) text.replace(place, 1, id);
  if ((which & 128U) != 0) {
    const unsigned more = input.byte();
    for (unsigned i = 0; i < more / 32; ++i) {
      text.insert(text.size() - 2, "More: " + std::string(size_t{4} * (more % 32), 'x') + "\r\n");
    }
  }
  for (; times > 0; --times) receive(text, (which & 64U) != 0);
}

void World::log_in() {
  receive("Asterisk Call Manager/9.0.0\r\n", false);
  for (int i = 1; i <= 12 && connected_ && !session_->ready(); ++i) {
    receive("Response: Success\r\nActionID: ps" + std::to_string(i) + "\r\nChallenge: 1\r\n\r\n", false);
  }
}

// Which actions the next bytes of the output are of.
void World::note_handed(size_t size) {
  const std::string_view output = session_->output();
  size_t begin = rest_;
  rest_ -= std::min(rest_, size);
  // The one in the midst of which we were.
  if (begin > 0 && rest_ == 0) {
    for (Entry& entry : entries_) entry.complete = entry.complete || entry.begun;
  }
  while (begin < size) {
    const size_t end = output.find("\r\n\r\n", begin) + 4;
    const std::string_view action = output.substr(begin, end - begin);
    constexpr std::string_view kId = "\r\nActionID: ";
    const std::string_view id = action.substr(action.find(kId) + kId.size());
    if (id.starts_with('a')) {
      Entry& entry = entries_[std::stoul(std::string(id.substr(1, id.find('\r') - 1))) - 1];
      FUZZ_CHECK(!entry.begun, std::string(action));  // never twice
      entry.begun = true;
      entry.complete = end <= size;
    }
    rest_ = end - std::min(end, size);
    begin = end;
  }
}

void World::hand_over(size_t size) {
  note_handed(size);
  session_->handed_over(size, now_);
}

void World::connect() {
  connected_ = true;
  closed_ = false;
  rest_ = 0;
  session_->connected(now_, "p");
  settle();
}

void World::disconnect(int err, bool keep_unsent) {
  connected_ = over_ = false;
  session_->disconnected(err, keep_unsent, now_);
  stop_ = over_ = false;
  masks_ = 0;
  for (const Entry& entry : entries_) {
    const bool waits = entry.pending && entry.pending->state == Pending::State::kWaiting;
    FUZZ_CHECK(entry.replies == 1 || (settings_.offline_queue && waits && !entry.begun), "in flight");
  }
  FUZZ_CHECK(session_->output().empty(), "");
  FUZZ_CHECK(alive_.all == unreplied_, std::to_string(alive_.all) + " actions");
}

// What a client does at the end of each turn.
void World::settle() {
  longest_output_ = std::max(longest_output_, session_->output().size());
  if (over_ && connected_) disconnect(why_, settings_.offline_queue && why_ != AMI_ECLOSED);
  if (connected_ && !hold_) hand_over(session_->output().size());
}

void World::check_list(const Pending& pending) const {
  size_t bytes = 0;
  for (const MessagePtr& item : pending.items) bytes += item->size();
  FUZZ_CHECK(pending.items.size() <= settings_.list_max_items, pending.wire_id());
  FUZZ_CHECK(bytes <= settings_.list_max_bytes, pending.wire_id());
}

void World::check_memory() const {
  FUZZ_CHECK(alive_.all == unreplied_ + alive_.in_place, std::to_string(alive_.all) + " actions");
  for (const Entry& entry : entries_) {
    if (entry.pending) check_list(*entry.pending);
  }
  // Strings grow to twice what is in them. A message is kept together with its raw(), for which we asked.
  size_t bound =
      kSessionBytes + kKeptBytes + 2 * (settings_.message_max_bytes + longest_chunk_ + longest_output_);
  bound += masks_ * kActionBytes;
  bound += alive_.all * (kActionBytes + 2 * settings_.list_max_bytes + 2 * largest_message_);
  const size_t used = allocated();
  FUZZ_CHECK(used < baseline_ + bound, std::to_string(used - baseline_) + " bytes");
}

void World::step(fuzz::Input& input) {
  switch (input.below(16)) {
    case 0:
    case 1:
    case 2:
      return submit(input);
    case 3:
      return cancel(entries_.size() - 1 - input.byte());
    case 4:
      return advance(input.number());
    case 5:
      return advance(input.byte());
    case 6: {
      const std::string bytes = input.text();
      const bool in_pieces = (input.byte() & 1U) != 0;
      return receive(bytes, in_pieces);
    }
    case 7:
      return hand_over(session_->output().size() * input.byte() / 255);
    case 8:
      if (connected_) disconnect(AMI_ELOST, settings_.offline_queue && (input.byte() & 1U) != 0);
      return;
    case 9:
      if (!connected_) connect();
      return log_in();
    case 10:
      if (!connected_) return;
      ++masks_;
      session_->set_mask((input.byte() & 1U) != 0 ? "call" : "on", now_);
      return settle();
    case 11:
      closed_ = true;
      session_->close(now_);
      if (!connected_) over_ = false;
      return settle();
    case 12:
      if ((input.byte() & 7U) == 0) stop_ = true;
      return;
    case 13:
      return say(input, input.below(10));
    default:
      return say(input, 1);
  }
}

void World::finish() {
  if (connected_) disconnect(AMI_ECLOSED, false);
  session_->end_waiting(AMI_ECLOSED);
  for (const Entry& entry : entries_) FUZZ_CHECK(entry.replies == 1 && !entry.pending, "no reply");
  FUZZ_CHECK(session_->deadline() == UINT64_MAX, "");
  FUZZ_CHECK(alive_.all == 0, std::to_string(alive_.all) + " actions");
  check_memory();
  session_.reset();
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  World world(input.byte());
  for (int i = 0; i < 400 && !input.empty(); ++i) {
    world.step(input);
    world.check_memory();
  }
  world.finish();
  return 0;
}
