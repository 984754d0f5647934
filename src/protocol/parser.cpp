#include "protocol/parser.h"

#include <algorithm>

#include "ami/ami.h"
#include "protocol/scan.h"
#include "protocol/text.h"

namespace ami {
namespace {

// The frame of an old Command's answer: its text may hold blank lines, so that only the marker ends it.
constexpr std::string_view kFollows = "Response: Follows\r\n";
constexpr std::string_view kEndCommand = "--END COMMAND--\r\n\r\n";
constexpr size_t kKeptCapacity = 64U << 10U;  // what an idle connection may hold on to

std::string_view skip_blank_lines(std::string_view text) noexcept {
  for (;;) {
    if (text.starts_with('\n')) {
      text.remove_prefix(1);
    } else if (text.starts_with("\r\n")) {
      text.remove_prefix(2);
    } else {
      return text;
    }
  }
}

bool is_raw(std::string_view message) noexcept {
  return !message.empty() && lower(message.front()) == 'r' && starts_nocase(message, kFollows);
}

// Where the CLI text begins: behind Response, and Privilege and ActionID where they are the very next lines.
size_t raw_begin(std::string_view message) noexcept {
  size_t begin = kFollows.size();
  for (bool privilege = false, action_id = false;;) {
    const std::string_view rest = message.substr(begin);
    const bool is_privilege = !privilege && starts_nocase(rest, "Privilege:");
    const bool is_action_id = !action_id && starts_nocase(rest, "ActionID:");
    const size_t end = rest.find("\r\n");
    if ((!is_privilege && !is_action_id) || end == std::string_view::npos) return begin;
    privilege = privilege || is_privilege;
    action_id = action_id || is_action_id;
    begin += end + 2;
  }
}

// The end of the old Command's answer that message begins with, or kNone. Up to searched it holds none.
size_t raw_end(std::string_view message, size_t searched) noexcept {
  size_t from = searched < kEndCommand.size() ? 0 : searched - (kEndCommand.size() - 1);
  for (;;) {
    const size_t marker = message.find(kEndCommand, from);
    if (marker == std::string_view::npos) return scan::kNone;
    if (marker >= raw_begin(message)) return marker + kEndCommand.size();
    from = marker + 1;  // it stands in the ActionID
  }
}

}  // namespace

int Parser::feed(std::string_view bytes, ParserSink& sink) {
  if (error_ == 0 && !greeted_) take_greeting(bytes, sink);
  if (error_ == 0 && greeted_ && finish_held(bytes, sink)) parse_in_place(bytes, sink);
  // Not as soon as a large message is over: the next one may have begun.
  if (tail_.empty() && tail_.capacity() > kKeptCapacity) tail_.shrink_to_fit();
  return error_;
}

void Parser::take_greeting(std::string_view& bytes, ParserSink& sink) {
  const size_t room = limits_.greeting + 2 - std::min(tail_.size(), limits_.greeting + 2);
  const std::string_view piece = bytes.substr(0, room);
  const size_t lf = piece.find('\n');
  tail_.append(piece.substr(0, lf));
  if (tail_.size() > limits_.greeting + (tail_.ends_with('\r') ? 1 : 0)) {
    error_ = AMI_EPROTO;
    detail_ = "no line of at most " + std::to_string(limits_.greeting) + " bytes at the beginning, but " +
              printable(tail_);
    return;
  }
  if (lf == std::string_view::npos) {
    bytes.remove_prefix(piece.size());
    return;
  }
  bytes.remove_prefix(lf + 1);
  if (tail_.ends_with('\r')) tail_.pop_back();
  greeted_ = true;
  const std::string line = std::move(tail_);
  tail_.clear();
  sink.on_greeting(line);
}

// Completes the held message, if there is one, from bytes and hands it out. False: nothing is left to be
// parsed.
bool Parser::finish_held(std::string_view& bytes, ParserSink& sink) {
  if (tail_ == "\r" && bytes.starts_with('\n')) {  // a blank line between messages
    tail_.clear();
    bytes.remove_prefix(1);
  }
  while (!tail_.empty()) {
    if (complete_held(bytes) == scan::kNone) {
      check(tail_);
      return false;
    }
    std::string_view message = tail_;
    const Next next = hand_out(message, sink);
    tail_.erase(0, next == Next::kReopen ? tail_.size() - message.size() : tail_.size());
    if (next == Next::kStop) return false;
  }
  return !bytes.empty();
}

// Moves to tail_ what its message still lacks, as far as bytes have it. Returns tail_'s size when the message
// is complete, else kNone.
size_t Parser::complete_held(std::string_view& bytes) {
  // No message ends within this prefix, and behind it the kind of message is known.
  while (!bytes.empty() && tail_.size() < kFollows.size() && starts_nocase(kFollows, tail_) &&
         lower(kFollows[tail_.size()]) == lower(bytes.front())) {
    line_feeds_ += bytes.front() == '\n' ? 1 : 0;
    tail_ += bytes.front();
    bytes.remove_prefix(1);
  }
  if (!is_raw(tail_)) {
    const size_t end = scan::message_end(tail_, bytes, line_feeds_);
    tail_.append(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end, bytes.size()));
    return end == scan::kNone ? end : tail_.size();
  }
  tail_.append(bytes);
  const size_t end = raw_end(tail_, searched_);
  const size_t surplus = end == scan::kNone ? 0 : tail_.size() - end;
  tail_.resize(tail_.size() - surplus);
  bytes.remove_prefix(bytes.size() - surplus);
  searched_ = tail_.size();
  return end;
}

