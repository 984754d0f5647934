#include "parse.h"

#include <algorithm>
#include <memory>

#include "fuzz.h"
#include "protocol/message.h"
#include "protocol/parser.h"

namespace fuzz {
namespace {

class Scribe final : public ami::ParserSink {
 public:
  Scribe(Parsed& parsed, ami::Encoding encoding) : parsed_(parsed) { stamp_.encoding = encoding; }

  void on_greeting(std::string_view line) override {
    say("greeting", line);
    parsed_.pieces.emplace_back(line);
  }
  void on_skipped(std::string_view bytes) override {
    say("skipped", bytes);
    parsed_.pieces.emplace_back(bytes);
  }
  bool on_frame(const ami::Frame& frame) override {
    say(frame.kind == 0 ? "neither" : frame.kind == AMI_MSG_EVENT ? "event" : "response", frame.name);
    say("bytes", frame.bytes);
    say("text", frame.raw);
    parsed_.pieces.emplace_back(frame.bytes);
    const ami::MessagePtr message = ami_msg::build(frame, stamp_);
    say("name", message->name());
    for (size_t i = 0; i < message->field_count(); ++i) {
      const ami_field_t& field = message->fields()[i];
      FUZZ_CHECK(field.key[field.key_len] == '\0' && field.value[field.value_len] == '\0', parsed_.said);
      say("key", {field.key, field.key_len});
      say("value", {field.value, field.value_len});
    }
    say("output", message->output());
    FUZZ_CHECK(message->raw() == frame.bytes, parsed_.said);
    return true;
  }

 private:
  void say(std::string_view what, std::string_view text) {
    parsed_.said.append(what).append(" ").append(std::to_string(text.size()));
    parsed_.said.append(text.data() == nullptr ? " none\n" : " ").append(text).append("\n");
  }

  Parsed& parsed_;
  ami::Stamp stamp_;
};

}  // namespace

Parsed parse(std::string_view bytes, const ParserOptions& options, NextSize next_size, void* user) {
  Parsed parsed;
  ami::Parser parser({options.message_max, options.line_max, options.greeting_max});
  Scribe scribe(parsed, static_cast<ami::Encoding>(options.encoding));
  // In memory of its own, which is no larger, so that a sanitizer notices when more is read.
  std::unique_ptr<char[]> part;
  size_t size = 0;
  while (!bytes.empty() && parsed.err == 0) {
    const size_t wish = next_size(user);
    const size_t next = wish == 0 ? bytes.size() : std::min(wish, bytes.size());
    if (std::exchange(size, next) != next) part = std::make_unique<char[]>(next);
    bytes.copy(part.get(), size);
    bytes.remove_prefix(size);
    parsed.err = parser.feed({part.get(), size}, scribe);
  }
  parsed.tail = parser.tail();
  FUZZ_CHECK(parser.detail().empty() == (parsed.err == 0), parser.detail());
  // Not the detail: of two bounds that are passed, either may be named.
  parsed.said += std::to_string(parsed.err) + '\n';
  return parsed;
}

}  // namespace fuzz
