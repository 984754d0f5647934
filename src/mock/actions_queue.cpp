// Actions about queues.
#include <algorithm>
#include <ctime>

#include "actions.h"
#include "data.h"
#include "lists.h"
#include "server.h"
#include "session.h"
#include "text.h"

namespace ami::mock {

namespace {

void params_value(const Queue& queue, std::string_view name, std::string& out) {
  auto ready = [](const QueueMember& m) { return m.status != 5; };
  auto free = [](const QueueMember& m) { return m.status != 5 && !m.paused; };
  if (name == "queue") out += queue.name;
  if (name == "strategy") out += queue.strategy;
  if (name == "calls") out += std::to_string(queue.entries.size());
  if (name == "completed") out += std::to_string(queue.completed);
  if (name == "abandoned") out += std::to_string(queue.abandoned);
  if (name == "logged_in")
    out += std::to_string(std::count_if(queue.members.begin(), queue.members.end(), ready));
  if (name == "available")
    out += std::to_string(std::count_if(queue.members.begin(), queue.members.end(), free));
}

void member_value(const Queue& queue, const QueueMember& member, std::string_view name, std::string& out) {
  if (name == "queue") out += queue.name;
  if (name == "name") out += member.name;
  if (name == "interface") out += member.interface;
  if (name == "state_interface") out += member.state_interface;
  if (name == "membership") out += member.membership;
  if (name == "penalty") out += std::to_string(member.penalty);
  if (name == "calls") out += std::to_string(member.calls);
  if (name == "last_pause") out += std::to_string(member.last_pause);
  if (name == "login_time") out += std::to_string(member.login_time);
  if (name == "status") out += std::to_string(member.status);
  if (name == "paused") out += member.paused ? "1" : "0";
  if (name == "paused_reason") out += member.paused_reason;
}

void entry_value(Pbx& pbx, const Queue& queue, size_t place, std::string_view name, std::string& out) {
  const Queue::Entry& entry = queue.entries[place];
  const Channel* channel = pbx.channel(entry.channel);
  if (name == "queue") out += queue.name;
  if (name == "position") out += std::to_string(place + 1);
  if (name == "channel") out += entry.channel;
  if (name == "uniqueid" && channel) out += channel->uniqueid;
  if (name == "caller_num")
    out += channel && channel->caller_num != "<unknown>" ? channel->caller_num : "unknown";
  if (name == "caller_name")
    out += channel && channel->caller_name != "<unknown>" ? channel->caller_name : "unknown";
  if (name == "wait") out += std::to_string(std::time(nullptr) - entry.joined);
}

void queue_status(Session& session, const Request& request) {
  Pbx& pbx = session.server().pbx();
  std::string only = request.get("Queue");
  List list(session, request, "Queue status will follow");
  for (const Queue& queue : pbx.queues()) {
    if (!only.empty() && queue.name != only) continue;
    list.item(item_templates("QueueParams").front(),
              [&](std::string_view name, std::string& out) { params_value(queue, name, out); });
    for (const QueueMember& member : queue.members) {
      list.item(item_templates("QueueMember").front(),
                [&](std::string_view name, std::string& out) { member_value(queue, member, name, out); });
    }
    for (size_t i = 0; i < queue.entries.size(); ++i) {
      list.item(item_templates("QueueEntry").front(),
                [&](std::string_view name, std::string& out) { entry_value(pbx, queue, i, name, out); });
    }
  }
  list.complete("QueueStatusComplete");
}

void queue_summary(Session& session, const Request& request) {
  std::string only = request.get("Queue");
  List list(session, request, "Queue summary will follow");
  for (const Queue& queue : session.server().pbx().queues()) {
    if (!only.empty() && queue.name != only) continue;
    list.item(item_templates("QueueSummary").front(),
              [&](std::string_view name, std::string& out) { params_value(queue, name, out); });
  }
  list.complete("QueueSummaryComplete");
}

std::vector<QueueMember>::iterator find_member(Queue& queue, const std::string& interface) {
  return std::find_if(queue.members.begin(), queue.members.end(),
                      [&](const QueueMember& member) { return member.interface == interface; });
}

std::string member_headers(const Queue& queue, const QueueMember& member) {
  std::string text =
      expand(item_templates("MemberHeaders").front(),
             [&](std::string_view name, std::string& out) { member_value(queue, member, name, out); });
  text.resize(text.size() - 2);  // without the blank line
  return text;
}

void raise_member(Pbx& pbx, const char* event, const Queue& queue, const QueueMember& member) {
  pbx.raise(event, [&](std::string_view name, std::string& out) {
    if (name == "member") out += member_headers(queue, member);
    if (name == "reason" && pbx.server().profile().pause_reason)
      out += "Reason: " + member.paused_reason + "\r\n";
  });
}

bool lacks(Session& session, const Request& request, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (!request.get(key).empty()) continue;
    session.error(request, std::string("'") + key + "' not specified.");
    return true;
  }
  return false;
}

void queue_add(Session& session, const Request& request) {
  if (lacks(session, request, {"Queue", "Interface"})) return;
  Pbx& pbx = session.server().pbx();
  Queue* queue = pbx.queue(request.get("Queue"));
  QueueMember member;
  member.interface = request.get("Interface");
  if (!queue) return session.error(request, "Unable to add interface to queue: No such queue");
  if (find_member(*queue, member.interface) != queue->members.end()) {
    return session.error(request, "Unable to add interface: Already there");
  }
  member.name = request.get("MemberName").empty() ? member.interface : request.get("MemberName");
  member.state_interface =
      request.get("StateInterface").empty() ? member.interface : request.get("StateInterface");
  member.membership = "dynamic";
  member.paused = is_true(request.get("Paused"));
  member.login_time = std::time(nullptr);
  to_number(request.get("Penalty"), member.penalty);
  queue->members.push_back(member);
  session.success(request, "Added interface to queue");
  raise_member(pbx, "QueueMemberAdded", *queue, member);
}

void queue_remove(Session& session, const Request& request) {
  if (lacks(session, request, {"Queue", "Interface"})) return;
  Pbx& pbx = session.server().pbx();
  Queue* queue = pbx.queue(request.get("Queue"));
  if (!queue) return session.error(request, "Unable to remove interface from queue: No such queue");
  auto found = find_member(*queue, request.get("Interface"));
  if (found == queue->members.end()) return session.error(request, "Unable to remove interface: Not there");
  QueueMember member = *found;
  queue->members.erase(found);
  session.success(request, "Removed interface from queue");
  raise_member(pbx, "QueueMemberRemoved", *queue, member);
}

void queue_pause(Session& session, const Request& request) {
  if (lacks(session, request, {"Interface", "Paused"})) return;
  Pbx& pbx = session.server().pbx();
  std::string only = request.get("Queue");
  std::vector<std::pair<Queue*, QueueMember*>> changed;
  for (Queue& queue : pbx.queues()) {
    auto found = find_member(queue, request.get("Interface"));
    if ((only.empty() || queue.name == only) && found != queue.members.end())
      changed.emplace_back(&queue, &*found);
  }
  if (changed.empty()) return session.error(request, "Interface not found");
  bool paused = is_true(request.get("Paused"));
  session.success(request, paused ? "Interface paused successfully" : "Interface unpaused successfully");
  for (auto [queue, member] : changed) {
    member->paused = paused;
    member->paused_reason = request.get("Reason");
    if (paused) member->last_pause = std::time(nullptr);
    raise_member(pbx, "QueueMemberPause", *queue, *member);
  }
}

}  // namespace

const std::vector<Action>& queue_actions() {
  static const std::vector<Action> actions = {
      {"QueueStatus", "", "Show queue status.", queue_status},
      {"QueueSummary", "", "Show queue summary.", queue_summary},
      {"QueueAdd", "agent", "Add interface to queue.", queue_add},
      {"QueueRemove", "agent", "Remove interface from queue.", queue_remove},
      {"QueuePause", "agent", "Makes a queue member temporarily unavailable.", queue_pause},
  };
  return actions;
}

}  // namespace ami::mock
