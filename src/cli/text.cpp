#include "cli/text.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include "cli/utf8.h"

namespace ami::cli {
namespace {

constexpr size_t kNameWidth = 20;
constexpr std::array kSilentKeys = {"ActionID", "Privilege", "EventList"};

constexpr const char* kRed = "31";
constexpr const char* kGreen = "32";
constexpr const char* kYellow = "33";
constexpr const char* kCyan = "36";
constexpr const char* kDim = "2";

std::string painted(const std::string& text, const char* colour, bool coloured) {
  return coloured ? std::string("\x1b[") + colour + "m" + text + "\x1b[0m" : text;
}

std::string padded(std::string text, size_t width) {
  const size_t taken = columns(text);
  if (taken < width) text.append(width - taken, ' ');
  return text;
}

bool is_silent(std::string_view key, const ami_msg_t* message) {
  // Response is a header like others in an event, where it may tell the outcome.
  if (is_same_key(key, ami_msg_kind(message) == AMI_MSG_RESPONSE ? "Response" : "Event")) return true;
  return holds_key(kSilentKeys, key);
}

std::string local_time(uint64_t unix_ns) {
  auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000U);
  auto milliseconds = static_cast<unsigned>(unix_ns / 1'000'000U % 1'000U);
  std::tm parts = {};
  localtime_r(&seconds, &parts);
  char text[64];
  size_t length = std::strftime(text, sizeof text, "%H:%M:%S", &parts);
  static_cast<void>(std::snprintf(text + length, sizeof text - length, ".%03u", milliseconds));
  return text;
}

// A notice that tells of loss or failure stands out.
const char* colour_of(const ami_msg_t* message) {
  if (ami_msg_kind(message) != AMI_MSG_NOTICE) return kCyan;
  std::string_view name = ami_msg_name(message);
  std::string_view status =
      ami_msg_get(message, "Status", nullptr) == nullptr ? "" : ami_msg_get(message, "Status", nullptr);
  bool bad = name == "gap" || name == "connection-error" || name == "connection-timeout" || status == "Error";
  return bad ? kRed : kYellow;
}

std::string quoted(std::string_view value) {
  std::string text = visible(value);
  if (text.find_first_of(" \"") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string pairs(const ami_msg_t* message, bool coloured, const Keys& keys = {}) {
  const ami_field_t* fields = nullptr;
  size_t count = ami_msg_fields(message, &fields);
  std::string text;
  for (size_t i = 0; i < count; i++) {
    std::string_view key(fields[i].key, fields[i].key_len);
    const bool silent =
        keys.empty() ? is_silent(key, message) || fields[i].value_len == 0 : !holds_key(keys, key);
    if (silent) continue;
    text += ' ';
    if (!key.empty()) text += painted(visible(key) + "=", kDim, coloured);
    text += quoted({fields[i].value, fields[i].value_len});
  }
  return text;
}

std::string name_and_pairs(const ami_msg_t* message, bool coloured, const Keys& keys = {}) {
  std::string name = padded(visible(ami_msg_name(message)), kNameWidth);
  return painted(name, colour_of(message), coloured) + ' ' + pairs(message, coloured, keys) + '\n';
}

std::string response_block(const ami_msg_t* response, bool coloured) {
  const ami_field_t* fields = nullptr;
  size_t count = ami_msg_fields(response, &fields);
  size_t width = 0;
  for (size_t i = 0; i < count; i++)
    if (!is_silent({fields[i].key, fields[i].key_len}, response))
      width = std::max<size_t>(width, fields[i].key_len);
  const char* colour = ami_msg_status(response) == AMI_OK ? kGreen : kRed;
  std::string text = painted(visible(ami_msg_name(response)), colour, coloured) + '\n';
  for (size_t i = 0; i < count; i++) {
    std::string_view key(fields[i].key, fields[i].key_len);
    if (is_silent(key, response)) continue;
    text += "  " + painted(padded(visible(key), width), kDim, coloured) + "  " +
            visible({fields[i].value, fields[i].value_len}) + '\n';
  }
  return text;
}

}  // namespace

std::string text_line(const ami_msg_t* message, bool coloured, const Keys& keys) {
  std::string text = painted(local_time(ami_msg_time(message)), kDim, coloured) + "  ";
  std::string_view label = ami_msg_label(message);
  if (!label.empty()) text += visible(label) + "  ";
  return text + name_and_pairs(message, coloured, keys);
}

std::string text_block(const ami_reply_t* reply, bool coloured) {
  std::string text;
  if (ami_reply_response(reply) != nullptr) text += response_block(ami_reply_response(reply), coloured);
  for (size_t i = 0; i < ami_reply_count(reply); i++)
    text += name_and_pairs(ami_reply_at(reply, i), coloured);
  if (ami_reply_end(reply) != nullptr) text += name_and_pairs(ami_reply_end(reply), coloured);
  return text;
}

}  // namespace ami::cli
