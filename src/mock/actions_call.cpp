// Actions that make, end and move calls.
#include <regex.h>

#include <algorithm>
#include <cstdlib>

#include "actions.h"
#include "data.h"
#include "lists.h"
#include "server.h"
#include "session.h"
#include "text.h"

namespace ami::mock {

namespace {

constexpr int64_t default_timeout_ms = 30000;

// "a=1,b=2": commas part, a backslash keeps what follows.
void add_variables(std::string_view text, std::vector<std::pair<std::string, std::string>>& out) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      parts.back() += text[++i];
    else if (text[i] == ',')
      parts.emplace_back();
    else if (text[i] != '"')
      parts.back() += text[i];
  }
  for (std::string_view part : parts) {
    std::string_view name = take_until(part, '=');
    if (!name.empty()) out.emplace_back(name, part);
  }
}

std::vector<std::pair<std::string, std::string>> variables_of(const Request& request) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& line : request.lines) {
    std::string_view value = line;
    if (same_word(take_until(value, ':'), "Variable")) add_variables(trim(value), out);
  }
  return out;
}

// "Name" <number>, or a bare number.
void set_caller(std::string_view text, Values& values) {
  if (text.empty()) return;
  size_t open = text.find('<');
  std::string_view name = open == std::string_view::npos ? std::string_view{} : trim(text.substr(0, open));
  std::string_view number = open == std::string_view::npos ? text : text.substr(open + 1);
  number = number.substr(0, number.find('>'));
  if (name.size() > 1 && name.front() == '"') name = name.substr(1, name.size() - 2);
  values["caller_num"] = number;
  values["caller_name"] = name.empty() ? "<unknown>" : name;
}

// Why the request cannot be an Originate; nullptr if it can.
const char* complaint(const Request& request) {
  int64_t number = 0;
  std::string channel = request.get("Channel");
  if (channel.empty()) return "Channel not specified";
  if (!request.get("Priority").empty() && !to_number(request.get("Priority"), number))
    return "Invalid priority";
  if (!request.get("Timeout").empty() && !to_number(request.get("Timeout"), number)) return "Invalid timeout";
  if (channel.find('/') == std::string::npos) return "Invalid channel";
  bool dialplan =
      !request.get("Exten").empty() && !request.get("Context").empty() && !request.get("Priority").empty();
  if (request.get("Application").empty() && !dialplan)
    return "Originate with 'Exten' requires 'Context' and 'Priority'";
  return nullptr;
}

Values values_of(const Request& request) {
  Values values;
  std::string channel = request.get("Channel");
  if (channel.starts_with("Local/")) {
    std::string_view rest = std::string_view(channel).substr(6);
    values["exten"] = take_until(rest, '@');
    values["context"] = rest.empty() ? "default" : take_until(rest, '/');
  }
  if (!request.get("Application").empty()) {
    values["to_app"] = request.get("Application");
    values["to_data"] = request.get("Data");
    double seconds = std::strtod(request.get("Data").c_str(), nullptr);
    bool waits = same_word(request.get("Application"), "Wait") && seconds > 0;
    values["to_wait"] = std::to_string(waits ? static_cast<int64_t>(seconds * 1000) : 300);
  } else {
    values["to_exten"] = request.get("Exten");
  }
  int64_t timeout = default_timeout_ms;
  to_number(request.get("Timeout"), timeout);
  values["timeout"] = std::to_string(timeout);
  if (!request.get("ChannelId").empty()) values["channel_id"] = request.get("ChannelId");
  if (!request.get("OtherChannelId").empty()) values["other_id"] = request.get("OtherChannelId");
  set_caller(request.get("CallerID"), values);
  return values;
}

