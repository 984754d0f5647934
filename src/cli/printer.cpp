#include "cli/printer.h"

#include <string_view>

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

Printer::Printer(Format format, const Output& output)
    : format_(format), is_terminal_(output.is_terminal()), is_coloured_(output.is_coloured()) {
  if (format_ == Format::kAutomatic) format_ = is_terminal_ ? Format::kText : Format::kJson;
}

std::string Printer::message(const ami_msg_t* message) const {
  if (format_ == Format::kRaw) return raw(message);
  return format_ == Format::kJson ? json_line(message) : text_line(message, is_coloured_);
}

std::string Printer::reply(const char* action, const ami_reply_t* reply) const {
  if (format_ == Format::kRaw) return raw(reply);
  return format_ == Format::kJson ? json_line(action, reply) : text_block(reply, is_coloured_);
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
