#include <memory>
#include <string>

#include "capi.h"

using ami::Handler;
using ami::HandlerPtr;
using ami::capi::copy_out;
using ami::capi::guard;
using ami::capi::on_client;

namespace {

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

}  // namespace

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
