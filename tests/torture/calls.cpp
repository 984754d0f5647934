// The calls of ami.h that need no server: options, actions, handlers, queues.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "ami/ami.h"
#include "memory.h"
#include "torture.h"

namespace {

// What a call returned: told, or a result like any other.
int looked_at(int result) {
  if (result == AMI_ENOMEM) {
    torture::told();
  } else {
    torture::result("result", result);
  }
  return result;
}

template <typename Call>
int call(Call function) {
  int result = 0;
  {
    const memory::Watched watched;
    result = function();
  }
  return looked_at(result);
}

// When there is memory again a call that was refused succeeds.
template <typename Call>
int insist(Call function) {
  int result = call(function);
  if (result == AMI_ENOMEM && !memory::is_short()) result = call(function);
  return result;
}

ami_t* new_client() {
  ami_t* client = nullptr;
  insist([&] { return (client = ami_new()) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
  return client;
}

void destroy(ami_t* client) {
  const memory::Watched watched;
  ami_destroy(client);
}

int releases = 0;
void on_release(void*) {
  ++releases;
}
void on_event(ami_t*, const ami_msg_t*, void*) {}
void on_reply(ami_t*, const ami_reply_t*, void*) {
  TORTURE_CHECK(false, 0);  // nothing is ever sent
}

int set(ami_t* client, const char* name, const char* value) {
  const int err = insist([&] { return ami_set(client, name, value); });
  char text[512];
  const int length = ami_detail(client, text, sizeof text);
  if (err == AMI_ENOMEM) TORTURE_CHECK(std::strcmp(text, "out of memory") == 0 || length < 0, length);
  return err;
}

// A value that could not be set is what it was.
void get(ami_t* client, const char* name, const char* before, const char* after) {
  char text[256];
  const int length = insist([&] { return ami_get(client, name, text, sizeof text); });
  if (length >= 0) TORTURE_CHECK(std::strcmp(text, before) == 0 || std::strcmp(text, after) == 0, length);
}

void options() {
  ami_t* client = new_client();
  if (client == nullptr) return;
  constexpr const char* kHost = "a.host.with.a.name.that.takes.memory.example.org";
  set(client, "host", kHost);
  get(client, "host", "localhost", kHost);
  set(client, "username", "a user name that takes memory");
  get(client, "username", "username", "a user name that takes memory");
  set(client, "password", "a secret that takes memory, as long as it is longer than sixty-four bytes");
  set(client, "password", "a secret");
  set(client, "events", "call,agent,user,system,reporting");
  get(client, "events", "on", "call,agent,user,system,reporting");
  set(client, "filter", "Event: one filter that takes memory");
  set(client, "filter", "Event: another filter that takes memory");
  set(client, "identifier", "an-identifier-of-24-char");
  set(client, "tls.ca", "/a/file/that/is/not/looked/at/before/connect.pem");
  set(client, "url", "ami://user%20name:se%3Acret@another.host.example.org:5039?events=call&reconnect=500");
  TORTURE_CHECK(set(client, "url", "ami://[::1?x") != 0, 0);
  TORTURE_CHECK(set(client, "port", "65536") != 0, 0);
  TORTURE_CHECK(set(client, "an option that is not known", "1") != 0, 0);
  insist([&] { return ami_get(client, "filter", nullptr, 0); });
  char text[512];
  insist([&] { return ami_detail(client, text, sizeof text); });
  destroy(client);
}

struct Built {
  ami_action_t* action = nullptr;
  int status = 0;  // the first that went wrong spoils it
};

template <typename Call>
void build(Built& built, Call function) {
  if (built.action == nullptr) return;
  const int err = call([&] { return function(built.action); });
  if (built.status != 0) TORTURE_CHECK(err == built.status, err);
  if (built.status == 0) built.status = err;
}

void actions() {
  ami_t* client = new_client();
  Built built;
  insist([&] {
    built.action = ami_action_new("An action with a name that takes memory");
    return built.action != nullptr ? 0 : static_cast<int>(AMI_ENOMEM);
  });
  if (client == nullptr || built.action == nullptr) {
    ami_action_free(built.action);
    if (client != nullptr) destroy(client);
    return;
  }
  const char* const pairs[] = {"First", "a value that takes memory", "Second", "and another value that does"};
  for (int i = 0; i < 4; ++i) {
    build(built,
          [](ami_action_t* a) { return ami_action_add(a, "Channel", "PJSIP/alice-and-something-long"); });
  }
  build(built,
        [](ami_action_t* a) { return ami_action_addn(a, "Data", 4, "a value of a given length", 25); });
  build(built, [&](ami_action_t* a) { return ami_action_add_all(a, pairs, 2); });
  build(built, [](ami_action_t* a) {
    return ami_action_variable(a, "NAME", "a, \"quoted\" value that takes memory");
  });
  build(built, [](ami_action_t* a) { return ami_action_add(a, "ActionID", "an-id-that-takes-memory"); });
  build(built, [](ami_action_t* a) { return ami_action_timeout(a, 1000); });
  build(built, [](ami_action_t* a) { return ami_action_until(a, "AnEventThatTakesMemory"); });
  // What only reads spoils nothing.
  if (built.action != nullptr && built.status == 0) {
    const int err = insist([&] { return std::min(ami_action_bytes(built.action, nullptr, 0), 0); });
    TORTURE_CHECK(err == 0 || memory::is_short(), err);
  }
  releases = 0;
  uint64_t id = 77;
  const int err = call([&] { return ami_send(client, built.action, on_reply, nullptr, on_release, &id); });
  TORTURE_CHECK(built.status == 0 || err == AMI_ENOMEM, err);
  TORTURE_CHECK(err == AMI_ESTATE || err == AMI_ENOMEM, err);
  TORTURE_CHECK(releases == 1, releases);
  build(built,
        [](ami_action_t* a) { return ami_action_add(a, "Bad", "line\r\nAction: Logoff, with more text"); });
  TORTURE_CHECK(built.status == AMI_EINJECT || built.status == AMI_ENOMEM, built.status);
  TORTURE_CHECK(ami_action_detail(built.action) != nullptr, 0);
  ami_action_free(built.action);
  destroy(client);
}

void handlers() {
  ami_t* client = new_client();
  if (client == nullptr) return;
  releases = 0;
  int given = 0;
  uint64_t subs[6] = {};
  const char* const names[] = {"Hangup", "Queue*", "data", "*", "An event with a name that takes memory",
                               "gap"};
  for (size_t i = 0; i < std::size(names); ++i) {
    const auto add = [&] { return ami_on(client, names[i], on_event, nullptr, on_release, &subs[i]); };
    for (int attempt = 0; attempt < 2; ++attempt) {
      ++given;
      const int err = call(add);
      TORTURE_CHECK(err == 0 || err == AMI_ENOMEM, err);
      if (err != 0) subs[i] = 0;
      if (err == 0 || memory::is_short()) break;
    }
  }
  ++given;
  call([&] {
    return ami_on_log(
        client, 3, [](int, const char*, void*) {}, nullptr, on_release);
  });
  for (size_t i = 0; i < 3; ++i) {
    if (subs[i] != 0) insist([&] { return ami_off(client, subs[i]); });
  }
  call([&] { return ami_off(client, 1U << 30U); });
  destroy(client);
  TORTURE_CHECK(releases == given, releases);
}

void queues() {
  ami_queue_t* queue = nullptr;
  insist([&] { return (queue = ami_queue_new()) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
  if (queue == nullptr) return;
  releases = 0;
  int fd = -1;
  insist([&] {
    fd = ami_queue_fd(queue);
    return fd < 0 ? fd : 0;
  });
  call([&] {
    return ami_queue_on_wake(
        queue, [](void*) {}, nullptr, on_release);
  });
  ami_t* clients[3] = {};
  for (ami_t*& client : clients) {
    client = new_client();
    if (client != nullptr) insist([&] { return ami_set_queue(client, queue); });
  }
  ami_item_t item;
  call([&] { return ami_queue_poll(queue, &item, 1, 0); });
  call([&] { return ami_queue_dispatch(queue, 10, 0); });
  for (ami_t* client : clients) {
    if (client != nullptr) destroy(client);
  }
  TORTURE_CHECK(call([&] { return ami_queue_free(queue); }) == 0, 0);
  TORTURE_CHECK(releases == 1, releases);
}

void messages() {
  constexpr std::string_view kText =
      "Response: Success\r\nOutput: the first line of two\r\nOutput: the second\r\n\r\n";
  const auto make = [&](int kind, std::string_view text) {
    ami_msg_t* made = nullptr;
    const memory::Watched watched;
    made = ami_msg_new(kind, text.data(), text.size(), 1, 2, "a label that takes memory");
    return made;
  };
  TORTURE_CHECK(make(0, "no message") == nullptr, 0);
  ami_msg_t* msg = make(0, kText);
  if (msg == nullptr) {
    torture::told();
    if (memory::is_short()) return;
    msg = make(0, kText);  // there is memory again
  }
  TORTURE_CHECK(msg != nullptr, 0);
  {
    const memory::Watched watched;
    // Each is made when it is asked for.
    size_t size = 0;
    const char* raw = ami_msg_raw(msg, &size);
    if (raw == nullptr) torture::told();
    TORTURE_CHECK(raw == nullptr || std::string_view(raw, size) == kText, size);
    const char* output = ami_msg_output(msg, &size);
    if (output == nullptr) torture::told();
    TORTURE_CHECK(output == nullptr || std::string_view(output, size) == "the first line of two\nthe second",
                  size);
    ami_msg_unref(ami_msg_ref(msg));
    ami_msg_unref(msg);
  }
}

void streams() {
  ami_queue_t* queue = nullptr;
  insist([&] { return (queue = ami_queue_new()) != nullptr ? 0 : static_cast<int>(AMI_ENOMEM); });
  if (queue == nullptr) return;
  for (int i = 0; i < 2; ++i) {  // the second takes the place of the first
    int stream = -1;
    insist([&] {
      stream = ami_queue_stream(queue);
      return std::min(stream, 0);
    });
    TORTURE_CHECK(stream >= 0 || torture::was_told(), stream);
    char byte = 0;
    TORTURE_CHECK(stream < 0 || read(stream, &byte, 1) == 1, i);
    if (stream >= 0) close(stream);
  }
  TORTURE_CHECK(call([&] { return ami_queue_free(queue); }) == 0, 0);
}

constexpr torture::Scenario kScenarios[] = {
    {"options", options}, {"actions", actions},   {"handlers", handlers},
    {"queues", queues},   {"messages", messages}, {"streams", streams},
};

}  // namespace

int main(int argc, char** argv) {
  memory::install();
  return torture::run(argc, argv, kScenarios, std::size(kScenarios));
}
