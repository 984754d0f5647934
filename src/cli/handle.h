#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "ami/ami.h"

namespace ami::cli {

template <auto End>
struct Ender {
  template <typename Object>
  void operator()(Object* object) const {
    End(object);
  }
};

using ClientHandle = std::unique_ptr<ami_t, Ender<ami_destroy>>;
using QueueHandle = std::unique_ptr<ami_queue_t, Ender<ami_queue_free>>;
using ActionHandle = std::unique_ptr<ami_action_t, Ender<ami_action_free>>;
using ReplyHandle = std::unique_ptr<ami_reply_t, Ender<ami_reply_unref>>;

// A batch of what waits in a queue; gives the items back at its end.
class Items {
 public:
  explicit Items(ami_queue_t* queue) {
    int taken = ami_queue_poll(queue, items_, kMost, 0);
    count_ = taken > 0 ? static_cast<size_t>(taken) : 0;
  }
  ~Items() { ami_queue_release(items_, count_); }
  Items(const Items&) = delete;
  Items& operator=(const Items&) = delete;

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const ami_item_t* begin() const { return items_; }
  [[nodiscard]] const ami_item_t* end() const { return items_ + count_; }

 private:
  static constexpr size_t kMost = 256;
  ami_item_t items_[kMost];
  size_t count_;
};

// The text that a function such as ami_get() or ami_detail() writes into a buffer; "" on an error.
template <typename Reader>
std::string text_of(Reader reader) {
  int length = reader(nullptr, size_t{0});
  if (length <= 0) return {};
  std::string text(static_cast<size_t>(length) + 1, '\0');
  length = reader(text.data(), text.size());
  text.resize(length <= 0 ? 0 : std::min(static_cast<size_t>(length), text.size() - 1));
  return text;
}

inline std::string detail_of(const ami_t* client) {
  return text_of([client](char* text, size_t room) { return ami_detail(client, text, room); });
}

inline std::string_view value_of(const ami_msg_t* message, const char* key) {
  size_t length = 0;
  const char* value = ami_msg_get(message, key, &length);
  return value == nullptr ? std::string_view() : std::string_view(value, length);
}

inline std::string option_of(const ami_t* client, const char* name) {
  return text_of([=](char* text, size_t room) { return ami_get(client, name, text, room); });
}

}  // namespace ami::cli
