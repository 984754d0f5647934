#include "cli/board.h"

#include <algorithm>
#include <ctime>

namespace ami::cli {
namespace {

constexpr Time kLook = 5000;       // from one list to the next where no event tells of changes
constexpr Time kRetry = 10000;     // from a refused one to the next
constexpr Time kLateEvent = 1000;  // an event may come so long after a list that has it already
constexpr size_t kMostRates = 600;

constexpr std::array kWords = {"calls", "queues"};
constexpr std::array kClasses = {"call", "agent"};

// Of unix seconds with a fraction.
std::string clock_of(std::string_view text) {
  int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  const std::time_t seconds = count;
  std::tm parts = {};
  localtime_r(&seconds, &parts);
  std::array<char, 16> clock = {};
  return std::strftime(clock.data(), clock.size(), "%H:%M:%S", &parts) == 0 ? "" : clock.data();
}

}  // namespace

const std::vector<Handling<Board>> Board::kHandled = {{"ready", &Board::on_ready},
                                                      {"connection-close", &Board::on_close},
                                                      {"gap", &Board::on_gap},
                                                      {"FullyBooted", &Board::on_booted}};

std::vector<std::string> Board::names() {
  std::vector<std::string> names;
  add_names(kHandled, names);
  Calls::add_names(names);
  Queues::add_names(names);
  return names;
}

void Board::see(const Message& message, Time now) {
  if (handle(*this, kHandled, message, now)) return;
  if (is_same_key(message.name, "Rename"))
    queues_.rename(std::string(message.value_of({"Channel", "Oldname"})),
                   std::string(message.value("Newname")));
  if (calls_.see(message, now)) states_[kCalls].is_followed = true;
  if (queues_.see(message, now)) states_[kQueues].is_followed = true;
}

void Board::on_ready(const Message& /*notice*/, Time now) {
  link_ = Link::kReady;
  link_text_.clear();
  link_since_ = now;
  states_ = {};  // what this login may do can have changed
  want_lists(now);
}

void Board::on_close(const Message& notice, Time now) {
  if (link_ == Link::kReady) link_since_ = now;
  link_ = Link::kLost;
  link_text_ = std::string(notice.value("Reason"));
}

void Board::on_gap(const Message& notice, Time now) {
  ++gaps_;
  last_gap_ = clock_of(notice.value("From")) + " to " + clock_of(notice.value("To")) + ", " +
              std::string(notice.value("Cause"));
  want_lists(now);
}

// A login is possible before all modules are loaded, and with them their actions.
void Board::on_booted(const Message& /*event*/, Time now) {
  for (State& state : states_)
    if (!state.refusal.empty()) state.due = now;
}

void Board::want_lists(Time now) {
  for (State& state : states_) {
    state.due = now;
    state.is_current = false;
  }
}

std::string Board::wanted(Part part, Time now) const {
  const State& state = states_.at(part);
  if (link_ != Link::kReady || state.is_asked || !state.due || *state.due > now) return {};
  if (state.is_current && state.is_followed) return {};
  if (part == kQueues) return "QueueStatus";
  return state.may_not_show ? "Status" : "CoreShowChannels";
}

void Board::asked(Part part) {
  states_.at(part).is_asked = true;
  states_.at(part).due.reset();
  part == kCalls ? calls_.begin() : queues_.begin();
}

void Board::listed(Part part, const std::vector<Message>& items, Time now) {
  State& state = states_.at(part);
  for (const Message& item : items) part == kCalls ? calls_.list(item, now) : queues_.list(item, now);
  const bool is_news = part == kCalls ? calls_.end() : queues_.end();
  if (is_news && state.was_listed && !state.silent_since) state.silent_since = now;
  state.refusal.clear();
  state.is_asked = false;
  state.was_listed = true;
  state.is_current = !state.due;  // or else a gap has made it old meanwhile
  if (!state.due) state.due = now + kLook;
}

void Board::refused(Part part, const std::string& reason, bool is_answer, Time now) {
  State& state = states_.at(part);
  part == kCalls ? calls_.abandon() : queues_.abandon();
  state.is_asked = false;
  state.due = now;
  if (is_answer && part == kCalls && !state.may_not_show) {
    state.may_not_show = true;
    return;
  }
  state.refusal = reason;
  state.due = now + kRetry;
}

void Board::count(int64_t events, int64_t dropped, Time now) {
  // More than a second has passed where the program was stopped.
  const auto seconds = counted_ ? std::max<Time>(1, (now - *counted_ + 500) / 1000) : 0;
  for (Time i = 0; i < std::min<Time>(seconds, kMostRates); i++)
    rates_.push_back((events - events_) / seconds);
  while (rates_.size() > kMostRates) rates_.pop_front();
  counted_ = now;
  events_ = events;
  dropped_ = dropped;
}

std::vector<std::string> Board::troubles(Time now) const {
  std::vector<std::string> troubles;
  for (const Part part : kParts) {
    const State& state = states_.at(part);
    const std::string what = kWords.at(part);
    if (link_ != Link::kReady) continue;
    if (!state.refusal.empty()) troubles.push_back("No list of " + what + ": " + state.refusal);
    if (!state.is_followed && state.silent_since && now - *state.silent_since >= kLateEvent)
      troubles.push_back("No events of " + what + ": no read class " + kClasses.at(part) +
                         "? Looked up every 5 s instead");
  }
  return troubles;
}

}  // namespace ami::cli
