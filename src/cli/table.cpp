#include "cli/table.h"

#include <algorithm>

#include "cli/utf8.h"

namespace ami::cli {

Table::Table(const Keys& heads) : widths_(heads.size()) {
  add(heads);
}

void Table::add(const std::vector<std::string>& cells) {
  auto& row = rows_.emplace_back();
  for (size_t i = 0; i < cells.size(); i++) {
    row.push_back(visible(cells[i]));
    widths_[i] = std::max(widths_[i], columns(row.back()));
  }
}

std::string Table::text(bool coloured) const {
  if (rows_.size() == 1) return {};
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); i++) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths_[i] - columns(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    const bool head = &row == &rows_.front();
    text += head && coloured ? "\x1b[1m" + line + "\x1b[0m\n" : line + '\n';
  }
  return text;
}

}  // namespace ami::cli
