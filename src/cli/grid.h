#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/line.h"

namespace ami::cli {

// A table of which a part is seen: with headings, an order, a filter, and a row that is selected.
class Grid {
 public:
  struct Column {
    std::string title;
    size_t least, most;  // its width
    bool is_number = false;
  };
  struct Cell {
    std::string text;
    std::optional<int64_t> number;  // what it is sorted by, rather than its text
    Style style = Style::kPlain;
  };
  struct Row {
    std::string key;  // stays selected while rows come and go
    std::vector<Cell> cells;
  };

  Grid(std::vector<Column> columns, size_t order, bool is_descending);

  // Takes those that hold the filter somewhere, whatever the case.
  void set(std::vector<Row> rows, const std::string& filter);
  [[nodiscard]] size_t size() const { return rows_.size(); }
  // nullptr when there is none.
  [[nodiscard]] const Row* selected() const;

  void select(int64_t steps);  // down, or up
  void select_page(int64_t pages) { select(pages * static_cast<int64_t>(page_)); }
  void order_by_next();
  void reverse() { is_descending_ = !is_descending_; }

  struct Look {
    bool is_focused = false;  // shows which row is selected
    bool is_dim = false;
    std::string note;  // at the end of the heading
  };
  // A heading and as many rows as there is room for, height in all at most.
  std::vector<Line> lines(size_t width, size_t height, const Look& look);

 private:
  [[nodiscard]] std::vector<size_t> widths(size_t width) const;
  [[nodiscard]] std::string gap(size_t column, size_t count) const;
  [[nodiscard]] Line heading(const std::vector<size_t>& widths, size_t width, const std::string& note) const;
  [[nodiscard]] Line line(const Row& row, const std::vector<size_t>& widths, size_t width,
                          std::optional<Style> style) const;
  void sort();

  std::vector<Column> columns_;
  std::vector<Row> rows_;
  size_t order_;
  bool is_descending_;
  size_t selected_ = 0, top_ = 0, page_ = 1;
};

}  // namespace ami::cli
