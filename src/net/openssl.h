#pragma once

namespace ami {

// OpenSSL, held while this library works with it. At the exit of a process OpenSSL frees what it works with,
// and waits for no thread: so the exit waits for those who hold it, and who comes later does not get it. Not
// to be held while a callback of the application runs, since that may exit.
class OpenSslHold {
 public:
  OpenSslHold() noexcept;
  ~OpenSslHold();
  OpenSslHold(const OpenSslHold&) = delete;
  OpenSslHold& operator=(const OpenSslHold&) = delete;
  // False: the process exits; nothing of OpenSSL's is to be called, not even to free an object.
  explicit operator bool() const noexcept { return usable_; }

 private:
  const bool usable_;
};

// Keeps an object that may no longer be freed, so that those who search for leaks find it.
void keep_to_the_end(void* object) noexcept;

// Frees an object of OpenSSL's, if that may be.
template <auto release, typename Object>
void free_held(Object* object) noexcept {
  const OpenSslHold openssl;
  if (openssl) {
    release(object);
  } else {
    keep_to_the_end(object);
  }
}

// What is said when there is no OpenSSL any more.
inline constexpr const char* kOpenSslEnded = "the process is exiting";

}  // namespace ami
