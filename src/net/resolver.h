#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/handle.h"
#include "net/socket.h"

namespace ami {

// Whether host is an address, and which.
[[nodiscard]] std::vector<SocketAddress> numeric_addresses(const std::string& host, uint16_t port);

// Looks up a name, on libuv's thread pool. May be destroyed at any time: the answer is then dropped.
class Resolver {
 public:
  // error: 0 or a UV_EAI_* or UV_E* number.
  using Callback = void (*)(void* self, int error, std::vector<SocketAddress> addresses);
  Resolver(HandleOwner& owner, void* self, Callback callback) noexcept
      : owner_(owner), self_(self), callback_(callback) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // 0: the callback comes in a later turn. Otherwise an error as the callback would have told it.
  int start(const std::string& host, uint16_t port);

 private:
  struct Request;
  HandleOwner& owner_;
  void* self_;
  Callback callback_;
  Request* request_ = nullptr;
  const uint32_t generation_ = fork_generation();
};

}  // namespace ami
