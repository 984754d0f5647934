#include "server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "text.h"

namespace ami::mock {

namespace {
constexpr int backlog = 1024;

std::string reason() {
  return std::generic_category().message(errno);
}

void make_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}
}  // namespace

Server::Server()
    : profile_(find_profile("22")),
      playback_(*this),
      pbx_(*this),
      random_(static_cast<uint64_t>(options_.seed)) {}

Server::~Server() {
  stop();
}

bool Server::fail(std::string text) {
  error_ = std::move(text);
  return false;
}

// ---- options

bool Server::set_number(std::string_view name, std::string_view value) {
  struct {
    const char* name;
    int64_t* field;
    int64_t low, high;
  } const numbers[] = {
      {"port", &options_.port, 0, 65535},
      {"auth_delay_ms", &options_.auth_delay_ms, 0, 3600000},
      {"authlimit", &options_.auth_limit, 1, 1000000},
      {"authtimeout_ms", &options_.auth_timeout_ms, 1, 3600000},
      {"writetimeout_ms", &options_.write_timeout_ms, 1, 3600000},
      {"sndbuf", &options_.send_buffer, 0, 1 << 30},
      {"seed", &options_.seed, 0, INT64_MAX},
      {"speed", &options_.speed, 0, 1000000},
  };
  for (const auto& number : numbers) {
    if (name != number.name) continue;
    int64_t read = 0;
    if (!to_number(value, read) || read < number.low || read > number.high) {
      return fail(std::string(name) + ": \"" + std::string(value) + "\" is not a number from " +
                  std::to_string(number.low) + " to " + std::to_string(number.high));
    }
    *number.field = read;
    return true;
  }
  return fail("unknown option \"" + std::string(name) + "\"; mock.h lists them");
}

bool Server::set(std::string_view name, std::string_view value) {
  if (listening_) return fail("options are set before the start");
  struct {
    const char* name;
    std::string* field;
  } const texts[] = {
      {"banner", &options_.banner},
      {"host", &options_.host},
      {"scene", &options_.scene},
      {"tls.ca", &options_.tls.client_ca},
      {"tls.min", &options_.tls.min_version},
      {"tls.max", &options_.tls.max_version},
  };
  for (const auto& text : texts) {
    if (name != text.name) continue;
    if (name == "scene" && !Pbx::knows(value)) return refuse_scene(value);
    *text.field = value;
    return true;
  }
  if (name == "user") return users_.add(value, error_);
  if (name == "version") {
    const Profile* found = find_profile(value);
    if (!found) return fail("version: \"" + std::string(value) + "\" is not one of " + profile_names());
    profile_ = found;
    return true;
  }
  if (name == "tls") return set_certificate(value);
  if (name == "serve" && Playback::is_recording(std::string(value))) {
    return playback_.open(std::string(value), error_);
  }
  if (name == "serve") {
    Recording recording;
    if (!Recording::load(std::string(value), recording, error_)) return false;
    recording_ = std::move(recording);
    options_.serve = value;
    return true;
  }
  return set_number(name, value);
}

bool Server::set_certificate(std::string_view files) {
  std::string_view key = files;
  std::string_view certificate = take_until(key, ':');
  if (certificate.empty() || key.empty())
    return fail("tls: expected CERT:KEY, two files, got \"" + std::string(files) + "\"");
  options_.tls.certificate = certificate;
  options_.tls.key = key;
  return !listening_ || load_certificate();
}

bool Server::load_certificate() {
  SslContext context = make_tls(options_.tls, error_);
  if (!context) return false;
  tls_ = std::move(context);
  return true;
}

std::string Server::banner() const {
  if (!options_.banner.empty()) return options_.banner;
  if (!playback_.banner().empty()) return playback_.banner();
  return std::string("Asterisk Call Manager/") + profile_->ami;
}

int64_t Server::random(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
}

int64_t Server::uptime() const {
  return std::time(nullptr) - started_;
}

// ---- the listener

bool Server::bind_socket(int fd) {
  sockaddr_storage storage{};
  auto* any = reinterpret_cast<sockaddr*>(&storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
  auto* four = reinterpret_cast<sockaddr_in*>(&storage);
  bool is_six = options_.host.find(':') != std::string::npos;
  uint16_t port = htons(static_cast<uint16_t>(port_ > 0 ? port_.load() : options_.port));
  socklen_t size = is_six ? sizeof *six : sizeof *four;
  storage.ss_family = is_six ? AF_INET6 : AF_INET;
  (is_six ? six->sin6_port : four->sin_port) = port;
  void* address = is_six ? static_cast<void*>(&six->sin6_addr) : static_cast<void*>(&four->sin_addr);
  if (inet_pton(storage.ss_family, options_.host.c_str(), address) != 1) {
    return fail("host: \"" + options_.host + "\" is not a numeric address");
  }
  if (bind(fd, any, size) != 0 || getsockname(fd, any, &size) != 0) {
    return fail("cannot bind " + options_.host + ":" + std::to_string(ntohs(port)) + ": " + reason());
  }
  port_ = ntohs(is_six ? six->sin6_port : four->sin_port);
  return true;
}

bool Server::open_socket() {
  int family = options_.host.find(':') != std::string::npos ? AF_INET6 : AF_INET;
  socket_ = socket(family, SOCK_STREAM, 0);
  if (socket_ < 0) return fail("socket: " + reason());
  make_nonblocking(socket_);
  int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bind_socket(socket_)) {
    ::close(socket_);
    socket_ = -1;
    return false;
  }
  return true;
}

