#include <cinttypes>
#include <cstdio>
#include <new>

#include "client.h"
#include "net/clock.h"
#include "protocol/text.h"

// What runs on the loop's thread. The calls of the application are client.cpp.
namespace ami {
namespace {

constexpr const char* kOutOfMemory = "out of memory";  // so short that a string of it takes no memory
// A login that lasted so long ends the growth of the delays between attempts.
constexpr uint64_t kStableMs = 10000;

// Unix time in seconds with a fraction, as Asterisk's Timestamp.
std::string seconds(uint64_t ns) {
  char text[32];
  static_cast<void>(
      std::snprintf(text, sizeof text, "%" PRIu64 ".%06" PRIu64, ns / 1000000000, ns / 1000 % 1000000));
  return text;
}

// 127.0.0.1:5038 or [::1]:5038 without the port.
std::string without_port(std::string_view address) {
  address = address.substr(0, address.rfind(':'));
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return std::string(address);
}

void append_field(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append(": ");
  for (const char c : value) text += c == '\r' || c == '\n' ? ' ' : c;
  text += "\r\n";
}

}  // namespace

// The connection ends, not the process: settle() does it.
void Client::out_of_memory() noexcept {
  if (!failure_) failure_ = {AMI_ENOMEM, kOutOfMemory, ""};
  session_.stop();
}

uint64_t Client::now() const {
  return transport_ ? transport_->now() : monotonic_ms();
}

void Client::start() {
  if (destroying_) return;  // settle() finishes
  backoff_.emplace(options_.reconnect_ms, options_.reconnect_max_ms, random_seed(),
                   options_.reconnect_jitter ? Backoff::Jitter::kFull : Backoff::Jitter::kNone);
  active_ = true;
  closing_ = logged_off_ = false;
  if (!transport_) {
    auto transport = Transport::create(loop_, *this);
    self_ = shared_from_this();
    const std::lock_guard lock(mutex_);
    transport_ = std::move(transport);
    wakes_ = true;
  }
  attempt();
}

void Client::attempt() {
  retry_at_ = kNever;
  set_state(AMI_STATE_CONNECTING);
  Address address{options_.host, options_.effective_port(), nullptr, options_.connect_timeout_ms};
  if (options_.use_tls) {
    auto tls = options_.tls;
    if (tls.server_name.empty()) tls.server_name = options_.host;
    std::string why;
    address.tls = TlsContext::get(tls, why);
    if (!address.tls) {
      failure_ = {AMI_EOPTION, "TLS: " + why, ""};
      return;
    }
    if (tls.verify == TlsOptions::Verify::kNone && tls.pin.empty()) {
      log(1, {"tls.verify=none: whoever answers at ", options_.host, " is believed"});
    }
  }
  log(2, {"connecting to ", options_.host, " port ", std::to_string(address.port)});
  transport_->connect(address);
}

void Client::settle() noexcept {
  for (bool more = true; more;) {
    try {
      more = settle_once();
    } catch (...) {
      out_of_memory();
    }
  }
  if (!transport_ || destroying_) return;
  arm_timer();
  publish_counters();
}

// One thing that came of the turn; false when there is nothing more.
bool Client::settle_once() {
  if (destroying_) {
    finish_on_loop();
    return false;
  }
  run_inbox();
  if (failure_) {
    settle_failure();
    return true;
  }
  if (logged_off_) {
    flush();
    transport_->disconnect();
    end_connection(AMI_ECLOSED, "disconnected", "");
    return true;
  }
  flush();
  commit();
  const std::lock_guard lock(mutex_);
  if (failure_ || !inbox_.empty() || destroying_) return true;
  if (!transport_) {  // it could not be made: the next connect() begins anew
    alive_ = false;
    changed_.notify_all();
  }
  return false;
}

void Client::settle_failure() noexcept {
  const Failure failure = std::move(*failure_);
  failure_.reset();
  if (transport_) transport_->disconnect();
  if (active_) end_connection(failure.err, failure.detail, failure.phase);
}

void Client::run_inbox() {
  // After a command that threw, those behind it are run first.
  if (commands_run_ == commands_.size()) {
    commands_.clear();
    commands_run_ = 0;
    bool resume = false;
    {
      const std::lock_guard lock(mutex_);
      commands_.swap(inbox_);
      resume = std::exchange(resume_, false);
    }
    if (resume && transport_) transport_->resume();
  }
  while (commands_run_ < commands_.size()) run(commands_[commands_run_++]);
}

void Client::run(Command& command) {
  switch (command.kind) {
    case Command::Kind::kStart:
      return start();
    case Command::Kind::kSubmit:
      session_.submit(command.pending, now());
      // It was accepted while the last attempt was given up.
      if (!active_) session_.end_waiting(destroying_ ? AMI_ECLOSED : last_error_);
      return;
    case Command::Kind::kCancel:
      return session_.cancel(command.pending, now());
    case Command::Kind::kMask:
      if (connected_) session_.set_mask(command.text, now());
      return;
    case Command::Kind::kClose:
      if (!active_) return;  // it ended by itself meanwhile
      closing_ = true;
      if (connected_) return session_.close(now());
      logged_off_ = true;
      session_.end_waiting(AMI_ECLOSED);
      return;
    case Command::Kind::kUnwritable:
      if (queued_ && queued_->full()) return;  // else a caller that goes on and on would fill the memory
      return notice("connection-unwritable", {{"Action", command.text}, {"Reason", "not logged in"}});
  }
}

// The connection, or the attempt, is over.
void Client::end_connection(int err, const std::string& detail, std::string_view phase) noexcept {
  if (std::exchange(has_events_, false)) lost_at_ns_ = unix_ns();
  if (session_.ready() && now() - ready_at_ >= kStableMs) backoff_->reset();
  connected_ = write_blocked_ = false;
  if (err == AMI_ETIMEDOUT) {
    notice("connection-timeout", {{"Phase", phase}, {"Error", ami_err_name(err)}, {"Reason", detail}});
  } else if (err != AMI_ECLOSED) {
    notice("connection-error", {{"Error", ami_err_name(err)}, {"Reason", detail}});
  }
  log(err == AMI_ECLOSED ? 2 : 1, {"connection ended: ", ami_err_name(err), ": ", detail});
  const bool again = !closing_ && transport_ && retries(err);
  session_.disconnected(err, again && options_.session.offline_queue, now());
  again ? retry(err, detail) : give_up(err, detail);
}

bool Client::retries(int err) const {
  if (options_.reconnect_ms == 0 || destroying_ || err == AMI_EOPTION) return false;
  if (err == AMI_EAUTH) return logged_in_once_ || session_.already_in_use();
  // A filter that was never accepted is wrong; one that was may be refused by a server that is starting.
  return err != AMI_EFILTER || counters_[kGeneration] != 0;
}

void Client::retry(int err, const std::string& detail) noexcept {
  const bool refused = err == AMI_EAUTH || err == AMI_EFILTER;
  const uint64_t delay = refused ? backoff_->max() : backoff_->next();
  retry_at_ = now() + delay;
  keep_detail(detail);
  set_state(AMI_STATE_BACKOFF);
  notice("connection-close", {{"Final", "false"}, {"Error", ami_err_name(err)}, {"Reason", detail}});
  notice("connection-reconnecting",
         {{"Attempt", std::to_string(backoff_->attempt())}, {"Delay", std::to_string(delay)}});
}

void Client::give_up(int err, const std::string& detail) noexcept {
  retry_at_ = kNever;
  active_ = logged_off_ = false;
  session_.end_waiting(err);
  // Made before the state changes: from then on options may be set, and a handler may connect again.
  const auto last =
      make_notice("connection-close", {{"Final", "true"}, {"Error", ami_err_name(err)}, {"Reason", detail}});
  keep_detail(detail);
  {
    const std::lock_guard lock(mutex_);
    last_error_ = err;
  }
  set_state(AMI_STATE_IDLE);
  tell("connection-close", last);
}

void Client::keep_detail(const std::string& detail) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    detail_ = detail;
  } catch (const std::bad_alloc&) {
    detail_ = kOutOfMemory;
  }
}

