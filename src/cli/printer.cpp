#include "cli/printer.h"

#include <string_view>
#include <utility>

#include "cli/csv.h"
#include "cli/failure.h"
#include "cli/json.h"
#include "cli/text.h"
#include "cli/utf8.h"

namespace ami::cli {
namespace {

std::string raw(const ami_msg_t* message) {
  size_t length = 0;
  const char* bytes = message == nullptr ? nullptr : ami_msg_raw(message, &length);
  return bytes == nullptr ? std::string() : std::string(bytes, length);
}

std::string raw(const ami_reply_t* reply) {
  std::string text = raw(ami_reply_response(reply));
  for (size_t i = 0; i < ami_reply_count(reply); i++) text += raw(ami_reply_at(reply, i));
  return text + raw(ami_reply_end(reply));
}

}  // namespace

Layout parse_layout(const std::string& text) {
  if (text == "json") return {Format::kJson, {}, {}};
  if (text == "text") return {Format::kText, {}, {}};
  if (text == "raw") return {Format::kRaw, {}, {}};
  if (text == "csv") return {Format::kCsv, {}, {}};
  if (text.find('%') != std::string::npos) return {Format::kPattern, text, {}};
  throw Failure(kUsage,
                "unknown format (" + text + "): json, text, raw, csv, or a pattern with " + Pattern::kHelp);
}

Printer::Printer(Layout layout, const Output& output)
    : layout_(std::move(layout)), is_terminal_(output.is_terminal()), is_coloured_(output.is_coloured()) {
  if (layout_.format == Format::kAutomatic) layout_.format = is_terminal_ ? Format::kText : Format::kJson;
  if (layout_.format == Format::kPattern) pattern_.emplace(layout_.pattern);
  if (layout_.format == Format::kCsv && layout_.keys.empty())
    throw Failure(kUsage, "CSV without columns: name them, as in --fields Channel,CallerIDNum");
}

std::string Printer::head() const {
  return layout_.format == Format::kCsv ? csv_head(layout_.keys) : "";
}

std::string Printer::message(const ami_msg_t* message) const {
  switch (layout_.format) {
    case Format::kRaw:
      return raw(message);
    case Format::kCsv:
      return csv_line(message, layout_.keys);
    case Format::kPattern:
      return pattern_->line(message, is_terminal_);
    case Format::kText:
      return text_line(message, is_coloured_, layout_.keys);
    default:
      return json_line(message, layout_.keys);
  }
}

std::string Printer::reply(const char* action, const ami_reply_t* reply, size_t line) const {
  if (layout_.format == Format::kRaw) return raw(reply);
  if (layout_.format == Format::kJson) return json_line(action, reply, line);
  const std::string head = line == 0 ? "" : std::to_string(line) + " " + visible(action) + ": ";
  return reply == nullptr ? "" : head + text_block(reply, is_coloured_);
}

std::string Printer::output(const ami_msg_t* response) const {
  size_t length = 0;
  const char* bytes = response == nullptr ? nullptr : ami_msg_output(response, &length);
  if (bytes == nullptr || length == 0) return {};
  std::string_view plain(bytes, length);
  std::string text = is_terminal_ ? visible(plain, "\n\t") : std::string(plain);
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

}  // namespace ami::cli
