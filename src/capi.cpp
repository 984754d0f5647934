// The C border: every function of ami.h, and nothing that thinks. What is checked here is what C lets
// through: NULL, a forked child, and exceptions, none of which may pass.

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "client.h"
#include "delivery/packer.h"
#include "net/doorbell.h"
#include "net/fork.h"
#include "net/socket.h"
#include "protocol/action.h"
#include "protocol/digest.h"
#include "protocol/lone_message.h"

using ami::Handler;
using ami::HandlerPtr;

// What the application holds.
struct ami_queue {
  const std::shared_ptr<ami::Queue> queue = std::make_shared<ami::Queue>();
  const uint32_t born = ami::fork_generation();
  mutable std::mutex mutex;
  mutable int fd = -1;  // of the bell, which is made when it is first asked for
};

namespace {

class DoorbellBell final : public ami::Bell {
 public:
  void ring() noexcept override { doorbell_.ring(); }
  void quiet() noexcept override { doorbell_.quiet(); }
  [[nodiscard]] int fd() const noexcept { return doorbell_.fd(); }

 private:
  ami::Doorbell doorbell_;
};

template <typename Work>
int guard(Work work) noexcept {
  try {
    return work();
  } catch (...) {
    return AMI_ENOMEM;  // of memory, threads or descriptors
  }
}

// The same for a call on a client, which has to be there and to be ours.
template <typename Work>
int on_client(const ami_t* ami, Work work) noexcept {
  if (ami == nullptr) return AMI_EINVAL;
  if (ami->client->forked()) return AMI_EFORK;
  // The handle may go while the call is under way.
  const auto client = ami->client;
  const int err = guard([&] { return static_cast<int>(work(*client)); });
  return err == AMI_ENOMEM ? client->refuse(err, "out of memory") : err;
}

// An action of which a part is missing for lack of memory is spoilt, as by any refusal.
template <typename Work>
int on_action(ami_action_t* action, Work work) noexcept {
  if (action == nullptr) return AMI_EINVAL;
  const int err = guard(work);
  return err == AMI_ENOMEM ? action->refuse(err, "out of memory") : err;
}

template <typename Work>
int on_queue(const ami_queue_t* queue, Work work) noexcept {
  if (queue == nullptr) return AMI_EINVAL;
  if (queue->born != ami::fork_generation()) return AMI_EFORK;
  return guard([&] { return static_cast<int>(work(*queue->queue)); });
}

int null_argument(ami::Client& client, const char* what) {
  return client.refuse(AMI_EINVAL, std::string(what) + " may not be NULL");
}

// A registration that owns its triple from the first moment: whatever fails, user is released.
template <typename Work>
int with_handler(const ami_t* ami, Handler::Callbacks callbacks, void* user, ami_release_cb release,
                 uint64_t id, Work work) noexcept {
  const HandlerPtr handler = Handler::create(id, callbacks, user, release);
  if (!handler) return AMI_ENOMEM;
  const int err = on_client(ami, [&](ami::Client& client) { return work(client, handler); });
  if (err < 0) handler->end();
  return err;
}

int copy_out(const std::string& text, char* buf, size_t cap) noexcept {
  if (buf != nullptr && cap > 0) {
    const size_t length = std::min(text.size(), cap - 1);
    std::memcpy(buf, text.data(), length);
    buf[length] = '\0';
  }
  return static_cast<int>(text.size());
}

int send(ami_t* ami, const ami_action_t* action, const Handler::Callbacks& callbacks, void* user,
         ami_release_cb release, bool keep_items, uint64_t* id) noexcept {
  const uint64_t number = ami::next_id();
  return with_handler(ami, callbacks, user, release, number,
                      [&](ami::Client& client, const HandlerPtr& handler) {
                        if (action == nullptr) return null_argument(client, "the action");
                        if (id != nullptr) *id = number;
                        const int err = client.send(*action, handler, keep_items, nullptr, number);
                        if (err != 0 && id != nullptr) *id = 0;
                        return err;
                      });
}

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

// ------------------------------------------------------------------------------------------- library

uint32_t ami_version(void) {
  return AMI_VERSION_MAJOR * 10000U + AMI_VERSION_MINOR * 100U + AMI_VERSION_PATCH;
}

#define AMI_QUOTE(number) #number
#define AMI_DOTTED(major, minor, patch) AMI_QUOTE(major) "." AMI_QUOTE(minor) "." AMI_QUOTE(patch)
const char* ami_version_string(void) {
  return AMI_DOTTED(AMI_VERSION_MAJOR, AMI_VERSION_MINOR, AMI_VERSION_PATCH);
}
#undef AMI_DOTTED
#undef AMI_QUOTE

// -------------------------------------------------------------------------------------------- client

ami_t* ami_new(void) {
  try {
    auto handle = std::make_unique<ami_t>();
    handle->client = std::make_shared<ami::Client>(handle.get());
    return handle.release();
  } catch (...) {
    return nullptr;
  }
}

uint64_t ami_id(const ami_t* ami) {
  return ami == nullptr ? 0 : ami->client->id();
}

int ami_set(ami_t* ami, const char* name, const char* value) {
  return on_client(ami, [&](ami::Client& client) {
    if (name == nullptr || value == nullptr) return null_argument(client, "name and value");
    return client.set(name, value);
  });
}

int ami_get(const ami_t* ami, const char* name, char* buf, size_t cap) {
  return on_client(ami, [&](ami::Client& client) {
    if (name == nullptr || (buf == nullptr && cap > 0)) return null_argument(client, "name and buffer");
    std::string value;
    const int err = client.get(name, value);
    return err != 0 ? err : copy_out(value, buf, cap);
  });
}

int ami_detail(const ami_t* ami, char* buf, size_t cap) {
  // Without a detail of its own, which would hide the one that was asked for.
  if (buf == nullptr && cap > 0) return AMI_EINVAL;
  return on_client(ami, [&](ami::Client& client) { return copy_out(client.detail(), buf, cap); });
}

int ami_set_loop(ami_t* ami, uv_loop_s* loop) {
  return on_client(ami, [&](ami::Client& client) {
    return loop == nullptr ? null_argument(client, "the loop") : client.set_loop(loop);
  });
}

int ami_set_queue(ami_t* ami, ami_queue_t* queue) {
  return on_client(ami, [&](ami::Client& client) {
    return queue == nullptr ? null_argument(client, "the queue") : client.set_queue(queue->queue);
  });
}

int ami_on_log(ami_t* ami, int level, ami_log_cb cb, void* user, ami_release_cb release) {
  Handler::Callbacks callbacks;
  callbacks.log = cb;
  return with_handler(ami, callbacks, user, release, 0, [&](ami::Client& client, const HandlerPtr& handler) {
    if (cb == nullptr) handler->end();
    return client.set_log(level, cb == nullptr ? HandlerPtr() : handler);
  });
}

int ami_connect(ami_t* ami) {
  return on_client(ami, [](ami::Client& client) { return client.connect(); });
}

int ami_wait(ami_t* ami, int timeout_ms) {
  return on_client(ami, [&](ami::Client& client) { return client.wait(timeout_ms); });
}

int ami_disconnect(ami_t* ami) {
  return on_client(ami, [](ami::Client& client) { return client.disconnect(); });
}

void ami_destroy(ami_t* ami) {
  if (ami == nullptr) return;
  guard([&] {
    const auto client = ami->client;
    client->destroy();
    return 0;
  });
}

int ami_state(const ami_t* ami) {
  return on_client(ami, [](ami::Client& client) { return client.state(); });
}

int64_t ami_stat(const ami_t* ami, int which) {
  int64_t value = 0;
  const int err = on_client(ami, [&](ami::Client& client) {
    value = client.stat(which);
    return 0;
  });
  return err != 0 ? err : value;
}

int ami_on(ami_t* ami, const char* name, ami_event_cb cb, void* user, ami_release_cb release, uint64_t* sub) {
  const uint64_t id = ami::next_id();
  Handler::Callbacks callbacks;
  callbacks.event = cb;
  return with_handler(ami, callbacks, user, release, id, [&](ami::Client& client, const HandlerPtr& handler) {
    if (name == nullptr) return null_argument(client, "the name of an event");
    // It is not known yet whether the handler will be needed in items, and later nothing may fail.
    if (!handler->reserve_slot()) return static_cast<int>(AMI_ENOMEM);
    if (sub != nullptr) *sub = id;
    return client.on(name, handler);
  });
}

int ami_off(ami_t* ami, uint64_t sub) {
  return on_client(ami, [&](ami::Client& client) { return client.off(sub); });
}

// -------------------------------------------------------------------------------------------- action

ami_action_t* ami_action_new(const char* name) {
  try {
    auto action = std::make_unique<ami_action>(name == nullptr ? "" : name);
    return action.release();
  } catch (...) {
    return nullptr;
  }
}

void ami_action_free(ami_action_t* action) {
  delete action;
}

int ami_action_add(ami_action_t* action, const char* key, const char* value) {
  return on_action(action, [&] {
    if (key == nullptr || value == nullptr)
      return action->refuse(AMI_EINVAL, "key and value may not be NULL");
    return action->add(key, value);
  });
}

int ami_action_addn(ami_action_t* action, const char* key, size_t key_len, const char* value,
                    size_t value_len) {
  return on_action(action, [&] {
    if (key == nullptr || (value == nullptr && value_len > 0)) {
      return action->refuse(AMI_EINVAL, "key and value may not be NULL");
    }
    return action->add({key, key_len}, {value_len == 0 ? "" : value, value_len});
  });
}

int ami_action_add_all(ami_action_t* action, const char* const* key_value, size_t pairs) {
  return on_action(action, [&] {
    if (key_value == nullptr && pairs > 0) return action->refuse(AMI_EINVAL, "the pairs may not be NULL");
    return action->add_all(key_value, pairs);
  });
}

int ami_action_variable(ami_action_t* action, const char* name, const char* value) {
  return on_action(action, [&] {
    if (name == nullptr || value == nullptr)
      return action->refuse(AMI_EINVAL, "name and value may not be NULL");
    return action->variable(name, value);
  });
}

int ami_action_timeout(ami_action_t* action, int ms) {
  return on_action(action, [&] { return action->set_timeout(ms); });
}

int ami_action_until(ami_action_t* action, const char* event) {
  return on_action(action, [&] {
    if (event == nullptr) return action->refuse(AMI_EINVAL, "the event's name may not be NULL");
    return action->set_until(event);
  });
}

int ami_action_bytes(ami_action_t* action, char* buf, size_t cap) {
  if (action == nullptr) return AMI_EINVAL;
  std::string why;
  const int err = guard([&] {
    if (buf == nullptr && cap > 0) {
      why = "buf may not be NULL where cap is not 0";
      return static_cast<int>(AMI_EINVAL);
    }
    std::string bytes;
    int result = action->check(why);
    if (result == 0) result = action->write(action->own_id(), ami::Encoding::kBytes, bytes, why);
    if (result == 0) result = copy_out(bytes, buf, cap);
    ami::wipe(bytes);  // a secret may have been in it
    return result;
  });
  if (err == AMI_ENOMEM) why = "out of memory";
  if (err < 0) action->explain(std::move(why));
  return err;
}

const char* ami_action_detail(const ami_action_t* action) {
  return action == nullptr ? "" : action->detail().c_str();
}

int ami_send(ami_t* ami, const ami_action_t* action, ami_reply_cb cb, void* user, ami_release_cb release,
             uint64_t* id) {
  Handler::Callbacks callbacks;
  callbacks.reply = cb;
  return send(ami, action, callbacks, user, release, true, id);
}

int ami_send_each(ami_t* ami, const ami_action_t* action, ami_event_cb each, ami_reply_cb cb, void* user,
                  ami_release_cb release, uint64_t* id) {
  Handler::Callbacks callbacks;
  callbacks.event = each;
  callbacks.reply = cb;
  return send(ami, action, callbacks, user, release, false, id);
}

int ami_call(ami_t* ami, const ami_action_t* action, ami_reply_t** reply) {
  if (reply != nullptr) *reply = nullptr;
  return on_client(ami, [&](ami::Client& client) {
    if (action == nullptr || reply == nullptr) return null_argument(client, "action and reply");
    ami::ReplyPtr result;
    const int err = client.call(*action, result);
    *reply = result.release();
    return err;
  });
}

int ami_cancel(ami_t* ami, uint64_t id) {
  return on_client(ami, [&](ami::Client& client) { return client.cancel(id); });
}

// --------------------------------------------------------------------------------------------- reply

int ami_reply_status(const ami_reply_t* reply) {
  return reply == nullptr ? AMI_EINVAL : reply->status;
}

int ami_reply_fate(const ami_reply_t* reply) {
  return reply == nullptr ? AMI_EINVAL : reply->fate;
}

uint64_t ami_reply_id(const ami_reply_t* reply) {
  return reply == nullptr ? 0 : reply->id;
}

const ami_msg_t* ami_reply_response(const ami_reply_t* reply) {
  return reply == nullptr ? nullptr : reply->response.get();
}

size_t ami_reply_count(const ami_reply_t* reply) {
  return reply == nullptr ? 0 : reply->items.size();
}

const ami_msg_t* ami_reply_at(const ami_reply_t* reply, size_t index) {
  return index < ami_reply_count(reply) ? reply->items[index].get() : nullptr;
}

const ami_msg_t* ami_reply_end(const ami_reply_t* reply) {
  return reply == nullptr ? nullptr : reply->end.get();
}

ami_reply_t* ami_reply_ref(const ami_reply_t* reply) {
  if (reply != nullptr) reply->ref();
  return const_cast<ami_reply_t*>(reply);
}

void ami_reply_unref(ami_reply_t* reply) {
  if (reply != nullptr) reply->unref();
}

// ------------------------------------------------------------------------------------------- message

int ami_msg_kind(const ami_msg_t* msg) {
  return msg == nullptr ? 0 : msg->kind();
}

const char* ami_msg_name(const ami_msg_t* msg) {
  return msg == nullptr ? "" : msg->name();
}

const char* ami_msg_get(const ami_msg_t* msg, const char* key, size_t* len) {
  if (len != nullptr) *len = 0;
  if (msg == nullptr || key == nullptr) return nullptr;
  const auto value = msg->get(key);
  if (len != nullptr) *len = value.size();
  return value.data();
}

const ami_field_t* ami_msg_find(const ami_msg_t* msg, const char* key, size_t nth) {
  return msg == nullptr || key == nullptr ? nullptr : msg->find(key, nth);
}

size_t ami_msg_fields(const ami_msg_t* msg, const ami_field_t** out) {
  if (out != nullptr) *out = msg == nullptr ? nullptr : msg->fields();
  return msg == nullptr ? 0 : msg->field_count();
}

const char* ami_msg_raw(const ami_msg_t* msg, size_t* len) {
  const auto raw = msg == nullptr ? std::string_view() : msg->raw();
  if (len != nullptr) *len = raw.size();
  return raw.data();
}

const char* ami_msg_output(const ami_msg_t* msg, size_t* len) {
  const auto output = msg == nullptr ? std::string_view() : msg->output();
  if (len != nullptr) *len = output.size();
  return output.data();
}

int ami_msg_status(const ami_msg_t* msg) {
  return msg == nullptr ? AMI_EINVAL : msg->status();
}

uint64_t ami_msg_seq(const ami_msg_t* msg) {
  return msg == nullptr ? 0 : msg->seq();
}

uint64_t ami_msg_time(const ami_msg_t* msg) {
  return msg == nullptr ? 0 : msg->time_ns();
}

const char* ami_msg_label(const ami_msg_t* msg) {
  return msg == nullptr ? "" : msg->label();
}

ami_msg_t* ami_msg_new(int kind, const char* bytes, size_t len, uint64_t seq, uint64_t time,
                       const char* label) {
  if (kind < 0 || kind > AMI_MSG_LISTITEM || bytes == nullptr) return nullptr;
  const ami::Stamp stamp{.kind = kind, .seq = seq, .time_ns = time, .label = label == nullptr ? "" : label};
  return ami::lone_message({bytes, len}, stamp).release();
}

ami_msg_t* ami_msg_ref(const ami_msg_t* msg) {
  if (msg != nullptr) msg->ref();
  return const_cast<ami_msg_t*>(msg);
}

void ami_msg_unref(ami_msg_t* msg) {
  if (msg != nullptr) msg->unref();
}

// --------------------------------------------------------------------------------------------- queue

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
