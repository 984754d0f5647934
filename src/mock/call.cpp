#include "call.h"

#include <algorithm>
#include <ctime>

#include "data.h"
#include "pbx.h"
#include "server.h"
#include "text.h"

namespace ami::mock {

namespace {
std::string clock_text(int64_t when) {
  return utc(when, "%Y-%m-%d %H:%M:%S");
}

int64_t number(std::string_view text, int64_t otherwise) {
  int64_t out = 0;
  return to_number(text, out) ? out : otherwise;
}
}  // namespace

Call::Call(Pbx& pbx, uint64_t id, std::string_view course, Values values)
    : pbx_(pbx), id_(id), values_(std::move(values)) {
  for (const char* serial : {"serial", "serial2", "serial3", "serial4"}) values_[serial] = pbx.next_serial();
  values_.try_emplace("context", "test");
  enter_course(course);
}

void Call::enter_course(std::string_view name) {
  lines_ = script(name);
  next_ = 0;
}

Channel* Call::role(std::string_view name) {
  for (const auto& [known, channel] : roles_) {
    if (known == name) return pbx_.channel(channel);
  }
  return nullptr;
}

void Call::run() {
  timer_ = 0;
  while (next_ < lines_.size()) {
    std::string line =
        expand(lines_[next_++], [this](std::string_view name, std::string& out) { value(name, {}, out); });
    if (!step(line)) return;
  }
  finish(16);
}

// ---- the verbs

bool Call::step(std::string_view line) {
  std::string_view words = line;
  std::string_view verb = take_until(words, ' ');
  if (verb == "raise") {
    std::string_view event = take_until(words, ' ');
    raise_for(event, words.empty() ? std::vector<std::string>{} : split(words, ' '));
    return true;
  }
  if (verb == "let") {
    std::string_view name = take_until(words, ' ');
    values_[std::string(name)] = words;
    return true;
  }
  if (verb == "bridge" || verb == "enter" || verb == "leave" || verb == "destroy")
    return step_bridge(verb, words);
  if (verb == "wait" || verb == "stay" || verb == "then" || verb == "answered" || verb == "failed") {
    return step_course(verb, words);
  }
  return step_channel(verb, words);
}

bool Call::step_course(std::string_view verb, std::string_view words) {
  if (verb == "stay") return false;
  if (verb == "wait") {
    uint64_t id = id_;
    Pbx& pbx = pbx_;
    timer_ = pbx_.server().timers().after(number(words, 0) / pbx_.server().pace(), [id, &pbx] {
      if (Call* call = pbx.find_call(id)) call->run();
    });
    return false;
  }
  if (verb == "then") {
    std::string course(words);
    if (course == "target") {
      course = values_.contains("to_app") ? "target app" : "target exten " + values_["to_exten"];
      if (script(course).empty()) course = "target exten";
    }
    enter_course(script(course).empty() ? "local nowhere" : course);
  } else if (verb == "answered") {
    Channel* channel = role(words);
    if (channel) report({true, 4, channel->name, channel->uniqueid});
  } else {
    report({false, number(words, 0), "", ""});
  }
  return true;
}

bool Call::step_channel(std::string_view verb, std::string_view words) {
  std::string_view who = take_until(words, ' ');
  if (verb == "channel") {
    add_channel(who, words);
    return true;
  }
  Channel* channel = role(who);
  if (!channel) return true;
  if (verb == "state") {
    channel->state = static_cast<int>(number(words, 0));
    raise("Newstate", *channel);
  } else if (verb == "app") {
    channel->app = take_until(words, ' ');
    channel->data = words;
    raise("Newexten", *channel);
    ++channel->priority;
  } else if (verb == "goto") {
    channel->exten = words;
    channel->priority = 1;
  } else if (verb == "set") {
    values_["name"] = take_until(words, ' ');
    values_["value"] = words;
    channel->variables[values_["name"]] = words;
    raise("VarSet", *channel);
  } else if (verb == "variables") {
    for (const auto& [name, text] : variables_) {
      values_["name"] = name;
      values_["value"] = text;
      channel->variables[name] = text;
      raise("VarSet", *channel);
    }
  } else if (verb == "caller") {
    channel->caller_num = take_until(words, ' ');
    channel->caller_name = words;
    raise("NewCallerid", *channel);
  } else if (verb == "line") {
    channel->line_num = take_until(words, ' ');
    channel->line_name = words;
    raise("NewConnectedLine", *channel);
  } else if (verb == "join" || verb == "unjoin") {
    queue_change(verb == "join" ? "QueueCallerJoin" : "QueueCallerLeave", *channel, verb == "join");
    Queue* queue = pbx_.queue(values_["queue"]);
    if (queue && verb == "unjoin") ++queue->completed;
  } else if (verb == "hangup") {
    hang_up(*channel, number(words, 16));
  }
  return true;
}

void Call::add_channel(std::string_view who, std::string_view words) {
  std::string name(take_until(words, ' '));
  bool first = roles_.empty();
  std::string linked = first ? "" : values_["linkedid"];
  Channel& channel = pbx_.add_channel(name, id_);
  if (first && values_.contains("channel_id")) channel.uniqueid = values_["channel_id"];
  if (roles_.size() == 1 && values_.contains("other_id")) channel.uniqueid = values_["other_id"];
  if (first) values_["linkedid"] = linked = channel.uniqueid;
  channel.linkedid = linked;
  channel.state = static_cast<int>(number(words, 0));
  channel.context = values_["context"];
  channel.exten = values_["exten"];
  if (values_.contains("caller_num")) {
    channel.caller_num = channel.line_num = values_["caller_num"];
    channel.caller_name = channel.line_name = values_["caller_name"];
  } else if (first && values_.contains("number")) {
    channel.caller_num = values_["number"];
    channel.caller_name = values_["name_of"];
  }
  roles_.emplace_back(who, name);
  raise("Newchannel", channel);
}

bool Call::step_bridge(std::string_view verb, std::string_view words) {
  std::string which(take_until(words, ' '));
  if (verb == "bridge") {
    bridge_roles_[which] = pbx_.add_bridge().id;
    raise_for("BridgeCreate", {which});
    return true;
  }
  Bridge* bridge = pbx_.bridge(bridge_roles_[which]);
  if (!bridge) return true;
  if (verb == "destroy") {
    raise_for("BridgeDestroy", {which});
    pbx_.remove_bridge(bridge->id);
    return true;
  }
  Channel* channel = role(words);
  if (!channel) return true;
  if (verb == "leave") {
    if (channel->bridge == bridge->id) leave_bridge(*channel);
    return true;
  }
  channel->bridge = bridge->id;
  ++bridge->channels;
  raise_for("BridgeEnter", {which, std::string(words)});
  return true;
}

// ---- what changes the PBX

void Call::leave_bridge(Channel& channel) {
  Bridge* bridge = pbx_.bridge(channel.bridge);
  if (bridge) {
    --bridge->channels;
    pbx_.raise("BridgeLeave", [&](std::string_view name, std::string& out) {
      name == "1" ? pbx_.snapshot(*bridge, "", out) : pbx_.snapshot(channel, "", out);
    });
  }
  channel.bridge.clear();
}

void Call::queue_change(std::string_view event, Channel& channel, bool joins) {
  Queue* queue = pbx_.queue(values_["queue"]);
  if (!queue) return;
  auto& entries = queue->entries;
  auto at =
      std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.channel == channel.name; });
  if (joins && at == entries.end()) at = entries.insert(at, {channel.name, std::time(nullptr)});
  if (at == entries.end()) return;
  values_["position"] = std::to_string(at - entries.begin() + 1);
  values_["hold"] = std::to_string(std::time(nullptr) - at->joined);
  if (!joins && event != "QueueCallerAbandon") entries.erase(at);
  values_["count"] = std::to_string(entries.size());
  raise(event, channel);
}

