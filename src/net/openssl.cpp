#include "net/openssl.h"

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

const struct Exit {
  Exit() noexcept {
    // If nobody has used OpenSSL yet, it frees nothing, and TLS goes on to the very end. If somebody has,
    // then its exit handler was registered before this object, and so runs after ~Exit().
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    // Threads that held it are not in the child.
    pthread_atfork(nullptr, nullptr, [] { holds.fetch_and(kEnded, std::memory_order_relaxed); });
  }
  Exit(const Exit&) = delete;
  Exit& operator=(const Exit&) = delete;
  ~Exit() {
    uint32_t now = holds.fetch_or(kEnded) | kEnded;
    for (; now != kEnded; now = holds.load()) holds.wait(now);
  }
} exit_handler;

}  // namespace

OpenSslHold::OpenSslHold() noexcept : usable_((holds.fetch_add(1) & kEnded) == 0) {}

OpenSslHold::~OpenSslHold() {
  if (holds.fetch_sub(1) == kEnded + 1) holds.notify_all();
}

void keep_to_the_end(void* object) noexcept {
  auto* node = new (std::nothrow) Kept{object, kept.load()};
  while (node != nullptr && !kept.compare_exchange_weak(node->next, node)) {
  }
}

}  // namespace ami
