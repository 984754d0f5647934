#include "cli/json.h"

#include <ctime>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "cli/failure.h"
#include "cli/utf8.h"

namespace ami::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* fate_text(int fate) {
  switch (fate) {
    case AMI_MAYBE_RUN:
      return "maybe_run";
    case AMI_ANSWERED:
      return "answered";
    default:
      return "not_sent";
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

[[noreturn]] void refuse(const std::string& what) {
  throw Failure(kUsage, what + R"(: write an action as {"Action":"Ping"})");
}

// A second value of the same key would take the place of the first, and nobody would know. And what is nested
// deeper than the stack is could not be shown.
Json parsed(const std::string& line) {
  constexpr int kDeepest = 100;
  std::set<std::string> keys;
  const auto look = [&keys](int depth, Json::parse_event_t event, const Json& value) {
    if (depth > kDeepest) refuse("this is nested too deep");
    if (event == Json::parse_event_t::key && depth == 1 && !keys.insert(value.get<std::string>()).second)
      throw Failure(kUsage,
                    value.dump() + R"( stands there twice: write its values as an array, "Key":["a","b"])");
    return true;
  };
  try {
    return Json::parse(line, look);
  } catch (const Json::parse_error& error) {
    refuse("this is no JSON (at byte " + std::to_string(error.byte) + ")");
  }
}

std::string value_text(const std::string& key, const Json& value) {
  if (value.is_string()) return restored(value.get_ref<const std::string&>());
  if (value.is_boolean() || value.is_number_integer()) return value.dump();
  throw Failure(kUsage, key + " has a value that is no text (" + value.dump() + "): write it as a string");
}

}  // namespace

NamedFields read_action(const std::string& line) {
  const Json json = parsed(line);
  if (!json.is_object()) refuse("this is no object");
  NamedFields action;
  for (const auto& [key, value] : json.items()) {
    if (is_same_key(key, "Action") && action.name.empty()) {
      action.name = value_text(key, value);
      continue;
    }
    const std::string name = restored(key);
    if (name.find('=') != std::string::npos)
      throw Failure(kUsage, "a header's name with = (" + key + R"(): write it as "Key":"Value")");
    for (const Json& each : value.is_array() ? value : Json::array({value}))
      action.fields.push_back(name + '=' + value_text(key, each));
  }
  if (action.name.empty()) refuse("there is no Action");
  return action;
}

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

std::string json_line(const char* action, const ami_reply_t* reply, size_t line) {
  int status = ami_reply_status(reply);
  Json json = Json::object();
  if (line != 0) json["line"] = line;
  json["action"] = *action == '\0' ? Json(nullptr) : Json(restorable(action));
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