void raise_response(Server& server, const Request& request, const Call::Outcome& outcome) {
  server.pbx().raise("OriginateResponse", [&](std::string_view name, std::string& out) {
    if (name == "id" && !request.id().empty()) out += "ActionID: " + request.id() + "\r\n";
    if (name == "response") out += outcome.answered ? "Success" : "Failure";
    if (name == "channel") out += outcome.answered ? outcome.channel : request.get("Channel");
    if (name == "reason") out += std::to_string(outcome.reason);
    if (name == "uniqueid") out += outcome.answered ? outcome.uniqueid : "<unknown>";
    if (name == "caller_num" || name == "caller_name") {
      Values caller;
      set_caller(request.get("CallerID"), caller);
      out += caller.contains(name) ? caller.find(name)->second : "<unknown>";
    }
    if (name == "target") {
      for (const char* key : {"Application", "Data", "Context", "Exten"}) {
        if (!request.get(key).empty()) out += std::string(key) + ": " + request.get(key) + "\r\n";
      }
    }
    if (name == "vars" && outcome.answered) {
      for (const char* variable : {"AMIVAR", "CALLTYPE"}) {
        out += "ChanVariable(" + outcome.channel + "): " + variable + "=\r\n";
      }
    }
  });
}

void originate(Session& session, const Request& request) {
  Server& server = session.server();
  if (const char* text = complaint(request)) return session.error(request, text);
  bool async = is_true(request.get("Async"));
  bool local = request.get("Channel").starts_with("Local/");
  Call& call = server.pbx().start(local ? "local" : "none", values_of(request));
  call.give_variables(variables_of(request));
  uint64_t session_id = session.id();
  if (async) {
    session.success(request, "Originate successfully queued");
    call.on_outcome(
        [&server, request](const Call::Outcome& outcome) { raise_response(server, request, outcome); });
  } else {
    session.block();
    call.on_outcome([&server, session_id, request](const Call::Outcome& outcome) {
      Session* found = server.find(session_id);
      if (!found) return;
      outcome.answered ? found->success(request, "Originate successfully queued")
                       : found->error(request, "Originate failed");
      // The events that are being raised right now come behind the response, all of them.
      server.timers().after(0, [&server, session_id] {
        if (Session* blocked = server.find(session_id)) blocked->unblock();
      });
    });
  }
  server.timers().after(0, [&server, id = call.id()] {
    if (Call* begun = server.pbx().find_call(id)) begun->run();
  });
}

// ---- Hangup and Redirect

int64_t cause_of(const Request& request) {
  int64_t cause = 16;
  to_number(request.get("Cause"), cause);
  return cause;
}

void hang_up_matching(Session& session, const Request& request, const std::string& pattern) {
  Pbx& pbx = session.server().pbx();
  regex_t regex;
  if (regcomp(&regex, pattern.substr(1, pattern.size() - 2).c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    return session.error(request, "Regex compile error");
  }
  List list(session, request, "Channels hung up will follow");
  std::vector<uint64_t> calls;
  for (const auto& channel : pbx.channels()) {
    if (regexec(&regex, channel->name.c_str(), 0, nullptr, 0) != 0) continue;
    list.item(item_templates("ChannelHungup").front(), [&](std::string_view name, std::string& out) {
      if (name == "channel") out += channel->name;
    });
    calls.push_back(channel->call);
  }
  regfree(&regex);
  list.complete("ChannelsHungupListComplete");
  for (uint64_t id : calls) {
    if (Call* call = pbx.find_call(id)) call->hang_up(cause_of(request));
  }
}

void hangup(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  std::string name = request.get("Channel");
  if (name.empty()) return session.error(request, "No channel specified");
  if (name.size() > 1 && name.front() == '/' && name.back() == '/')
    return hang_up_matching(session, request, name);
  Channel* channel = pbx.channel(name);
  if (!channel) return session.error(request, "No such channel");
  session.success(request, "Channel Hungup");
  if (Call* call = pbx.find_call(channel->call)) call->hang_up(cause_of(request));
}

void redirect(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  if (request.get("Channel").empty()) return session.error(request, "Channel not specified");
  if (request.get("Exten").empty() || request.get("Context").empty()) {
    return session.error(request, "Redirect requires 'Context' and 'Exten'");
  }
  Channel* channel = pbx.channel(request.get("Channel"));
  if (!channel) return session.error(request, "Channel does not exist");
  session.success(request, "Redirect successful");
  if (Call* call = pbx.find_call(channel->call)) call->redirect(channel->name, request.get("Exten"));
}

}  // namespace

const std::vector<Action>& call_actions() {
  static const std::vector<Action> actions = {
      {"Originate", "originate", "Originate a call.", originate},
      {"Hangup", "system,call", "Hangup channel.", hangup},
      {"Redirect", "call", "Redirect (transfer) a call.", redirect},
  };
  return actions;
}

}  // namespace ami::mock
