#include "protocol/frame.h"

#include <algorithm>

#include "ami/ami.h"
#include "protocol/scan.h"
#include "protocol/text.h"

namespace ami {
namespace {

constexpr std::string_view kEvent = "Event: ";
constexpr std::string_view kResponse = "Response: ";

// Cuts the next line, without its CRLF, off text. Bare CR and LF do not end a line.
std::string_view take_line(std::string_view& text) noexcept {
  const size_t end = std::min(text.find("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

// Whether Asterisk could have written this line as a header: its keys hold no blanks and no control
// characters.
bool is_header(std::string_view line) noexcept {
  const std::string_view key = split_line(line).key;
  return !key.empty() && std::none_of(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
  });
}

std::string_view without_last_lf(std::string_view value) noexcept {
  if (value.ends_with('\n')) value.remove_suffix(1);
  return value;
}

std::string_view value_behind(std::string_view line, size_t colon) noexcept {
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return without_last_lf(value);
}

int kind_of_key(std::string_view key) noexcept {
  if (equal_nocase(key, "Event")) return AMI_MSG_EVENT;
  return equal_nocase(key, "Response") ? AMI_MSG_RESPONSE : 0;
}

// Of what begins as nearly all messages do.
int kind_of_beginning(std::string_view block) noexcept {
  if (block.starts_with(kEvent)) return AMI_MSG_EVENT;
  return block.starts_with(kResponse) ? AMI_MSG_RESPONSE : 0;
}

// The offset of the first line behind the first one that is sure to begin a message, or 0.
size_t find_restart(std::string_view block) noexcept {
  std::string_view rest = block;
  while (!rest.empty()) {
    take_line(rest);
    if (rest.starts_with(kEvent) || rest.starts_with(kResponse)) return block.size() - rest.size();
  }
  return 0;
}

}  // namespace

Header split_line(std::string_view line) noexcept {
  // A channel's name may hold a colon.
  constexpr std::string_view kChanVariable = "ChanVariable(";
  size_t colon = std::string_view::npos;
  if (starts_nocase(line, kChanVariable)) {
    colon = line.find("): ", kChanVariable.size());
    if (colon != std::string_view::npos) ++colon;
  }
  if (colon == std::string_view::npos) colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return {line.substr(0, 0), without_last_lf(line)};
  return {line.substr(0, colon), value_behind(line, colon)};
}

std::string_view Frame::headers() const noexcept {
  if (raw.data() != nullptr) return bytes.substr(0, static_cast<size_t>(raw.data() - bytes.data()));
  return bytes.substr(0, bytes.size() - (bytes.ends_with("\r\n\r\n") ? 2 : 1));
}

std::string_view Frame::get(std::string_view key) const noexcept {
  if (key.empty() || key.front() == '\0') return {};
  const std::string_view text = headers();
  const char small = lower(key.front());
  const char large = small >= 'a' && small <= 'z' ? static_cast<char>(small - 'a' + 'A') : small;
  for (size_t begin = scan::line_begin(text, 0, small, large); begin != scan::kNone;
       begin = scan::line_begin(text, begin + 1, small, large)) {
    if (begin != 0 && (begin == 1 || text[begin - 2] != '\r')) continue;  // a bare LF ends no line
    std::string_view rest = text.substr(begin);
    if (rest.size() <= key.size() || rest[key.size()] != ':' || !starts_nocase(rest, key)) continue;
    const std::string_view line = take_line(rest);
    if (small == 'c' && split_line(line).key.size() != key.size()) continue;  // ChanVariable(IAX2/host:1)
    return value_behind(line, key.size());
  }
  return {};
}

size_t classify(std::string_view block, Frame& frame) noexcept {
  size_t skipped = 0;
  std::string_view rest = block;
  int kind = kind_of_beginning(block);
  if (kind == 0) {
    std::string_view first = block;
    if (!is_header(take_line(first))) skipped = find_restart(block);
    rest.remove_prefix(skipped);
    kind = kind_of_beginning(rest);
  }
  frame = Frame{};
  frame.bytes = rest;
  frame.kind = kind;
  if (kind != 0) {
    rest.remove_prefix(kind == AMI_MSG_EVENT ? kEvent.size() : kResponse.size());
    frame.name = without_last_lf(rest.substr(0, rest.find("\r\n")));
    return skipped;
  }
  rest = frame.headers();
  while (!rest.empty() && frame.kind == 0) {
    const Header header = split_line(take_line(rest));
    frame.kind = kind_of_key(header.key);
    if (frame.kind != 0) frame.name = header.value;
  }
  return skipped;
}

}  // namespace ami
