#include "cli/queues.h"

#include <algorithm>

namespace ami::cli {
namespace {

std::string queue_of(const Message& message) {
  return std::string(message.value_of({"Queue"}));
}

// A name cannot hold a line end.
std::string key_of(const Message& message, std::initializer_list<const char*> keys) {
  return queue_of(message) + '\n' + std::string(message.value_of(keys));
}

}  // namespace

const std::vector<Handling<Queues>> Queues::kHandled = {{"QueueCallerJoin", &Queues::on_join},
                                                        {"Join", &Queues::on_join},
                                                        {"QueueCallerLeave", &Queues::on_leave},
                                                        {"Leave", &Queues::on_leave},
                                                        {"QueueMemberAdded", &Queues::on_agent},
                                                        {"QueueMemberStatus", &Queues::on_agent},
                                                        {"QueueMemberPause", &Queues::on_agent},
                                                        {"QueueMemberPaused", &Queues::on_agent},
                                                        {"QueueMemberRemoved", &Queues::on_agent_removed}};

bool Queues::see(const Message& event, Time now) {
  return handle(*this, kHandled, event, now);
}

void Queues::rename(const std::string& channel, const std::string& name) {
  for (auto& [key, caller] : std::map(callers_.all())) {
    if (caller.channel != channel) continue;
    Caller& renamed = callers_.touch(caller.queue + '\n' + name);
    renamed = caller;
    renamed.channel = name;
    callers_.remove(key);
  }
}

void Queues::on_join(const Message& event, Time now) {
  const std::string queue = queue_of(event);
  names_.touch(queue) = queue;
  const std::string key = key_of(event, {"Channel"});
  const bool is_known = callers_.all().contains(key);
  Caller& caller = callers_.touch(key);
  if (is_known) return;
  caller = {queue, std::string(event.value_of({"Channel"})), now};
}

void Queues::on_leave(const Message& event, Time /*now*/) {
  callers_.remove(key_of(event, {"Channel"}));
}

void Queues::on_agent(const Message& event, Time /*now*/) {
  const std::string queue = queue_of(event);
  names_.touch(queue) = queue;
  read_agent(event, agents_.touch(key_of(event, {"Interface", "Location"})));
}

void Queues::on_agent_removed(const Message& event, Time /*now*/) {
  agents_.remove(key_of(event, {"Interface", "Location"}));
}

void Queues::read_agent(const Message& message, Agent& agent) {
  agent.queue = queue_of(message);
  agent.status = message.number({"Status"}).value_or(agent.status);
  agent.is_paused = message.number({"Paused"}).value_or(agent.is_paused ? 1 : 0) != 0;
  agent.is_in_call = message.number({"InCall"}).value_or(agent.is_in_call ? 1 : 0) != 0;
}

void Queues::begin() {
  names_.begin();
  callers_.begin();
  agents_.begin();
}

void Queues::list(const Message& item, Time now) {
  const std::string queue = queue_of(item);
  if (queue.empty()) return;
  if (std::string* name = names_.list(queue)) *name = queue;
  if (is_same_key(item.name, "QueueMember")) {
    if (Agent* agent = agents_.list(key_of(item, {"Location", "Interface"}))) read_agent(item, *agent);
  } else if (is_same_key(item.name, "QueueEntry")) {
    const std::string key = key_of(item, {"Channel"});
    const bool is_known = callers_.all().contains(key);
    Caller* caller = callers_.list(key);
    if (caller == nullptr || is_known) return;
    const Time waited = item.number({"Wait"}).value_or(0) * 1000;
    *caller = {queue, std::string(item.value_of({"Channel"})), now - waited};
  }
}

bool Queues::end() {
  const bool names = names_.end();
  const bool callers = callers_.end();
  return agents_.end() || callers || names;
}

void Queues::abandon() {
  names_.abandon();
  callers_.abandon();
  agents_.abandon();
}

void Queues::count(const Agent& agent, Queue& queue) {
  enum { kNotInUse = 1, kInUse, kBusy, kInvalid, kUnavailable, kRinging, kRingInUse, kOnHold };
  ++queue.agents;
  if (agent.is_paused) {
    ++queue.paused;
  } else if (agent.status == kInvalid || agent.status == kUnavailable) {
    ++queue.away;
  } else if (agent.is_in_call || (agent.status >= kInUse && agent.status <= kOnHold)) {
    ++queue.busy;
  } else if (agent.status == kNotInUse) {
    ++queue.free;
  } else {
    ++queue.unknown;
  }
}

std::vector<Queue> Queues::all() const {
  std::map<std::string, Queue> by_name;
  for (const auto& [name, unused] : names_.all()) by_name[name].name = name;
  for (const auto& [key, caller] : callers_.all()) {
    Queue& queue = by_name[caller.queue];
    ++queue.waiting;
    queue.longest = std::min(queue.longest.value_or(caller.joined), caller.joined);
  }
  for (const auto& [key, agent] : agents_.all()) count(agent, by_name[agent.queue]);
  std::vector<Queue> queues;
  for (auto& [name, queue] : by_name) {
    queue.name = name;
    queues.push_back(std::move(queue));
  }
  return queues;
}

std::map<std::string, std::string> Queues::queued() const {
  std::map<std::string, std::string> queued;
  for (const auto& [key, caller] : callers_.all()) queued[caller.channel] = caller.queue;
  return queued;
}

}  // namespace ami::cli
