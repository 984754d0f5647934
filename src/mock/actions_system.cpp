// Actions about the PBX's settings, database, variables and configuration files.
#include <openssl/evp.h>

#include <ctime>

#include "actions.h"
#include "data.h"
#include "lists.h"
#include "server.h"
#include "session.h"
#include "text.h"

namespace ami::mock {

namespace {

std::string day_and_time(int64_t when, const std::string& name) {
  return "Core" + name + "Date: " + utc(when, "%Y-%m-%d") + "\r\nCore" + name +
         "Time: " + utc(when, "%H:%M:%S") + "\r\n";
}

void core_status(Session& session, const Request& request) {
  Server& server = session.server();
  int64_t started = std::time(nullptr) - server.uptime();
  std::string body = day_and_time(started, "Startup") + day_and_time(started, "Reload") +
                     "CoreCurrentCalls: " + std::to_string(server.pbx().calls()) + "\r\n";
  if (server.profile().core_extras) {
    body += "CoreProcessedCalls: " + std::to_string(server.pbx().calls_processed()) + "\r\n";
  }
  session.respond(request, "Success", body);
}

void core_settings(Session& session, const Request& request) {
  const Profile& profile = session.server().profile();
  session.respond(
      request, "Success",
      std::string("AMIversion: ") + profile.ami + "\r\nAsteriskVersion: " + profile.asterisk +
          "\r\nSystemName: \r\nCoreMaxCalls: 0\r\nCoreMaxLoadAvg: 0.000000\r\nCoreRunUser: \r\n"
          "CoreRunGroup: \r\nCoreMaxFilehandles: 0\r\nCoreRealTimeEnabled: No\r\nCoreCDRenabled: Yes\r\n"
          "CoreHTTPenabled: Yes\r\n" +
          (profile.core_extras ? "SoundsSearchCustomDir: No\r\n" : ""));
}

void reload(Session& session, const Request& request) {
  session.success(request, "Module Reloaded");
  session.server().pbx().raise("Reload", [](std::string_view, std::string&) {});
}

// ---- the database

std::string path_of(const Request& request) {
  return "/" + request.get("Family") + "/" + request.get("Key");
}

bool lacks_key(Session& session, const Request& request) {
  for (const char* key : {"Family", "Key"}) {
    if (!request.get(key).empty()) continue;
    session.error(request, std::string("No ") + (key[0] == 'F' ? "family" : "key") + " specified.");
    return true;
  }
  return false;
}

void db_put(Session& session, const Request& request) {
  if (lacks_key(session, request)) return;
  session.server().pbx().database()[path_of(request)] = request.get("Val");
  session.success(request, "Updated database successfully");
}

void db_get(Session& session, const Request& request) {
  if (lacks_key(session, request)) return;
  auto& database = session.server().pbx().database();
  auto found = database.find(path_of(request));
  if (found == database.end()) return session.error(request, "Database entry not found");
  List list(session, request, "Result will follow");
  list.item(item_templates("DBGet").front(), [&](std::string_view name, std::string& out) {
    if (name == "family") out += request.get("Family");
    if (name == "key") out += request.get("Key");
    if (name == "value") out += found->second;
  });
  list.complete("DBGetComplete");
}

void db_get_tree(Session& session, const Request& request) {
  std::string prefix;
  if (!request.get("Family").empty()) prefix = "/" + request.get("Family") + "/" + request.get("Key");
  List list(session, request, "Result will follow");
  for (const auto& entry : session.server().pbx().database()) {
    if (!entry.first.starts_with(prefix)) continue;
    list.item(item_templates("DBGetTree").front(), [&](std::string_view name, std::string& out) {
      if (name == "key") out += entry.first;
      if (name == "value") out += entry.second;
    });
  }
  if (session.server().profile().tree_count_wrong) list.pretend_count(1);
  list.complete("DBGetTreeComplete");
}

void db_del(Session& session, const Request& request) {
  if (lacks_key(session, request)) return;
  bool gone = session.server().pbx().database().erase(path_of(request)) > 0;
  gone ? session.success(request, "Key deleted successfully")
       : session.error(request, "Database entry could not be deleted");
}

void db_del_tree(Session& session, const Request& request) {
  if (request.get("Family").empty()) return session.error(request, "No family specified.");
  std::string prefix = "/" + request.get("Family") + "/" + request.get("Key");
  size_t gone = std::erase_if(session.server().pbx().database(),
                              [&](const auto& entry) { return entry.first.starts_with(prefix); });
  gone ? session.success(request, "Key tree deleted successfully")
       : session.error(request, "Database entry not found");
}

// ---- variables

std::string decoded(std::string_view text) {
  std::string out(text.size(), '\0');
  int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  while (size > 0 && text.ends_with('=')) {
    text.remove_suffix(1);
    --size;
  }
  return out.substr(0, size > 0 ? static_cast<size_t>(size) : 0);
}

std::string evaluate(Pbx& pbx, const Channel* channel, const std::string& name) {
  std::string_view rest = name;
  std::string_view function = take_until(rest, '(');
  if (rest.ends_with(')')) {
    rest.remove_suffix(1);
    if (function == "BASE64_DECODE") return decoded(rest);
    if (function == "DB") return pbx.database()["/" + std::string(rest)];
    if (function == "CHANNEL" && channel && rest == "name") return channel->name;
    if (function == "CHANNEL" && channel && rest == "state") return state_name(channel->state);
    return {};
  }
  const auto& variables = channel ? channel->variables : pbx.globals();
  auto found = variables.find(name);
  return found == variables.end() ? std::string{} : found->second;
}

// False if a channel was named that is not there; the answer is given then.
bool find_channel(Session& session, const Request& request, Channel*& channel) {
  channel = nullptr;
  if (request.get("Channel").empty()) return true;
  channel = session.server().pbx().channel(request.get("Channel"));
  if (!channel) session.error(request, "No such channel");
  return channel != nullptr;
}

void get_var(Session& session, const Request& request) {
  std::string name = request.get("Variable");
  Channel* channel = nullptr;
  if (name.empty()) return session.error(request, "No variable specified");
  if (!find_channel(session, request, channel)) return;
  session.respond(
      request, "Success",
      "Variable: " + name + "\r\nValue: " + evaluate(session.server().pbx(), channel, name) + "\r\n");
}

void set_var(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  std::string name = request.get("Variable");
  Channel* channel = nullptr;
  if (name.empty()) return session.error(request, "No variable specified");
  if (!find_channel(session, request, channel)) return;
  if (name.starts_with("GLOBAL(") && name.ends_with(')')) name = name.substr(7, name.size() - 8);
  (channel ? channel->variables : pbx.globals())[name] = request.get("Value");
  session.success(request, "Variable Set");
  pbx.raise("VarSet", [&](std::string_view key, std::string& out) {
    if (key == "1" && channel) pbx.snapshot(*channel, "", out);
    if (key == "1" && !channel) out += "Channel: none\r\nUniqueid: none\r\n";
    if (key == "name") out += name;
    if (key == "value") out += request.get("Value");
  });
}

// ---- files and states

constexpr const char* sample_conf =
    "Category-000000: general\r\nLine-000000-000000: alpha=1\r\nLine-000000-000001: beta=two words\r\n"
    "Line-000000-000002: empty=\r\nLine-000000-000003: colon=a:b: c\r\n"
    "Line-000000-000004: utf8=\xc5\xbelu\xc5\xa5ou\xc4\x8dk\xc3\xbd\r\nCategory-000001: child\r\n"
    "Templates-000001: tmpl\r\nLine-000001-000000: x=1\r\nLine-000001-000001: y=2\r\nLine-000001-000002: "
    "list=one\r\n"
    "Line-000001-000003: list=two\r\n";
constexpr const char* sample_json =
    "JSON: {\"general\":{\"alpha\":\"1\",\"beta\":\"two words\",\"empty\":\"\",\"colon\":\"a:b: "
    "c\",\"utf8\":\"\xc5\xbelu\xc5\xa5ou\xc4\x8dk\xc3\xbd\"},"
    "\"child\":{\"templates\":\"tmpl\",\"x\":\"1\",\"y\":\"2\",\"list\":\"one\",\"list\":\"two\"}}\r\n";

// The account's own part of manager.conf.
void manager_conf(Session& session, const Request& request) {
  const User* user = session.server().users().find(request.get("Category"));
  if (!user) return session.error(request, "No categories found");
  std::string body =
      "Category-000000: " + user->name + "\r\nLine-000000-000000: secret=" + user->secret + "\r\n";
  if (user->write_timeout_ms >= 0)
    body += "Line-000000-000001: writetimeout=" + std::to_string(user->write_timeout_ms) + "\r\n";
  session.respond(request, "Success", body);
}

void get_config(Session& session, const Request& request) {
  if (request.get("Filename").empty()) return session.error(request, "Filename not specified");
  if (request.get("Filename") == "manager.conf") return manager_conf(session, request);
  if (request.get("Filename") != "sample.conf") return session.error(request, "Config file not found");
  session.respond(request, "Success", same_word(request.name(), "GetConfigJSON") ? sample_json : sample_conf);
}

void extension_state(Session& session, const Request& request) {
  std::string exten = request.get("Exten");
  if (exten.empty()) return session.error(request, "Extension not specified");
  bool known = exten == "300";
  session.respond(request, "Success",
                  "Message: Extension Status\r\nExten: " + exten + "\r\nContext: " + request.get("Context") +
                      "\r\nHint: " + (known ? "Custom:dev300" : "") + "\r\nStatus: " + (known ? "0" : "-1") +
                      "\r\nStatusText: " + (known ? "Idle" : "Unknown") + "\r\n");
}

void presence_state(Session& session, const Request& request) {
  if (request.get("Provider").empty()) return session.error(request, "No provider specified");
  session.respond(request, "Success", "Message: Presence State\r\nState: not_set\r\n");
}

}  // namespace

const std::vector<Action>& system_actions() {
  static const std::vector<Action> actions = {
      {"Command", "command", "Execute Asterisk CLI Command.", run_command},
      {"CoreSettings", "system,reporting", "Show PBX core settings (version etc).", core_settings},
      {"CoreStatus", "system,reporting", "Show PBX core status variables.", core_status},
      {"DBDel", "system", "Delete DB entry.", db_del},
      {"DBDelTree", "system", "Delete DB Tree.", db_del_tree},
      {"DBGet", "system,reporting", "Get DB Entry.", db_get},
      {"DBGetTree", "system,reporting", "Get DB entries, optionally at a particular family/key", db_get_tree},
      {"DBPut", "system", "Put DB entry.", db_put},
      {"ExtensionState", "call,reporting", "Check Extension Status.", extension_state},
      {"GetConfig", "system,config", "Retrieve configuration.", get_config},
      {"GetConfigJSON", "system,config", "Retrieve configuration (JSON format).", get_config},
      {"Getvar", "call,reporting", "Gets a channel variable or function value.", get_var},
      {"PresenceState", "call,reporting", "Check Presence State", presence_state},
      {"Reload", "system,config", "Send a reload event.", reload},
      {"Setvar", "call", "Sets a channel variable or function value.", set_var},
  };
  return actions;
}

}  // namespace ami::mock
