// The busy half of Server: sessions, events to everyone, faults.
#include <algorithm>
#include <ctime>

#include "data.h"
#include "server.h"
#include "text.h"

namespace ami::mock {

namespace {
constexpr size_t flood_backlog = 262144;

Classes classes_of(std::string_view event) {
  std::string_view names = header(event, "Privilege");
  // "all" stands at the end of every list and is no class of its own.
  Classes classes = 0;
  for (const std::string& name : split(names, ',')) {
    if (!same_word(name, "all")) classes |= parse_classes(name);
  }
  return classes;
}

std::string closed(std::string_view event) {
  std::string text(event);
  while (text.ends_with("\r\n")) text.resize(text.size() - 2);
  return text + "\r\n\r\n";
}

std::string event_time() {
  int64_t now = now_us();
  return utc(now / 1000000, "%Y-%m-%dT%H:%M:%S") + "." + decimal(now / 1000 % 1000, 3) + "+0000";
}
}  // namespace

// ---- sessions

Session* Server::find(uint64_t id) {
  auto found = sessions_.find(id);
  return found == sessions_.end() || found->second->dead() ? nullptr : found->second.get();
}

void Server::ended(const Session&) {
  journal_.add("open", -1);
}

void Server::forget(const Session& session) {
  sessions_.erase(session.id());
}

void Server::received(const Session& session, const char* bytes, size_t count) {
  journal_.add("bytes_in", static_cast<int64_t>(count));
  if (session.id() == last_session_) journal_.received(bytes, count);
}

size_t Server::kill_all() {
  size_t count = 0;
  each_session([&](Session& session) {
    session.kill();
    ++count;
  });
  return count;
}

size_t Server::kick() {
  return kill_all();
}

bool Server::play(std::string_view scene) {
  if (stopping_ || !listening_)
    return fail("scenes are played on a running mock; before the start set \"scene\"");
  return pbx_.play(scene) || refuse_scene(scene);
}

bool Server::refuse_scene(std::string_view scene) {
  return fail("unknown scene \"" + std::string(scene) +
              "\"; known are call, queue, bridge (each with \"once\"), storm N and none");
}

size_t Server::release() {
  for (const auto& fault : faults_) {
    if (fault->name == "hold" || fault->name == "stall_read" || fault->name == "stall_write")
      fault->armed = false;
  }
  size_t count = 0;
  each_session([&](Session& session) { count += session.release() ? 1 : 0; });
  return count;
}

bool Server::restart(bool announce) {
  if (stopping_ || !listening_) return fail("it is not running");
  if (announce) raise(event_template("Shutdown"));
  flush();
  // The port stays open, so that a client who sees the end and is back at once is never refused by chance;
  // set_down is for those who want that.
  kill_all();
  pbx_.clear();
  started_ = std::time(nullptr);
  return true;
}

bool Server::set_down(bool down) {
  if (stopping_ || !listening_) return fail("it is not running");
  if (!down) {
    if (listener_) return true;
    if (::listen(socket_, SOMAXCONN) != 0)
      return fail("cannot listen again on port " + std::to_string(port_));
    poll_socket();
    return true;
  }
  close_socket();
  kill_all();
  // The port stays ours: a socket that is bound but does not listen refuses connections.
  return open_socket();
}

void Server::flush() {
  while (flush_needed_) {
    flush_needed_ = false;
    each_session([](Session& session) { session.flush(); });
    pump();
  }
  pump();
}

void Server::pump() {
  pump_floods();
  playback_.pump();
}

// ---- events

size_t Server::raise(std::string_view event) {
  return raise_as_is(closed(event));
}

size_t Server::raise_as_is(std::string_view text) {
  Classes classes = classes_of(text);
  size_t count = 0;
  each_session([&](Session& session) {
    if (!session.wants(classes, text)) return;
    session.event(text);
    ++count;
  });
  return count;
}

size_t Server::raise_raw(std::string_view bytes) {
  size_t count = 0;
  each_session([&](Session& session) {
    session.write(bytes);
    ++count;
  });
  return count;
}

void Server::raise_many(std::string text, size_t count, std::function<void()> done) {
  text = closed(text);
  Classes classes = classes_of(text);
  floods_.push_back({std::move(text), 0, count, classes, std::move(done)});
  flush_needed_ = true;
}

bool Server::has_room() {
  bool room = true;
  each_session([&](Session& session) { room = room && session.backlog() < flood_backlog; });
  return room;
}

void Server::pump_floods() {
  while (!floods_.empty()) {
    Flood& flood = floods_.front();
    if (!has_room()) return;
    size_t until = std::min(flood.count, flood.next + 256);
    for (; flood.next < until; ++flood.next) {
      std::string text = expand(flood.text, [&](std::string_view name, std::string& out) {
        if (name == "n") out += std::to_string(flood.next);
      });
      each_session([&](Session& session) {
        if (session.wants(flood.classes, text)) session.event(text);
      });
    }
    if (flood.next == flood.count) {
      auto done = std::move(flood.done);
      floods_.pop_front();
      done();
    }
    each_session([](Session& session) { session.flush(); });
  }
}

void Server::raise_security(std::string_view name, Session& session, std::string_view severity,
                            const std::string& extra) {
  if (playback_.is_open()) return;  // the recording has its own
  const char* transport = tls_ ? "TLS" : "TCP";
  raise(expand(event_template(name), [&](std::string_view key, std::string& out) {
    if (key == "time") out += event_time();
    if (key == "severity") out += severity;
    if (key == "account") out += session.user();
    if (key == "session") out += "0x7f0d" + std::to_string(34001800 + session.id() * 16);
    if (key == "local") out.append("IPV4/").append(transport).append("/").append(session.local_address());
    if (key == "remote") out.append("IPV4/").append(transport).append("/").append(session.remote_address());
    if (key == "extra") out += extra;
  }));
}

void Server::send_fully_booted(Session& session) {
  if (playback_.is_open()) return;
  std::string uptime = std::to_string(this->uptime());
  std::string body;
  if (profile().booted_uptime) body = "Uptime: " + uptime + "\r\nLastReload: " + uptime + "\r\n";
  session.message("Event: FullyBooted\r\nPrivilege: system,all\r\n" + body + "Status: Fully Booted\r\n\r\n");
}

// ---- faults and callbacks

bool Server::arm(std::string_view name, int64_t n, int flags) {
  if (!is_fault(name)) return fail("unknown fault \"" + std::string(name) + "\"; known are " + fault_names());
  auto fault = std::make_shared<Fault>();
  fault->name = name;
  fault->n = n;
  fault->every = flags & AMI_MOCK_EVERY;
  fault->next = flags & AMI_MOCK_NEXT;
  std::erase_if(faults_, [](const auto& old) { return !old->armed; });
  faults_.push_back(fault);
  if (!fault->next) each_session([&](Session& session) { session.watch(fault); });
  return true;
}

size_t Server::clear_faults() {
  size_t count = 0;
  for (const auto& fault : faults_) {
    count += fault->armed ? 1 : 0;
    fault->armed = false;
  }
  faults_.clear();
  return count;
}

void Server::fault_fired(std::string_view name) {
  journal_.add("faults");
  journal_.add("fault:" + std::string(name));
}

void Server::on_action(const std::string& name, ami_mock_action_cb callback, void* user) {
  if (callback) {
    callbacks_[lower(name)] = {callback, user};
  } else {
    callbacks_.erase(lower(name));
  }
}

bool Server::answer_by_callback(Session& session, const Request& request) {
  auto found = callbacks_.find(lower(request.name()));
  if (found == callbacks_.end()) found = callbacks_.find("*");
  if (found == callbacks_.end()) return false;
  auto [callback, user] = found->second;
  callback(user, reinterpret_cast<const ami_mock_request_t*>(&request),
           reinterpret_cast<ami_mock_session_t*>(&session));
  return true;
}

}  // namespace ami::mock
