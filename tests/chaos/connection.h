// A connection through the proxy: two sockets and a pipe each way.
#pragma once

#include <uv.h>

#include <cstdint>

#include "pipe.h"
#include "plan.h"

namespace chaos {

class Proxy;

class Connection {
 public:
  // Accepts from the listener. Deletes itself at its end.
  Connection(Proxy& proxy, uv_tcp_t& listener, const Plan& plan, uint64_t number);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void calm();
  void close(bool reset);
  bool closing() const { return closing_; }
  // A fault has fired.
  void tell(const Step& step);
  void half_closed() { half_closed_ = true; }
  // A pipe has come to the end of what it reads.
  void read_all();
  void drop_other(const Pipe& pipe);
  uint64_t now() const;
  // A pipe has changed.
  void update();

 private:
  ~Connection() = default;
  void connected(int status);

  Proxy& proxy_;
  uv_tcp_t client_{}, server_{};
  uv_timer_t timer_{};
  uv_connect_t connect_{};
  Pipe to_client_, to_server_;
  int open_ = 3;  // handles
  bool closing_ = false;
  bool half_closed_ = false;  // by a fault
};

}  // namespace chaos
