#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "recording/entry.h"

namespace ami::cli {

// When a file is put away and another begun; 0: not for that reason.
struct Rotation {
  uint64_t bytes = 0;
  std::chrono::seconds age{0};  // of its first entry
};

// "100M" (K, M or G: bytes), "1h" (s, m, h or d). Throws Failure for anything else.
Rotation parse_rotation(const std::string& text);

// A recording that grows by whole entries. What a power cut has left of an entry is cut off when the file is
// opened. Its functions throw Failure.
class RecordingFile {
 public:
  // first_entry makes what every file begins with, and what is added to an old one.
  RecordingFile(std::string path, Rotation rotation, std::function<recording::Entry()> first_entry);
  ~RecordingFile();
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;

  void add(const recording::Entry& entry);
  // Hands what was added to the kernel: from then on it outlives this process.
  void write();
  // Hands what was written to the disk: from then on it outlives a power cut.
  void sync();
  [[nodiscard]] bool is_unsynced() const { return unsynced_; }

 private:
  void open();
  void find_end();
  void begin();
  void rotate();
  [[nodiscard]] std::string old_path() const;
  [[nodiscard]] bool is_full(size_t more, uint64_t time_ns) const;
  [[noreturn]] void fail(int error) const;

  std::string path_;
  Rotation rotation_;
  std::function<recording::Entry()> first_entry_;
  int fd_ = -1;
  uint64_t size_ = 0;           // of what is written, which is whole
  uint64_t first_time_ns_ = 0;  // 0: the file has no entry
  std::string pending_;
  bool is_used_ = false;  // it has more than its first entry
  bool unsynced_ = false;
};

}  // namespace ami::cli
