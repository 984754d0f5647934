#include <memory>
#include <mutex>
#include <utility>

#include "capi.h"
#include "delivery/packer.h"
#include "net/doorbell.h"
#include "net/socket.h"

using ami::Handler;
using ami::HandlerPtr;
using ami::capi::guard;
using ami::capi::on_queue;

namespace {

class DoorbellBell final : public ami::Bell {
 public:
  void ring() noexcept override { doorbell_.ring(); }
  void quiet() noexcept override { doorbell_.quiet(); }
  [[nodiscard]] int fd() const noexcept { return doorbell_.fd(); }

 private:
  ami::Doorbell doorbell_;
};

// How many go out as items: of each their handler counts one more use until the item is released.
size_t to_items(ami::Queue::Run& run, ami_item_t* out) noexcept {
  using Kind = ami::Delivery::Kind;
  const auto count = static_cast<uint32_t>(run.messages.size());
  const uint32_t slot = run.lane->discards(run.kind) ? 0 : run.handler->lend(count);
  if (slot == 0) return 0;
  const bool reply = run.kind == Kind::kReply;
  if (reply) run.handler->end();
  const uint32_t kind = reply ? AMI_ITEM_REPLY : run.kind == Kind::kItem ? AMI_ITEM_LISTITEM : AMI_ITEM_EVENT;
  for (auto& message : run.messages) {
    *out++ = {run.lane->client_id(),
              run.handler->id,
              run.handler->user,
              message.release(),
              run.reply.release(),
              kind,
              slot};
  }
  return count;
}

const ami_msg_t* message_of(const ami_item_t& item) noexcept {
  return item.reply != nullptr ? item.reply->response.get() : item.msg;
}

}  // namespace

ami_queue_t* ami_queue_new(void) {
  try {
    return std::make_unique<ami_queue>().release();
  } catch (...) {
    return nullptr;
  }
}

int ami_queue_free(ami_queue_t* queue) {
  if (queue == nullptr) return 0;
  if (queue->queue->attached()) return AMI_ESTATE;
  return guard([&] {
    if (queue->born == ami::fork_generation()) {
      queue->queue->clear();
    } else {
      queue->queue->abandon();
      ami::keep_in_child(queue->queue);
    }
    delete queue;
    return 0;
  });
}

int ami_queue_fd(const ami_queue_t* queue) {
  return on_queue(queue, [&](ami::Queue& inner) {
    const std::lock_guard lock(queue->mutex);
    if (queue->fd >= 0) return queue->fd;
    auto bell = std::make_unique<DoorbellBell>();
    if (bell->fd() < 0) return static_cast<int>(AMI_ENOMEM);
    queue->fd = bell->fd();
    inner.set_bell(std::move(bell));
    return queue->fd;
  });
}

int ami_queue_on_wake(ami_queue_t* queue, ami_wake_cb cb, void* user, ami_release_cb release) {
  Handler::Callbacks callbacks;
  callbacks.wake = cb;
  const HandlerPtr handler = Handler::create(0, callbacks, user, release);
  if (!handler) return AMI_ENOMEM;
  const int err = on_queue(queue, [&](ami::Queue& inner) {
    inner.set_wake(cb == nullptr ? HandlerPtr() : handler);
    return 0;
  });
  if (err != 0 || cb == nullptr) handler->end();
  return err;
}

int ami_queue_stream(ami_queue_t* queue) {
  return on_queue(queue, [](ami::Queue& inner) {
    auto bell = std::make_unique<ami::StreamDoorbell>();
    ami::Socket reader(bell->take_reader());
    if (reader.fd() < 0) return static_cast<int>(AMI_ENOMEM);
    bell->ring();
    Handler::Callbacks callbacks;
    callbacks.wake = [](void* user) { static_cast<ami::StreamDoorbell*>(user)->ring(); };
    const HandlerPtr handler = Handler::create(
        0, callbacks, bell.release(), [](void* user) { delete static_cast<ami::StreamDoorbell*>(user); });
    if (!handler) return static_cast<int>(AMI_ENOMEM);
    inner.set_wake(handler);
    return reader.release();
  });
}

int ami_queue_poll(ami_queue_t* queue, ami_item_t* out, size_t max, int timeout_ms) {
  return on_queue(queue, [&](ami::Queue& inner) {
    if (out == nullptr && max > 0) return static_cast<int>(AMI_EINVAL);
    const auto accept = [&](size_t n, ami::Queue::Run& run) { return to_items(run, out + n); };
    return static_cast<int>(inner.poll(max, timeout_ms, accept));
  });
}

void ami_queue_release(const ami_item_t* items, size_t count) {
  uint32_t same = 0;  // items in a row that are of one handler
  for (size_t i = 0; items != nullptr && i < count; ++i) {
    ami_msg_unref(items[i].msg);
    ami_reply_unref(items[i].reply);
    ++same;
    if (i + 1 < count && items[i + 1].reserved == items[i].reserved) continue;
    Handler::give_back(items[i].reserved, std::exchange(same, 0));
  }
}

int ami_queue_dispatch(ami_queue_t* queue, size_t max, int timeout_ms) {
  return on_queue(queue,
                  [&](ami::Queue& inner) { return static_cast<int>(inner.dispatch(max, timeout_ms)); });
}

int ami_items_get(const ami_item_t* items, size_t n, const char* const* keys, size_t nkeys,
                  ami_field_t* out) {
  if ((items == nullptr && n > 0) || (keys == nullptr && nkeys > 0) ||
      (out == nullptr && n > 0 && nkeys > 0)) {
    return AMI_EINVAL;
  }
  for (size_t i = 0; i < n; ++i) {
    const ami_msg_t* msg = message_of(items[i]);
    for (size_t k = 0; k < nkeys; ++k, ++out) {
      const ami_field_t* field = ami_msg_find(msg, keys[k], 0);
      *out = field != nullptr ? *field : ami_field_t{};
    }
  }
  return 0;
}

int ami_items_pack(const ami_item_t* items, size_t n, const char* const* keys, size_t nkeys, uint32_t* words,
                   size_t words_cap, char* text, size_t text_cap) {
  if ((items == nullptr && n > 0) || words == nullptr || words_cap < 2 || (text == nullptr && text_cap > 0)) {
    return AMI_EINVAL;
  }
  ami::Packer packer(keys, nkeys, {words, words_cap}, {text, text_cap});
  return guard([&] {
    size_t packed = 0;
    while (packed < n && packer.pack(items[packed])) ++packed;
    if (packed == 0 && n > 0) packer.tell_size(items[0]);
    return static_cast<int>(packed);
  });
}
