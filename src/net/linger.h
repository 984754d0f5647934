#pragma once

#include <string>

#include "net/handle.h"
#include "net/socket.h"

namespace ami {

// The last moments of a connection that this side ends: sends what is left, tells the peer so, and reads
// until the peer has closed too, since closing with unread bytes would make the kernel throw away what is
// still on its way to the peer. A second at most.
class Linger {
 public:
  // done: in a later turn; the object may be destroyed inside.
  Linger(HandleOwner& owner, Socket socket, std::string unsent, void* self, void (*done)(void* self));
  // In a forked child, before it is destroyed.
  void abandon() noexcept { socket_.close(); }

 private:
  void on_ready();
  // Whether all is out.
  bool send_rest();
  void end();

  const std::shared_ptr<Loop> loop_;
  Socket socket_;
  std::string unsent_;
  void* self_;
  void (*done_)(void* self);
  Timer timer_;
  Watch watch_;
  bool told_ = false;
};

}  // namespace ami
