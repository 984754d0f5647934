#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ami {

// Bytes of one connection that wait to be written. Offsets count from the connection's first byte, so that
// each action knows its place and, by it, whether any of it has left.
class Output {
 public:
  void reset() noexcept;  // for a new connection
  // The offset behind what was appended.
  uint64_t append(std::string_view text);
  // Moves bytes that have not been handed over, [begin, end), by so many to the front.
  void move_up(uint64_t begin, uint64_t end, uint64_t by) noexcept;
  // Takes so many of the last bytes back; they are overwritten, too.
  void take_back(uint64_t bytes) noexcept;
  [[nodiscard]] std::string_view view() const { return std::string_view(buffer_).substr(start_); }
  // That many bytes of view() have left; they are overwritten, since they may hold a secret.
  void handed_over(size_t bytes);
  // The offset up to which bytes have left.
  [[nodiscard]] uint64_t handed() const { return handed_; }

 private:
  std::string buffer_;
  size_t start_ = 0;
  uint64_t handed_ = 0;
};

}  // namespace ami
