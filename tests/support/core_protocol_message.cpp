#include <algorithm>
#include <cstring>
#include <string>

#include "core_protocol.h"
#include "protocol/message.h"
#include "protocol/parser.h"
#include "protocol/returned_memory.h"
#include "protocol/text.h"

using ami::Encoding;
using ami::Frame;
using ami::Message;
using ami::MessagePtr;
using ami::Parser;

namespace {

ami::Stamp stamp_for(const Frame& frame, Encoding encoding) {
  return {frame.kind, 7, 8, "pbx", encoding};
}

std::string readable(std::string_view text) {
  return ami::printable(text, text.size() * 4);
}

const char* bytes_of(std::string_view text, size_t* len) {
  if (len != nullptr) *len = text.size();
  return text.data();
}

Parser::Limits limits_of(size_t message, size_t line, size_t greeting) {
  Parser::Limits limits;
  if (message != 0) limits.message = message;
  if (line != 0) limits.line = line;
  if (greeting != 0) limits.greeting = greeting;
  return limits;
}

// Calls take(frame) for the first message of wire.
template <typename Take>
void with_frame(std::string_view wire, Take take) {
  struct First : ami::ParserSink {
    explicit First(Take& t) : taking(t) {}
    void on_greeting(std::string_view /*line*/) override {}
    bool on_frame(const Frame& frame) override {
      taking(frame);
      return false;
    }
    void on_skipped(std::string_view /*bytes*/) override {}
    Take& taking;
  } first(take);
  Parser parser(Parser::Limits{});
  parser.feed("hello\r\n", first);
  parser.feed(wire, first);
}

}  // namespace

struct core_parser final : ami::ParserSink {
  explicit core_parser(Parser::Limits limits) : parser(limits) {}

  void on_greeting(std::string_view line) override { heard += "greeting " + readable(line) + "\n"; }
  void on_skipped(std::string_view bytes) override { heard += "skipped " + readable(bytes) + "\n"; }
  bool on_frame(const Frame& frame) override {
    const MessagePtr msg = Message::build(frame, stamp_for(frame, Encoding::kBytes));
    heard += frame.kind == AMI_MSG_EVENT      ? "event "
             : frame.kind == AMI_MSG_RESPONSE ? "response "
                                              : "unknown";
    heard += readable(frame.name) + "\n";
    for (size_t i = 0; i < msg->field_count(); ++i) {
      const ami_field_t& field = msg->fields()[i];
      heard +=
          "  " + readable({field.key, field.key_len}) + "=" + readable({field.value, field.value_len}) + "\n";
    }
    if (msg->output().data() != nullptr) heard += "  output " + readable(msg->output()) + "\n";
    if (msg->raw() != frame.bytes) heard += "  WRONG RAW " + readable(msg->raw()) + "\n";
    if (msg->name() != frame.name.substr(0, frame.name.find('\0')))
      heard += "  WRONG NAME " + readable(msg->name()) + "\n";
    return stop.empty() || frame.name != stop;
  }

  Parser parser;
  std::string stop;
  std::string heard;
};

struct core_returned {
  ami::ReturnedMemory memory;
};

extern "C" {

core_parser_t* core_parser_new(size_t message, size_t line, size_t greeting) {
  return new core_parser(limits_of(message, line, greeting));
}
void core_parser_free(core_parser_t* parser) {
  delete parser;
}
void core_parser_stop_at(core_parser_t* parser, const char* name) {
  parser->stop = name;
}
int core_parser_feed(core_parser_t* parser, const char* bytes, size_t size) {
  return parser->parser.feed({bytes, size}, *parser);
}
const char* core_parser_heard(const core_parser_t* parser) {
  return parser->heard.c_str();
}
const char* core_parser_detail(const core_parser_t* parser) {
  return parser->parser.detail().c_str();
}
size_t core_parser_held(const core_parser_t* parser) {
  return parser->parser.tail().size();
}

int core_frame_get(const char* wire, size_t size, const char* key, char* out, size_t cap) {
  int length = -1;
  with_frame({wire, size}, [&](const Frame& frame) {
    const std::string_view value = frame.get(key);
    if (value.data() == nullptr) return;
    (void)std::snprintf(out, cap, "%.*s", static_cast<int>(value.size()), value.data());
    length = static_cast<int>(value.size());
  });
  return length;
}

ami_msg_t* core_msg_new(const char* wire, size_t size, int encoding) {
  MessagePtr msg;
  with_frame({wire, size}, [&](const Frame& frame) {
    msg = Message::build(frame, stamp_for(frame, static_cast<Encoding>(encoding)));
  });
  return msg.release();
}
ami_msg_t* core_msg_notice(const char* lines) {
  return Message::notice(lines, stamp_for({}, Encoding::kBytes)).release();
}
void core_msg_ref(const ami_msg_t* msg) {
  msg->ref();
}
void core_msg_unref(const ami_msg_t* msg) {
  msg->unref();
}
int core_msg_kind(const ami_msg_t* msg) {
  return msg->kind();
}
const char* core_msg_name(const ami_msg_t* msg) {
  return msg->name();
}
const char* core_msg_label(const ami_msg_t* msg) {
  return msg->label();
}
uint64_t core_msg_seq(const ami_msg_t* msg) {
  return msg->seq();
}
uint64_t core_msg_time(const ami_msg_t* msg) {
  return msg->time_ns();
}
int core_msg_status(const ami_msg_t* msg) {
  return msg->status();
}
size_t core_msg_size(const ami_msg_t* msg) {
  return msg->size();
}
const char* core_msg_get(const ami_msg_t* msg, const char* key, size_t* len) {
  return bytes_of(msg->get(key), len);
}
const ami_field_t* core_msg_find(const ami_msg_t* msg, const char* key, size_t nth) {
  return msg->find(key, nth);
}
size_t core_msg_fields(const ami_msg_t* msg, const ami_field_t** out) {
  *out = msg->fields();
  return msg->field_count();
}
const char* core_msg_raw(const ami_msg_t* msg, size_t* len) {
  return bytes_of(msg->raw(), len);
}
const char* core_msg_output(const ami_msg_t* msg, size_t* len) {
  return bytes_of(msg->output(), len);
}

core_returned_t* core_returned_new(void) {
  return new core_returned;
}
void core_returned_free(core_returned_t* returned) {
  delete returned;
}
void core_returned_add_maker(core_returned_t* returned) {
  returned->memory.add_maker();
}
void core_returned_remove_maker(core_returned_t* returned) {
  returned->memory.remove_maker();
}
void core_returned_give(core_returned_t* returned, void* memory, size_t size) {
  returned->memory.give(memory, size);
}
void core_returned_free_all(core_returned_t* returned) {
  returned->memory.free_all();
}
size_t core_returned_bytes(const core_returned_t* returned) {
  return returned->memory.bytes();
}
size_t core_returned_most(void) {
  return ami::ReturnedMemory::kMostBytes;
}

}  // extern "C"
