// A client in one of the ways of delivery, with its ledger and its stream.
#pragma once

#include <uv.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ami/ami.h"
#include "ledger.h"
#include "random.h"
#include "stream.h"

namespace chaos {

enum class Delivery : uint8_t { thread, poll, dispatch, loop };
constexpr size_t deliveries = 4;
std::string_view name_of(Delivery delivery);
std::optional<Delivery> find_delivery(std::string_view name);

class Caller {
 public:
  struct Wish {
    Delivery delivery = Delivery::thread;
    uint64_t index = 0;       // unlike other callers'
    bool all_events = false;  // handles them all, else only ticks
    bool marked = true;       // the server sends the mark of a Ping back
  };
  explicit Caller(const Wish& wish);
  // Ends the client, and waits until its last callback has been released.
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // Ends the process when it is refused.
  void set(const char* name, const char* value);
  void connect();
  void disconnect();
  // An action drawn at random goes out under this number. False when it was refused.
  bool send(uint64_t number, Random& random);
  // The same for a command of the CLI's.
  bool send_command(uint64_t number, const char* command);
  // One of the last ones, replied or not.
  void cancel(Random& random);

  // Lets callbacks run for a moment; with a closed gate nothing is taken from a queue.
  void pump();
  // Closed: the handler of events waits, as one that is slow. Not in loop delivery.
  void set_gate(bool open);
  void destroy();

  [[nodiscard]] Delivery delivery() const { return delivery_; }
  [[nodiscard]] uint64_t index() const { return index_; }
  [[nodiscard]] ami_t* client() const { return client_; }
  Ledger& ledger() { return ledger_; }
  Stream& stream() { return stream_; }

 private:
  struct Call {  // the user of an action
    Caller& caller;
    uint64_t number;
  };
  static void on_event(ami_t* client, const ami_msg_t* message, void* user);
  static void on_item(ami_t* client, const ami_msg_t* message, void* user);
  static void on_reply(ami_t* client, const ami_reply_t* reply, void* user);
  static void on_release(void* user);
  static void on_release_action(void* user);
  bool send_action(uint64_t number, ami_action_t* action, Kind kind, bool own_id);
  void handle(const char* name);
  int take(int timeout_ms);
  void run_loop();
  void wait_a_moment();

  const Delivery delivery_;
  const uint64_t index_;
  Ledger ledger_;
  Stream stream_;
  ami_queue_t* queue_ = nullptr;
  uv_loop_t loop_{};
  ami_t* client_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool gate_open_ = true;
  int handlers_ = 0;                                       // not released
  std::vector<std::pair<uint64_t, uint64_t>> recent_ids_;  // number, id
};

}  // namespace chaos
