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

// A message: immutable, counted, in one allocation that holds this header, in few messages what is seldom,
// the field table, the label and the text with a NUL behind each key and value. The wire text is not kept a
// second time: raw() restores it on demand (unless the encoding changed it, when it is kept in the same
// allocation).
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
  [[nodiscard]] const char* name() const noexcept { return text_ + name_offset_; }
  [[nodiscard]] std::string_view get(std::string_view key) const noexcept;  // null data: not there
  [[nodiscard]] const ami_field_t* find(std::string_view key, size_t nth) const noexcept;
  [[nodiscard]] const ami_field_t* fields() const noexcept {
    return reinterpret_cast<const ami_field_t*>(behind_header() + (has_extra_ ? sizeof(Extra) : 0));
  }
  [[nodiscard]] size_t field_count() const noexcept { return field_count_; }
  [[nodiscard]] int status() const noexcept;  // 0 or AMI_EREPLY, by the Response header
  [[nodiscard]] uint64_t seq() const noexcept { return seq_; }
  [[nodiscard]] uint64_t time_ns() const noexcept { return time_ns_; }
  [[nodiscard]] const char* label() const noexcept { return text_ - label_size_ - 1; }
  // Bytes of this allocation: what a queue counts.
  [[nodiscard]] size_t size() const noexcept;
  // Both are made on first use and kept; null data when out of memory (output(): or when there is none).
  [[nodiscard]] std::string_view raw() const noexcept;
  [[nodiscard]] std::string_view output() const noexcept;

 private:
  class Table;
  // Behind the header, but only in the answer to an old Command and where the encoding changed the text.
  struct Extra {
    std::string_view wire;  // the text as it came; null data where it is the same
    std::string_view cli;   // the text of an old Command; null data in any other message
  };
  struct Sizes {
    size_t fields, text;
    size_t wire = 0;
    bool extra = false;
  };

  ami_msg() = default;
  ~ami_msg() = default;
  static ami_msg* allocate(const Sizes& sizes, const ami::Stamp& stamp) noexcept;
  static ami::MessagePtr build_decoded(const ami::Frame& frame, const ami::Stamp& stamp,
                                       bool agents) noexcept;
  [[nodiscard]] const char* behind_header() const noexcept {
    return reinterpret_cast<const char*>(this) + sizeof(ami_msg);
  }
  [[nodiscard]] Extra extra() const noexcept;
  void set_cli(size_t begin, size_t size) noexcept;
  [[nodiscard]] ami_field_t* writable_fields() noexcept { return const_cast<ami_field_t*>(fields()); }
  void find_name() noexcept;
  [[nodiscard]] char* restored() const noexcept;
  [[nodiscard]] char* joined(size_t size) const noexcept;

  // As small as a line of the cache, since most of a flood's messages are no larger than those pieces of
  // memory that the C library keeps at hand for a thread (1,032 bytes in glibc).
  mutable std::atomic<uint32_t> refs_{1};
  uint8_t kind_ = 0;
  mutable bool handed_over_ = false;
  bool has_extra_ = false;
  uint32_t field_count_ = 0;
  uint32_t label_size_ = 0;
  uint32_t name_offset_ = 0;  // in the text; its end when there is none
  uint32_t text_size_ = 0;
  uint64_t seq_ = 0;
  uint64_t time_ns_ = 0;
  char* text_ = nullptr;  // the message, with NULs over what followed each key and value
  mutable std::atomic<char*> raw_{nullptr};
  mutable std::atomic<char*> output_{nullptr};
};
