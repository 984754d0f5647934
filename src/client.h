#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ami/ami.h"
#include "delivery/direct_lane.h"
#include "delivery/queue.h"
#include "delivery/router.h"
#include "net/loop.h"
#include "net/transport.h"
#include "options.h"
#include "session/backoff.h"
#include "session/own_ids.h"
#include "session/session.h"

namespace ami {

// Never used twice in a process.
uint64_t next_id() noexcept;
// What the generated ActionIDs of one connection begin with.
std::string new_id_prefix(const std::string& identifier);

// Joins the four: a session for the protocol, a transport for the bytes, a router and a lane for delivery.
//
// Calls come from any thread; what they change under mutex_ is small: the options, the state as seen from
// outside, which actions are accepted, and an inbox. Everything else belongs to the loop's thread, which
// takes the inbox as a whole, lets the session work, and writes once.
class Client final : public std::enable_shared_from_this<Client>, private TransportSink, private SessionSink {
 public:
  explicit Client(ami_t* handle);
  ~Client();

  int set(std::string_view name, std::string_view value);
  int get(std::string_view name, std::string& value);
  std::string detail();
  int set_loop(uv_loop_s* loop);
  int set_queue(std::shared_ptr<Queue> queue);
  int set_log(int level, HandlerPtr handler);

  int connect();
  int wait(int timeout_ms);
  int disconnect();
  // Ends the client and deletes its handle, now or, inside one of its callbacks, when that has returned.
  void destroy();
  [[nodiscard]] int state() const { return state_.load(std::memory_order_acquire); }
  int64_t stat(int which);
  [[nodiscard]] uint64_t id() const { return id_; }
  // In a forked child nothing but destroy() is allowed.
  [[nodiscard]] bool forked() const;

  int on(std::string_view name, const HandlerPtr& handler);
  int off(uint64_t sub);

  // handler may be null when a waiter takes the reply (ami_call).
  struct Waiter {
    std::mutex mutex;
    std::condition_variable done;
    ReplyPtr reply;
  };
  int send(const Action& action, const HandlerPtr& handler, bool keep_items, Waiter* waiter, uint64_t id);
  int call(const Action& action, ReplyPtr& reply);
  int cancel(uint64_t id);
  // Records why a call failed, for ami_detail().
  int refuse(int err, std::string detail);

 private:
  struct Accepted;  // a pending action with its handler
  struct Command {
    enum class Kind : uint8_t { kStart, kSubmit, kCancel, kMask, kClose, kUnwritable };
    Kind kind;
    PendingPtr pending;
    std::string text;
  };
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  struct Failure {
    int err;
    std::string detail;
    std::string phase;
  };

  // Any thread.
  int admit(const Action& action, std::string& detail) const;  // under mutex_
  // The ActionID to wire_id_, and the bytes.
  int write(const Action& action, uint64_t id, std::string& text, std::string& detail);
  void post(Command command);  // under mutex_
  [[nodiscard]] bool on_loop() const { return loop_ && loop_->is_current(); }
  void attach();
  void attach_queue(std::shared_ptr<Queue> queue);

  // The loop's thread. A turn is what runs between two waits of the loop: whatever came of it is settled at
  // its end. Lets no exception out: the loop's own code is C.
  template <typename Work>
  void turn(Work work) noexcept {
    const auto self = weak_from_this().lock();
    const bool outermost = !std::exchange(inside_, true);
    try {
      work();
    } catch (...) {
      out_of_memory();
    }
    if (outermost) {
      settle();
      inside_ = false;
    }
  }
  void out_of_memory() noexcept;
  [[nodiscard]] uint64_t now() const;
  void start();
  void attempt();
  void settle() noexcept;
  bool settle_once();
  void settle_failure() noexcept;
  void run_inbox();
  void run(Command& command);
  // What ends a connection needs no memory. Only the telling may fall short of it, and then the log says so.
  void end_connection(int err, const std::string& detail, std::string_view phase) noexcept;
  void retry(int err, const std::string& detail) noexcept;
  void give_up(int err, const std::string& detail) noexcept;
  void keep_detail(const std::string& detail) noexcept;
  [[nodiscard]] bool retries(int err) const;
  void flush();
  void commit();
  void arm_timer();
  void publish_counters();
  // Throws std::bad_alloc: without it an application would wait in vain, so that the connection is to end.
  void announce(std::string_view name, Fields fields);
  // Lack of memory is told by the log.
  void notice(std::string_view name, Fields fields) noexcept;
  MessagePtr make_notice(std::string_view name, Fields fields) noexcept;
  void tell(std::string_view name, const MessagePtr& message) noexcept;
  void send_notice(std::string_view name, const MessagePtr& message);
  // A line in its parts.
  void log(int level, std::initializer_list<std::string_view> parts) noexcept;
  void log_line(int level, const char* line) noexcept;
  void set_state(int state) noexcept;

