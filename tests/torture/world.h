#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ami/ami.h"
#include "memory.h"
#include "torture.h"

struct uv_loop_s;

// A client of the mock PBX in one way of delivery, used as an application uses it: what is refused for lack
// of memory is tried again when there is some. Nothing here allocates but the library.
enum class Way { kThread, kPoll, kDispatch, kLoop };

struct Sent {
  std::atomic<bool> accepted{false};
  std::atomic<int> replies{0};
  std::atomic<int> releases{0};
  std::atomic<int> status{0};
  std::atomic<int> fate{0};
  std::atomic<size_t> items{0};
  uint64_t id = 0;
};

class World;

struct Heard {
  std::atomic<bool> registered{false};
  std::atomic<int> messages{0};
  std::atomic<int> dropped{0};  // by what gaps told
  const World* of = nullptr;
  std::atomic<int> releases{0};
  uint64_t id = 0;
};

class World {
 public:
  explicit World(Way way);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // False where nothing goes on for lack of memory: the scenario is to end.
  bool make();
  bool set(const char* name, const char* value);
  bool connect();  // and wait until it is ready
  bool wait_ready();
  bool wait_state(int state);
  bool disconnect();
  // NULL when it was refused.
  Heard* listen(const char* name);
  bool forget(Heard* heard);
  // Keys and values in turn, then NULL.
  Sent* send(const char* const* words, bool each = false, const char* until = nullptr);
  bool cancel(Sent* sent);
  bool wait_reply(Sent* sent);
  bool wait_messages(Heard* heard, int count);
  // A Ping with its answer.
  bool ping();
  bool call();
  // Lets things happen until the condition holds; false when nothing goes on for lack of memory.
  template <typename Condition>
  bool until(Condition condition);
  // Events are going to be dropped without a failure too, how many is chance: that tells nothing, and what
  // each handler got is no result.
  void expect_drops() { expects_drops_ = true; }
  [[nodiscard]] int dropped() const;
  // What came of it all, for the comparison.
  void report();
  // Everything works again, with the same client; not in mode kOn. settings: what a connection needs.
  void before_revival(bool (*settings)(World&)) { settings_ = settings; }
  void revive();

  ami_t* client() { return client_; }
  [[nodiscard]] Way way() const { return way_; }

 private:
  static void on_event(ami_t* client, const ami_msg_t* msg, void* user);
  static void on_gap(const ami_msg_t* msg, Heard& heard);
  static void on_reply(ami_t* client, const ami_reply_t* reply, void* user);
  static void on_log(int level, const char* line, void* user);
  static void on_release_sent(void* user);
  static void on_release_heard(void* user);
  void take(const ami_item_t& item);
  void step();
  void step_loop();
  void destroy();
  bool goes_on(int steps);
  // Whether events were dropped that were not to be, which counts as told.
  bool has_dropped();
  void check() const;

  const Way way_;
  ami_t* client_ = nullptr;
  ami_queue_t* queue_ = nullptr;
  uv_loop_s* loop_ = nullptr;
  std::array<Sent, 48> sents_;
  size_t sent_count_ = 0;
  std::array<Heard, 24> heards_;
  size_t heard_count_ = 0;
  bool (*settings_)(World&) = nullptr;
  bool expects_drops_ = false;
};

// A call of the library. Its result is looked at.
template <typename Call>
int try_call(Call call) {
  const memory::Watched watched;
  const int result = call();
  if (result == AMI_ENOMEM) torture::told();
  return result;
}

// The same; once more when memory was short for a moment.
template <typename Call>
int insist(Call call) {
  int result = try_call(call);
  if (result == AMI_ENOMEM && !memory::is_short()) result = try_call(call);
  return result;
}

template <typename Condition>
bool World::until(Condition condition) {
  for (int steps = 0; !condition(); ++steps) {
    if (!goes_on(steps)) return false;
    step();
  }
  return true;
}
