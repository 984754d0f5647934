#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.h"
#include "protocol/parser.h"
#include "session/arrival.h"
#include "session/inflight.h"
#include "session/output.h"
#include "session/settings.h"
#include "session/waiting.h"

namespace ami {

// Where a message belongs.
enum class Route : uint8_t {
  kEvent,  // the event stream
  kResponse,
  kItem,   // an action of ours
  kStray,  // text that is no message of any kind
};

// What a session says. May call back into the session only for stop().
class SessionSink {
 public:
  // Every message from the server, in wire order, before any reply that it completes.
  virtual void on_message(Arrival& arrival, Route route) = 0;
  virtual void on_item(Pending& pending, const MessagePtr& message) = 0;
  // Which bound ends an action with AMI_ELIMIT; its reply follows.
  virtual void on_limit(const std::string& detail) = 0;
  // Exactly once for each submitted action.
  virtual void on_reply(Pending& pending) = 0;
  // The login was answered: 0, or AMI_EAUTH with the server's words.
  virtual void on_login(int err, std::string_view reason) = 0;
  // An event comes before on_ready(): the mask is in force, and that is not yet known.
  virtual void on_early_event() {}
  // Filters and mask are in force.
  virtual void on_ready() = 0;
  // The connection is of no more use; the owner is to end it. phase: "login" or "keep-alive".
  virtual void on_failure(int err, const std::string& detail, std::string_view phase) = 0;
  // After close(): nothing is left to wait for.
  virtual void on_logged_off() = 0;
  virtual void on_log(int level, const std::string& line) = 0;

 protected:
  ~SessionSink() = default;
};

// One client's logins as a state machine: bytes, actions and the time go in; bytes, messages, replies and
// the next deadline come out. Lives over all of the client's connections.
class Session final : private ParserSink, private InFlightSink {
 public:
  // settings must stay as they are while connected.
  Session(const Settings& settings, SessionSink& sink, Md5 md5);

  // A connection stands. id_prefix begins the ActionIDs of the session's own actions.
  void connected(uint64_t now, std::string id_prefix);
  void receive(std::string_view bytes, uint64_t now, uint64_t unix_ns);
  // The connection is gone: what was sent ends with err; what was not either ends or, for another connection,
  // waits on.
  void disconnected(int err, bool keep_unsent, uint64_t now);

  void submit(const PendingPtr& pending, uint64_t now);
  void cancel(const PendingPtr& pending, uint64_t now);
  // A live change of the option "events".
  void set_mask(const std::string& mask, uint64_t now);
  // Refuses new actions, lets those in flight finish for a while, logs off; then on_logged_off().
  void close(uint64_t now);
  // Ends all that waits for a connection.
  void end_waiting(int err);
  // Nothing more is handed out from the bytes that are being received.
  void stop() { stopped_ = true; }

  void tick(uint64_t now);
  [[nodiscard]] uint64_t deadline() const;
  [[nodiscard]] std::string_view output() {
    inflight_.take_back_withdrawn(now_);
    return output_.view();
  }
  void handed_over(size_t bytes, uint64_t now);

  [[nodiscard]] bool ready() const { return phase_ == Phase::kReady; }
  [[nodiscard]] const std::string& banner() const { return banner_; }
  // "Login Already In Use": the account may be free again later.
  [[nodiscard]] bool already_in_use() const { return already_in_use_; }
  // What a loss of the connection means in this phase, for people.
  [[nodiscard]] std::string explain_loss(const std::string& detail) const;
  // A stamp with the next place in the order of messages, for notices.
  Stamp next_stamp(uint64_t unix_ns);
  struct Counters {
    uint64_t events = 0, responses = 0, resyncs = 0, strays = 0;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  enum class Phase : uint8_t { kOffline, kGreeting, kLogin, kReady, kClosing, kLogoff };

  void on_greeting(std::string_view line) override;
  bool on_frame(const Frame& frame) override;
  void on_skipped(std::string_view bytes) override;
  void on_item(Pending& pending, const MessagePtr& message) override { sink_.on_item(pending, message); }
  void on_limit(const std::string& detail) override { sink_.on_limit(detail); }
  void on_done(Pending& pending) override;

  void start(const PendingPtr& pending);
  void wait(const PendingPtr& pending);
  void give_up(Pending& pending, int status);
  bool take_back(const PendingPtr& pending);
  void send_own(Role role, Action& action);
  void enqueue(const PendingPtr& pending);
  void send_login(std::string_view challenge);
  std::string make_key(std::string_view challenge);
  void send_filters();
  void send_mask();
  void send_logoff();
  void own_done(const Pending& pending);
  void login_refused(const Pending& pending);
  void enter_ready();
  void fail(int err, const std::string& detail);
  void logged_off();
  void keep_alive();
  void tick_closing();
  [[nodiscard]] uint64_t ping_at() const;
  [[nodiscard]] uint64_t unread_at() const;

  const Settings& settings_;
  SessionSink& sink_;
  const Md5 md5_;
  Output output_;
  InFlight inflight_;
  std::optional<Parser> parser_;
  Waiting waiting_;  // for a connection

  Phase phase_ = Phase::kOffline;
  bool stopped_ = false;
  bool already_in_use_ = false;
  bool ping_sent_ = false;
  int lost_by_ = AMI_ELOST;  // why there is no connection
  uint64_t now_ = 0;
  uint64_t login_deadline_ = 0;
  uint64_t closing_deadline_ = 0;
  uint64_t last_receive_ = 0;
  uint64_t last_progress_ = 0;  // of writing
  uint64_t own_ids_ = 0;
  size_t filters_set_ = 0;
  Stamp stamp_;
  std::string id_prefix_;
  std::string banner_;
  std::string mask_;
  std::string sent_mask_;
  Counters counters_;
};

}  // namespace ami
