#include "pbx_process.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "mock.h"
#include "plan.h"
#include "proxy.h"
#include "random.h"

namespace chaos {
namespace {

constexpr int patience_ms = 60000;
constexpr int pace_ms = 2;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "pbx: %s\n", what);
  std::_Exit(2);
}

// The child's side.
class Server {
 public:
  Server(const PbxProcess::Wish& wish, Record& record, int channel)
      : wish_(wish),
        record_(record),
        channel_(channel),
        mock_(start_mock(wish)),
        random_(wish.seed),
        proxy_(
            ami_mock_port(mock_), [this](uint64_t number) { return plan(number); }, record) {
    ami_mock_on(mock_, "*", on_action, this);
    record.port = proxy_.port();
  }

  // Raises ticks until it is told to stop; the exit code.
  int serve() {
    reply();
    for (;;) {
      pollfd readable{channel_, POLLIN, 0};
      const int ready = poll(&readable, 1, pace_ms);
      if (ready == 0 && !calm_) {
        for (uint32_t n = random_.below(2 * wish_.ticks_per_ms * pace_ms + 1); n > 0; --n) tick();
      }
      if (ready <= 0) continue;
      char what = 0;
      if (read(channel_, &what, 1) != 1) return 0;  // the parent is gone
      if (what == 'c') calm();
      if (what == 't') tick();
      if (what == 's') return stop();
      reply();
    }
  }

 private:
  static ami_mock_t* start_mock(const PbxProcess::Wish& wish) {
    ami_mock_t* mock = ami_mock_new();
    int result = 0;
    if (!wish.scene.empty()) result |= ami_mock_set(mock, "scene", wish.scene.c_str());
    if (!wish.tls.empty()) result |= ami_mock_set(mock, "tls", wish.tls.c_str());
    if (result != 0 || ami_mock_start(mock) != 0) give_up(ami_mock_error(mock));
    return mock;
  }

  Plan plan(uint64_t number) const {
    const Plan plan = wish_.by_time ? draw_plan_by_time(wish_.seed, number) : draw_plan(wish_.seed, number);
    if (wish_.show_plans) {
      std::printf("connection %llu: %s\n", static_cast<unsigned long long>(number), to_text(plan).c_str());
    }
    return plan;
  }

  static void on_action(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
    const char* text = ami_mock_request_get(request, "Chaos");
    if (text != nullptr) static_cast<Server*>(user)->note(text, ami_mock_session_id(session));
    if (std::strcmp(ami_mock_request_name(request), "Ping") != 0) {
      ami_mock_builtin(session, request);
    } else {  // with what shows whose answer it is
      ami_mock_answer(session, request, "Response: Success\r\n{id}Ping: Pong\r\nChaos: {Chaos}\r\n\r\n");
    }
  }

  // CALLER.NUMBER. The order counts for each connection: of one that is lost something may still be under
  // way.
  void note(const char* text, uint64_t session) {
    char* rest = nullptr;
    std::strtoull(text, &rest, 10);
    const uint64_t number = *rest == '.' ? std::strtoull(rest + 1, &rest, 10) : most_actions;
    if (*rest != '\0' || number >= most_actions) give_up("a mangled action");
    record_.seen[number].fetch_add(1);
    uint64_t& latest = latest_[session];
    if (latest > number) record_.disorders.fetch_add(1);
    latest = number;
  }

  void tick() {
    char text[128];
    const uint64_t number = record_.ticks + 1;
    const auto shown = static_cast<unsigned long long>(number);
    // Before it can arrive anywhere.
    record_.ticks = number;
    std::snprintf(text, sizeof text,
                  "Event: Tick\r\nPrivilege: user,all\r\nNumber: %llu\r\nAgain: %llu\r\n\r\n", shown, shown);
    record_.heard.fetch_add(static_cast<uint64_t>(ami_mock_emit(mock_, text)));
  }

  void calm() {
    calm_ = true;
    proxy_.calm();
    if (!wish_.scene.empty()) ami_mock_play(mock_, "none");
  }

  int stop() {
    const bool read_all = ami_mock_wait(mock_, "open", 0, patience_ms) == 0;
    // FullyBooted comes with each login, and is not counted there.
    record_.events = static_cast<uint64_t>(ami_mock_count(mock_, "events") + ami_mock_count(mock_, "logins"));
    reply();
    std::fflush(stdout);
    // The mock and the proxy go with the process.
    std::_Exit(read_all ? 0 : 3);
  }

  void reply() const {
    if (send(channel_, "", 1, MSG_NOSIGNAL) != 1) std::_Exit(2);
  }

  const PbxProcess::Wish& wish_;
  Record& record_;
  const int channel_;
  ami_mock_t* mock_;
  Random random_;
  Proxy proxy_;
  bool calm_ = false;
  std::map<uint64_t, uint64_t> latest_;  // number of an action, by connection; of the mock's thread
};

}  // namespace

PbxProcess::PbxProcess(const Wish& wish) : record_(*map_shared<Record>()) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) give_up("no socket pair");
  std::fflush(stdout);
  process_ = fork();
  if (process_ < 0) give_up("no process");
  if (process_ == 0) {
    close(ends[0]);
    Server server(wish, record_, ends[1]);
    std::_Exit(server.serve());
  }
  close(ends[1]);
  channel_ = ends[0];
  char ready = 0;
  if (read(channel_, &ready, 1) != 1) give_up("it did not start");
}

PbxProcess::~PbxProcess() {
  if (process_ > 0) stop();
  munmap(&record_, sizeof record_);
}

void PbxProcess::ask(char what) {
  char done = 0;
  if (send(channel_, &what, 1, MSG_NOSIGNAL) != 1 || read(channel_, &done, 1) != 1) give_up("it is gone");
}

bool PbxProcess::stop() {
  ask('s');
  close(channel_);
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace chaos
