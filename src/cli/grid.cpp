#include "cli/grid.h"

#include <strings.h>

#include <algorithm>
#include <tuple>

#include "cli/utf8.h"

namespace ami::cli {
namespace {

bool is_same_letter(char one, char other) {
  return strncasecmp(&one, &other, 1) == 0;
}

bool holds(const Grid::Row& row, const std::string& filter) {
  return std::any_of(row.cells.begin(), row.cells.end(), [&filter](const Grid::Cell& cell) {
    return std::search(cell.text.begin(), cell.text.end(), filter.begin(), filter.end(), is_same_letter) !=
           cell.text.end();
  });
}

}  // namespace

Grid::Grid(std::vector<Column> columns, size_t order, bool is_descending)
    : columns_(std::move(columns)), order_(order), is_descending_(is_descending) {}

void Grid::set(std::vector<Row> rows, const std::string& filter) {
  const std::string key = selected() == nullptr ? "" : selected()->key;
  rows_ = std::move(rows);
  if (!filter.empty()) std::erase_if(rows_, [&filter](const Row& row) { return !holds(row, filter); });
  sort();
  const auto found =
      std::find_if(rows_.begin(), rows_.end(), [&key](const Row& row) { return row.key == key; });
  if (found != rows_.end()) selected_ = static_cast<size_t>(found - rows_.begin());
  select(0);
}

void Grid::sort() {
  const auto rank = [this](const Row& row) {
    const Cell& cell = row.cells[order_];
    return std::tuple(cell.number.value_or(0), std::string_view(cell.text));
  };
  std::sort(rows_.begin(), rows_.end(), [&](const Row& one, const Row& other) {
    const bool knows = !one.cells[order_].text.empty();
    const bool other_knows = !other.cells[order_].text.empty();
    if (knows != other_knows) return knows;  // what is not known comes last
    if (rank(one) != rank(other)) return is_descending_ ? rank(other) < rank(one) : rank(one) < rank(other);
    return one.key < other.key;
  });
}

const Grid::Row* Grid::selected() const {
  return selected_ < rows_.size() ? &rows_[selected_] : nullptr;
}

void Grid::select(int64_t steps) {
  const auto last = static_cast<int64_t>(rows_.empty() ? 0 : rows_.size() - 1);
  selected_ = static_cast<size_t>(std::clamp<int64_t>(static_cast<int64_t>(selected_) + steps, 0, last));
}

void Grid::order_by_next() {
  order_ = (order_ + 1) % columns_.size();
}

// Columns that have no room fall off at the end; room that is left is shared out, up to what each can use.
std::vector<size_t> Grid::widths(size_t width) const {
  std::vector<size_t> widths;
  size_t taken = 0;
  for (size_t i = 0; i < columns_.size(); i++) {
    const size_t more = gap(i, i + 1).size() + columns_[i].least;
    if (i > 0 && taken + more > width) break;
    widths.push_back(std::min(columns_[i].least, width));
    taken += more;
  }
  for (bool is_wider = true; is_wider;) {
    is_wider = false;
    for (size_t i = 0; i < widths.size() && taken < width; i++) {
      if (widths[i] >= columns_[i].most) continue;
      ++widths[i];
      ++taken;
      is_wider = true;
    }
  }
  return widths;
}

// Before a column: numbers bring their own blanks.
std::string Grid::gap(size_t column, size_t count) const {
  if (column == 0 || column >= count) return {};
  return columns_[column].is_number && columns_[column - 1].is_number ? " " : "  ";
}

Line Grid::heading(const std::vector<size_t>& widths, size_t width, const std::string& note) const {
  Line line;
  size_t left = width;
  for (size_t i = 0; i < widths.size(); i++) {
    const std::string mark = i != order_ ? "" : is_descending_ ? "\u25bc" : "\u25b2";
    std::string title = fitted(columns_[i].title + mark, widths[i], columns_[i].is_number);
    if (i + 1 == widths.size()) title.erase(title.find_last_not_of(' ') + 1);  // room for the note
    line.push_back({gap(i, widths.size()), Style::kHeading});
    left -= line.back().text.size() + columns(title);
    line.push_back({title, i == order_ ? Style::kSorted : Style::kHeading});
  }
  line.push_back({fitted(note.size() < left ? note : "", left, true), Style::kHeading});
  return line;
}

Line Grid::line(const Row& row, const std::vector<size_t>& widths, size_t width,
                std::optional<Style> style) const {
  Line line;
  size_t taken = 0;
  for (size_t i = 0; i < widths.size(); i++) {
    const std::string text = row.cells[i].text.empty() ? "?" : row.cells[i].text;
    const std::string piece = gap(i, widths.size()) + fitted(text, widths[i], columns_[i].is_number);
    taken += gap(i, widths.size()).size() + widths[i];
    line.push_back({piece, style.value_or(row.cells[i].style)});
  }
  line.push_back({std::string(width - std::min(taken, width), ' '), style.value_or(Style::kPlain)});
  return line;
}

std::vector<Line> Grid::lines(size_t width, size_t height, const Look& look) {
  if (height == 0) return {};
  page_ = std::max<size_t>(height - 1, 1);
  top_ = std::clamp(top_, selected_ < page_ ? 0 : selected_ - page_ + 1, selected_);
  top_ = std::min(top_, rows_.size() - std::min(rows_.size(), page_));
  const std::vector<size_t> columns = widths(width);
  const size_t end = std::min(rows_.size(), top_ + height - 1);
  std::string note = look.note;
  if (end - top_ < rows_.size())
    note = std::to_string(top_ + 1) + "-" + std::to_string(end) + "/" + std::to_string(rows_.size());
  std::vector<Line> lines = {heading(columns, width, note)};
  const auto style = [&](size_t row) -> std::optional<Style> {
    if (look.is_focused && row == selected_) return Style::kSelected;
    return look.is_dim ? std::optional(Style::kDim) : std::nullopt;
  };
  for (size_t i = top_; i < end; i++) lines.push_back(line(rows_[i], columns, width, style(i)));
  return lines;
}

}  // namespace ami::cli
