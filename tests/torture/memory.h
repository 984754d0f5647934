#pragma once

#include <cstdint>

// Memory that is short on demand. Reached are operator new of the whole program, malloc, calloc and realloc
// of all that is linked into it from objects (by --wrap), and what libuv and OpenSSL take.
//
// Out of reach:
// - realloc of libuv: it is how a loop grows its table of watchers, and libuv ends the process where that
//   fails. Counted, but never failed.
// - what glibc takes for itself (getaddrinfo, the stack of a thread), and the exception that tells of the
//   shortage, for which the C++ runtime keeps a reserve.
// - the first use of OpenSSL in a process: what fails there stays failed. It has been used before.
namespace memory {

// Before libuv and OpenSSL are used. From then on the calling thread is the test's.
void install();
// In a process that is not under test: nothing fails, nothing is counted.
void leave();

enum class Failing {
  kNever,
  kOnce,
  kFromThenOn,
};
// The k-th allocation from here on fails, counted from 1.
void fail(int64_t k, Failing failing);
// There is memory again.
void give_back();
// Whether an allocation has failed.
bool has_failed();
// Whether the next one would fail.
bool is_short();
// Allocations since fail().
int64_t count();
// Blocks that were taken since install() and not given back: our own and libuv's, and OpenSSL's, without what
// it keeps for this thread.
int64_t blocks();
int64_t blocks_of_openssl();
// Writes to stderr where the one that fails comes from.
void show_failure();

// Only what is allocated in such a scope counts and may fail, and all of a thread that the library started.
class Watched {
 public:
  Watched();
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  const bool before_;
};
// The test's own, on a thread of the library's.
class Unwatched {
 public:
  Unwatched();
  ~Unwatched();
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;

 private:
  const bool before_;
};
}  // namespace memory
