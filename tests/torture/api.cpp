// ami.h against the mock PBX, in one way of delivery.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <string>

extern "C" {
#include "certificates.h"
}
#include "net/tls.h"
#include "server.h"
#include "world.h"

namespace {

Way way = Way::kThread;

const char* const kPing[] = {"Ping", nullptr};
const char* const kList[] = {"CoreShowChannels", "Items", "3", nullptr};
const char* const kCommand[] = {"Command", "Command", "core show version", nullptr};
const char* const kOwnId[] = {"Ping", "ActionID", "an-id-of-the-callers-own", nullptr};
const char* const kOriginate[] = {"Originate", "Channel", "Local/100@test", "Application", "Wait",
                                  "Data",      "1",       "Async",          "true",        nullptr};

// The client and what it does, then that all of it works again, and the end.
void in_world(void (*act)(World&)) {
  World world(way);
  const bool made = world.make();
  if (made) act(world);
  world.report();
  if (made) world.revive();
}

// A dispatcher may be behind the state.
void wait_notices(World& world, const Heard* heard, int count) {
  world.until([&] { return heard == nullptr || heard->messages >= count || torture::was_told(); });
}

void login(World& world) {
  const Heard* all = world.listen("*");
  if (!world.connect()) return;
  char banner[64];
  if (insist([&] { return ami_get(world.client(), "server.banner", banner, sizeof banner); }) < 0) return;
  world.disconnect();
  wait_notices(world, all, 6);
}

void filters(World& world) {
  world.listen("ready");
  if (!world.set("filter", "Event: Hello") || !world.set("filter", "!Channel: Local/.*")) return;
  if (!world.set("events", "call,user") || !world.set("identifier", "torture-")) return;
  if (!world.connect()) return;
  world.set("events", "off");
  world.ping();
  world.disconnect();
}

void refused(World& world) {
  const Heard* login = world.listen("login");
  if (!world.set("password", "this is not the secret of admin")) return;
  if (insist([&] { return ami_connect(world.client()); }) != 0) return;
  world.wait_state(AMI_STATE_IDLE);
  // The reason is what counts here.
  if (world.way() != Way::kLoop) {
    const int err = try_call([&] { return ami_wait(world.client(), 0); });
    TORTURE_CHECK(err == AMI_EAUTH || torture::was_told(), err);
  }
  world.until([&] { return login == nullptr || login->messages > 0 || torture::was_told(); });
}

void send(World& world) {
  if (!world.connect()) return;
  Sent* sents[] = {
      world.send(kPing),    world.send(kList),  world.send(kList, true),
      world.send(kCommand), world.send(kOwnId), world.send(kOriginate, false, "OriginateResponse"),
  };
  for (Sent* sent : sents) world.wait_reply(sent);
  if (world.way() != Way::kLoop) world.call();
}

void handlers(World& world) {
  Heard* hello = world.listen("Hello");
  Heard* glob = world.listen("H?l*");
  Heard* data = world.listen("data");
  if (!world.connect()) return;
  server::tell("emit Hello 3");
  world.wait_messages(hello, 3);
  world.wait_messages(glob, 3);
  world.forget(glob);
  Heard* late = world.listen("hello");
  server::tell("emit Hello 2");
  world.wait_messages(hello, 5);
  world.wait_messages(late, 2);
  world.ping();
  if (data == nullptr) return;
  world.forget(data);
}

void in_encoding(World& world, const char* encoding) {
  Heard* hello = world.listen("Hello");
  if (!world.set("encoding", encoding) || !world.connect()) return;
  static const char* const kText[] = {"Ping", "Text",
                                      "gr\xc3\xbc\xc3\x9f"
                                      "e",
                                      nullptr};
  world.wait_reply(world.send(kText));
  world.wait_reply(world.send(kCommand));
  server::tell("emit Hello 2");
  world.wait_messages(hello, 2);
}

// More events than the queue may hold, and a consumer that comes late.
void overflow(World& world) {
  Heard* hello = world.listen("Hello");
  Heard* gap = world.listen("gap");
  world.expect_drops();
  if (!world.set("queue.max_items", "4") || !world.connect()) return;
  server::tell("emit Hello 12");
  if (!world.until([&] {
        return hello == nullptr || hello->messages + world.dropped() >= 12 || torture::was_told() ||
               ami_state(world.client()) == AMI_STATE_IDLE;
      }))
    return;
  const bool answered = world.ping();  // which comes after the gaps
  if (hello == nullptr || gap == nullptr || !answered) return;
  torture::result("accounted for", hello->messages + world.dropped());
  TORTURE_CHECK(torture::was_told() || gap->dropped == world.dropped(), gap->dropped);
}

void overflow_waits(World& world) {
  Heard* hello = world.listen("Hello");
  if (!world.set("queue.max_items", "4") || !world.set("queue.overflow", "wait") || !world.connect()) return;
  for (int i = 1; i <= 5; ++i) {
    server::tell("emit Hello 6");
    if (!world.wait_messages(hello, 6 * i)) return;
  }
  world.ping();
}

// So that it is not chance whether it has left by the time of what comes next.
Sent* send_out(World& world, const char* const* words) {
  const int64_t before = ami_stat(world.client(), AMI_STAT_BYTES_OUT);
  Sent* sent = world.send(words);
  world.until([&] {
    return sent == nullptr || ami_stat(world.client(), AMI_STAT_BYTES_OUT) > before || torture::was_told() ||
           ami_state(world.client()) == AMI_STATE_IDLE;
  });
  return sent;
}

void cancel(World& world) {
  if (!world.connect()) return;
  server::tell("fault hold 1");
  Sent* first = send_out(world, kPing);
  Sent* second = send_out(world, kList);
  if (world.cancel(second)) world.wait_reply(second);
  if (world.cancel(first)) world.wait_reply(first);
  server::tell("release");
  world.ping();
}

void reconnect(World& world) {
  const Heard* ready = world.listen("ready");
  const Heard* gap = world.listen("gap");
  if (!world.set("reconnect", "1") || !world.set("offline", "queue") || !world.connect()) return;
  Sent* before = world.send(kPing);
  world.wait_reply(before);
  server::tell("kick");
  // What is sent before the client knows that the connection is gone is lost with it.
  world.until([&] {
    return ami_state(world.client()) != AMI_STATE_READY || ami_stat(world.client(), AMI_STAT_CONNECTS) > 1 ||
           torture::was_told();
  });
  Sent* after = world.send(kOwnId);
  world.wait_reply(after);
  world.until([&] { return ready == nullptr || ready->messages > 1 || torture::was_told(); });
  world.wait_ready();
  // Whatever else was told, a gap stands before what comes anew.
  if (ready != nullptr && gap != nullptr && ready->messages > 1) TORTURE_CHECK(gap->messages > 0, 0);
}

// In flight at the end of the connection, in its grace and without.
void close(World& world) {
  if (!world.set("disconnect.grace_ms", "1") || !world.connect()) return;
  for (const char* fault : {"fault no_response 1", "fault no_response 2", "fault no_response 3"})
    server::tell(fault);
  Sent* sents[] = {send_out(world, kPing), send_out(world, kList), send_out(world, kOwnId)};
  if (!world.disconnect()) return;
  for (Sent* sent : sents) world.wait_reply(sent);
}

void destroy(World& world) {
  const Heard* ready = world.listen("ready");
  if (!world.set("offline", "queue") || !world.connect()) return;
  wait_notices(world, ready, 1);
  server::tell("fault hold 1");
  for (int i = 0; i < 5; ++i) send_out(world, i == 2 ? kOwnId : kPing);
  server::tell("emit Hello 5");
}

// Whether the server goes away by itself.
void lost(World& world) {
  const Heard* notices = world.listen("connection-*");
  if (!world.connect()) return;
  server::tell("fault hold 1");
  Sent* sents[] = {send_out(world, kPing), send_out(world, kList)};
  server::tell("kick");
  for (Sent* sent : sents) world.wait_reply(sent);
  world.wait_state(AMI_STATE_IDLE);
  wait_notices(world, notices, 4);
}

certificate_t* authority = nullptr;
certificate_t* stranger = nullptr;
certificate_t* client = nullptr;

bool set_tls(World& world) {
  return world.set("tls", "on") && world.set("tls.ca", certificate_file(authority));
}

void tls(World& world) {
  world.before_revival(set_tls);
  if (!set_tls(world) || !world.connect()) return;
  world.ping();
  world.disconnect();
}

bool set_tls_client(World& world) {
  return set_tls(world) && world.set("tls.cert", certificate_file(client)) &&
         world.set("tls.key", certificate_key_file(client));
}

void tls_client(World& world) {
  world.before_revival(set_tls_client);
  if (!set_tls_client(world) || !world.connect()) return;
  world.ping();
  world.disconnect();
}

void tls_refused(World& world) {
  world.before_revival(set_tls);
  if (!world.set("tls", "on") || !world.set("tls.ca", certificate_file(stranger))) return;
  if (insist([&] { return ami_connect(world.client()); }) != 0) return;
  world.wait_state(AMI_STATE_IDLE);
}

void shake_hands(ami::Tls& tls) {
  const int peer = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(server::port()));
  TORTURE_CHECK(connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, errno);
  tls.start();
  while (tls.state() == ami::Tls::State::kHandshake) {
    const auto output = tls.output();
    TORTURE_CHECK(::send(peer, output.data(), output.size(), MSG_NOSIGNAL) >= 0, errno);
    tls.consumed(output.size());
    char bytes[4096];
    const ssize_t count = recv(peer, bytes, sizeof bytes, 0);
    if (count <= 0) break;
    tls.receive({bytes, static_cast<size_t>(count)});
  }
  ::close(peer);
}