void Client::flush() {
  if (!connected_) return;
  const auto output = session_.output();
  if (output.empty()) return;
  const size_t taken = transport_->write(output);
  const bool all = taken == output.size();
  counters_[kBytesOut].fetch_add(taken, std::memory_order_relaxed);
  session_.handed_over(taken, transport_->now());
  if (!all) write_blocked_ = true;
}

// A login waits for no consumer.
void Client::commit() {
  const bool logged_in = connected_ && (session_.ready() || closing_);
  if (lane_->commit(logged_in)) transport_->pause();
}

void Client::arm_timer() {
  const uint64_t at = std::min(session_.deadline(), retry_at_);
  // A deadline that moves away is left to fire early: most do, with every read.
  if (at >= armed_) return;
  armed_ = at;
  transport_->set_timer(at);
}

void Client::publish_counters() {
  const auto& counts = session_.counters();
  counters_[kEvents].store(counts.events, std::memory_order_relaxed);
  counters_[kResponses].store(counts.responses, std::memory_order_relaxed);
  counters_[kResyncs].store(counts.resyncs, std::memory_order_relaxed);
  counters_[kStrays].store(counts.strays, std::memory_order_relaxed);
  counters_[kWrites].store(transport_->writes(), std::memory_order_relaxed);
}

void Client::set_state(int state) noexcept {
  const std::lock_guard lock(mutex_);
  // ami_disconnect() has the last word until the connection is closed.
  if (state_ == AMI_STATE_CLOSING && state != AMI_STATE_IDLE) return;
  state_.store(state, std::memory_order_release);
  changed_.notify_all();
}

