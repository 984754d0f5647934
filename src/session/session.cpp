#include "session/session.h"

#include <algorithm>
#include <new>

#include "protocol/text.h"

namespace ami {
namespace {

constexpr uint64_t kLogoffMs = 1000;
constexpr size_t kLoginBytes = 3 * (kMaxLineBytes + 2);
constexpr std::string_view kBannerPrefix = "Asterisk Call Manager";

std::string milliseconds(uint64_t ms) {
  return std::to_string(ms) + " ms";
}

// What is not AMI but answers on a TCP port, told by its first line; "" for anything that may be AMI. A proxy
// may greet with words of its own.
std::string_view foreign_protocol(std::string_view line) {
  if (starts_nocase(line, "HTTP/")) return "an HTTP server";
  if (starts_nocase(line, "SSH-")) return "an SSH server";
  if (line.size() > 1 && line[0] == '\x15' && line[1] == '\x03') return "a TLS server (set tls=on)";
  const bool binary = std::any_of(line.begin(), line.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r';
  });
  if (binary) return "not a text protocol";
  return "";
}

}  // namespace

Session::Session(const Settings& settings, SessionSink& sink, Md5 md5)
    : settings_(settings), sink_(sink), md5_(md5), inflight_(settings, *this, output_) {}

void Session::connected(uint64_t now, std::string id_prefix) {
  now_ = last_receive_ = last_progress_ = now;
  phase_ = Phase::kGreeting;
  stopped_ = already_in_use_ = ping_sent_ = false;
  login_deadline_ = plus(now, settings_.login_timeout_ms);
  id_prefix_ = std::move(id_prefix);
  own_ids_ = 0;
  mask_ = settings_.mask;
  stamp_.label = settings_.identifier;
  stamp_.encoding = settings_.encoding;
  output_.reset();
  parser_.emplace(Parser::Limits{.message = settings_.message_max_bytes, .line = settings_.line_max_bytes});
}

void Session::receive(std::string_view bytes, uint64_t now, uint64_t unix_ns) {
  if (stopped_) return;
  now_ = last_receive_ = now;
  stamp_.time_ns = unix_ns;
  const int err = parser_->feed(bytes, *this);
  if (err != 0 && !stopped_) fail(err, parser_->detail());
  if (!stopped_) tick_closing();
}

void Session::on_greeting(std::string_view line) {
  const auto foreign = foreign_protocol(line);
  if (!foreign.empty()) {
    fail(AMI_EPROTO, "the peer is " + std::string(foreign) + ": it greeted with \"" + printable(line) + '"');
    return;
  }
  banner_ = line;
  if (!starts_nocase(line, kBannerPrefix)) {
    sink_.on_log(1, "unusual greeting \"" + printable(line) + '"');
  }
  phase_ = Phase::kLogin;
  if (settings_.plain_login) {
    send_login({});
    return;
  }
  Action challenge("Challenge");
  challenge.add("AuthType", "MD5");
  send_own(Role::kChallenge, challenge);
}

void Session::send_own(Role role, Action& action) {
  const std::string id = id_prefix_ + 's' + std::to_string(++own_ids_);
  std::string text;
  const Wiper wiper(text);
  std::string detail;
  int err = action.status();
  if (err == 0) err = action.write(id, settings_.encoding, text, detail);
  if (err != 0) {
    fail(err, action.name() + ": " + (detail.empty() ? action.detail() : detail));
    return;
  }
  enqueue(PendingPtr::adopt(new Pending(role, action.name(), id, std::move(text))));
}

void Session::enqueue(const PendingPtr& pending) {
  if (output_.view().empty()) last_progress_ = now_;  // until now there was nothing to write
  inflight_.add(pending, now_);
}

// Of the secret's bytes as the server has them. "" when it failed.
std::string Session::make_key(std::string_view challenge) {
  std::string secret;
  const Wiper wiper(secret);
  secret.reserve(settings_.password.size());  // so that growing leaves no copy of it behind
  const bool said = encode(settings_.encoding, settings_.password, secret);
  std::string key;
  if (!said) {
    fail(AMI_EENCODING, "the password cannot be said in this encoding; see the option encoding");
  } else if (key = challenge_key(md5_, challenge, secret); key.empty()) {
    fail(AMI_EAUTH,
         "MD5 is not available in this process (FIPS mode, or it is exiting): use tls=on with auth=plain");
  }
  return key;
}

