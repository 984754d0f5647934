#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/frame.h"

namespace ami {

class ParserSink {
 public:
  // The greeting, without its line end.
  virtual void on_greeting(std::string_view line) = 0;
  // A message. False ends the feeding at once: the rest of the bytes is not looked at.
  virtual bool on_frame(const Frame& frame) = 0;
  // Bytes that were no message were skipped to find the next one.
  virtual void on_skipped(std::string_view bytes) = 0;

 protected:
  ~ParserSink() = default;
};

// Finds messages in the byte stream of one connection, whatever the split of the bytes. Looks at them in
// place; only the tail of an incomplete message is copied. Cost is linear in the bytes received.
class Parser {
 public:
  struct Limits {
    size_t message = 16U << 20U;  // with its final blank line
    size_t line = 1U << 20U;      // without its CRLF; the text of an old Command is not lines
    size_t greeting = 256;        // without its line end
  };

  explicit Parser(const Limits& limits) : limits_(limits) {}

  // 0, AMI_EPROTO (no greeting in limits.greeting bytes) or AMI_ELIMIT; errors are sticky, and detail() says
  // which bound was passed. May throw std::bad_alloc. The sink must neither feed nor destroy this parser.
  int feed(std::string_view bytes, ParserSink& sink);
  [[nodiscard]] const std::string& detail() const { return detail_; }
  // Bytes of an incomplete message (or greeting) that are held.
  [[nodiscard]] std::string_view tail() const { return tail_; }

 private:
  enum class Next { kGoOn, kStop, kReopen };

  void take_greeting(std::string_view& bytes, ParserSink& sink);
  bool finish_held(std::string_view& bytes, ParserSink& sink);
  size_t complete_held(std::string_view& bytes);
  void parse_in_place(std::string_view bytes, ParserSink& sink);
  Next hand_out(std::string_view& message, ParserSink& sink);
  void check(std::string_view message);
  [[nodiscard]] bool has_long_line(std::string_view text);
  void fail(std::string_view what, size_t limit);

  Limits limits_;
  std::string tail_;
  std::string detail_;
  int error_ = 0;
  bool greeted_ = false;
  size_t searched_ = 0;    // up to where tail_ was searched for the end of an old Command's answer
  size_t line_ = 0;        // no line that begins before this place in the message is too long
  size_t line_feeds_ = 0;  // in the message under way, unless it is an old Command's answer
};

}  // namespace ami
