#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "ami/ami.h"
#include "protocol/encoding.h"
#include "protocol/frame.h"
#include "protocol/ref.h"

namespace ami {
using Message = ::ami_msg;
using MessagePtr = Ref<Message>;

// What a message carries beside its wire text.
struct Stamp {
  int kind = 0;  // AMI_MSG_*
  uint64_t seq = 0;
  uint64_t time_ns = 0;    // unix
  std::string_view label;  // copied
  Encoding encoding = Encoding::kBytes;
};
}  // namespace ami

// A message: immutable, counted, in one allocation that holds this header, the field table, the label and
// the text with a NUL behind each key and value. The wire text is not kept a second time: raw() restores it
// on demand (unless the encoding changed it, when it is kept in the same allocation).
struct ami_msg {
 public:
  // nullptr when out of memory.
  [[nodiscard]] static ami::MessagePtr build(const ami::Frame& frame, const ami::Stamp& stamp) noexcept;
  // A message of the library's own from "Key: value CRLF" lines; name is its Event.
  [[nodiscard]] static ami::MessagePtr notice(std::string_view lines, ami::Stamp stamp) noexcept;

  void ref() const noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() const noexcept;
  // Called before another thread, which will be done with it, has the message.
  void hand_over() const noexcept { handed_over_ = true; }

  [[nodiscard]] int kind() const noexcept { return kind_; }
  [[nodiscard]] const char* name() const noexcept { return name_; }
  [[nodiscard]] std::string_view get(std::string_view key) const noexcept;  // null data: not there
  [[nodiscard]] const ami_field_t* find(std::string_view key, size_t nth) const noexcept;
  [[nodiscard]] const ami_field_t* fields() const noexcept { return fields_; }
  [[nodiscard]] size_t field_count() const noexcept { return field_count_; }
  [[nodiscard]] int status() const noexcept;  // 0 or AMI_EREPLY, by the Response header
  [[nodiscard]] uint64_t seq() const noexcept { return seq_; }
  [[nodiscard]] uint64_t time_ns() const noexcept { return time_ns_; }
  [[nodiscard]] const char* label() const noexcept { return label_; }
  // Bytes of this allocation: what a queue counts.
  [[nodiscard]] size_t size() const noexcept { return size_; }
  // Both are made on first use and kept; null data when out of memory (output(): or when there is none).
  [[nodiscard]] std::string_view raw() const noexcept;
  [[nodiscard]] std::string_view output() const noexcept;

 private:
  class Table;

  ami_msg() = default;
  ~ami_msg() = default;
  static ami_msg* allocate(size_t fields, size_t text, size_t more, const ami::Stamp& stamp) noexcept;
  static ami::MessagePtr build_decoded(const ami::Frame& frame, const ami::Stamp& stamp,
                                       bool agents) noexcept;
  [[nodiscard]] char* writable_text() noexcept { return const_cast<char*>(text_.data()); }
  [[nodiscard]] ami_field_t* writable_fields() noexcept { return const_cast<ami_field_t*>(fields_); }
  void set_cli(size_t begin, size_t size) noexcept;
  void find_name() noexcept;
  [[nodiscard]] char* restored() const noexcept;
  [[nodiscard]] char* joined(size_t size) const noexcept;

  mutable std::atomic<uint32_t> refs_{1};
  mutable bool handed_over_ = false;
  uint8_t kind_ = 0;
  const char* name_ = "";
  const char* label_ = "";
  const ami_field_t* fields_ = nullptr;
  size_t field_count_ = 0;
  uint64_t seq_ = 0;
  uint64_t time_ns_ = 0;
  size_t size_ = 0;
  std::string_view text_;  // the message, with NULs over what followed each key and value
  std::string_view wire_;  // the same as it came, where the encoding changed it
  std::string_view cli_;   // the text of an old Command; null data in any other message
  mutable std::atomic<char*> raw_{nullptr};
  mutable std::atomic<char*> output_{nullptr};
};
