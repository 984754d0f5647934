#include "cli/calls.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace ami::cli {
namespace {

// By the number at the end of a Uniqueid, which counts the channels of an Asterisk.
std::tuple<int64_t, std::string> order_of(const Channel& channel) {
  int64_t count = 0;
  const size_t dot = channel.id.rfind('.');
  if (dot != std::string::npos)
    std::from_chars(channel.id.data() + dot + 1, channel.id.data() + channel.id.size(), count);
  return {count, channel.id};
}

bool is_local(const Channel& channel) {
  return channel.name.starts_with("Local/");
}

// Asterisk's words for the numbers of its channel states.
std::string state_of(const Message& message) {
  constexpr std::array kWords = {"Down",    "Rsrvd", "OffHook", "Dialing",         "Ring",
                                 "Ringing", "Up",    "Busy",    "Dialing Offhook", "Pre-ring"};
  std::string word;
  message.read({"ChannelStateDesc", "State"}, word);
  const auto number = message.number({"ChannelState"});
  if (!word.empty() || !number || *number < 0 || *number >= static_cast<int64_t>(kWords.size())) return word;
  return kWords.at(static_cast<size_t>(*number));
}

void read_channel(const Message& message, Channel& channel) {
  message.read({"Channel"}, channel.name);
  if (const std::string state = state_of(message); !state.empty()) channel.state = state;
  message.read({"CallerIDNum", "CallerID"}, channel.number);
  message.read({"CallerIDName"}, channel.caller);
  message.read({"ConnectedLineNum"}, channel.other_number);
  message.read({"ConnectedLineName"}, channel.other_caller);
  message.read({"Exten", "Extension"}, channel.extension);
  message.read({"Application"}, channel.application);
  message.read({"ApplicationData", "AppData", "Data"}, channel.data);
  message.read({"Linkedid"}, channel.call);
  if (channel.call.empty()) channel.call = channel.id;
}

// Of Duration (hours:minutes:seconds) or Seconds.
std::optional<Time> age_of(const Message& item) {
  if (const auto seconds = item.number({"Seconds"})) return *seconds * 1000;
  std::string_view text = item.value_of({"Duration"});
  int64_t seconds = 0;
  while (!text.empty()) {
    int64_t part = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc() || part < 0) return {};
    seconds = seconds * 60 + part;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) return seconds * 1000;
    if (text.front() != ':') return {};
    text.remove_prefix(1);
  }
  return {};
}

std::string id_of(const Message& message) {
  // Asterisk 1.4 has events, and 1.6.0 lists, that name a channel only by its name.
  return std::string(message.value_of({"Uniqueid", "Channel"}));
}

std::string person(const std::string& number, const std::string& name) {
  return number + (number.empty() || name.empty() || number == name ? "" : " ") +
         (number == name ? "" : name);
}

// Its name without the number that each channel of a device has.
std::string device(const Channel& channel) {
  return channel.name.substr(0, channel.name.rfind('-'));
}

// A party of a call beside the first: what rings or talks rather than a Local channel, which only passes on.
const Channel* second_of(const std::vector<const Channel*>& channels) {
  if (channels.size() < 2) return nullptr;
  const auto other = std::find_if(channels.rbegin(), channels.rend() - 1,
                                  [](const Channel* channel) { return !is_local(*channel); });
  return other == channels.rend() - 1 ? channels.back() : *other;
}

std::string destination(const Call& call) {
  const Channel* second = second_of(call.channels);
  if (second == nullptr) return Calls::peer(*call.channels.front());
  const std::string party = Calls::party(*second);
  return party == call.from ? device(*second) : party;  // it has been given the caller's number to show
}

std::string state_of(const Call& call, const std::map<std::string, size_t>& in_bridge) {
  const auto talks = [&in_bridge](const Channel* channel) {
    return !channel->bridge.empty() && in_bridge.at(channel->bridge) > 1;
  };
  const auto rings = [](const Channel* channel) { return channel->state == "Ringing"; };
  if (std::any_of(call.channels.begin(), call.channels.end(), talks)) return "Talking";
  if (std::any_of(call.channels.begin(), call.channels.end(), rings)) return "Ringing";
  return call.channels.front()->state;
}

}  // namespace

const std::vector<Handling<Calls>> Calls::kHandled = {
    {"Newchannel", &Calls::on_new_channel}, {"Newstate", &Calls::on_channel},
    {"NewCallerid", &Calls::on_channel},    {"NewConnectedLine", &Calls::on_channel},
    {"Newexten", &Calls::on_channel},       {"Rename", &Calls::on_rename},
    {"Hangup", &Calls::on_hangup},          {"Dial", &Calls::on_dial},
    {"DialBegin", &Calls::on_channel},      {"Link", &Calls::on_link},
    {"Unlink", &Calls::on_unlink},          {"Bridge", &Calls::on_bridge},
    {"BridgeEnter", &Calls::on_enter},      {"BridgeLeave", &Calls::on_leave}};

bool Calls::see(const Message& event, Time now) {
  return handle(*this, kHandled, event, now);
}