void Session::send_login(std::string_view challenge) {
  if (!settings_.plain_login && challenge.empty()) {
    fail(AMI_EPROTO, "the answer to Challenge holds none, so there can be no MD5 login");
    return;
  }
  Action login("Login");
  std::string key;
  const Wiper wiper(key);
  login.reserve(kLoginBytes);
  login.add("Username", settings_.username);
  if (settings_.plain_login) {
    login.add("Secret", settings_.password);
  } else {
    key = make_key(challenge);
    if (key.empty()) return;
    login.add("AuthType", "MD5");
    login.add("Key", key);
  }
  // With filters the mask comes after them, so that nothing slips through before.
  sent_mask_ = settings_.filters.empty() ? mask_ : "off";
  login.add("Events", sent_mask_);
  send_own(Role::kLogin, login);
}

void Session::send_filters() {
  filters_set_ = 0;
  for (const auto& filter : settings_.filters) {
    Action action("Filter");
    action.add("Operation", "Add");
    action.add("Filter", filter);
    send_own(Role::kFilter, action);
  }
  send_mask();
  // brokeneventsaction=yes leaves the mask unanswered, so a Ping tells when all is in force.
  Action ping("Ping");
  send_own(Role::kReadyPing, ping);
}

void Session::send_mask() {
  sent_mask_ = mask_;
  Action mask("Events");
  mask.add("EventMask", mask_);
  send_own(Role::kMask, mask);
}

void Session::own_done(const Pending& pending) {
  const Reply& reply = pending;
  // What it said is not known. To take it for refused would be wrong.
  if (reply.status == AMI_ENOMEM) throw std::bad_alloc();
  switch (pending.role) {
    case Role::kChallenge:
      if (reply.status != 0) return login_refused(pending);
      return send_login(reply.response->get("Challenge"));
    case Role::kLogin:
      if (reply.status != 0) return login_refused(pending);
      sink_.on_login(0, reply.response->get("Message"));
      return settings_.filters.empty() ? enter_ready() : send_filters();
    case Role::kFilter:
      if (reply.status == 0) {
        ++filters_set_;
      } else {
        const auto text = reply.response ? reply.response->get("Message") : ami_strerror(reply.status);
        fail(AMI_EFILTER, "Asterisk refused the filter \"" + printable(settings_.filters[filters_set_]) +
                              "\": " + printable(text) +
                              " (filters need Asterisk 10 or later and write class system)");
      }
      return;
    case Role::kMask:
      if (reply.status == AMI_EREPLY) {
        const auto detail = "event mask " + mask_ + " refused: " + printable(reply.response->get("Message"));
        if (phase_ == Phase::kLogin) return fail(AMI_EFILTER, detail);
        sink_.on_log(1, detail);
      }
      return;
    case Role::kReadyPing:
      if (phase_ == Phase::kLogin) enter_ready();
      return;
    case Role::kPing:
      ping_sent_ = false;
      return;
    case Role::kLogoff:
      return logged_off();
    case Role::kUser:
      return;
  }
}

void Session::login_refused(const Pending& pending) {
  const auto& response = pending.response;
  const auto reason = printable(response ? response->get("Message") : ami_strerror(pending.status));
  already_in_use_ = contains_nocase(reason, "already in use");
  sink_.on_login(AMI_EAUTH, reason);
  fail(AMI_EAUTH, "login of user \"" + printable(settings_.username) + "\" refused: " + reason);
}

void Session::enter_ready() {
  phase_ = Phase::kReady;
  sink_.on_ready();
  if (mask_ != sent_mask_) send_mask();  // changed during the login
  while (phase_ == Phase::kReady) {
    const PendingPtr next = waiting_.pop_front();
    if (!next) break;
    start(next);
  }
}

void Session::fail(int err, const std::string& detail) {
  if (stopped_) return;
  stopped_ = true;
  sink_.on_failure(err, detail, phase_ <= Phase::kLogin ? "login" : "keep-alive");
}

Stamp Session::next_stamp(uint64_t unix_ns) {
  Stamp stamp = stamp_;
  stamp.seq = ++stamp_.seq;
  stamp.label = settings_.identifier;
  stamp.time_ns = unix_ns;
  return stamp;
}

