// A stream of bytes in many ways: with each kernel of the block scan that this processor has, whole, byte by
// byte, and in pieces. Every time the same messages come, and all that came is in one of them. What a message
// is made into is compared with a reading of it that is as plain as can be.

#include "protocol/parser.h"

#include "ami/ami.h"
#include "fuzz.h"
#include "parse.h"
#include "protocol/frame.h"
#include "protocol/message.h"
#include "protocol/scan.h"
#include "protocol/text.h"

namespace {

using fuzz::Parsed;
using fuzz::ParserOptions;

size_t whole(void* /*user*/) {
  return 0;
}
size_t byte_by_byte(void* /*user*/) {
  return 1;
}
// Mostly small pieces; a random number generator that is as small.
size_t pieces(void* user) {
  auto& state = *static_cast<uint32_t*>(user);
  state = state * 1664525U + 1013904223U;
  const uint32_t bits = state >> 16U;
  return 1 + (bits & 3U ? bits >> 2U & 31U : bits >> 2U & 511U);
}

// Nothing is lost, nothing comes twice: the stream is the pieces, with blank lines between messages.
void check_all_is_there(std::string_view stream, const Parsed& parsed) {
  bool first = true;
  for (const auto& piece : parsed.pieces) {
    if (!std::exchange(first, false)) {
      while (!stream.starts_with(piece) && (stream.starts_with('\n') || stream.starts_with("\r\n"))) {
        stream.remove_prefix(stream.starts_with('\n') ? 1 : 2);
      }
    }
    FUZZ_CHECK(stream.starts_with(piece), parsed.said);
    stream.remove_prefix(piece.size());
  }
  if (parsed.err != 0) return;
  FUZZ_CHECK(stream.ends_with(parsed.tail), parsed.said);
  stream.remove_suffix(parsed.tail.size());
  while (stream.starts_with('\n') || stream.starts_with("\r\n")) {
    stream.remove_prefix(stream.starts_with('\n') ? 1 : 2);
  }
  FUZZ_CHECK(stream.empty(), parsed.said);
}

struct Line {
  std::string key, value;
};

// A header as Asterisk writes it: "Key: value".
Line plain_line(std::string_view line) {
  size_t colon = line.find(':');
  const bool variable = ami::lower_copy(line.substr(0, 13)) == "chanvariable(";
  if (variable && line.find("): ", 13) != std::string_view::npos) colon = line.find("): ", 13) + 1;
  Line parts;
  if (colon != std::string_view::npos && colon > 0) {
    parts.key = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
  parts.value = line;
  if (parts.value.ends_with('\n')) parts.value.pop_back();
  return parts;
}

std::vector<Line> plain_lines(const ami::Frame& frame) {
  std::vector<Line> lines;
  std::string_view rest = frame.headers();
  bool agents = ami::lower_copy(frame.name) == "agents";
  while (!rest.empty()) {
    const size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) break;
    const std::string_view line = rest.substr(0, end);
    const size_t lf = line.find('\n');
    if (agents && ami::lower_copy(line.substr(0, 12)) == "callstarted:" && lf != std::string_view::npos &&
        ami::lower_copy(line.substr(lf + 1, 13)) == "loggedintime:") {
      agents = false;
      lines.push_back(plain_line(line.substr(0, lf)));
      lines.push_back(plain_line(line.substr(lf + 1)));
    } else {
      lines.push_back(plain_line(line));
    }
    rest.remove_prefix(end + 2);
  }
  return lines;
}

// The fields of each message, and what looking for one finds.
class Reader final : public ami::ParserSink {
 public:
  void on_greeting(std::string_view /*line*/) override {}
  void on_skipped(std::string_view /*bytes*/) override {}
  bool on_frame(const ami::Frame& frame) override {
    const std::string bytes(frame.bytes);
    const ami::MessagePtr message = ami_msg::build(frame, {});
    const auto lines = plain_lines(frame);
    FUZZ_CHECK(message->field_count() == lines.size(), bytes);
    for (size_t i = 0; i < lines.size(); ++i) {
      const ami_field_t& field = message->fields()[i];
      FUZZ_CHECK(std::string_view(field.key, field.key_len) == lines[i].key, bytes);
      FUZZ_CHECK(std::string_view(field.value, field.value_len) == lines[i].value, bytes);
      if (i >= kLookedUp || lines[i].key.empty()) continue;
      size_t first = 0;
      while (!ami::equal_nocase(lines[first].key, lines[i].key)) ++first;
      FUZZ_CHECK(message->get(lines[i].key) == lines[first].value, bytes);
      // Of a frame the two in one line are not taken apart, and an unusual key is not looked for.
      if (ami::equal_nocase(frame.name, "agents") || lines[i].key.front() == '\0') continue;
      FUZZ_CHECK(frame.get(lines[i].key) == lines[first].value, bytes);
    }
    return true;
  }

 private:
  static constexpr size_t kLookedUp = 16;
};

ParserOptions options_of(fuzz::Input& input) {
  static constexpr size_t kMessages[] = {16U << 20U, 600, 100, 40};
  static constexpr size_t kLines[] = {1U << 20U, 200, 60, 20};
  static constexpr size_t kGreetings[] = {256, 30};
  const unsigned bits = input.byte();
  return {kMessages[bits & 3U], kLines[bits >> 2U & 3U], kGreetings[bits >> 4U & 1U],
          static_cast<int>(bits >> 5U) % 3};
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const ParserOptions options = options_of(input);
  uint32_t seed = input.byte();
  const std::string_view stream = input.rest();
  const auto kernels = ami::scan::kernels();
  ami::scan::chosen = &kernels.front();
  const Parsed reference = fuzz::parse(stream, options, whole, nullptr);
  check_all_is_there(stream, reference);
  const auto compare = [&](fuzz::NextSize next_size) {
    const Parsed other = fuzz::parse(stream, options, next_size, &seed);
    const std::string but = std::string("--- but ") + ami::scan::kernel().name + ":\n";
    FUZZ_CHECK(other.said == reference.said, reference.said + but + other.said);
    FUZZ_CHECK(other.err != 0 || other.tail == reference.tail, reference.tail + but + other.tail);
  };
  compare(pieces);
  for (const ami::scan::Kernel& kernel : kernels.subspan(1)) {
    ami::scan::chosen = &kernel;
    compare(whole);
  }
  compare(byte_by_byte);
  compare(pieces);
  Reader reader;
  ami::Parser({options.message_max, options.line_max, options.greeting_max}).feed(stream, reader);
  return 0;
}