void Parser::parse_in_place(std::string_view bytes, ParserSink& sink) {
  for (;;) {
    bytes = skip_blank_lines(bytes);
    line_feeds_ = 0;
    const size_t end = is_raw(bytes) ? raw_end(bytes, 0) : scan::message_end(bytes, line_feeds_);
    if (end == scan::kNone) break;
    std::string_view message = bytes.substr(0, end);
    const Next next = hand_out(message, sink);
    if (next == Next::kStop) return;
    bytes.remove_prefix(next == Next::kReopen ? end - message.size() : end);
  }
  tail_.append(bytes);
  check(tail_);
}

// Gives a whole message to the sink. kReopen: after rubbish there begins one in its midst that does not end
// with it.
Parser::Next Parser::hand_out(std::string_view& message, ParserSink& sink) {
  const bool raw = is_raw(message);
  check(message);
  if (error_ != 0) return Next::kStop;
  searched_ = line_ = 0;
  Frame frame;
  const size_t skipped = classify(message, frame);
  if (skipped != 0) {
    sink.on_skipped(message.substr(0, skipped));
    message.remove_prefix(skipped);
    if (is_raw(message)) return Next::kReopen;
  }
  frame.line_feeds = line_feeds_ - 1;  // of the blank line
  if (raw) {
    const size_t begin = raw_begin(message);
    frame.line_feeds = scan::count_lines(message.substr(0, begin));
    frame.raw = message.substr(begin, message.size() - begin - kEndCommand.size());
  }
  return sink.on_frame(frame) ? Next::kGoOn : Next::kStop;
}

// The bounds of a message, whole or not.
void Parser::check(std::string_view message) {
  if (message.size() > limits_.message) {
    fail("message", limits_.message);
  } else if (message.size() > limits_.line && !is_raw(message) && has_long_line(message)) {
    fail("line", limits_.line);
  }
}

// Leaps from the beginning of a line to the last end of one that keeps to the bound. Goes on from where an
// earlier call left line_.
bool Parser::has_long_line(std::string_view text) {
  while (text.size() - line_ > limits_.line + 1) {  // one more, which may be a CR whose LF is to come
    const size_t end = text.rfind("\r\n", line_ + limits_.line);
    if (end == std::string_view::npos || end < line_) return true;
    line_ = end + 2;
  }
  return false;
}

void Parser::fail(std::string_view what, size_t limit) {
  error_ = AMI_ELIMIT;
  detail_ = "a " + std::string(what) + " of more than " + std::to_string(limit) +
            " bytes came from the server; " + std::string(what) + ".max_bytes is its bound";
}

}  // namespace ami
