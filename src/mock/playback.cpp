#include "playback.h"

#include "server.h"

namespace ami::mock {

namespace {
constexpr int largest_turn = 256;  // events before sockets have their turn
constexpr uint64_t ns_per_ms = 1000000;
}  // namespace

bool Playback::is_recording(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(recording::kFileHead.size(), '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head == recording::kFileHead;
}

bool Playback::open(const std::string& path, std::string& reason) {
  file_.open(path, std::ios::binary);
  recording::Entry entry;
  recording::Reader reader(file_);
  recording::Found found = recording::Found::kEntry;
  while (banner_.empty() && found == recording::Found::kEntry) {
    found = reader.next(entry);
    if (found == recording::Found::kEntry && (entry.kind == "session" || entry.kind == "notice"))
      banner_ = recording::header_of(entry, "Banner");
  }
  rewind();
  if (next_) return true;
  reason = "serve: " + path + " holds no event";
  return false;
}

bool Playback::waits_for_readers() const {
  return is_open() && server_.options().speed == 0;
}

void Playback::rewind() {
  file_.clear();
  file_.seekg(0);
  reader_.emplace(file_);
  played_ = lost_ = false;
  begun_at_ns_.reset();
  read_next();
}

void Playback::logged_in() {
  int audience = 0;
  server_.each_session([&](Session& session) { audience += session.logged_in() ? 1 : 0; });
  if (audience > 1 && !goes_on_) return;
  if (!goes_on_) rewind();
  goes_on_ = false;
  playing_ = true;
  server_.needs_flush();
}

// Skips what was not sent without being asked for: that the mock says by itself.
void Playback::read_next() {
  recording::Entry entry;
  while (reader_->next(entry) == recording::Found::kEntry) {
    if (entry.kind == "session") begun_at_ns_.reset();  // nobody waits for the time between two recordings
    if (entry.kind == "notice") note(entry);
    if (entry.kind != "event" && entry.kind != "message") continue;
    next_ = std::move(entry);
    return;
  }
  next_.reset();
}

void Playback::note(const recording::Entry& notice) {
  bool login =
      recording::header_of(notice, "Event") == "login" && recording::header_of(notice, "Status") == "Success";
  lost_ = lost_ || (login && played_);
}

void Playback::pump() {
  bool anyone = false;
  server_.each_session([&](Session& session) { anyone = anyone || session.logged_in(); });
  playing_ = playing_ && anyone;
  for (int turn = 1; playing_ && next_; ++turn) {
    if (lost_) {
      lost_ = played_ = playing_ = false;
      goes_on_ = true;
      begun_at_ns_.reset();
      server_.each_session([](Session& session) { session.finish(); });
    } else if (!server_.has_room() || !wait_until_due()) {
      return;
    } else {
      raise_next();
      if (turn % largest_turn == 0) server_.each_session([](Session& session) { session.flush(); });
    }
  }
}

// False: it is not yet time, and a timer will tell when it is.
bool Playback::wait_until_due() {
  auto speed = static_cast<uint64_t>(server_.options().speed);
  uint64_t now = uv_hrtime();
  if (!begun_at_ns_ || next_->time_ns < *begun_at_ns_) {
    begun_ns_ = now;
    begun_at_ns_ = next_->time_ns;
  }
  if (speed == 0) return true;
  uint64_t due = begun_ns_ + (next_->time_ns - *begun_at_ns_) / speed;
  if (due <= now) return true;
  server_.timers().cancel(timer_);
  timer_ = server_.timers().after(static_cast<int64_t>((due - now + ns_per_ms - 1) / ns_per_ms),
                                  [this] { server_.needs_flush(); });
  return false;
}

void Playback::raise_next() {
  server_.raise_as_is(next_->bytes);
  played_ = true;
  read_next();
}

}  // namespace ami::mock
