// A proxy that stands between a client and a server and does to each connection what its plan says.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <thread>

#include "plan.h"
#include "record.h"

namespace chaos {

class Connection;

// Serves on a thread of its own from its making to its end. Ends the process when it cannot.
class Proxy {
 public:
  // Listens on a free port of 127.0.0.1, and connects on to server_port there.
  Proxy(int server_port, std::function<Plan(uint64_t connection)> plan, Record& record);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  int port() const { return port_; }
  // From now on nothing is done to any connection, new ones included.
  void calm();

 private:
  friend class Connection;
  void listen();
  void accept();
  void on_wake();

  const int server_port_;
  const std::function<Plan(uint64_t)> plan_;
  Record& record_;
  int port_ = 0;
  uint64_t last_connection_ = 0;
  std::atomic<bool> calm_{false}, stopping_{false};
  uv_loop_t loop_{};
  uv_tcp_t listener_{};
  uv_async_t wake_{};
  std::set<Connection*> connections_;  // each deletes itself
  std::thread thread_;
};

}  // namespace chaos
