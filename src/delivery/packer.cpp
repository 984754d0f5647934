#include "delivery/packer.h"

#include <cstring>
#include <functional>
#include <string_view>

#include "protocol/message.h"
#include "protocol/reply.h"

namespace ami {

bool Packer::pack(const ami_item_t& item) {
  const size_t word = word_;
  const size_t byte = byte_;
  put_item(item);
  if (fits()) {
    words_[word] = static_cast<uint32_t>(word_ - word);
    return true;
  }
  word_ = word;
  byte_ = byte;
  return false;
}

void Packer::tell_size(const ami_item_t& item) {
  word_ = byte_ = 0;
  put_item(item);
  const auto words = static_cast<uint32_t>(word_);
  const auto bytes = static_cast<uint32_t>(byte_);
  words_[0] = words;
  words_[1] = bytes;
}

void Packer::put_item(const ami_item_t& item) {
  const ami_reply_t* reply = item.reply;
  const ami_msg_t* first = reply != nullptr ? reply->response.get() : item.msg;
  const ami_msg_t* end = reply != nullptr ? reply->end.get() : nullptr;
  const std::string_view output = reply != nullptr && first != nullptr ? first->output() : std::string_view();
  put(0);  // its length, when that is known
  put(item.kind);
  put_long(item.client);
  put_long(item.id);
  put(reply != nullptr ? static_cast<uint32_t>(reply->status) : 0);
  put(reply != nullptr ? static_cast<uint32_t>(reply->fate) : 0);
  put((first != nullptr ? 1U : 0U) | (end != nullptr ? 2U : 0U));
  put(output.data() != nullptr ? static_cast<uint32_t>(output.size()) : UINT32_MAX);
  if (first != nullptr) put_message(*first);
  if (end != nullptr) put_message(*end);
  if (output.data() != nullptr) put_text(output.data(), output.size());
}

void Packer::put_message(const ami_msg_t& message) {
  put(static_cast<uint32_t>(message.kind()));
  put(static_cast<uint32_t>(message.status()));
  put_long(message.seq());
  put_long(message.time_ns());
  if (keys_ == nullptr) {
    put_fields(message);
  } else {
    put_chosen(message);
  }
}

void Packer::put_fields(const ami_msg_t& message) {
  const std::span fields{message.fields(), message.field_count()};
  const size_t begin = byte_;
  for (const auto& field : fields) {
    put_text(field.key, field.key_len);
    put_text("\r\n", 2);
  }
  const bool known = byte_ <= text_.size();
  const std::string_view keys(text_.data() + (known ? begin : 0), known ? byte_ - begin : 0);
  put(static_cast<uint32_t>(byte_ - begin));
  put(static_cast<uint32_t>(std::hash<std::string_view>{}(keys)));
  put(static_cast<uint32_t>(fields.size()));
  for (const auto& field : fields) {
    put(field.value_len);
    put_text(field.value, field.value_len);
  }
}

void Packer::put_chosen(const ami_msg_t& message) {
  put(0);
  put(0);
  put(static_cast<uint32_t>(nkeys_));
  for (size_t i = 0; i < nkeys_; ++i) {
    const ami_field_t* field = keys_[i] == nullptr ? nullptr : message.find(keys_[i], 0);
    put(field != nullptr ? field->value_len : UINT32_MAX);
    if (field != nullptr) put_text(field->value, field->value_len);
  }
}

void Packer::put(uint32_t word) {
  if (word_ < words_.size()) words_[word_] = word;
  ++word_;
}

void Packer::put_long(uint64_t number) {
  put(static_cast<uint32_t>(number));
  put(static_cast<uint32_t>(number >> 32U));
}

void Packer::put_text(const char* bytes, size_t size) {
  if (size > 0 && size <= text_.size() && byte_ <= text_.size() - size) {
    std::memcpy(text_.data() + byte_, bytes, size);
  }
  byte_ += size;
}

}  // namespace ami