bool Session::on_frame(const Frame& frame) {
  if (stopped_) return false;
  if (phase_ == Phase::kLogin && frame.kind == AMI_MSG_EVENT) sink_.on_early_event();
  ++stamp_.seq;
  Arrival arrival(frame, stamp_);
  if (frame.kind == AMI_MSG_RESPONSE) {
    ++counters_.responses;
    arrival.set_kind(AMI_MSG_RESPONSE);
    const auto match = inflight_.match_response(frame);
    sink_.on_message(arrival, Route::kResponse);
    if (stopped_) return false;
    if (!inflight_.apply_response(match, arrival, now_)) ++counters_.strays;
    return !stopped_;
  }
  const bool stray = frame.kind != AMI_MSG_EVENT;
  const auto match = stray ? inflight_.match_stray() : inflight_.match_event(frame);
  Route route = Route::kEvent;
  if (match.item) {
    route = Route::kItem;
  } else if (stray) {
    route = Route::kStray;
    ++counters_.strays;
  } else {
    ++counters_.events;
  }
  arrival.set_kind(match.item ? AMI_MSG_LISTITEM : AMI_MSG_EVENT);
  sink_.on_message(arrival, route);
  if (stopped_) return false;
  inflight_.apply_event(match, arrival, now_);
  return !stopped_;
}

void Session::on_skipped(std::string_view bytes) {
  ++counters_.resyncs;
  sink_.on_log(1, "skipped " + std::to_string(bytes.size()) + " bytes that are no message");
}

void Session::on_done(Pending& pending) {
  if (pending.role == Role::kUser) {
    sink_.on_reply(pending);
  } else if (!stopped_) {
    own_done(pending);
  }
}

void Session::submit(const PendingPtr& pending, uint64_t now) {
  now_ = now;
  if (phase_ == Phase::kReady) {
    start(pending);
  } else if (settings_.offline_queue && phase_ < Phase::kReady) {
    wait(pending);
  } else {
    // Accepted while there was a login, which is gone now.
    give_up(*pending, phase_ < Phase::kReady ? lost_by_ : AMI_ECLOSED);
  }
}

void Session::cancel(const PendingPtr& pending, uint64_t now) {
  now_ = now;
  if (waiting_.remove(*pending)) {
    give_up(*pending, AMI_ECANCELED);
  } else {
    inflight_.end(*pending, AMI_ECANCELED, now);
    tick_closing();
  }
}

void Session::start(const PendingPtr& pending) {
  try {
    enqueue(pending);
  } catch (const std::bad_alloc&) {
    give_up(*pending, AMI_ENOMEM);
  }
}

void Session::wait(const PendingPtr& pending) {
  try {
    waiting_.push_back(pending);
  } catch (const std::bad_alloc&) {
    give_up(*pending, AMI_ENOMEM);
  }
}

// The reply of what never reached a connection.
void Session::give_up(Pending& pending, int status) {
  pending.replied = true;
  pending.status = status;
  sink_.on_reply(pending);
}

void Session::set_mask(const std::string& mask, uint64_t now) {
  now_ = now;
  mask_ = mask;
  if (phase_ == Phase::kReady) send_mask();
}

void Session::end_waiting(int err) {
  while (const PendingPtr pending = waiting_.pop_front()) give_up(*pending, err);
}

// Its bytes are still in the output: it goes out anew on the next connection. False when out of memory.
bool Session::take_back(const PendingPtr& pending) {
  try {
    pending->wire = output_.view().substr(static_cast<size_t>(pending->from - output_.handed()),
                                          static_cast<size_t>(pending->to - pending->from));
    waiting_.push_front(pending);
  } catch (const std::bad_alloc&) {
    return false;
  }
  pending->state = Pending::State::kWaiting;
  return true;
}

void Session::disconnected(int err, bool keep_unsent, uint64_t now) {
  now_ = now;
  phase_ = Phase::kOffline;
  lost_by_ = err;
  stopped_ = true;
  auto all = inflight_.take_unreplied();
  inflight_.clear();
  for (auto it = all.rbegin(); keep_unsent && it != all.rend(); ++it) {
    if (!inflight_.unsent(**it)) continue;
    if (take_back(*it)) {
      *it = {};
    } else {
      (*it)->status = AMI_ENOMEM;
    }
  }
  for (const auto& pending : all) {
    if (!pending) continue;
    pending->replied = true;
    if (pending->status == 0) pending->status = err;
    const bool waits = pending->state == Pending::State::kResponse;
    const int fate = !waits ? AMI_ANSWERED : inflight_.unsent(*pending) ? AMI_NOT_SENT : AMI_MAYBE_RUN;
    pending->fate = fate;
    sink_.on_reply(*pending);
  }
  output_.reset();
  parser_.reset();
}

