#include "proxy.h"

#include <arpa/inet.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "connection.h"

namespace chaos {
namespace {

constexpr int backlog = 128;

void check(int status, const char* what) {
  if (status >= 0) return;
  std::fprintf(stderr, "proxy: %s: %s\n", what, uv_strerror(status));
  std::_Exit(2);
}

}  // namespace

Proxy::Proxy(int server_port, std::function<Plan(uint64_t)> plan, Record& record)
    : server_port_(server_port), plan_(std::move(plan)), record_(record) {
  std::signal(SIGPIPE, SIG_IGN);  // libuv does not keep it away
  check(uv_loop_init(&loop_), "loop");
  wake_.data = this;
  check(uv_async_init(&loop_, &wake_, [](uv_async_t* wake) { static_cast<Proxy*>(wake->data)->on_wake(); }),
        "async");
  listen();
  thread_ = std::thread([this] { uv_run(&loop_, UV_RUN_DEFAULT); });
}

Proxy::~Proxy() {
  stopping_ = true;
  uv_async_send(&wake_);
  thread_.join();
  check(uv_loop_close(&loop_), "end");
}

void Proxy::calm() {
  calm_ = true;
  uv_async_send(&wake_);
}

void Proxy::listen() {
  listener_.data = this;
  sockaddr_in address{};
  auto* any = reinterpret_cast<sockaddr*>(&address);
  int size = sizeof address;
  check(uv_ip4_addr("127.0.0.1", 0, &address), "address");
  check(uv_tcp_init(&loop_, &listener_), "socket");
  check(uv_tcp_bind(&listener_, any, 0), "bind");
  check(uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), backlog,
                  [](uv_stream_t* listener, int status) {
                    if (status == 0) static_cast<Proxy*>(listener->data)->accept();
                  }),
        "listen");
  check(uv_tcp_getsockname(&listener_, any, &size), "port");
  port_ = ntohs(address.sin_port);
}

void Proxy::accept() {
  const uint64_t number = ++last_connection_;
  record_.connections = number;
  connections_.insert(new Connection(*this, listener_, calm_ ? Plan() : plan_(number), number));
}

void Proxy::on_wake() {
  if (stopping_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&listener_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
    for (Connection* connection : connections_) connection->close(false);
    return;
  }
  if (!calm_) return;
  // update() may close a connection, but it goes later.
  for (Connection* connection : connections_) connection->calm();
}

}  // namespace chaos
