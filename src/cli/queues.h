#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/inventory.h"
#include "cli/message.h"

namespace ami::cli {

struct Queue {
  std::string name;
  size_t waiting = 0;
  std::optional<Time> longest;  // since when the first of them waits
  size_t agents = 0;            // the sum of these:
  size_t free = 0, busy = 0, paused = 0, away = 0, unknown = 0;
};

// The queues of an Asterisk, 1.4 to 24, as events and the list of QueueStatus tell of them.
class Queues {
 public:
  // The events that it reads.
  static void add_names(std::vector<std::string>& names) { cli::add_names(kHandled, names); }
  // False for others.
  bool see(const Message& event, Time now);
  void rename(const std::string& channel, const std::string& name);

  // As of Calls.
  void begin();
  void list(const Message& item, Time now);
  bool end();
  void abandon();

  [[nodiscard]] std::vector<Queue> all() const;
  // Which queue a channel waits in, by its name.
  [[nodiscard]] std::map<std::string, std::string> queued() const;

 private:
  struct Caller {
    std::string queue, channel;
    Time joined = 0;
  };
  struct Agent {
    std::string queue;
    int64_t status = 0;  // Asterisk's number of a device's state
    bool is_paused = false, is_in_call = false;
  };
  static const std::vector<Handling<Queues>> kHandled;

  void on_join(const Message& event, Time now);
  void on_leave(const Message& event, Time now);
  void on_agent(const Message& event, Time now);
  void on_agent_removed(const Message& event, Time now);

  static void read_agent(const Message& message, Agent& agent);
  static void count(const Agent& agent, Queue& queue);

  Inventory<std::string> names_;  // the queues' own, by name
  Inventory<Caller> callers_;     // by queue and channel
  Inventory<Agent> agents_;       // by queue and interface
};

}  // namespace ami::cli
