#include "core_net.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "net/certificate.h"
#include "net/clock.h"
#include "net/doorbell.h"
#include "net/fork.h"
#include "net/loop.h"
#include "net/md5.h"
#include "net/records.h"
#include "net/socket.h"
#include "net/thread.h"
#include "net/tls.h"
#include "net/transport.h"

struct core_loop {
  std::shared_ptr<ami::Loop> loop;
};

struct core_socket {
  ami::Socket socket;
};

struct core_doorbell {
  ami::Doorbell bell;
};

struct core_tls {
  std::shared_ptr<ami::TlsContext> context;
};

struct core_transport final : ami::TransportSink {
  std::unique_ptr<ami::Transport> transport;
  void (*hook)(core_transport_t*, const char*, void*) = nullptr;
  void* user = nullptr;
  std::string told, received, address, tls, detail;
  int error = 0;

  void tell(const char* word) {
    const bool again = word == std::string_view("receive") && told.ends_with(word);
    if (!again) told += (told.empty() ? "" : " ") + std::string(word);
    if (hook != nullptr) hook(this, word, user);
  }

  void on_wake() override { tell("wake"); }
  void on_timer() override { tell("timer"); }
  void on_flush() override { tell("flush"); }
  void on_connect(const std::string& where, const std::string& version) override {
    address = where;
    tls = version;
    tell("connect");
  }
  void on_receive(std::string_view bytes, uint64_t /*now_ms*/, uint64_t /*unix_ns*/) override {
    received += bytes;
    tell("receive");
  }
  void on_received_all() override { tell("all"); }
  void on_writable() override { tell("writable"); }
  void on_end() override { tell("end"); }
  void on_disconnect(int err, const std::string& why) override {
    error = err;
    detail = why;
    tell("disconnect");
  }
  void on_close() override { tell("close"); }
};

