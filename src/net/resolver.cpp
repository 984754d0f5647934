#include "net/resolver.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <mutex>

namespace ami {
namespace {

// Both families and not AI_ADDRCONFIG, which would hide ::1 on a machine without other IPv6 addresses.
addrinfo hints(int flags) noexcept {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_protocol = IPPROTO_TCP;
  wanted.ai_flags = flags;
  return wanted;
}

std::vector<SocketAddress> list_of(const addrinfo* info) {
  std::vector<SocketAddress> list;
  for (; info != nullptr; info = info->ai_next) {
    if (info->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.size = info->ai_addrlen;
    list.push_back(address);
  }
  return list;
}

// Under process_mutex(). A process that exits takes libuv's thread pool down, and whoever comes to the pool
// later, or at that moment, makes libuv abort.
bool exiting = false;
// Ends before libuv does, on which this library depends. (std::atexit() promises no such order.)
const struct Exit {
  Exit() = default;
  Exit(const Exit&) = delete;
  Exit& operator=(const Exit&) = delete;
  ~Exit() {
    const std::lock_guard lock(process_mutex());
    exiting = true;
  }
} exit_handler;

}  // namespace

std::vector<SocketAddress> numeric_addresses(const std::string& host, uint16_t port) {
  const addrinfo wanted = hints(AI_NUMERICHOST | AI_NUMERICSERV);
  addrinfo* info = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &info) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(info, freeaddrinfo);
  return list_of(info);
}

// Lives until the loop gives it back, and holds the loop until then: a look-up cannot be interrupted, and
// nobody is to wait for it.
struct Resolver::Request {
  uv_getaddrinfo_t uv{};
  std::shared_ptr<Loop> loop;
  Resolver* resolver;  // nullptr: nobody waits any more

  static void done(uv_getaddrinfo_t* uv, int error, addrinfo* info) {
    const std::unique_ptr<Request> request(static_cast<Request*>(uv->data));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(info, uv_freeaddrinfo);
    request->loop->enter();
    Resolver* resolver = request->resolver;
    if (resolver == nullptr) return;
    resolver->request_ = nullptr;
    resolver->owner_.guard([&] { resolver->callback_(resolver->self_, error, list_of(info)); });
  }
};

int Resolver::start(const std::string& host, uint16_t port) {
  auto request = std::make_unique<Request>();
  request->uv.data = request.get();
  request->loop = owner_.loop();
  request->resolver = this;
  const addrinfo wanted = hints(AI_NUMERICSERV);
  const std::lock_guard lock(process_mutex());
  if (exiting) return UV_EAI_CANCELED;
  const int error = uv_getaddrinfo(owner_.uv(), &request->uv, Request::done, host.c_str(),
                                   std::to_string(port).c_str(), &wanted);
  if (error == 0) request_ = request.release();
  return error;
}

Resolver::~Resolver() {
  if (request_ == nullptr) return;
  request_->resolver = nullptr;
  // A forked child has no thread pool, and perhaps its lock in a dead thread's hands.
  if (generation_ != fork_generation()) return;
  const std::lock_guard lock(process_mutex());
  if (!exiting) uv_cancel(reinterpret_cast<uv_req_t*>(&request_->uv));
}

}  // namespace ami