void Calls::on_channel(const Message& event, Time /*now*/) {
  const std::string id = id_of(event);
  if (id.empty()) return;
  Channel& channel = channels_.touch(id);
  channel.id = id;
  read_channel(event, channel);
}

void Calls::on_new_channel(const Message& event, Time now) {
  on_channel(event, now);
  const auto found = channels_.all().find(id_of(event));
  if (found != channels_.all().end() && !found->second.born) found->second.born = now;
}

void Calls::on_rename(const Message& event, Time /*now*/) {
  const std::string id = id_of(event);
  if (!channels_.all().contains(id)) return;
  event.read({"Newname"}, channels_.touch(id).name);
}

void Calls::on_hangup(const Message& event, Time /*now*/) {
  channels_.remove(id_of(event));
}

void Calls::on_dial(const Message& event, Time /*now*/) {
  const std::string_view part = event.value_of({"SubEvent"});
  if (part.data() != nullptr && part != "Begin") return;
  join(find(std::string(event.value_of({"SrcUniqueID", "Uniqueid"}))),
       find(std::string(event.value_of({"DestUniqueid"}))));
}

void Calls::on_link(const Message& event, Time /*now*/) {
  join(find(std::string(event.value("Uniqueid1"))), find(std::string(event.value("Uniqueid2"))));
  set_bridge(event, std::string(std::min(event.value("Channel1"), event.value("Channel2"))));
}

void Calls::on_unlink(const Message& event, Time /*now*/) {
  set_bridge(event, "");
}

void Calls::on_bridge(const Message& event, Time now) {
  if (is_same_key(event.value_of({"Bridgestate"}), "Unlink")) return on_unlink(event, now);
  on_link(event, now);
}

void Calls::on_enter(const Message& event, Time now) {
  on_channel(event, now);
  const auto found = channels_.all().find(id_of(event));
  if (found != channels_.all().end()) event.read({"BridgeUniqueid"}, found->second.bridge);
}

void Calls::on_leave(const Message& event, Time now) {
  on_channel(event, now);
  const auto found = channels_.all().find(id_of(event));
  // The leaving of one bridge may be told after the entering of the next.
  if (found != channels_.all().end() && found->second.bridge == event.value_of({"BridgeUniqueid"}))
    found->second.bridge.clear();
}

void Calls::set_bridge(const Message& event, const std::string& bridge) {
  for (const char* key : {"Uniqueid1", "Uniqueid2"}) {
    const std::string id(event.value(key));
    if (channels_.all().contains(id)) channels_.touch(id).bridge = bridge;
  }
}

// Asterisk before 12 does not say which channels are of one call: those that dial or are linked.
void Calls::join(const Channel* first, const Channel* second) {
  if (first == nullptr || second == nullptr || first->call == second->call) return;
  if (order_of(*second) < order_of(*first)) std::swap(first, second);
  const std::string call = first->call;
  const std::string joining = second->call;
  for (auto& [id, channel] : channels_.all())
    if (channel.call == joining) channel.call = call;
}

void Calls::list(const Message& item, Time now) {
  const std::string id = id_of(item);
  Channel* channel = id.empty() ? nullptr : channels_.list(id);
  if (channel == nullptr) return;
  channel->id = id;
  channel->bridge.clear();
  read_channel(item, *channel);
  item.read({"BridgeID"}, channel->bridge);
  // Before 12: whom it is linked with.
  const std::string peer(item.value_of({"BridgedChannel", "Link"}));
  if (!peer.empty()) {
    channel->bridge = std::min(channel->name, peer);
    const auto& all = channels_.all();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&peer](const auto& other) { return other.second.name == peer; });
    if (found != all.end()) join(channel, &found->second);
  }
  const auto age = age_of(item);
  if (age && !channel->born) channel->born = now - *age;
}

const Channel* Calls::find(const std::string& id) const {
  const auto found = channels_.all().find(id);
  return found == channels_.all().end() ? nullptr : &found->second;
}

std::string Calls::party(const Channel& channel) {
  const std::string text = person(channel.number, channel.caller);
  return text.empty() ? device(channel) : text;
}

std::string Calls::peer(const Channel& channel) {
  const std::string text = person(channel.other_number, channel.other_caller);
  return text.empty() ? channel.extension : text;
}

std::vector<Call> Calls::all(const std::map<std::string, std::string>& queued) const {
  std::map<std::string, Call> by_id;
  std::map<std::string, size_t> in_bridge;
  for (const auto& [id, channel] : channels_.all()) {
    by_id[channel.call].channels.push_back(&channel);
    ++in_bridge[channel.bridge];
  }
  std::vector<Call> calls;
  for (auto& [id, call] : by_id) {
    std::sort(call.channels.begin(), call.channels.end(), [](const Channel* one, const Channel* other) {
      return std::tuple(is_local(*one), order_of(*one)) < std::tuple(is_local(*other), order_of(*other));
    });
    call.state = state_of(call, in_bridge);
    call.from = party(*call.channels.front());
    call.to = destination(call);
    for (const Channel* channel : call.channels) {
      const auto queue = queued.find(channel->name);
      if (queue == queued.end() || call.state == "Talking") continue;
      call.state = "Queued";
      call.to = "queue " + queue->second;
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace ami::cli