// A connection's making by itself, of which each allocation fails in the short form too.
void tls_create() {
  ami::TlsOptions options;
  options.ca = certificate_file(authority);
  options.server_name = "127.0.0.1";
  std::string detail;
  const auto context = ami::TlsContext::get(options, detail);
  TORTURE_CHECK(context, 0);
  std::unique_ptr<ami::Tls> tls;
  try {
    const memory::Watched watched;
    tls = ami::Tls::create(context, detail);
  } catch (const std::bad_alloc&) {
    torture::told();
  }
  if (!tls) return torture::told();
  shake_hands(*tls);
  torture::result("state", static_cast<int>(tls->state()));
}

constexpr torture::Scenario kTls[] = {
    {"tls-create", tls_create},
    {"tls", [] { in_world(tls); }},
    {"tls-client", [] { in_world(tls_client); }},
    {"tls-refused", [] { in_world(tls_refused); }},
};

constexpr torture::Scenario kScenarios[] = {
    {"login", [] { in_world(login); }},
    {"filters", [] { in_world(filters); }},
    {"refused", [] { in_world(refused); }},
    {"send", [] { in_world(send); }},
    {"handlers", [] { in_world(handlers); }},
    {"cancel", [] { in_world(cancel); }},
    {"latin1", [] { in_world([](World& world) { in_encoding(world, "latin1"); }); }},
    {"utf-8", [] { in_world([](World& world) { in_encoding(world, "utf-8"); }); }},
    {"reconnect", [] { in_world(reconnect); }},
    {"close", [] { in_world(close); }},
    {"lost", [] { in_world(lost); }},
    {"destroy", [] { in_world(destroy); }},
    {"overflow", [] { in_world(overflow); }},
    {"overflow-waits", [] { in_world(overflow_waits); }},
};

}  // namespace

