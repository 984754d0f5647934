// The writing half of Session: messages, the faults that strike them, and the socket.
#include <algorithm>

#include "server.h"
#include "session.h"
#include "text.h"

namespace ami::mock {

namespace {
constexpr size_t largest_write = 65536;
constexpr size_t filler_backlog = 65536;
constexpr int largest_turn = 64;  // writes before other sessions have their turn

// Changes or takes away the ActionID line of a message.
void set_id(std::string& text, std::string_view line) {
  size_t begin = text.find("\r\nActionID: ");
  if (begin == std::string::npos) return;
  begin += 2;
  text.replace(begin, text.find("\r\n", begin) + 2 - begin, line);
}
}  // namespace

std::shared_ptr<Fault> Session::hit(std::string_view fault) {
  std::shared_ptr<Fault> fired = faults_.hit(fault);
  if (fired) server_.fault_fired(fault);
  return fired;
}

void Session::watch(const std::shared_ptr<Fault>& fault) {
  faults_.add(fault);
  if (fault->name == "cut_at") {
    cut_fault_ = fault;
    cut_at_ = appended_ + static_cast<uint64_t>(std::max<int64_t>(0, fault->n));
  } else if (fault->name == "one_byte") {
    chunk_ = static_cast<size_t>(std::max<int64_t>(1, hit("one_byte")->n));
  }
}

void Session::respond(const Request& request, std::string_view response, std::string_view body) {
  std::string text = "Response: ";
  text.append(response).append("\r\n");
  std::string id = request.id();
  if (!id.empty()) text.append("ActionID: ").append(id).append("\r\n");
  send_response(text.append(body).append("\r\n"));
}

void Session::success(const Request& request, std::string_view text) {
  respond(request, "Success", std::string("Message: ").append(text).append("\r\n"));
}

void Session::error(const Request& request, std::string_view text) {
  respond(request, "Error", std::string("Message: ").append(text).append("\r\n"));
}

void Session::send_response(std::string text) {
  if (muted_) return;
  if (hit("hold")) limit_ = std::min(limit_, appended_);
  if (hit("no_id")) set_id(text, "");
  if (hit("wrong_id")) set_id(text, "ActionID: nobody-sent-this\r\n");
  if (hit("cut_in_response")) {
    append(std::string_view(text).substr(0, text.size() / 2));
    return cut();
  }
  bool twice = hit("double_response") != nullptr;
  message(text);
  if (twice) message(text);
  after_response();
}

void Session::after_response() {
  if (hit("cut_after_response")) return cut();
  if (hit("stall_write")) limit_ = std::min(limit_, appended_);
  if (hit("half_close")) half_close_at_ = appended_;
  if (hit("endless_line")) repeat(std::string(4096, 'x'));
  if (hit("endless_message")) {
    append("Event: Endless\r\nPrivilege: system,all\r\n");
    repeat("Key: a value that is followed by another one\r\n");
  }
}

void Session::message(std::string_view text) {
  if (auto fault = hit("garbage")) {
    std::string noise;
    for (int64_t i = 0; i < (fault->n > 0 ? fault->n : 64); ++i) {
      auto byte = static_cast<char>(server_.random(1, 255));
      noise += byte == '\r' || byte == '\n' ? '?' : byte;
    }
    append(noise + "\r\n\r\n");
  }
  append(text);
}

void Session::write(std::string_view bytes) {
  append(bytes);
}

void Session::repeat(std::string text) {
  filler_ = std::move(text);
  server_.needs_flush();
}

void Session::append(std::string_view bytes) {
  if (dead_ || end_ != End::None || half_close_at_ != no_limit || !filler_.empty()) return;
  bool cutting = cut_fault_ && cut_fault_->armed && appended_ + bytes.size() >= cut_at_;
  if (cutting) bytes = bytes.substr(0, static_cast<size_t>(cut_at_ - std::min(cut_at_, appended_)));
  out_.append(bytes);
  appended_ += bytes.size();
  server_.needs_flush();
  if (!cutting) return;
  hit("cut_at");
  cut();
}

bool Session::release() {
  bool held = limit_ != no_limit || stall_read_;
  limit_ = no_limit;
  if (stall_read_) {
    stall_read_ = false;
    process();
  }
  if (dead_) return held;
  flush();
  update_poll();
  return held;
}

void Session::flush() {
  if (dead_ || write_blocked_ || (!shaken_ && !deaf_)) return;
  more_ = true;
  for (int turn = 0; turn < largest_turn; ++turn) {
    while (!filler_.empty() && appended_ - written_ < filler_backlog) {
      out_ += filler_;
      appended_ += filler_.size();
    }
    uint64_t until = std::min({appended_, limit_, half_close_at_});
    more_ = written_ < until;
    if (!more_) break;
    size_t size = std::min<size_t>(static_cast<size_t>(until - written_), chunk_ ? chunk_ : largest_write);
    size_t count = 0;
    Link::Result result = link_.write(out_.data() + out_begin_, size, count);
    if (result == Link::Result::Closed) return kill();
    if (result == Link::Result::Again) {
      write_blocked_ = true;
      start_write_timer();
      break;
    }
    server_.timers().cancel(write_timer_);
    write_timer_ = 0;
    written_ += count;
    out_begin_ += count;
    server_.journal().add("bytes_out", static_cast<int64_t>(count));
    server_.journal().add("writes");
    if (chunk_) break;
  }
  if (out_begin_ > largest_write || out_begin_ == out_.size()) {
    out_.erase(0, out_begin_);
    out_begin_ = 0;
  }
  flushed();
}

void Session::flushed() {
  if (!half_closed_ && written_ == half_close_at_) {
    half_closed_ = true;
    link_.half_close();
  }
  if (end_ != End::None && written_ == appended_) return kill();
  update_poll();
}

void Session::start_write_timer() {
  if (write_timer_ || server_.playback().waits_for_readers()) return;
  write_timer_ = server_.timers().after(write_timeout_ms_, [this] {
    // As Asterisk ends a session whose reader is too slow: what is written stays, the rest is lost.
    server_.journal().add("slow");
    end_ = End::Cut;
    kill();
  });
}

}  // namespace ami::mock
