#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

// What the targets share. A target is a program with one LLVMFuzzerTestOneInput(), which takes bytes as a
// script and ends the process when an oracle of its own says no.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

[[noreturn]] inline void fail(const char* file, int line, const char* what, std::string_view more) {
  static_cast<void>(std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, what));
  for (const char c : more) {
    const bool plain = c == '\n' || (c >= ' ' && c <= '~');
    static_cast<void>(std::fprintf(stderr, plain ? "%c" : "\\x%02x", static_cast<unsigned char>(c)));
  }
  static_cast<void>(std::fputc('\n', stderr));
  std::abort();
}

// more: text that helps, made only when it is needed.
#define FUZZ_CHECK(condition, more) \
  ((condition) ? static_cast<void>(0) : fuzz::fail(__FILE__, __LINE__, #condition, more))

// The script: read from its beginning. Behind its end come zeros.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  explicit Input(std::string_view script) : rest_(script) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  // Below limit, which is at most 256.
  uint8_t below(unsigned limit) { return static_cast<uint8_t>(byte() % limit); }
  uint32_t number() {
    const uint32_t high = byte();
    return high << 8U | byte();
  }
  // A copy of its own in memory, so that a sanitizer notices when more is read.
  std::string take(size_t size) {
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(text.size());
    return text;
  }
  // A text of at most 255 bytes, its length before it; 255 is a long one, of two bytes' length.
  std::string text() {
    const size_t size = byte();
    return take(size < 255 ? size : number());
  }
  std::string_view rest() { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
};

// What stands in every secret of a target, and may stand in no error. It cannot come out of a script.
inline constexpr std::string_view kSecretMark = "s3cr3t!";
inline std::string with_secret_mark(std::string text) {
  return text.insert(text.size() / 2, kSecretMark);
}
inline bool shows_secret(std::string_view text) {
  return text.find(kSecretMark) != std::string_view::npos;
}
inline std::string without_secret_mark(const uint8_t* data, size_t size) {
  std::string script(reinterpret_cast<const char*>(data), size);
  for (char& c : script) c = c == '!' ? '.' : c;
  return script;
}

}  // namespace fuzz
