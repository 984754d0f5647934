#include "cli/list.h"

#include <string_view>

#include "cli/action.h"
#include "cli/csv.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/utf8.h"

namespace ami::cli {
namespace {

using Messages = std::vector<const ami_msg_t*>;

Messages rows_of(const ami_reply_t* reply) {
  Messages rows;
  for (size_t i = 0; i < ami_reply_count(reply); i++) rows.push_back(ami_reply_at(reply, i));
  if (rows.empty() && ami_reply_end(reply) == nullptr && ami_reply_response(reply) != nullptr)
    rows.push_back(ami_reply_response(reply));
  return rows;
}

// Every key that has a value somewhere, in the order in which they come first. Event only where it differs.
Keys columns_of(const Messages& rows) {
  Keys keys;
  bool differs = false;
  for (const ami_msg_t* row : rows) {
    differs = differs || std::string_view(ami_msg_name(row)) != ami_msg_name(rows.front());
    const ami_field_t* fields = nullptr;
    const size_t count = ami_msg_fields(row, &fields);
    for (size_t i = 0; i < count; i++) {
      const std::string_view key(fields[i].key, fields[i].key_len);
      if (fields[i].value_len != 0 && !holds_key(keys, key)) keys.emplace_back(key);
    }
  }
  std::erase_if(keys, [differs](const std::string& key) {
    return is_same_key(key, "ActionID") || is_same_key(key, "Response") ||
           (is_same_key(key, "Event") && !differs);
  });
  return keys;
}

std::string values_of(const ami_msg_t* message, const std::string& key) {
  std::string text;
  for (size_t nth = 0;; nth++) {
    const ami_field_t* field = ami_msg_find(message, key.c_str(), nth);
    if (field == nullptr) return text;
    text += (nth == 0 ? "" : ", ") + std::string(field->value, field->value_len);
  }
}

}  // namespace

std::string list_text(const ami_reply_t* reply, const Layout& layout, const Output& output) {
  const Messages rows = rows_of(reply);
  if (layout.format == Format::kJson) {
    std::string lines;
    for (const ami_msg_t* row : rows) lines += json_line(row, layout.keys);
    return lines;
  }
  const Keys keys = layout.keys.empty() ? columns_of(rows) : layout.keys;
  Table table(keys);
  std::string csv = csv_row(keys);
  for (const ami_msg_t* row : rows) {
    std::vector<std::string> cells;
    for (const std::string& key : keys) cells.push_back(values_of(row, key));
    csv += csv_row(cells);
    table.add(cells);
  }
  return layout.format == Format::kCsv ? csv : table.text(output.is_coloured());
}

int run_list(const ListArguments& arguments, const Signals& signals, Output& output) {
  ActionHandle action = make_action(arguments.action, arguments.fields);
  if (arguments.timeout_ms >= 0) ami_action_timeout(action.get(), arguments.timeout_ms);
  Connection connection(arguments.server, {{"events", "off"}}, signals);
  connection.open();
  ReplyHandle reply = perform(connection, action.get());
  const std::string trouble = trouble_of(arguments.action, reply.get());
  if (trouble.empty()) output.write(list_text(reply.get(), arguments.layout, output));
  if (!trouble.empty()) complain(trouble);
  connection.close();
  return exit_code_of(ami_reply_status(reply.get()));
}

}  // namespace ami::cli
