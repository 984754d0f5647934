#pragma once

#include <string>
#include <string_view>

#include "ami/ami.h"
#include "protocol/encoding.h"
#include "protocol/lists.h"

// An action under construction: checked as it is built, so that what is here can be sent. The first error
// spoils it: every later call returns that error and changes nothing.
struct ami_action {
 public:
  explicit ami_action(std::string_view name);  // a bad name is told by status()
  ~ami_action();                               // wipes what it holds

  // Asterisk strips blanks at the beginning of values, and none at the end.
  int add(std::string_view key, std::string_view value);
  int add_all(const char* const* key_value, size_t pairs);
  int variable(std::string_view name, std::string_view value);
  int set_timeout(int ms);
  int set_until(std::string_view event);
  // Records an error found outside, such as a NULL argument.
  int refuse(int err, std::string_view detail);
  // Records why it cannot be sent as it is, which more headers may change.
  void explain(std::string detail) noexcept { detail_ = std::move(detail); }

  [[nodiscard]] int status() const { return status_; }                 // 0, or the first error
  [[nodiscard]] const std::string& detail() const { return detail_; }  // of that error
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ami::Answer& answer() const { return answer_; }  // as of lists.h
  [[nodiscard]] const std::string& own_id() const { return own_id_; }  // the caller's ActionID, or ""
  [[nodiscard]] int timeout_ms() const { return timeout_ms_; }         // -1: not set
  [[nodiscard]] const std::string& until() const { return until_; }
  // The first value of a header (case-blind); null data if there is none.
  [[nodiscard]] std::string_view get(std::string_view key) const;

  // Whether it can be sent as it is: status(), and what only the whole tells (until without Async, refused
  // names). On an error writes why to detail.
  int check(std::string& detail) const;
  // Appends the wire form with this ActionID ("": without one) and the final blank line. AMI_EENCODING or
  // AMI_ETOOBIG (limits count wire bytes) leave out unchanged and write why to detail.
  int write(std::string_view id, ami::Encoding encoding, std::string& out, std::string& detail) const;
  // For an action that holds a secret: room first, so that nothing is left behind by growing.
  void reserve(size_t bytes) { lines_.reserve(bytes); }

 private:
  int add_action_id(std::string_view id);

  std::string name_;
  const ami::Answer& answer_;
  std::string own_id_;
  std::string until_;
  std::string lines_;  // "Key: value CRLF" of all headers but Action and ActionID
  std::string detail_;
  size_t line_count_ = 2;    // Action and ActionID are always there
  size_t longest_line_ = 0;  // in bytes as given
  int timeout_ms_ = -1;
  int status_ = 0;
};

namespace ami {
using Action = ::ami_action;

constexpr size_t kMaxLineBytes = 1022;  // without CRLF; protocol: the server's 1,025-byte input buffer
constexpr size_t kMaxLines = 128;
constexpr size_t kMaxActionId = 64;
// 0, or AMI_EINJECT, AMI_EINVAL or AMI_ETOOBIG with the reason in detail. Also for what the session sends
// itself. The length counts as in the encoding that makes it shortest.
int check_field(std::string_view key, std::string_view value, std::string& detail);
}  // namespace ami
