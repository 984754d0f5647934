#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/handle.h"
#include "net/resolver.h"
#include "net/socket.h"

namespace ami {

// What a connector tells, once, in a later turn. The connector may be destroyed inside.
class ConnectorSink {
 public:
  virtual void on_connected(Socket socket, std::string address) = 0;
  virtual void on_connect_failed(int err, const std::string& detail) = 0;

 protected:
  ~ConnectorSink() = default;
};

// From a name to a connected socket: looks the name up and tries all its addresses in their order, each for
// its share of the time that is left. Destroying it ends the attempt.
class Connector {
 public:
  Connector(HandleOwner& owner, ConnectorSink& sink, std::string host, uint16_t port, uint64_t timeout_ms);
  // In a forked child, before it is destroyed.
  void abandon() noexcept { socket_.close(); }

 private:
  void on_timer();
  void on_resolved(int error, std::vector<SocketAddress> addresses);
  void on_ready();
  void try_next();
  // Whether the attempt is under way.
  bool try_address(const SocketAddress& address);
  void note_failure(const std::string& why);
  void fail(int err, const std::string& why);
  [[nodiscard]] uint64_t time_left() const;

  enum class Stage { kStart, kResolving, kConnecting };
  HandleOwner& owner_;
  ConnectorSink& sink_;
  const std::string host_;
  const uint16_t port_;
  const uint64_t timeout_ms_;
  const uint64_t deadline_;
  Stage stage_ = Stage::kStart;
  Resolver resolver_;
  std::vector<SocketAddress> addresses_;
  size_t tried_ = 0;
  Socket socket_;
  std::unique_ptr<Watch> watch_;
  Timer timer_;
  std::string failures_;
  bool last_timed_out_ = false;
};

}  // namespace ami