// -------------------------------------------------------------------------------------- the transport

void Client::on_wake() {
  turn([] {});
}

void Client::on_flush() {
  turn([] {});
}

void Client::on_timer() {
  turn([this] {
    armed_ = kNever;
    const uint64_t now = transport_->now();
    if (retry_at_ <= now) return attempt();
    session_.tick(now);
  });
}

void Client::on_connect(const std::string& address, const std::string& tls) {
  turn([&] {
    connected_ = true;
    counters_[kConnects].fetch_add(1, std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex_);
      id_prefix_ = new_id_prefix(options_.session.identifier);
      session_.connected(transport_->now(), id_prefix_);
    }
    set_state(AMI_STATE_LOGIN);
    log(2, {"connected to ", address, tls.empty() ? "" : " with ", tls});
    const auto host = without_port(address);
    const auto port = std::to_string(options_.effective_port());
    if (tls.empty()) {
      announce("connection-connect", {{"Host", options_.host}, {"Address", host}, {"Port", port}});
    } else {
      announce("connection-connect", {{"Host", options_.host},
                                      {"Address", host},
                                      {"Port", port},
                                      {"TLS", tls},
                                      {"CertificateEnd", std::to_string(transport_->certificate_end())}});
    }
  });
}

void Client::on_receive(std::string_view bytes, uint64_t now_ms, uint64_t unix_ns) {
  const bool outermost = !inside_;
  inside_ = true;
  counters_[kBytesIn].fetch_add(bytes.size(), std::memory_order_relaxed);
  try {
    const bool was_ready = session_.ready();
    session_.receive(bytes, now_ms, unix_ns);
    // What comes with a login may find no room; what comes behind it is to wait for some.
    if (lane_->has_much() || session_.ready() != was_ready) commit();
  } catch (...) {
    out_of_memory();
  }
  if (outermost) inside_ = false;
}

void Client::on_received_all() {
  turn([] {});
}

void Client::on_writable() {
  turn([this] {
    flush();
    if (!write_blocked_ || !session_.output().empty()) return;
    write_blocked_ = false;
    notice("connection-drain", {});
  });
}

void Client::on_end() {
  turn([this] { notice("connection-end", {}); });
}

void Client::on_disconnect(int err, const std::string& detail) {
  turn([&] {
    if (failure_) return;  // known already, and better
    const bool asked = closing_ && connected_;
    const int why = asked ? AMI_ECLOSED : err;
    end_connection(why, asked ? "disconnected" : session_.explain_loss(detail), "connect");
  });
}

void Client::on_close() {
  const auto self = std::move(self_);
  const std::lock_guard lock(mutex_);
  transport_.reset();
  alive_ = false;
  changed_.notify_all();
}

void Client::finish_on_loop() {
  if (direct_) return finish_direct();
  shut_session();
  lane_->commit(false);
  const std::lock_guard lock(mutex_);
  wakes_ = false;
  if (transport_) return transport_->close();
  alive_ = false;  // destroyed before it had begun
  changed_.notify_all();
}

// ---------------------------------------------------------------------------------------- the session

void Client::on_message(Arrival& arrival, Route route) {
  const auto& frame = arrival.frame();
  switch (route) {
    case Route::kEvent:
      return deliver(router_.event(frame.name), arrival);
    case Route::kResponse: {
      if (router_.response(true).empty()) return;  // nobody wants even a Pong
      const bool pong = frame.name == "Pong" || frame.get("Ping").data() != nullptr;
      return deliver(router_.response(pong), arrival);
    }
    case Route::kItem:
      return deliver(options_.session.list_events ? router_.event(frame.name) : router_.data(), arrival);
    case Route::kStray:
      return deliver(router_.data(), arrival);
  }
}

// A message that nobody wants is never built.
void Client::deliver(const Router::Targets& targets, Arrival& arrival) {
  if (targets.empty()) return;
  const auto& message = arrival.message();
  if (!message) return lane_->lost(arrival.stamp().time_ns);
  for (const auto& target : targets) {
    if (destroying_) return;
    lane_->event(target, message);
  }
}