int torture_tls(int argc, char** argv) {
  certificate_wish_t wish{};
  wish.subject = "Torture CA";
  wish.is_authority = true;
  authority = certificate_new(wish);
  stranger = certificate_new(wish);
  wish = {};
  wish.subject = "mock";
  wish.names = "IP:127.0.0.1";
  wish.issuer = authority;
  certificate_t* leaf = certificate_new(wish);
  wish.subject = "client";
  client = certificate_new(wish);
  char files[512];
  static_cast<void>(
      std::snprintf(files, sizeof files, "%s:%s", certificate_file(leaf), certificate_key_file(leaf)));
  server::start(files);
  const int result = torture::run(argc, argv, kTls, std::size(kTls), server::reset, true);
  certificate_free(client);
  certificate_free(leaf);
  certificate_free(stranger);
  certificate_free(authority);
  return result;
}

// torture_api WAY and what torture::run() takes.
int main(int argc, char** argv) {
  constexpr const char* kWays[] = {"thread", "poll", "dispatch", "loop"};
  if (argc > 1 && std::strcmp(argv[1], "tls") == 0) {
    memory::install();
    return torture_tls(argc - 1, argv + 1);
  }
  size_t chosen = 0;
  while (chosen < std::size(kWays) && (argc < 2 || std::strcmp(kWays[chosen], argv[1]) != 0)) ++chosen;
  if (chosen == std::size(kWays)) {
    static_cast<void>(std::fprintf(stderr, "torture_api thread|poll|dispatch|loop|tls ...\n"));
    return 2;
  }
  way = static_cast<Way>(chosen);
  memory::install();
  server::start(nullptr);
  return torture::run(argc - 1, argv + 1, kScenarios, std::size(kScenarios), server::reset);
}
