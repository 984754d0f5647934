// The PBX behind the mock: channels, bridges, queues, variables, database, and the calls under way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "call.h"
#include "text.h"

namespace ami::mock {

class Server;

struct Channel {
  std::string name, uniqueid, linkedid;
  int state = 0;
  std::string caller_num = "<unknown>", caller_name = "<unknown>";
  std::string line_num = "<unknown>", line_name = "<unknown>";
  std::string context = "test", exten, app, data, bridge;
  int priority = 1;
  int64_t created = 0;
  uint64_t call = 0;
  std::map<std::string, std::string> variables;
};

struct Bridge {
  std::string id;
  size_t channels = 0;
};

struct QueueMember {
  std::string name, interface, state_interface, membership = "static", paused_reason = {};
  int64_t penalty = 0, calls = 0, last_pause = 0, login_time = 0;
  int status = 1;
  bool paused = false;
};

struct Queue {
  struct Entry {
    std::string channel;
    int64_t joined;
  };
  std::string name, strategy;
  std::vector<QueueMember> members;
  std::vector<Entry> entries;
  int64_t completed = 0, abandoned = 0;
};

class Pbx {
 public:
  explicit Pbx(Server& server);

  // Starts a call that runs a course; its values fill the course's placeholders.
  Call& start(std::string_view course, Values values);
  Call* find_call(uint64_t id);
  void ended(Call& call);  // called by the call itself, which is gone after it
  static bool knows(std::string_view scene);
  bool play(std::string_view scene);  // false: unknown
  void clear();                       // every call, channel and bridge vanishes without a word

  Channel& add_channel(std::string name, uint64_t call);
  Channel* channel(std::string_view name);
  void remove_channel(const std::string& name);
  Bridge& add_bridge();
  Bridge* bridge(std::string_view id);
  void remove_bridge(const std::string& id);
  Queue* queue(std::string_view name);

  void snapshot(const Channel& channel, std::string_view prefix, std::string& out) const;
  void snapshot(const Bridge& bridge, std::string_view prefix, std::string& out) const;
  // Raises the event of that name.
  void raise(std::string_view name, const Resolver& values);
  std::string next_serial();

  Server& server() { return server_; }
  const std::vector<std::unique_ptr<Channel>>& channels() const { return channels_; }
  const std::map<std::string, Bridge>& bridges() const { return bridges_; }
  std::vector<Queue>& queues() { return queues_; }
  std::map<std::string, std::string>& database() { return database_; }
  std::map<std::string, std::string>& globals() { return globals_; }
  size_t calls() const { return calls_.size(); }
  int64_t calls_processed() const { return calls_processed_; }

 private:
  friend class SceneRun;

  Server& server_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::map<std::string, Bridge> bridges_;
  std::vector<Queue> queues_;
  std::map<std::string, std::string> database_, globals_;
  std::map<uint64_t, std::unique_ptr<Call>> calls_;
  uint64_t last_call_ = 0, last_channel_ = 0, last_serial_ = 0, scene_timer_ = 0;
  int64_t calls_processed_ = 0;
};

const char* state_name(int state);
const char* cause_text(int64_t cause);

}  // namespace ami::mock