  // The end.
  void finish_queued();
  void finish_direct();
  void finish_on_loop();
  void shut_session();
  void stop_dispatcher();
  void release_handlers();
  void abandon();

  // TransportSink
  void on_wake() override;
  void on_timer() override;
  void on_flush() override;
  void on_connect(const std::string& address, const std::string& tls) override;
  void on_receive(std::string_view bytes, uint64_t now_ms, uint64_t unix_ns) override;
  void on_received_all() override;
  void on_writable() override;
  void on_end() override;
  void on_disconnect(int err, const std::string& detail) override;
  void on_close() override;

  // SessionSink
  void on_message(Arrival& arrival, Route route) override;
  void on_item(Pending& pending, const MessagePtr& message) override;
  void on_limit(const std::string& detail) override;
  void on_reply(Pending& pending) override;
  void on_login(int err, std::string_view reason) override;
  void on_early_event() override { begin_events(); }
  void on_ready() override;
  void on_failure(int err, const std::string& detail, std::string_view phase) override;
  void on_logged_off() override;
  void on_log(int level, const std::string& line) override { log_line(level, line.c_str()); }

  void begin_events();
  void deliver(const Router::Targets& targets, Arrival& arrival);
  MessagePtr describe_gap(const Gap& gap, std::string_view label, std::vector<HandlerPtr>& handlers);

  ami_t* handle_;
  const uint64_t id_;
  const uint32_t born_;  // fork_generation()

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // state_, alive_
  Options options_;                  // fixed while not idle, but for what is_live()
  std::string detail_;
  std::string banner_;
  std::string id_prefix_;
  std::vector<Command> inbox_;
  bool resume_ = false;  // the queue has room again
  bool wakes_ = false;   // the transport takes wake()
  bool alive_ = false;   // the loop's thread has a transport for us, or is about to
  HashTable<Pending, &Pending::by_number> accepted_;  // without a reply yet; the session keeps them
  std::string wire_id_;                               // of the action that is being sent
  OwnIds own_ids_;
  int last_error_ = AMI_ESTATE;  // of the last connection that ended for good
  std::string version_;
  HandlerPtr log_handler_;
  int log_level_ = -1;
  std::atomic<int> state_{AMI_STATE_IDLE};
  std::atomic<bool> debug_{false};
  std::atomic<bool> destroying_{false};

  uv_loop_s* uv_ = nullptr;  // loop delivery
  std::shared_ptr<Queue> queue_;
  std::shared_ptr<Loop> loop_;
  std::unique_ptr<DirectLane> direct_;
  std::shared_ptr<QueueLane> queued_;
  bool own_queue_ = false;  // thread delivery: emptied by dispatcher_
  std::thread dispatcher_;
  Lane* lane_ = nullptr;
  Router router_;

  // Of the loop's thread.
  std::shared_ptr<Client> self_;  // while the transport lives
  std::unique_ptr<Transport> transport_;
  Session session_;
  std::optional<Backoff> backoff_;
  std::optional<Failure> failure_;
  std::vector<Command> commands_;  // taken from the inbox
  size_t commands_run_ = 0;        // of these
  bool active_ = false;            // between start() and give_up()
  bool connected_ = false;
  bool closing_ = false;
  bool logged_off_ = false;
  bool logged_in_once_ = false;
  bool write_blocked_ = false;
  bool inside_ = false;  // a turn
  uint64_t retry_at_ = UINT64_MAX;
  uint64_t ready_at_ = 0;
  bool has_events_ = false;  // of this connection
  uint64_t lost_at_ns_ = 0;  // when the last connection with events ended; 0: a gap has told it
  uint64_t armed_ = UINT64_MAX;

  enum Counter {
    kBytesIn,
    kBytesOut,
    kActions,
    kReplies,
    kConnects,
    kGeneration,
    kEvents,
    kResponses,
    kResyncs,
    kStrays,
    kWrites,
    kCounters
  };
  std::array<std::atomic<uint64_t>, kCounters> counters_{};
};

}  // namespace ami

// What the application holds.
struct ami_client {
  std::shared_ptr<ami::Client> client;
};