void Call::hang_up(Channel& channel, int64_t cause) {
  leave_bridge(channel);
  Queue* queue = pbx_.queue(values_["queue"]);
  bool waits = queue && std::any_of(queue->entries.begin(), queue->entries.end(),
                                    [&](const auto& e) { return e.channel == channel.name; });
  if (waits) {
    ++queue->abandoned;
    queue_change("QueueCallerAbandon", channel, false);
    queue_change("QueueCallerLeave", channel, false);
  }
  values_["cause"] = std::to_string(cause);
  values_["cause_text"] = cause_text(cause);
  raise("HangupRequest", channel);
  raise("Hangup", channel);
  cdr(channel);
  pbx_.remove_channel(channel.name);
}

void Call::cdr(const Channel& channel) {
  int64_t now = std::time(nullptr);
  bool up = channel.state == 6;
  const std::string& status = values_["status"];
  pbx_.raise("Cdr", [&](std::string_view name, std::string& out) {
    if (name == "source" && channel.caller_num != "<unknown>") out += channel.caller_num;
    if (name == "caller_name" && channel.caller_name != "<unknown>") out += channel.caller_name;
    if (name == "destination") out += channel.exten;
    if (name == "context") out += channel.context;
    if (name == "channel") out += channel.name;
    if (name == "app") out += channel.app;
    if (name == "data") out += channel.data;
    if (name == "start") out += clock_text(channel.created);
    if (name == "answer" && up) out += clock_text(channel.created);
    if (name == "end") out += clock_text(now);
    if (name == "duration") out += std::to_string(now - channel.created);
    if (name == "billable") out += std::to_string(up ? now - channel.created : 0);
    if (name == "disposition")
      out += up ? "ANSWERED" : status == "BUSY" ? "BUSY" : status == "CONGESTION" ? "FAILED" : "NO ANSWER";
    if (name == "uniqueid") out += channel.uniqueid;
  });
}

