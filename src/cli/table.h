#pragma once

#include <string>
#include <vector>

#include "cli/key.h"

namespace ami::cli {

// Rows under aligned columns.
class Table {
 public:
  explicit Table(const Keys& heads);
  void add(const std::vector<std::string>& cells);
  // Nothing when there is no row. Control characters are made visible: they would break a row.
  [[nodiscard]] std::string text(bool coloured) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first one: the heads
  std::vector<size_t> widths_;
};

}  // namespace ami::cli
