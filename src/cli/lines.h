#pragma once

#include <cstdint>
#include <string>

namespace ami::cli {

// stdin, line by line as it comes.
class Lines {
 public:
  // To be polled for POLLIN; -1 at the end of the input.
  [[nodiscard]] int fd() const;
  // Takes in what has come; blocks when nothing has. Throws Failure for what cannot be read, and for a line
  // that is longer than an action can be.
  void read();
  // Moves the next whole line, without its end, to line. The last one may lack its end.
  bool next(std::string& line);
  [[nodiscard]] bool at_end() const { return ended_ && text_.empty(); }

  [[nodiscard]] size_t number() const { return number_; }  // of the line that came last, from 1
  [[nodiscard]] uint64_t bytes() const { return bytes_; }  // of all lines so far

 private:
  std::string text_;
  bool ended_ = false;
  size_t number_ = 0;
  uint64_t bytes_ = 0;
};

// How many bytes stdin has, if that can be known: if it is a file; or else 0.
uint64_t size_of_input();

}  // namespace ami::cli