void Session::close(uint64_t now) {
  now_ = now;
  end_waiting(AMI_ECLOSED);
  if (phase_ != Phase::kReady) {
    logged_off();
    return;
  }
  phase_ = Phase::kClosing;
  closing_deadline_ = plus(now, settings_.grace_ms);
  tick_closing();
}

void Session::tick_closing() {
  if (phase_ == Phase::kClosing && (inflight_.unreplied_users() == 0 || now_ >= closing_deadline_)) {
    for (const auto& pending : inflight_.take_unreplied()) inflight_.end(*pending, AMI_ECLOSED, now_);
    send_logoff();
  } else if (phase_ == Phase::kLogoff && now_ >= closing_deadline_) {
    logged_off();
  }
}

void Session::send_logoff() {
  phase_ = Phase::kLogoff;
  closing_deadline_ = plus(now_, kLogoffMs);
  Action logoff("Logoff");
  send_own(Role::kLogoff, logoff);
}

void Session::logged_off() {
  stopped_ = true;
  sink_.on_logged_off();
}

void Session::handed_over(size_t bytes, uint64_t now) {
  now_ = now;
  if (bytes > 0) last_progress_ = now;
  output_.handed_over(bytes);
  inflight_.handed_over(now);
}

// When the silence has lasted long enough to ask, or to give the connection up.
uint64_t Session::ping_at() const {
  if (!ping_sent_) {
    const uint64_t interval = settings_.ping_interval_ms;
    return std::min(interval == 0 ? kNever : plus(last_receive_, interval), inflight_.probe_at());
  }
  const auto* head = inflight_.head();
  const bool judged = head != nullptr && head->role == Role::kPing && inflight_.head_sent();
  if (!judged) return kNever;
  return plus(std::max(inflight_.head_since(), last_receive_), settings_.ping_timeout_ms);
}

// When the server has left what we write unread for too long.
uint64_t Session::unread_at() const {
  return output_.view().empty() ? kNever : plus(last_progress_, settings_.blocked_max_ms);
}

void Session::keep_alive() {
  if (ping_at() <= now_) {
    if (ping_sent_) {
      fail(AMI_ETIMEDOUT, "no answer to a Ping for " + milliseconds(settings_.ping_timeout_ms));
      return;
    }
    ping_sent_ = true;
    Action ping("Ping");
    send_own(Role::kPing, ping);
  }
  if (inflight_.blocked_at() <= now_) {
    fail(AMI_ETIMEDOUT, "action " + printable(inflight_.head()->name) +
                            " timed out and held up the connection for more than " +
                            milliseconds(settings_.blocked_max_ms));
  } else if (unread_at() <= now_) {
    fail(AMI_ETIMEDOUT, "the server has read nothing for " + milliseconds(settings_.blocked_max_ms));
  }
}

void Session::tick(uint64_t now) {
  now_ = now;
  while (const PendingPtr late = waiting_.pop_late(now)) give_up(*late, AMI_ETIMEDOUT);
  if (phase_ == Phase::kOffline || stopped_) return;
  if (phase_ <= Phase::kLogin && login_deadline_ <= now) {
    const auto time = milliseconds(settings_.login_timeout_ms);
    fail(AMI_ETIMEDOUT, phase_ == Phase::kGreeting
                            ? "no greeting within " + time + ": is this an AMI port, and one without TLS?"
                            : "login not complete within " + time + "; login.timeout_ms is the bound");
    return;
  }
  inflight_.tick(now);
  if (phase_ == Phase::kReady) keep_alive();
  if (!stopped_) tick_closing();
}

uint64_t Session::deadline() const {
  uint64_t at = waiting_.deadline();
  if (phase_ == Phase::kOffline || stopped_) return at;
  if (phase_ <= Phase::kLogin) at = std::min(at, login_deadline_);
  if (phase_ >= Phase::kClosing) at = std::min(at, closing_deadline_);
  at = std::min(at, inflight_.deadline());
  return phase_ == Phase::kReady ? std::min({at, ping_at(), inflight_.blocked_at(), unread_at()}) : at;
}

std::string Session::explain_loss(const std::string& detail) const {
  switch (phase_) {
    case Phase::kGreeting:
      return detail + " before any greeting (too many connections waiting to log in, or not an AMI port?)";
    case Phase::kLogin:
      return detail + " during the login, without a reason";
    default:
      return detail;
  }
}

}  // namespace ami