bool Server::listen() {
  if (listening_) return fail("already listening");
  if (!options_.tls.certificate.empty() && !load_certificate()) return false;
  if (!open_socket()) return false;
  if (::listen(socket_, backlog) != 0) return fail("listen: " + reason());
  random_.seed(static_cast<uint64_t>(options_.seed));
  started_ = std::time(nullptr);
  uv_loop_init(&loop_);
  uv_async_init(&loop_, &async_, [](uv_async_t* async) { static_cast<Server*>(async->data)->run_posted(); });
  uv_prepare_init(&loop_, &prepare_);
  async_.data = prepare_.data = this;
  uv_prepare_start(&prepare_, [](uv_prepare_t* prepare) { static_cast<Server*>(prepare->data)->flush(); });
  timers_.open(&loop_);
  poll_socket();
  stopping_ = false;
  listening_ = true;
  return true;
}

void Server::poll_socket() {
  listener_ = std::make_unique<uv_poll_t>();
  uv_poll_init(&loop_, listener_.get(), socket_);
  listener_->data = this;
  uv_poll_start(listener_.get(), UV_READABLE,
                [](uv_poll_t* poll, int, int) { static_cast<Server*>(poll->data)->accept_all(); });
}

void Server::close_socket() {
  if (listener_) {
    uv_poll_stop(listener_.get());
    uv_close(reinterpret_cast<uv_handle_t*>(listener_.release()),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  }
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void Server::accept_all() {
  for (;;) {
    int fd = accept(socket_, nullptr, nullptr);
    if (fd < 0) return;
    make_nonblocking(fd);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options_.send_buffer > 0) {
      int size = static_cast<int>(options_.send_buffer);
      setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    int64_t strangers = 0;
    each_session([&](Session& session) { strangers += session.logged_in() ? 0 : 1; });
    journal_.connection();
    uint64_t id = ++last_session_;
    auto& session = sessions_[id] = std::make_unique<Session>(*this, fd, id);
    for (const auto& fault : faults_) {
      if (!fault->armed || fault->taken) continue;
      session->watch(fault);
      fault->taken = fault->next && !fault->every;
    }
    if (strangers >= options_.auth_limit) {
      session->kill();
    } else {
      session->start();
    }
  }
}

// ---- the loop and its thread

bool Server::start() {
  if (!listen()) return false;
  serving_ = true;
  // No signal of the host is handled on the mock's thread; a write to a closed peer ends nothing.
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  thread_ = std::thread([this] { serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

void Server::serve() {
  {
    std::lock_guard lock(mutex_);
    loop_thread_ = std::this_thread::get_id();
  }
  if (!options_.scene.empty()) pbx_.play(options_.scene);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
      },
      nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  run_posted();  // what came too late for the loop
  uv_loop_close(&loop_);
  std::lock_guard lock(mutex_);
  loop_thread_ = {};
  serving_ = false;
  changed_.notify_all();
}

void Server::close_handles() {
  if (stopping_) return;
  stopping_ = true;
  pbx_.clear();
  for (Flood& flood : floods_) flood.done();
  floods_.clear();
  close_socket();
  kill_all();
  timers_.close();
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
}

void Server::stop() {
  if (!listening_) return;
  on_loop([this] { close_handles(); });
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !serving_; });
  }
  if (thread_.joinable()) thread_.join();
  listening_ = false;
}

void Server::on_loop(const std::function<void()>& work) {
  std::unique_lock lock(mutex_);
  if (loop_thread_ == std::this_thread::get_id()) {
    lock.unlock();
    return work();
  }
  if (!serving_) {
    lock.unlock();
    std::lock_guard idle(idle_mutex_);
    work();
    return;
  }
  bool done = false;
  posted_.push_back([&] {
    work();
    flush();
    std::lock_guard inner(mutex_);
    done = true;
    changed_.notify_all();
  });
  uv_async_send(&async_);
  changed_.wait(lock, [&] { return done; });
}

bool Server::on_loop_thread() {
  std::lock_guard lock(mutex_);
  return loop_thread_ == std::this_thread::get_id();
}

void Server::run_posted() {
  for (;;) {
    std::function<void()> work;
    {
      std::lock_guard lock(mutex_);
      if (posted_.empty()) return;
      work = std::move(posted_.front());
      posted_.pop_front();
    }
    work();
  }
}

}  // namespace ami::mock
