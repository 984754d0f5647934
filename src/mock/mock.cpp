// The border: the functions of mock.h over Server.
#include "mock.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <memory>
#include <string>

#include "server.h"
#include "text.h"

using ami::mock::Request;
using ami::mock::Server;
using ami::mock::Session;

struct ami_mock {
  Server server;
};

namespace {

Session* inner(ami_mock_session_t* session) {
  return reinterpret_cast<Session*>(session);
}
const Session* inner(const ami_mock_session_t* session) {
  return reinterpret_cast<const Session*>(session);
}
const Request* inner(const ami_mock_request_t* request) {
  return reinterpret_cast<const Request*>(request);
}

int64_t copy_out(const std::string& text, char* buf, size_t cap) {
  if (buf && cap > 0) {
    size_t size = std::min(text.size(), cap - 1);
    std::memcpy(buf, text.data(), size);
    buf[size] = '\0';
  }
  return static_cast<int64_t>(text.size());
}

// Runs work(server) on the loop and hands on what it returns.
template <typename Work>
int drive(ami_mock_t* mock, Work work) {
  if (!mock) return -1;
  int result = -1;
  mock->server.on_loop([&] { result = static_cast<int>(work(mock->server)); });
  return result;
}

int status(bool ok) {
  return ok ? 0 : -1;
}

}  // namespace

ami_mock_t* ami_mock_new(void) {
  return new ami_mock;
}
void ami_mock_free(ami_mock_t* mock) {
  delete mock;
}

int ami_mock_set(ami_mock_t* mock, const char* name, const char* value) {
  return status(mock && name && value && mock->server.set(name, value));
}

int ami_mock_start(ami_mock_t* mock) {
  return status(mock && mock->server.start());
}
int ami_mock_port(const ami_mock_t* mock) {
  return mock ? mock->server.port() : -1;
}

void ami_mock_stop(ami_mock_t* mock) {
  if (mock) mock->server.stop();
}

const char* ami_mock_error(const ami_mock_t* mock) {
  return mock ? mock->server.error().c_str() : "no mock given";
}

int ami_mock_restart(ami_mock_t* mock) {
  return drive(mock, [](Server& server) { return status(server.restart(false)); });
}

int ami_mock_set_down(ami_mock_t* mock, int down) {
  return drive(mock, [&](Server& server) { return status(server.set_down(down != 0)); });
}

int ami_mock_set_certificate(ami_mock_t* mock, const char* cert_key) {
  if (!cert_key) return -1;
  return drive(mock, [&](Server& server) { return status(server.set_certificate(cert_key)); });
}

int ami_mock_emit(ami_mock_t* mock, const char* event) {
  if (!event) return -1;
  return drive(mock, [&](Server& server) { return server.raise(event); });
}

int ami_mock_emit_raw(ami_mock_t* mock, const void* bytes, size_t len) {
  if (!bytes) return -1;
  return drive(mock, [&](Server& server) {
    return server.raise_raw({static_cast<const char*>(bytes), len});
  });
}

int ami_mock_emit_many(ami_mock_t* mock, const char* event, size_t count) {
  if (!mock || !event) return -1;
  auto done = std::make_shared<std::promise<void>>();
  auto written = done->get_future();
  bool waits = drive(mock, [&](Server& server) {
    server.raise_many(event, count, [done] { done->set_value(); });
    return server.on_loop_thread() ? 0 : 1;
  });
  if (waits) written.wait();
  return 0;
}

int ami_mock_kick(ami_mock_t* mock) {
  return drive(mock, [](Server& server) { return server.kick(); });
}

int ami_mock_play(ami_mock_t* mock, const char* scene) {
  if (!scene) return -1;
  return drive(mock, [&](Server& server) { return status(server.play(scene)); });
}

int ami_mock_release(ami_mock_t* mock) {
  return drive(mock, [](Server& server) { return server.release(); });
}

