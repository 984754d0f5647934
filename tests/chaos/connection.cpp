#include "connection.h"

#include <arpa/inet.h>

#include <algorithm>

#include "proxy.h"

namespace chaos {

Connection::Connection(Proxy& proxy, uv_tcp_t& listener, const Plan& plan, uint64_t number)
    : proxy_(proxy),
      to_client_(*this, server_, client_, 2 * number),
      to_server_(*this, client_, server_, 2 * number + 1) {
  uv_tcp_init(&proxy.loop_, &client_);
  uv_tcp_init(&proxy.loop_, &server_);
  uv_timer_init(&proxy.loop_, &timer_);
  timer_.data = this;
  connect_.data = this;
  for (const Step& step : plan) (step.way == Way::to_client ? to_client_ : to_server_).add(step);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", proxy.server_port_, &address);
  if (uv_accept(reinterpret_cast<uv_stream_t*>(&listener), reinterpret_cast<uv_stream_t*>(&client_)) != 0 ||
      uv_tcp_connect(&connect_, &server_, reinterpret_cast<sockaddr*>(&address),
                     [](uv_connect_t* request, int status) {
                       static_cast<Connection*>(request->data)->connected(status);
                     }) != 0) {
    close(false);
  }
}

void Connection::connected(int status) {
  if (closing_) return;
  if (status < 0) return close(true);
  uv_tcp_nodelay(&client_, 1);
  uv_tcp_nodelay(&server_, 1);
  to_client_.start();
  to_server_.start();
  update();
}

void Connection::calm() {
  to_client_.calm();
  to_server_.calm();
  update();
}

void Connection::tell(const Step& step) {
  proxy_.record_.fired[static_cast<size_t>(step.fault)][static_cast<size_t>(step.place)].fetch_add(1);
}

void Connection::read_all() {
  if (half_closed_) proxy_.record_.read_on.fetch_add(1);
}

void Connection::drop_other(const Pipe& pipe) {
  (&pipe == &to_client_ ? to_server_ : to_client_).drop();
}

uint64_t Connection::now() const {
  return uv_now(&proxy_.loop_);
}

void Connection::update() {
  if (!closing_) to_client_.pump();
  if (!closing_) to_server_.pump();
  if (closing_) return;
  if (to_client_.finished() && to_server_.finished()) return close(false);
  const uint64_t at = std::min(to_client_.due(), to_server_.due());
  if (at == UINT64_MAX) {
    uv_timer_stop(&timer_);
    return;
  }
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<Connection*>(timer->data)->update(); },
      at > now() ? at - now() : 0, 0);
}

void Connection::close(bool reset) {
  if (closing_) return;
  closing_ = true;
  const uv_close_cb closed = [](uv_handle_t* handle) {
    auto* connection = static_cast<Connection*>(handle->data);
    if (--connection->open_ > 0) return;
    connection->proxy_.connections_.erase(connection);
    delete connection;
  };
  for (uv_tcp_t* socket : {&client_, &server_}) {
    socket->data = this;
    if (reset && uv_tcp_close_reset(socket, closed) == 0) continue;
    uv_close(reinterpret_cast<uv_handle_t*>(socket), closed);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), closed);
}

}  // namespace chaos
