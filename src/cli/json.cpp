#include "cli/json.h"

#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/utf8.h"

namespace ami::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* fate_text(int fate) {
  switch (fate) {
    case AMI_NOT_SENT:
      return "not_sent";
    case AMI_ANSWERED:
      return "answered";
    default:
      return "maybe_run";
  }
}

void add_repeat(Json& values, std::string value) {
  if (!values.is_array()) values = Json::array({std::move(values)});
  values.push_back(std::move(value));
}

// Sets message["fields"], and message["order"] where that cannot tell the order.
void add_fields(Json& message, const ami_msg_t* source, const Keys& keys) {
  const ami_field_t* fields = nullptr;
  size_t count = ami_msg_fields(source, &fields);
  Json table = Json::object();
  Json order = Json::array();
  bool scattered = false;
  for (size_t i = 0; i < count; i++) {
    if (!shows_key(keys, {fields[i].key, fields[i].key_len})) continue;
    std::string key = restorable({fields[i].key, fields[i].key_len});
    std::string value = restorable({fields[i].value, fields[i].value_len});
    auto found = table.find(key);
    if (found == table.end()) {
      table.emplace(key, std::move(value));
    } else {
      scattered = scattered || order.back() != key;
      add_repeat(found.value(), std::move(value));
    }
    order.push_back(std::move(key));
  }
  message["fields"] = std::move(table);
  if (scattered) message["order"] = std::move(order);
}

Json message_json(const ami_msg_t* source, const Keys& keys = {}) {
  if (source == nullptr) return nullptr;
  Json message = Json::object();
  message["seq"] = ami_msg_seq(source);
  message["time"] = utc_time(ami_msg_time(source));
  std::string_view label = ami_msg_label(source);
  if (!label.empty()) message["label"] = restorable(label);
  message["kind"] = kind_text(ami_msg_kind(source));
  message["name"] = restorable(ami_msg_name(source));
  add_fields(message, source, keys);
  return message;
}

Json output_json(const ami_msg_t* response) {
  size_t length = 0;
  const char* text = response == nullptr ? nullptr : ami_msg_output(response, &length);
  if (text == nullptr) return nullptr;
  return restorable({text, length});
}

}  // namespace

std::string utc_time(uint64_t unix_ns) {
  auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000U);
  auto milliseconds = static_cast<unsigned>(unix_ns / 1'000'000U % 1'000U);
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[64];
  size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  static_cast<void>(std::snprintf(text + length, sizeof text - length, ".%03uZ", milliseconds));
  return text;
}

const char* kind_text(int kind) {
  switch (kind) {
    case AMI_MSG_EVENT:
      return "event";
    case AMI_MSG_RESPONSE:
      return "response";
    case AMI_MSG_LISTITEM:
      return "listitem";
    default:
      return "notice";
  }
}

std::string json_line(const ami_msg_t* message, const Keys& keys) {
  return message_json(message, keys).dump() + "\n";
}

std::string json_line(const char* action, const ami_reply_t* reply) {
  int status = ami_reply_status(reply);
  Json json = Json::object();
  json["action"] = restorable(action);
  json["status"] = status;
  json["error"] = status == AMI_OK ? Json(nullptr) : Json(ami_err_name(status));
  json["fate"] = fate_text(ami_reply_fate(reply));
  json["response"] = message_json(ami_reply_response(reply));
  json["items"] = Json::array();
  for (size_t i = 0; i < ami_reply_count(reply); i++)
    json["items"].push_back(message_json(ami_reply_at(reply, i)));
  json["end"] = message_json(ami_reply_end(reply));
  json["output"] = output_json(ami_reply_response(reply));
  return json.dump() + "\n";
}

}  // namespace ami::cli
