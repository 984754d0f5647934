#include "pbx.h"

#include <algorithm>
#include <ctime>

#include "data.h"
#include "server.h"

namespace ami::mock {

namespace {
void line(std::string& out, std::string_view prefix, std::string_view key, std::string_view value) {
  out.append(prefix).append(key).append(": ").append(value).append("\r\n");
}

// Names in channel headers are C-escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\\' || c == '"')
      (out += '\\') += c;
    else
      out += c;
  }
  return out;
}
}  // namespace

const char* state_name(int state) {
  static const char* const names[] = {"Down", "Rsrvd", "OffHook", "Dialing", "Ring", "Ringing", "Up", "Busy"};
  return state >= 0 && state < 8 ? names[state] : "Unknown";
}

const char* cause_text(int64_t cause) {
  switch (cause) {
    case 16:
      return "Normal Clearing";
    case 17:
      return "User busy";
    case 19:
      return "User alerting, no answer";
    case 34:
      return "Circuit/channel congestion";
    default:
      return "Unknown";
  }
}

Pbx::Pbx(Server& server) : server_(server) {
  QueueMember one{"Local One", "Local/105@test/n", "Custom:m1"};
  QueueMember two{"Local Two", "Local/101@test/n", "Custom:m2"};
  QueueMember alice{"Alice", "PJSIP/alice", "PJSIP/alice"};
  one.status = two.status = 0;
  alice.status = 5;
  two.penalty = 5;
  alice.penalty = 1;
  queues_.push_back({"support", "ringall", {one, two, alice}, {}});
  queues_.push_back({"empty", "rrmemory", {}, {}});
  globals_ = {{"GLOBALVAR", "one"}, {"EMPTYVAR", ""}};
  database_ = {{"/pbx/UUID", "ef0213bb-9190-4e87-ac5d-2464b75fb614"}};
}

// ---- calls

Call& Pbx::start(std::string_view course, Values values) {
  uint64_t id = ++last_call_;
  server_.journal().add("calls");
  server_.journal().add("calls_open");
  return *(calls_[id] = std::make_unique<Call>(*this, id, course, std::move(values)));
}

Call* Pbx::find_call(uint64_t id) {
  auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second.get();
}

void Pbx::ended(Call& call) {
  ++calls_processed_;
  server_.journal().add("calls_open", -1);
  calls_.erase(call.id());
}

void Pbx::clear() {
  server_.timers().cancel(scene_timer_);
  for (auto& [id, call] : calls_) {
    call->stop();
    server_.journal().add("calls_open", -1);
  }
  calls_.clear();
  channels_.clear();
  bridges_.clear();
  for (Queue& queue : queues_) queue.entries.clear();
}

// ---- channels, bridges, queues

std::string Pbx::next_serial() {
  return hex(++last_serial_, 8);
}

Channel& Pbx::add_channel(std::string name, uint64_t call) {
  auto channel = std::make_unique<Channel>();
  channel->name = std::move(name);
  channel->created = std::time(nullptr);
  channel->uniqueid = std::to_string(channel->created) + "." + std::to_string(++last_channel_);
  channel->call = call;
  channels_.push_back(std::move(channel));
  return *channels_.back();
}

Channel* Pbx::channel(std::string_view name) {
  for (const auto& channel : channels_) {
    if (same_word(channel->name, name)) return channel.get();
  }
  return nullptr;
}

void Pbx::remove_channel(const std::string& name) {
  std::string gone = name;
  std::erase_if(channels_, [&](const auto& channel) { return channel->name == gone; });
}

Bridge& Pbx::add_bridge() {
  std::string id;
  for (size_t digits : {8u, 4u, 4u, 4u, 12u}) {
    id += (id.empty() ? "" : "-") + hex(static_cast<uint64_t>(server_.random(0, INT64_MAX - 1)), digits);
  }
  return bridges_[id] = {id, 0};
}

Bridge* Pbx::bridge(std::string_view id) {
  auto found = bridges_.find(std::string(id));
  return found == bridges_.end() ? nullptr : &found->second;
}

void Pbx::remove_bridge(const std::string& id) {
  bridges_.erase(std::string(id));
}

Queue* Pbx::queue(std::string_view name) {
  for (Queue& queue : queues_) {
    if (same_word(queue.name, name)) return &queue;
  }
  return nullptr;
}

// ---- as text

void Pbx::snapshot(const Channel& channel, std::string_view prefix, std::string& out) const {
  line(out, prefix, "Channel", channel.name);
  line(out, prefix, "ChannelState", std::to_string(channel.state));
  line(out, prefix, "ChannelStateDesc", state_name(channel.state));
  line(out, prefix, "CallerIDNum", channel.caller_num);
  line(out, prefix, "CallerIDName", escaped(channel.caller_name));
  line(out, prefix, "ConnectedLineNum", channel.line_num);
  line(out, prefix, "ConnectedLineName", escaped(channel.line_name));
  line(out, prefix, "Language", "en");
  line(out, prefix, "AccountCode", "");
  line(out, prefix, "Context", channel.context);
  line(out, prefix, "Exten", channel.exten);
  line(out, prefix, "Priority", std::to_string(channel.priority));
  line(out, prefix, "Uniqueid", channel.uniqueid);
  line(out, prefix, "Linkedid", channel.linkedid);
  for (const char* name : {"AMIVAR", "CALLTYPE"}) {
    auto found = channel.variables.find(name);
    std::string value = found == channel.variables.end() ? "" : escaped(found->second);
    line(out, prefix, "ChanVariable", std::string(name) + "=" + value);
  }
}

void Pbx::snapshot(const Bridge& bridge, std::string_view prefix, std::string& out) const {
  line(out, prefix, "BridgeUniqueid", bridge.id);
  line(out, prefix, "BridgeType", "basic");
  line(out, prefix, "BridgeTechnology", "simple_bridge");
  line(out, prefix, "BridgeCreator", "<unknown>");
  line(out, prefix, "BridgeName", "<unknown>");
  line(out, prefix, "BridgeNumChannels", std::to_string(bridge.channels));
  line(out, prefix, "BridgeVideoSourceMode", "none");
}

void Pbx::raise(std::string_view name, const Resolver& values) {
  server_.raise(expand(event_template(name), [&](std::string_view key, std::string& out) {
    if (key == "newexten") {
      out += server_.profile().newexten_dialplan ? "dialplan" : "call";
    } else {
      values(key, out);
    }
  }));
}

}  // namespace ami::mock