int ami_mock_fault(ami_mock_t* mock, const char* name, int64_t n) {
  return ami_mock_fault_with(mock, name, n, 0);
}

int ami_mock_fault_with(ami_mock_t* mock, const char* name, int64_t n, int flags) {
  if (!name) return -1;
  return drive(mock, [&](Server& server) { return status(server.arm(name, n, flags)); });
}

int ami_mock_clear(ami_mock_t* mock) {
  return drive(mock, [](Server& server) { return server.clear_faults(); });
}

int64_t ami_mock_count(const ami_mock_t* mock, const char* what) {
  return mock && what ? mock->server.journal().count(what) : -1;
}

int ami_mock_wait(ami_mock_t* mock, const char* what, int64_t n, int timeout_ms) {
  return status(mock && what && mock->server.journal().wait(what, n, timeout_ms));
}

int ami_mock_wait_actions(ami_mock_t* mock, const char* name, int64_t n, int timeout_ms) {
  std::string what = name ? std::string("action:") + name : "actions";
  return ami_mock_wait(mock, what.c_str(), n, timeout_ms);
}

int ami_mock_saw(const ami_mock_t* mock, const char* action_id) {
  return mock && action_id ? mock->server.journal().saw(action_id) : -1;
}

int64_t ami_mock_action_id(const ami_mock_t* mock, size_t i, char* buf, size_t cap) {
  std::string id;
  if (!mock || !mock->server.journal().action_id(i, id)) return -1;
  return copy_out(id, buf, cap);
}

int64_t ami_mock_received(const ami_mock_t* mock, char* buf, size_t cap) {
  return mock ? copy_out(mock->server.journal().received(), buf, cap) : -1;
}

int64_t ami_mock_peer(const ami_mock_t* mock, char* buf, size_t cap) {
  return mock ? copy_out(mock->server.journal().peer(), buf, cap) : -1;
}

int ami_mock_on(ami_mock_t* mock, const char* action, ami_mock_action_cb callback, void* user) {
  if (!action) return -1;
  return drive(mock, [&](Server& server) { return server.on_action(action, callback, user), 0; });
}

const char* ami_mock_request_name(const ami_mock_request_t* request) {
  const char* name = request ? inner(request)->find("Action") : nullptr;
  return name ? name : "";
}

const char* ami_mock_request_get(const ami_mock_request_t* request, const char* key) {
  return request && key ? inner(request)->find(key) : nullptr;
}

size_t ami_mock_request_count(const ami_mock_request_t* request) {
  return request ? inner(request)->lines.size() : 0;
}

const char* ami_mock_request_line(const ami_mock_request_t* request, size_t i) {
  return i < ami_mock_request_count(request) ? inner(request)->lines[i].c_str() : nullptr;
}

int ami_mock_answer(ami_mock_session_t* session, const ami_mock_request_t* request, const char* text) {
  if (!session || !request || !text) return -1;
  std::string wire = ami::mock::expand(text, [&](std::string_view name, std::string& out) {
    std::string id = inner(request)->id();
    if (name != "id")
      out += inner(request)->get(name);
    else if (!id.empty())
      out += "ActionID: " + id + "\r\n";
  });
  if (wire.starts_with("Response:")) {
    inner(session)->send_response(std::move(wire));
  } else {
    inner(session)->message(wire);
  }
  return 0;
}

int ami_mock_write(ami_mock_session_t* session, const void* bytes, size_t len) {
  if (!session || !bytes) return -1;
  inner(session)->write({static_cast<const char*>(bytes), len});
  return 0;
}

int ami_mock_builtin(ami_mock_session_t* session, const ami_mock_request_t* request) {
  if (!session || !request) return -1;
  inner(session)->builtin(*inner(request));
  return 0;
}

int ami_mock_close(ami_mock_session_t* session) {
  if (!session) return -1;
  inner(session)->finish();
  return 0;
}

uint64_t ami_mock_session_id(const ami_mock_session_t* session) {
  return session ? inner(session)->id() : 0;
}
