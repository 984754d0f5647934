#include "net/openssl.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <new>

namespace ami {
namespace {

constexpr uint32_t kEnded = 1U << 31U;
std::atomic<uint32_t> holds{0};  // and whether it has ended

struct Kept {
  void* object;
  Kept* next;
};
std::atomic<Kept*> kept{nullptr};

// Called by OpenSSL before it frees anything: at exit, or when the program says so.
void end() {
  uint32_t now = holds.fetch_or(kEnded) | kEnded;
  for (; now != kEnded; now = holds.load()) holds.wait(now);
}

// At our first use of OpenSSL, and not when the library is loaded: until then the program may want to set
// OpenSSL up in its own way. If nobody has used it yet, it will free nothing, and TLS goes on to the very
// end.
bool prepare() noexcept {
  if (OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) != 1) holds.fetch_or(kEnded);
  // OpenSSL does not keep our code in its place, as its handler, where that is linked into a plug-in.
  Dl_info self{};
  if (dladdr(&holds, &self) != 0) dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  OPENSSL_atexit(end);
  // Threads that held it are not in the child.
  pthread_atfork(nullptr, nullptr, [] { holds.fetch_and(kEnded, std::memory_order_relaxed); });
  return true;
}

bool hold() noexcept {
  static const bool prepared = prepare();
  return prepared && (holds.fetch_add(1) & kEnded) == 0;
}

}  // namespace

OpenSslHold::OpenSslHold() noexcept : usable_(hold()) {}

OpenSslHold::~OpenSslHold() {
  if (holds.fetch_sub(1) == kEnded + 1) holds.notify_all();
}

void keep_to_the_end(void* object) noexcept {
  auto* node = new (std::nothrow) Kept{object, kept.load()};
  while (node != nullptr && !kept.compare_exchange_weak(node->next, node)) {
  }
}

}  // namespace ami
