#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ami/ami.h"

namespace ami {

// Copies items into two flat pieces of memory; the layout is that of ami_items_pack().
class Packer {
 public:
  // keys may be null: every field.
  Packer(const char* const* keys, size_t nkeys, std::span<uint32_t> words, std::span<char> text)
      : keys_(keys), nkeys_(nkeys), words_(words), text_(text) {}

  // False when it does not fit, and then it has written nothing that counts.
  bool pack(const ami_item_t& item);
  // Instead of an item that did not fit: how many words and bytes of text it takes.
  void tell_size(const ami_item_t& item);

 private:
  void put_item(const ami_item_t& item);
  void put_message(const ami_msg_t& message);
  void put_fields(const ami_msg_t& message);
  void put_chosen(const ami_msg_t& message);
  // Both count what has no room, too.
  void put(uint32_t word);
  void put_long(uint64_t number);
  void put_text(const char* bytes, size_t size);
  [[nodiscard]] bool fits() const { return word_ <= words_.size() && byte_ <= text_.size(); }

  const char* const* const keys_;
  const size_t nkeys_;
  const std::span<uint32_t> words_;
  const std::span<char> text_;
  size_t word_ = 0, byte_ = 0;
};

}  // namespace ami
