// One connection: greeting, login state, actions one at a time, events between them, and its faults.
#pragma once

#include <uv.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "classes.h"
#include "faults.h"
#include "filter.h"
#include "link.h"
#include "request.h"
#include "users.h"

namespace ami::mock {

class Server;
class Replay;

class Session {
 public:
  Session(Server& server, int fd, uint64_t id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();
  Server& server() { return server_; }
  uint64_t id() const { return id_; }
  bool dead() const { return dead_; }

  // ---- login state
  bool logged_in() const { return logged_in_; }
  const std::string& user() const { return user_; }
  Classes read_classes() const { return read_; }
  Classes write_classes() const { return write_; }
  const std::string& challenge();  // made at the first call, the same ever after
  bool challenged() const { return !challenge_.empty(); }
  void log_in(const User& user, Classes mask);
  void set_mask(Classes mask) { mask_ = mask; }
  Classes mask() const { return mask_; }
  void add_filter(std::unique_ptr<Filter> filter) { filters_.push_back(std::move(filter)); }
  std::string local_address() const { return address(false); }
  std::string remote_address() const { return address(true); }
  int64_t login_time() const { return login_time_; }

  // ---- answering; response faults apply
  void respond(const Request& request, std::string_view response, std::string_view body);
  void success(const Request& request, std::string_view text);
  void error(const Request& request, std::string_view text);
  void send_response(std::string text);
  void message(std::string_view text);  // anything else, whole
  void write(std::string_view bytes);   // as it is
  void repeat(std::string text);        // now and whenever there is room again, for ever
  std::shared_ptr<Fault> hit(std::string_view fault);

  // ---- the course of an action
  void builtin(const Request& request);
  void block() { blocked_ = true; }  // the action goes on: nothing behind it runs, events wait
  void unblock();                    // it has been answered
  void wait_event(const Request& request, int64_t timeout_ms);
  void finish();  // closes in an orderly way when everything is written
  void cut();     // the same without TLS manners
  void kill();    // now

  // ---- driven by the server
  bool wants(Classes classes, std::string_view text) const;
  void event(std::string_view text);
  void watch(const std::shared_ptr<Fault>& fault);
  bool release();  // true if something was held back
  void flush();
  size_t backlog() const { return limit_ == no_limit ? static_cast<size_t>(appended_ - written_) : 0; }

 private:
  static constexpr uint64_t no_limit = UINT64_MAX;
  enum class End { None, Orderly, Cut };

  void greet();
  bool greet_by_fault();
  void replay(const std::string& bytes);
  void on_poll(int status, int events);
  void on_readable();
  void shake_hands();
  void process();
  void handle(RequestReader::Found found, const Request& request);
  void run(RequestReader::Found found, const Request& request);
  void end_action();
  void end_wait();
  void append(std::string_view bytes);
  void after_response();
  void flushed();
  void start_write_timer();
  void update_poll();
  std::string address(bool remote) const;

  Server& server_;
  uint64_t id_;
  Link link_;
  uv_poll_t poll_{};
  int poll_mask_ = 0;
  RequestReader reader_;
  FaultWatch faults_;
  std::unique_ptr<Replay> replay_;

  bool logged_in_ = false;
  std::string user_, challenge_;
  Classes read_ = 0, write_ = 0, mask_ = 0;
  std::vector<std::unique_ptr<Filter>> filters_;
  int64_t write_timeout_ms_;
  int64_t login_time_ = 0;

  bool shaken_ = false;     // the TLS handshake is over
  bool deaf_ = false;       // reads and forgets
  bool in_action_ = false;  // events wait in pending_
  bool blocked_ = false;
  bool muted_ = false;  // the action under way gets no response
  bool stall_read_ = false;
  bool write_blocked_ = false;  // the socket takes no more
  bool more_ = false;           // it might, but others had to have their turn
  bool eof_ = false;
  bool dead_ = false;
  bool half_closed_ = false;
  std::optional<Request> waiting_;  // WaitEvent
  std::deque<std::string> pending_;

  std::string out_;
  size_t out_begin_ = 0;
  uint64_t appended_ = 0, written_ = 0;
  uint64_t limit_ = no_limit;  // nothing behind this is written until release()
  uint64_t half_close_at_ = no_limit;
  uint64_t cut_at_ = no_limit;
  std::shared_ptr<Fault> cut_fault_;
  size_t chunk_ = 0;  // 0: as much as the socket takes
  std::string filler_;
  End end_ = End::None;
  uint64_t write_timer_ = 0, auth_timer_ = 0, wait_timer_ = 0;
};

}  // namespace ami::mock
