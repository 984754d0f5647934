#include "memory.h"

#include <execinfo.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* memory, size_t size);
void __real_free(void* memory);
}

namespace memory {
namespace {

thread_local bool watched = true;
bool counting = false;  // between install() and leave()

std::atomic<int64_t> allocations{0};
std::atomic<int64_t> first_failing{INT64_MAX};
std::atomic<int64_t> last_failing{0};
std::atomic<bool> failed{false};
std::atomic<bool> shown{false};

// The blocks that watched threads have taken, by address: an open-addressed table, since nothing here may
// allocate.
constexpr size_t kPlaces = size_t{1} << 17U;
std::mutex mutex;
void* places[kPlaces];
char removed_mark;
void* const kRemoved = &removed_mark;
enum class Whose : bool { kOurs, kOpenSsl };
Whose whose[kPlaces];
int64_t taken[2] = {};

size_t place_of(const void* block) {
  return (reinterpret_cast<uintptr_t>(block) >> 4U) * 0x9E3779B97F4A7C15U >> 47U;
}

int64_t& taken_by(Whose owner) {
  return taken[owner == Whose::kOpenSsl ? 1 : 0];
}

void keep(void* block, Whose owner) {
  const std::lock_guard lock(mutex);
  size_t place = place_of(block);
  while (places[place] != nullptr && places[place] != kRemoved) place = (place + 1) % kPlaces;
  places[place] = block;
  whose[place] = owner;
  ++taken_by(owner);
  if (taken[0] + taken[1] > static_cast<int64_t>(kPlaces / 2)) std::abort();
}

// Whoever frees it, and whether it was kept at all.
void forget(const void* block) {
  if (block == nullptr) return;
  const std::lock_guard lock(mutex);
  for (size_t place = place_of(block); places[place] != nullptr; place = (place + 1) % kPlaces) {
    if (places[place] != block) continue;
    places[place] = kRemoved;
    --taken_by(whose[place]);
    return;
  }
}

bool fails() {
  if (!watched || !counting) return false;
  const int64_t number = allocations.fetch_add(1) + 1;
  if (number < first_failing || number > last_failing) return false;
  if (!failed.exchange(true) && shown) {
    const Unwatched own;
    void* frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  }
  return true;
}

void* kept(void* block, Whose owner = Whose::kOurs) {
  if (block != nullptr && watched && counting) keep(block, owner);
  return block;
}

void* take(size_t size) {
  return fails() ? nullptr : kept(__real_malloc(size == 0 ? 1 : size));
}
void* take_zeroed(size_t count, size_t size) {
  return fails() ? nullptr : kept(__real_calloc(count, size));
}
// Forgotten first: as soon as it is freed another thread may get the same block.
void* move_of(Whose owner, void* block, size_t size) {
  forget(block);
  void* moved = __real_realloc(block, size);
  if (moved == nullptr && size != 0 && block != nullptr) kept(block, owner);
  return kept(moved, owner);
}
void* move(void* block, size_t size) {
  return move_of(Whose::kOurs, block, size);
}
void* take_more(void* block, size_t size) {
  return fails() ? nullptr : move(block, size);
}
void give(void* block) {
  forget(block);
  __real_free(block);
}

void* take_for_openssl(size_t size, const char*, int) {
  return fails() ? nullptr : kept(__real_malloc(size), Whose::kOpenSsl);
}
void* take_more_for_openssl(void* block, size_t size, const char*, int) {
  return fails() ? nullptr : move_of(Whose::kOpenSsl, block, size);
}
void give_for_openssl(void* block, const char*, int) {
  give(block);
}

}  // namespace

void install() {
  if (uv_replace_allocator(take, move, take_zeroed, give) != 0) std::abort();
  if (CRYPTO_set_mem_functions(take_for_openssl, take_more_for_openssl, give_for_openssl) != 1) std::abort();
  watched = false;
  unsigned char digest[EVP_MAX_MD_SIZE];
  if (EVP_Digest("", 0, digest, nullptr, EVP_md5(), nullptr) != 1) std::abort();
  SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
  counting = true;
}

void leave() {
  counting = false;
}

void fail(int64_t k, Failing failing) {
  failed = false;
  allocations = 0;
  last_failing = failing == Failing::kNever ? 0 : failing == Failing::kOnce ? k : INT64_MAX;
  first_failing = k;
}

void give_back() {
  last_failing = 0;
}

bool has_failed() {
  return failed;
}

bool is_short() {
  return failed && allocations < last_failing;
}

int64_t count() {
  return allocations;
}

int64_t blocks() {
  const std::lock_guard lock(mutex);
  return taken_by(Whose::kOurs);
}

int64_t blocks_of_openssl() {
  OPENSSL_thread_stop();
  const std::lock_guard lock(mutex);
  return taken_by(Whose::kOpenSsl);
}

void show_failure() {
  void* frames[1];
  backtrace(frames, 1);  // loads what it needs
  shown = true;
}

Watched::Watched() : before_(watched) {
  watched = true;
}
Watched::~Watched() {
  watched = before_;
}
Unwatched::Unwatched() : before_(watched) {
  watched = false;
}
Unwatched::~Unwatched() {
  watched = before_;
}

}  // namespace memory

// Only these: nothing of the library is over-aligned.
void* operator new(size_t size) {
  void* block = memory::take(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void* operator new(size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return memory::take(size);
}
void operator delete(void* block) noexcept {
  memory::give(block);
}
void operator delete(void* block, size_t /*size*/) noexcept {
  memory::give(block);
}

extern "C" {
void* __wrap_malloc(size_t size) {
  return memory::take(size);
}
void* __wrap_calloc(size_t count, size_t size) {
  return memory::take_zeroed(count, size);
}
void* __wrap_realloc(void* block, size_t size) {
  return memory::take_more(block, size);
}
void __wrap_free(void* block) {
  memory::give(block);
}
}
