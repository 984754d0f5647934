#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "cli/handle.h"
#include "cli/profile.h"
#include "cli/server.h"
#include "cli/signals.h"

namespace ami::cli {

struct Setting {
  const char* name;
  const char* value;
};

enum class Wake { kItems, kSignal, kReaderGone, kDeadline, kInput };

using Deadline = std::chrono::steady_clock::time_point;
// 0 seconds: none.
std::optional<Deadline> deadline_in(double seconds);

// A client with its queue.
class Connection {
 public:
  // Idle, with the options set: the defaults, those of the URL, of the profile, the others, the password;
  // later ones win. May ask for the password. Throws Failure. With another connection it shares that one's
  // queue.
  Connection(const ServerArguments& server, const std::vector<Setting>& defaults, const Signals& signals,
             const Connection* other = nullptr);

  [[nodiscard]] ami_t* client() const { return client_.get(); }
  [[nodiscard]] ami_queue_t* queue() const { return queue_.get(); }
  [[nodiscard]] uint64_t id() const { return ami_id(client()); }

  // Messages of that name or glob come into the queue. Throws Failure.
  void subscribe(const std::string& name);
  // Begins to connect. Throws Failure.
  void start();
  // Begins to connect and waits for the login. Throws Failure.
  void open();
  // Blocks until there is something to do. reader: a descriptor whose reader may go away, or -1. input: one
  // that may have something to be read, or -1.
  [[nodiscard]] Wake wait(std::optional<Deadline> deadline, int reader = -1, int input = -1) const;
  // Logs off and waits for the end; what comes in meanwhile is handed to see.
  void close(const std::function<void(const ami_item_t&)>& see = {});

  // The notice that a connection, or the attempt at one, has ended; the final one: no other follows.
  [[nodiscard]] static bool is_close(const ami_msg_t* message);
  [[nodiscard]] static bool is_final(const ami_msg_t* message);
  // What such a notice tells.
  [[nodiscard]] static Failure failure(const ami_msg_t* close);
  // What a signal has cut short.
  [[nodiscard]] Failure interrupted(const std::string& what) const;

 private:
  void set(const std::string& name, const std::string& value);
  void set(const Profile& profile, const Profile::Entry& entry);
  void set_pair(const std::string& option);  // name=value

  const Signals& signals_;
  std::shared_ptr<ami_queue_t> queue_;  // outlives the client
  ClientHandle client_;
};

}  // namespace ami::cli
