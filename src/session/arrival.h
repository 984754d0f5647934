#pragma once

#include "protocol/message.h"

namespace ami {

// A message on its way through the session: built when somebody first wants it, and then only once.
class Arrival {
 public:
  Arrival(const Frame& frame, const Stamp& stamp) : frame_(frame), stamp_(stamp) {}

  [[nodiscard]] const Frame& frame() const { return frame_; }
  [[nodiscard]] const Stamp& stamp() const { return stamp_; }
  // Before the first message().
  void set_kind(int kind) { stamp_.kind = kind; }
  // A header's first value: quicker once the message is built.
  [[nodiscard]] std::string_view get(std::string_view key) const {
    return message_ ? message_->get(key) : frame_.get(key);
  }
  // Null when out of memory.
  const MessagePtr& message() {
    if (!message_) message_ = Message::build(frame_, stamp_);
    return message_;
  }

 private:
  const Frame& frame_;
  Stamp stamp_;
  MessagePtr message_;
};

}  // namespace ami
