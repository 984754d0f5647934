#include "cli/csv.h"

#include "cli/handle.h"
#include "cli/json.h"

namespace ami::cli {
namespace {

std::string cell(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (size_t i = 0; i < cells.size(); i++) row += (i == 0 ? "" : ",") + cell(cells[i]);
  return row + "\r\n";
}

std::string csv_head(const Keys& keys) {
  std::vector<std::string> cells = {"time", "label", "name"};
  cells.insert(cells.end(), keys.begin(), keys.end());
  return csv_row(cells);
}

std::string csv_line(const ami_msg_t* message, const Keys& keys) {
  std::vector<std::string> cells = {utc_time(ami_msg_time(message)), ami_msg_label(message),
                                    ami_msg_name(message)};
  for (const std::string& key : keys) cells.emplace_back(value_of(message, key.c_str()));
  return csv_row(cells);
}

}  // namespace ami::cli
