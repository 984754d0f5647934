#include "lists.h"

#include <algorithm>
#include <ctime>

#include "actions.h"
#include "data.h"
#include "server.h"
#include "session.h"

namespace ami::mock {

List::List(Session& session, const Request& request, std::string_view message)
    : session_(session), request_(request) {
  if (!request.id().empty()) id_line_ = "ActionID: " + request.id() + "\r\n";
  if (auto fault = session.hit("error_in_list")) error_after_ = std::max<int64_t>(0, fault->n);
  if (auto fault = session.hit("cut_in_list")) cut_in_ = std::max<int64_t>(1, fault->n);
  endless_ = session.hit("endless_list") != nullptr;
  std::string body = session.server().profile().list_headers ? "EventList: start\r\n" : "";
  session.respond(request, "Success", body.append("Message: ").append(message).append("\r\n"));
}

bool List::strike() {
  if (over_ || count_ != error_after_) return over_;
  over_ = true;
  session_.error(request_, "The list broke off");
  return true;
}

void List::item(const std::string& text, const Resolver& values) {
  if (strike()) return;
  std::string wire = expand(text, [&](std::string_view name, std::string& out) {
    if (name == "id")
      out += id_line_;
    else
      values(name, out);
  });
  if (++count_ == cut_in_) {
    over_ = true;
    session_.write(std::string_view(wire).substr(0, wire.size() / 2));
    return session_.cut();
  }
  session_.message(wire);
  if (endless_) items_ += wire;
}

void List::complete(std::string_view event, std::string_view extra) {
  if (strike()) return;
  if (endless_) {
    return session_.repeat(items_.empty() ? "Event: Item\r\n" + id_line_ + "Key: value\r\n\r\n" : items_);
  }
  std::string text = std::string("Event: ").append(event).append("\r\n").append(id_line_);
  if (session_.server().profile().list_headers) {
    text += "EventList: Complete\r\nListItems: " + std::to_string(shown_ < 0 ? count_ : shown_) + "\r\n";
  }
  session_.message(text.append(extra).append("\r\n"));
}

namespace {

std::string clock_of(int64_t seconds) {
  return decimal(seconds / 3600, 2) + ":" + decimal(seconds / 60 % 60, 2) + ":" + decimal(seconds % 60, 2);
}

void channel_value(Pbx& pbx, const Channel& channel, std::string_view name, std::string& out) {
  int64_t age = std::time(nullptr) - channel.created;
  if (name == "1") pbx.snapshot(channel, "", out);
  if (name == "app") out += channel.app;
  if (name == "data") out += channel.data;
  if (name == "bridge") out += channel.bridge;
  if (name == "duration") out += clock_of(age);
  if (name == "seconds") out += std::to_string(age);
  if (name == "line_num") out += channel.line_num;
  if (name == "line_name") out += channel.line_name;
  if (name == "type") out += channel.name.substr(0, channel.name.find('/'));
}

// Items that the header "Items: N" asks for beside the live ones, for benchmarks.
void made_up_items(List& list, Pbx& pbx, const Request& request, const std::string& text) {
  int64_t count = 0;
  to_number(request.get("Items"), count);
  for (int64_t i = 0; i < count; ++i) {
    Channel channel;
    channel.name = "PJSIP/bench-" + hex(static_cast<uint64_t>(i), 8);
    channel.uniqueid = channel.linkedid = "1700000000." + std::to_string(i);
    channel.state = 6;
    channel.exten = "100";
    channel.app = "Wait";
    channel.data = "3600";
    channel.created = std::time(nullptr);
    list.item(text, [&](std::string_view name, std::string& out) { channel_value(pbx, channel, name, out); });
  }
}

void core_show_channels(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  const std::string& text = item_templates("CoreShowChannels").front();
  List list(session, request, "Channels will follow");
  for (const auto& channel : pbx.channels()) {
    list.item(text,
              [&](std::string_view name, std::string& out) { channel_value(pbx, *channel, name, out); });
  }
  made_up_items(list, pbx, request, text);
  list.complete("CoreShowChannelsComplete");
}

void status(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  std::string only = request.get("Channel");
  if (!only.empty() && !pbx.channel(only)) return session.error(request, "No such channel");
  const std::string& text = item_templates("Status").front();
  std::vector<std::string> wanted = split(request.get("Variables"), ',');
  List list(session, request, "Channel status will follow");
  for (const auto& channel : pbx.channels()) {
    if (!only.empty() && !same_word(channel->name, only)) continue;
    list.item(text, [&](std::string_view name, std::string& out) {
      channel_value(pbx, *channel, name, out);
      for (const std::string& variable : wanted) {
        if (name != "variables" || variable.empty()) continue;
        auto found = channel->variables.find(variable);
        out.append("Variable: ").append(variable).append("=");
        out.append(found == channel->variables.end() ? "(null)" : found->second).append("\r\n");
      }
    });
  }
  made_up_items(list, pbx, request, text);
  list.complete("StatusComplete", "Items: " + std::to_string(list.count()) + "\r\n");
}

void bridge_list(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  List list(session, request, "Bridge listing will follow");
  for (const auto& [id, bridge] : pbx.bridges()) {
    const Bridge& each = bridge;
    list.item(item_templates("BridgeList").front(),
              [&](std::string_view, std::string& out) { pbx.snapshot(each, "", out); });
  }
  list.complete("BridgeListComplete");
}

void bridge_info(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  if (request.get("BridgeUniqueid").empty()) return session.error(request, "BridgeUniqueid must be provided");
  Bridge* bridge = pbx.bridge(request.get("BridgeUniqueid"));
  if (!bridge) return session.error(request, "Bridge with that id not found");
  List list(session, request, "Bridge channel listing will follow");
  for (const auto& channel : pbx.channels()) {
    if (channel->bridge != bridge->id) continue;
    list.item(item_templates("BridgeInfo").front(),
              [&](std::string_view, std::string& out) { pbx.snapshot(*channel, "", out); });
  }
  std::string headers;
  pbx.snapshot(*bridge, "", headers);
  list.complete("BridgeInfoComplete", headers);
}

// Lists that never change.
struct FixedList {
  const char *action, *classes, *synopsis, *message, *complete, *extra;
};
constexpr FixedList fixed_lists[] = {
    {"PJSIPShowEndpoints", "system", "Lists PJSIP endpoints.",
     "A listing of Endpoints follows, presented as EndpointList events", "EndpointListComplete", ""},
    {"Parkinglots", "call", "Get a list of parking lots", "Parking lots will follow", "ParkinglotsComplete",
     ""},
    {"ParkedCalls", "call", "List parked calls.", "Parked calls will follow", "ParkedCallsComplete",
     "Total: 0\r\n"},
    {"DeviceStateList", "call,reporting", "List the current known device states.",
     "Device State Changes will follow", "DeviceStateListComplete", ""},
    {"ExtensionStateList", "call,reporting", "List the current known extension states.",
     "Extension Statuses will follow", "ExtensionStateListComplete", ""},
    {"PresenceStateList", "call,reporting", "List the current known presence states.",
     "Presence State Changes will follow", "PresenceStateListComplete", ""},
    {"Agents", "agent", "Lists agents and their status.", "Agents will follow", "AgentsComplete", ""},
};

void fixed_list(Session& session, const Request& request) {
  for (const FixedList& fixed : fixed_lists) {
    if (!same_word(fixed.action, request.name())) continue;
    List list(session, request, fixed.message);
    for (const std::string& text : item_templates(fixed.action))
      list.item(text, [](std::string_view, std::string&) {});
    list.complete(fixed.complete, fixed.extra);
  }
}

}  // namespace

const std::vector<Action>& list_actions() {
  static const std::vector<Action> actions = [] {
    std::vector<Action> out = {
        {"CoreShowChannels", "system,reporting", "List currently active channels.", core_show_channels},
        {"Status", "system,call,reporting", "List channel status.", status},
        {"BridgeList", "", "Get a list of bridges in the system.", bridge_list},
        {"BridgeInfo", "", "Get information about a bridge.", bridge_info},
    };
    for (const FixedList& fixed : fixed_lists)
      out.push_back({fixed.action, fixed.classes, fixed.synopsis, fixed_list});
    return out;
  }();
  return actions;
}

}  // namespace ami::mock
