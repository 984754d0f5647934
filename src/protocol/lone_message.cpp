#include "protocol/lone_message.h"

#include <new>
#include <utility>

#include "protocol/parser.h"

namespace ami {
namespace {

class OneFrame final : public ParserSink {
 public:
  OneFrame(std::string_view bytes, const Stamp& stamp) : bytes_(bytes), stamp_(stamp) {}

  MessagePtr parse() {
    Parser parser({.message = bytes_.size(), .line = bytes_.size()});
    const bool whole =
        parser.feed("\n", *this) == 0 && parser.feed(bytes_, *this) == 0 && parser.tail().empty();
    return whole ? std::move(message_) : MessagePtr();
  }

 private:
  void on_greeting(std::string_view /*line*/) override {}
  void on_skipped(std::string_view /*bytes*/) override {}
  bool on_frame(const Frame& frame) override {
    if (frame.bytes.size() != bytes_.size()) return false;  // there is more than the message
    if (stamp_.kind == 0) stamp_.kind = frame.kind;
    message_ = Message::build(frame, stamp_);
    return true;
  }

  std::string_view bytes_;
  Stamp stamp_;
  MessagePtr message_;
};

}  // namespace

MessagePtr lone_message(std::string_view bytes, const Stamp& stamp) noexcept {
  try {
    return OneFrame(bytes, stamp).parse();
  } catch (const std::bad_alloc&) {
    return {};
  }
}

}  // namespace ami