void Call::report(const Outcome& outcome) {
  if (!outcome_) return;
  auto tell = std::move(outcome_);
  outcome_ = nullptr;
  tell(outcome);
}

// Ends what is left, bridges before channels, and then the call itself.
void Call::finish(int64_t cause) {
  report({false, 0, "", ""});
  values_["status"] = dials_.empty() ? values_["status"] : "CANCEL";
  for (const auto& roles : std::vector(dials_)) raise_for("DialEnd", roles);
  for (const auto& [name, channel] : roles_) {
    if (Channel* found = pbx_.channel(channel)) leave_bridge(*found);
  }
  for (const auto& [which, id] : bridge_roles_) {
    if (pbx_.bridge(id)) step_bridge("destroy", which);
  }
  for (const auto& [name, channel] : roles_) {
    if (Channel* found = pbx_.channel(channel)) hang_up(*found, cause);
  }
  pbx_.ended(*this);
}

void Call::hang_up(int64_t cause) {
  stop();
  finish(cause);
}

void Call::redirect(const std::string& name, const std::string& exten) {
  stop();
  std::vector<std::string> peers;
  for (auto& [known, channel] : roles_) {
    Channel* found = pbx_.channel(channel);
    if (!found) continue;
    if (channel != name && !found->bridge.empty()) peers.push_back(channel);
    leave_bridge(*found);
    known = channel == name ? "a" : "-";
  }
  for (const auto& [which, id] : bridge_roles_) step_bridge("destroy", which);
  for (const std::string& peer : peers) hang_up(*pbx_.channel(peer), 16);
  values_["to_exten"] = exten;
  enter_course("redirected");
  run();
}

void Call::stop() {
  pbx_.server().timers().cancel(timer_);
}

// ---- events

void Call::raise_for(std::string_view event, const std::vector<std::string>& roles) {
  if (event == "DialBegin") dials_.push_back(roles);
  if (event == "DialEnd") std::erase(dials_, roles);
  pbx_.raise(event, [&](std::string_view name, std::string& out) { value(name, roles, out); });
}

void Call::raise(std::string_view event, const Channel& channel) {
  pbx_.raise(event, [&](std::string_view name, std::string& out) {
    if (name == "1") return pbx_.snapshot(channel, "", out);
    if (name == "exten")
      out += channel.exten;
    else if (name == "app")
      out += channel.app;
    else if (name == "data")
      out += channel.data;
    else
      value(name, {}, out);
  });
}

void Call::value(std::string_view name, const std::vector<std::string>& roles, std::string& out) {
  size_t colon = name.find(':');
  std::string_view prefix = colon == std::string_view::npos ? std::string_view{} : name.substr(0, colon);
  std::string_view place = colon == std::string_view::npos ? name : name.substr(colon + 1);
  if (prefix == "id") {
    out += bridge_roles_[std::string(place)];
  } else if (place.size() == 1 && place[0] >= '1' && place[0] <= '9') {
    auto index = static_cast<size_t>(place[0] - '1');
    if (index >= roles.size()) return;
    auto bridge = bridge_roles_.find(roles[index]);
    if (bridge != bridge_roles_.end()) {
      if (Bridge* found = pbx_.bridge(bridge->second)) pbx_.snapshot(*found, prefix, out);
    } else if (Channel* channel = role(roles[index])) {
      pbx_.snapshot(*channel, prefix, out);
    }
  } else if (auto found = values_.find(name); found != values_.end()) {
    out += found->second;
  }
}

}  // namespace ami::mock
