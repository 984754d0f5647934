#pragma once

#include <cstdint>
#include <istream>

#include "recording/entry.h"

namespace ami::recording {

enum class Found {
  kEntry,
  kEnd,      // of a whole file
  kTorn,     // of a file whose writer was stopped in the middle of an entry: what follows is a part of one
  kDamaged,  // something that no writer leaves behind or that cannot be read, or no recording at all
};

// Reads the entries of a recording one after the other.
class Reader {
 public:
  explicit Reader(std::istream& in) : in_(in) {}

  // After anything but kEntry it is over.
  Found next(Entry& entry);
  // Up to where the file was whole: in bytes from where the reading began.
  [[nodiscard]] uint64_t whole() const { return whole_; }

 private:
  Found read_entry(Entry& entry);
  Found read_line(std::string& line);
  Found read_bytes(size_t count, std::string& bytes);
  Found judge_zeros();

  std::istream& in_;
  uint64_t whole_ = 0;
  uint64_t read_ = 0;
  bool headed_ = false;
};

}  // namespace ami::recording
