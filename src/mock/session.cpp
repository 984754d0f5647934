#include "session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <ctime>

#include "actions.h"
#include "replay.h"
#include "server.h"
#include "text.h"

namespace ami::mock {

Session::Session(Server& server, int fd, uint64_t id)
    : server_(server),
      id_(id),
      link_(fd, server.tls()),
      write_timeout_ms_(server.options().write_timeout_ms) {
  uv_poll_init(server.loop(), &poll_, fd);
  poll_.data = this;
}

Session::~Session() = default;

void Session::start() {
  if (!server_.options().serve.empty()) replay_ = std::make_unique<Replay>(server_.recording());
  auth_timer_ = server_.timers().after(server_.options().auth_timeout_ms, [this] { kill(); });
  if (hit("greet_close")) return kill();
  if (hit("greet_silence")) {
    deaf_ = true;
    return update_poll();
  }
  shake_hands();
}

void Session::shake_hands() {
  switch (link_.handshake()) {
    case Link::Result::Closed:
      return kill();
    case Link::Result::Again:
      return update_poll();
    case Link::Result::Done:
      shaken_ = true;
      if (link_.ssl()) server_.journal().peer(peer_subject(link_.ssl()));
      greet();
  }
}

void Session::greet() {
  if (replay_) {
    replay(replay_->greeting());
  } else if (!greet_by_fault()) {
    append(server_.banner() + "\r\n");
  }
  update_poll();
}

void Session::replay(const std::string& bytes) {
  append(bytes);
  if (replay_->closes()) finish();
}

bool Session::greet_by_fault() {
  if (hit("greet_none")) return true;
  if (hit("greet_http")) {
    append("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    cut();
  } else if (hit("greet_ssh")) {
    append("SSH-2.0-OpenSSH_9.2p1\r\n");
    deaf_ = true;
  } else if (hit("greet_endless")) {
    repeat(std::string(4096, 'A'));
  } else if (hit("greet_eof")) {
    append(server_.banner() + "\r\n");
    cut();
  } else if (auto fault = hit("greet_cut")) {
    std::string banner = server_.banner() + "\r\n";
    append(banner.substr(0, fault->n > 0 ? static_cast<size_t>(fault->n) : banner.size() / 2));
    cut();
  } else {
    return false;
  }
  return true;
}

// ---- reading

void Session::on_poll(int status, int events) {
  if (dead_) return;
  if (status < 0) return kill();
  if (!shaken_ && !deaf_) return shake_hands();
  if (events & UV_WRITABLE) {
    write_blocked_ = false;
    flush();
  }
  if (!dead_ && (events & UV_READABLE)) on_readable();
  if (!dead_) update_poll();
}

void Session::on_readable() {
  if (waiting_) return end_wait();  // input ends a WaitEvent
  if (deaf_ || end_ != End::None) {
    char scrap[4096];
    ssize_t got = recv(link_.fd(), scrap, sizeof scrap, 0);
    bool failed = got < 0 && errno != EAGAIN && errno != EINTR;
    eof_ = eof_ || got == 0;
    if (failed || (eof_ && (deaf_ || limit_ != no_limit))) kill();
    return;
  }
  if (blocked_ || stall_read_) return;
  char* room = reader_.room();
  size_t count = 0;
  switch (link_.read(room, reader_.room_size(), count)) {
    case Link::Result::Again:
      return;
    case Link::Result::Closed:
      eof_ = true;
      return limit_ == no_limit ? finish() : kill();
    case Link::Result::Done:
      server_.received(*this, room, count);
      reader_.filled(count);
      process();
  }
}

void Session::process() {
  Request request;
  while (!dead_ && !blocked_ && !stall_read_ && end_ == End::None) {
    RequestReader::Found found = reader_.next(request);
    if (found == RequestReader::Found::None) return;
    handle(found, request);
  }
}

// ---- the course of an action

void Session::handle(RequestReader::Found found, const Request& request) {
  server_.journal().action(request.name(), request.id());
  if (hit("cut_on_action")) return cut();
  if (replay_) return replay(replay_->answer(request.id()));
  muted_ = hit("no_response") != nullptr;
  bool stall = hit("stall_read") != nullptr;
  in_action_ = true;
  run(found, request);
  stall_read_ = stall_read_ || stall;
  if (!blocked_) end_action();
}

void Session::run(RequestReader::Found found, const Request& request) {
  if (found == RequestReader::Found::TooManyLines) {
    return error(request, "Too many lines in message or allocation failure");
  }
  if (found == RequestReader::Found::TooLong) return error(request, "Failed to parse message: line too long");
  if (!server_.answer_by_callback(*this, request)) builtin(request);
}

void Session::builtin(const Request& request) {
  std::string name = request.name();
  if (name.empty()) return error(request, "Missing action in request");
  if (hit("shutting_down")) return error(request, "Asterisk is shutting down");
  const Action* action = find_action(name);
  if (!logged_in_ && (!action || !action->before_login)) {
    return error(request, server_.profile().first_dialect ? "Authentication Required" : "Permission denied");
  }
  if (!action) {
    return error(request, "Invalid/unknown command: " + name +
                              ". Use Action: ListCommands to show available commands.");
  }
  if (action->classes[0] && !(parse_classes(action->classes) & write_)) {
    error(request, "Permission denied");
    return server_.raise_security("RequestNotAllowed", *this, "Error",
                                  "RequestType: Action: " + name + "\r\n");
  }
  action->run(*this, request);
}

void Session::unblock() {
  if (dead_ || !blocked_) return;
  blocked_ = false;
  end_action();
  process();
  if (!dead_) update_poll();
}

void Session::end_action() {
  in_action_ = muted_ = false;
  for (const std::string& text : pending_) {
    message(text);
    server_.journal().add("events");
  }
  pending_.clear();
}

void Session::wait_event(const Request& request, int64_t timeout_ms) {
  block();
  waiting_ = request;
  if (timeout_ms >= 0) wait_timer_ = server_.timers().after(timeout_ms, [this] { end_wait(); });
}

void Session::end_wait() {
  if (!waiting_) return;
  server_.timers().cancel(wait_timer_);
  Request request = std::move(*waiting_);
  waiting_.reset();
  success(request, "Waiting for Event completed.");
  for (const std::string& text : pending_) message(text);
  pending_.clear();
  std::string id = request.id();
  message("Event: WaitEventComplete\r\n" + (id.empty() ? "" : "ActionID: " + id + "\r\n") + "\r\n");
  unblock();
}

bool Session::wants(Classes classes, std::string_view text) const {
  return logged_in_ && (classes & ~(read_ & mask_)) == 0 && passes(filters_, text);
}

void Session::event(std::string_view text) {
  if (in_action_) {
    pending_.emplace_back(text);
    if (waiting_) end_wait();
    return;
  }
  message(text);
  server_.journal().add("events");
}

// ---- login state

const std::string& Session::challenge() {
  if (challenge_.empty()) challenge_ = std::to_string(server_.random(100000000, 999999999));
  return challenge_;
}

void Session::log_in(const User& user, Classes mask) {
  logged_in_ = true;
  user_ = user.name;
  read_ = user.read;
  write_ = user.write;
  mask_ = mask;
  login_time_ = std::time(nullptr);
  if (user.write_timeout_ms >= 0) write_timeout_ms_ = user.write_timeout_ms;
  std::string reason;
  for (const std::string& text : user.filters) {
    if (auto filter = Filter::legacy(text, server_.profile().extended_regex, reason))
      add_filter(std::move(filter));
  }
  server_.timers().cancel(auth_timer_);
  server_.journal().add("logins");
}

std::string Session::address(bool remote) const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* any = reinterpret_cast<sockaddr*>(&storage);
  if (remote ? getpeername(link_.fd(), any, &size) : getsockname(link_.fd(), any, &size)) return "0.0.0.0/0";
  char text[INET6_ADDRSTRLEN] = "";
  int port = 0;
  if (storage.ss_family == AF_INET6) {
    auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
    port = ntohs(six->sin6_port);
  } else {
    auto* four = reinterpret_cast<sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
    port = ntohs(four->sin_port);
  }
  return std::string(text) + "/" + std::to_string(port);
}

// ---- the end

void Session::finish() {
  if (end_ == End::None) end_ = End::Orderly;
  server_.needs_flush();
}

void Session::cut() {
  end_ = End::Cut;
  server_.needs_flush();
}

void Session::kill() {
  if (dead_) return;
  dead_ = true;
  for (uint64_t timer : {write_timer_, auth_timer_, wait_timer_}) server_.timers().cancel(timer);
  // First the poll, which takes its descriptor out of the loop: once closed, its number may be another's.
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* session = static_cast<Session*>(handle->data);
    session->server_.forget(*session);
  });
  link_.close(end_ != End::Cut, !eof_ && hit("reset") != nullptr);
  server_.ended(*this);
}

void Session::update_poll() {
  if (dead_) return;
  int mask = 0;
  if (!shaken_ && !deaf_) {
    mask = link_.wants_write() ? UV_WRITABLE : UV_READABLE;
  } else {
    bool reading = deaf_ || end_ != End::None || waiting_ || (!blocked_ && !stall_read_ && !write_blocked_);
    mask = (reading && !eof_ ? UV_READABLE : 0) | (write_blocked_ || more_ ? UV_WRITABLE : 0);
  }
  if (mask == poll_mask_) return;
  poll_mask_ = mask;
  if (mask == 0) {
    uv_poll_stop(&poll_);
    return;
  }
  uv_poll_start(&poll_, mask, [](uv_poll_t* poll, int status, int events) {
    static_cast<Session*>(poll->data)->on_poll(status, events);
  });
}

}  // namespace ami::mock