namespace {

std::string tls_error;
std::string kept;

core_loop_t* hold(std::shared_ptr<ami::Loop> (*make)(uv_loop_s*), uv_loop_s* uv) {
  try {
    return new core_loop{make(uv)};
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::string text_or_none(const char* text) {
  return text != nullptr ? text : "";
}

}  // namespace

extern "C" {

size_t core_record_length(const char* text, size_t size) {
  return ami::record_length({text, size});
}

int core_parse_pin(const char* text, char* out) {
  ami::KeyHash hash;
  if (!ami::parse_pin(text, hash)) return 0;
  strncpy(out, ami::pin_text(hash).c_str(), 64);
  return 1;
}

int core_md5(const char* text, unsigned char out[16]) {
  return ami::md5(text, out) ? 1 : 0;
}

core_socket_t* core_socket_open(int family) {
  ami::Socket socket = ami::open_tcp(family);
  return socket.fd() == -1 ? nullptr : new core_socket{std::move(socket)};
}
int core_socket_fd(const core_socket_t* socket) {
  return socket->socket.fd();
}
void core_socket_free(core_socket_t* socket) {
  delete socket;
}

const char* core_address_text(const sockaddr* address, size_t size) {
  ami::SocketAddress copy;
  memcpy(&copy.storage, address, size);
  copy.size = static_cast<socklen_t>(size);
  kept = ami::text_of(copy);
  return kept.c_str();
}

const char* core_error_text(int error) {
  kept = ami::error_text(error);
  return kept.c_str();
}

int core_is_self_connected(int fd) {
  return ami::is_self_connected(fd) ? 1 : 0;
}

ssize_t core_receive_some(int fd, char* buffer, size_t size) {
  return ami::receive_some(fd, buffer, size);
}

ssize_t core_send_some(int fd, const char* data, size_t size) {
  return ami::send_some(fd, data, size);
}

core_doorbell_t* core_doorbell_new(void) {
  return new core_doorbell;
}
void core_doorbell_free(core_doorbell_t* bell) {
  delete bell;
}
void core_doorbell_ring(core_doorbell_t* bell) {
  bell->bell.ring();
}
void core_doorbell_quiet(core_doorbell_t* bell) {
  bell->bell.quiet();
}
int core_doorbell_fd(const core_doorbell_t* bell) {
  return bell->bell.fd();
}

int core_run_on_thread(void (*run)(void* user), void* user) {
  try {
    ami::start_thread([=] { run(user); }).join();
    return 0;
  } catch (const std::system_error&) {
    return -1;
  }
}

uint32_t core_fork_generation(void) {
  return ami::fork_generation();
}
uint64_t core_monotonic_ms(void) {
  return ami::monotonic_ms();
}
uint64_t core_unix_ns(void) {
  return ami::unix_ns();
}
uint64_t core_random_seed(void) {
  return ami::random_seed();
}

core_loop_t* core_loop_shared(void) {
  return hold([](uv_loop_s*) { return ami::Loop::shared(); }, nullptr);
}
core_loop_t* core_loop_around(uv_loop_s* uv) {
  return hold(ami::Loop::around, uv);
}
void core_loop_free(core_loop_t* loop) {
  delete loop;
}
int core_loop_same(const core_loop_t* a, const core_loop_t* b) {
  return a->loop == b->loop ? 1 : 0;
}
int core_loop_is_current(const core_loop_t* loop) {
  return loop->loop->is_current() ? 1 : 0;
}
int core_loop_is_shared(const core_loop_t* loop) {
  return loop->loop->is_shared() ? 1 : 0;
}
void core_loop_post(core_loop_t* loop, void (*run)(void* user), void* user) {
  loop->loop->post([=] { run(user); });
}
void core_loop_post_last(core_loop_t* loop, void (*run)(void* user), void* user) {
  loop->loop->post([=, held = loop->loop] { run(user); });
}
void core_loop_post_throwing(core_loop_t* loop) {
  loop->loop->post([] { throw std::runtime_error("a task that throws"); });
}

core_tls_t* core_tls_new(const char* ca, const char* cert, const char* key, const char* verify,
                         const char* server_name, const char* pin) {
  ami::TlsOptions options;
  options.ca = text_or_none(ca);
  options.cert = text_or_none(cert);
  options.key = text_or_none(key);
  options.server_name = text_or_none(server_name);
  options.pin = text_or_none(pin);
  if (strcmp(verify, "ca") == 0) options.verify = ami::TlsOptions::Verify::kCa;
  if (strcmp(verify, "none") == 0) options.verify = ami::TlsOptions::Verify::kNone;
  auto context = ami::TlsContext::get(options, tls_error);
  return context ? new core_tls{std::move(context)} : nullptr;
}
void core_tls_free(core_tls_t* tls) {
  delete tls;
}
const char* core_tls_error(void) {
  return tls_error.c_str();
}

core_transport_t* core_transport_new(core_loop_t* loop) {
  auto made = std::make_unique<core_transport>();
  try {
    made->transport = ami::Transport::create(loop->loop, *made);
  } catch (const std::exception&) {
    return nullptr;
  }
  return made.release();
}
void core_transport_free(core_transport_t* transport) {
  delete transport;
}
void core_transport_connect(core_transport_t* transport, const char* host, uint16_t port, core_tls_t* tls,
                            uint64_t timeout_ms) {
  transport->transport->connect({host, port, tls != nullptr ? tls->context : nullptr, timeout_ms});
}
size_t core_transport_write(core_transport_t* transport, const char* bytes, size_t size) {
  return transport->transport->write({bytes, size});
}
void core_transport_pause(core_transport_t* transport) {
  transport->transport->pause();
}
void core_transport_resume(core_transport_t* transport) {
  transport->transport->resume();
}
void core_transport_disconnect(core_transport_t* transport) {
  transport->transport->disconnect();
}
void core_transport_close(core_transport_t* transport) {
  transport->transport->close();
}
void core_transport_abandon(core_transport_t* transport) {
  transport->transport->abandon();
}
void core_transport_wake(core_transport_t* transport) {
  transport->transport->wake();
}
void core_transport_flush_soon(core_transport_t* transport) {
  transport->transport->flush_soon();
}
void core_transport_set_timer(core_transport_t* transport, uint64_t at_ms) {
  transport->transport->set_timer(at_ms);
}
uint64_t core_transport_now(const core_transport_t* transport) {
  return transport->transport->now();
}
uint64_t core_transport_writes(const core_transport_t* transport) {
  return transport->transport->writes();
}
const char* core_transport_told(const core_transport_t* transport) {
  return transport->told.c_str();
}
void core_transport_on(core_transport_t* transport,
                       void (*hook)(core_transport_t* transport, const char* word, void* user), void* user) {
  transport->hook = hook;
  transport->user = user;
}
void core_transport_forget(core_transport_t* transport) {
  transport->told.clear();
  transport->received.clear();
}
const char* core_transport_received(const core_transport_t* transport, size_t* size) {
  if (size != nullptr) *size = transport->received.size();
  return transport->received.c_str();
}
const char* core_transport_address(const core_transport_t* transport) {
  return transport->address.c_str();
}
const char* core_transport_tls(const core_transport_t* transport) {
  return transport->tls.c_str();
}
int core_transport_error(const core_transport_t* transport) {
  return transport->error;
}
const char* core_transport_detail(const core_transport_t* transport) {
  return transport->detail.c_str();
}

}  // extern "C"
