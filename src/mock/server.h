// The mock PBX as a whole: options, the loop and its thread, the listener, the sessions, and who hears what.
#pragma once

#include <uv.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "journal.h"
#include "mock.h"
#include "pbx.h"
#include "playback.h"
#include "profile.h"
#include "replay.h"
#include "session.h"
#include "timers.h"
#include "tls.h"
#include "users.h"

namespace ami::mock {

struct Options {
  std::string banner, host = "127.0.0.1", scene, serve;
  int64_t port = 0, auth_delay_ms = 0, auth_limit = 50, auth_timeout_ms = 30000, write_timeout_ms = 5000;
  int64_t send_buffer = 0, seed = 1, speed = 1;
  TlsOptions tls;
};

class Server {
 public:
  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // ---- life; false and error() when it fails
  bool set(std::string_view name, std::string_view value);
  bool start();
  void stop();
  int port() const { return port_; }
  const std::string& error() const { return error_; }
  bool fail(std::string text);
  bool refuse_scene(std::string_view scene);

  // Runs on the loop's thread and returns when it is done; at once when nothing is being served.
  void on_loop(const std::function<void()>& work);
  bool on_loop_thread();

  // ---- on the loop's thread
  bool restart(bool announce);
  bool set_down(bool down);
  bool set_certificate(std::string_view files);  // CERT:KEY; of connections to come
  size_t kick();
  bool play(std::string_view scene);
  size_t release();
  bool arm(std::string_view name, int64_t n, int flags);
  size_t clear_faults();
  void fault_fired(std::string_view name);
  void on_action(const std::string& name, ami_mock_action_cb callback, void* user);
  bool answer_by_callback(Session& session, const Request& request);

  size_t raise(std::string_view event);       // wire text; returns to how many sessions it went
  size_t raise_as_is(std::string_view text);  // the same, without a look at its end
  size_t raise_raw(std::string_view bytes);
  void raise_many(std::string text, size_t count, std::function<void()> done);
  void raise_security(std::string_view name, Session& session, std::string_view severity,
                      const std::string& extra);
  void send_fully_booted(Session& session);

  void received(const Session& session, const char* bytes, size_t count);
  void needs_flush() { flush_needed_ = true; }
  bool has_room();  // in every session, for more than it is owed
  void ended(const Session& session);
  void forget(const Session& session);
  Session* find(uint64_t id);
  template <typename Visit>
  void each_session(Visit visit) {
    for (auto& [id, session] : sessions_) {
      if (!session->dead()) visit(*session);
    }
  }

  const Options& options() const { return options_; }
  const Profile& profile() const { return *profile_; }
  const Users& users() const { return users_; }
  const Recording& recording() const { return recording_; }
  Playback& playback() { return playback_; }
  std::string banner() const;
  Journal& journal() { return journal_; }
  const Journal& journal() const { return journal_; }
  Timers& timers() { return timers_; }
  Pbx& pbx() { return pbx_; }
  uv_loop_t* loop() { return &loop_; }
  SSL_CTX* tls() { return tls_.get(); }
  int64_t random(int64_t low, int64_t high);
  int64_t pace() const { return std::max<int64_t>(options_.speed, 1); }  // of calls and scenes
  int64_t uptime() const;

 private:
  struct Flood {
    std::string text;
    size_t next = 0, count = 0;
    Classes classes = 0;
    std::function<void()> done;
  };

  bool set_number(std::string_view name, std::string_view value);
  bool load_certificate();
  bool open_socket();
  void close_socket();
  void poll_socket();
  void accept_all();
  bool bind_socket(int fd);
  bool listen();
  void serve();
  void run_posted();
  void flush();
  void pump();
  void pump_floods();
  void close_handles();
  size_t kill_all();

  Options options_;
  const Profile* profile_;
  Users users_;
  Recording recording_;
  Playback playback_;
  Journal journal_;
  Timers timers_;
  Pbx pbx_;
  SslContext tls_;
  std::string error_;
  std::mt19937_64 random_;
  int64_t started_ = 0;

  uv_loop_t loop_{};
  uv_async_t async_{};
  uv_prepare_t prepare_{};
  std::unique_ptr<uv_poll_t> listener_;
  int socket_ = -1;
  std::atomic<int> port_ = -1;  // read from any thread
  bool listening_ = false;
  std::thread thread_;

  std::mutex mutex_;  // guards the four below
  std::condition_variable changed_;
  std::deque<std::function<void()>> posted_;
  bool serving_ = false;
  std::thread::id loop_thread_;
  std::mutex idle_mutex_;  // on_loop when nothing is served

  bool stopping_ = false;
  bool flush_needed_ = false;
  uint64_t last_session_ = 0;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  std::vector<std::shared_ptr<Fault>> faults_;
  std::map<std::string, std::pair<ami_mock_action_cb, void*>> callbacks_;
  std::deque<Flood> floods_;
};

}  // namespace ami::mock