void Client::on_limit(const std::string& detail) {
  log_line(1, detail.c_str());
  keep_detail(detail);
}

void Client::on_login(int err, std::string_view reason) {
  if (err != 0) {
    announce("login", {{"Status", "Error"}, {"Reason", reason}, {"Error", ami_err_name(err)}});
    return;
  }
  logged_in_once_ = true;
  const std::string banner = session_.banner();
  const auto slash = banner.find('/');
  {
    const std::lock_guard lock(mutex_);
    banner_ = banner;
    version_ = slash == std::string::npos ? "" : banner.substr(slash + 1);
  }
  announce("login", {{"Status", "Success"}, {"Reason", reason}});
}

// The gap stands before the first event behind it, which may come before the login is complete.
void Client::begin_events() {
  if (has_events_) return;
  if (lost_at_ns_ != 0) {
    announce("gap", {{"Cause", "reconnect"},
                     {"From", seconds(lost_at_ns_)},
                     {"To", seconds(unix_ns())},
                     {"Generation", std::to_string(counters_[kGeneration] + 1)}});
  }
  lost_at_ns_ = 0;
  has_events_ = true;
}

void Client::on_ready() {
  begin_events();
  const auto generation = std::to_string(counters_[kGeneration].fetch_add(1) + 1);
  ready_at_ = transport_->now();
  set_state(AMI_STATE_READY);
  log(2, {"ready: ", printable(session_.banner())});
  announce("ready", {{"Generation", generation}, {"Banner", session_.banner()}});
}

void Client::on_failure(int err, const std::string& detail, std::string_view phase) {
  failure_ = {err, detail, std::string(phase)};
}

void Client::on_logged_off() {
  logged_off_ = true;
}

// ---------------------------------------------------------------------------------------- notices, log

// Null when out of memory.
MessagePtr Client::make_notice(std::string_view name, Fields fields) noexcept {
  try {
    std::string text;
    append_field(text, "Event", name);
    for (const auto& [key, value] : fields) append_field(text, key, value);
    return Message::notice(text, session_.next_stamp(unix_ns()));
  } catch (const std::bad_alloc&) {
    return {};
  }
}

void Client::send_notice(std::string_view name, const MessagePtr& message) {
  if (!message) throw std::bad_alloc();
  for (const auto& target : router_.notice(name)) lane_->notice(target, message);
}

void Client::announce(std::string_view name, Fields fields) {
  send_notice(name, make_notice(name, fields));
}

void Client::notice(std::string_view name, Fields fields) noexcept {
  tell(name, make_notice(name, fields));
}

void Client::tell(std::string_view name, const MessagePtr& message) noexcept {
  try {
    send_notice(name, message);
  } catch (const std::bad_alloc&) {
    log(0, {"out of memory: the notice ", name, " is lost"});
  }
}

// Called by a consumer, under the queue's lock.
MessagePtr Client::describe_gap(const Gap& gap, std::string_view label, std::vector<HandlerPtr>& handlers) {
  handlers = router_.notice("gap");
  if (handlers.empty()) return {};
  std::string text;
  append_field(text, "Event", "gap");
  append_field(text, "Cause", "overflow");
  append_field(text, "From", seconds(gap.from_ns));
  append_field(text, "To", seconds(gap.to_ns));
  append_field(text, "Generation", std::to_string(counters_[kGeneration].load()));
  append_field(text, "Dropped", std::to_string(gap.dropped));
  Stamp stamp;
  stamp.seq = gap.seq;
  stamp.time_ns = gap.to_ns;
  stamp.label = label;
  auto message = Message::notice(text, stamp);
  if (!message) throw std::bad_alloc();  // lest the gap be taken for one that nobody wants to know of
  return message;
}

void Client::log(int level, std::initializer_list<std::string_view> parts) noexcept {
  try {
    std::string line;
    for (const auto part : parts) line += part;
    log_line(level, line.c_str());
  } catch (const std::bad_alloc&) {
    log_line(0, "out of memory: a line of the log is lost");
  }
}

void Client::log_line(int level, const char* line) noexcept {
  constexpr const char* kLevels[] = {"error", "warning", "info", "debug"};
  if (debug_) static_cast<void>(std::fprintf(stderr, "libami %s: %s\n", kLevels[level], line));
  HandlerPtr handler;
  {
    const std::lock_guard lock(mutex_);
    if (level <= log_level_) handler = log_handler_;
  }
  if (!handler || !handler->begin()) return;
  if (handler->callbacks.log != nullptr) handler->callbacks.log(level, line, handler->user);
  handler->finish();
}

}  // namespace ami
