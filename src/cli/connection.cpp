#include "cli/connection.h"

#include <poll.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <new>
#include <string_view>

#include "cli/password.h"
#include "cli/system.h"

namespace ami::cli {
namespace {

// Enough for a Logoff to be answered; the end of the process closes the connection anyway.
constexpr std::chrono::seconds kLongestClose(2);

int milliseconds_until(const std::optional<Deadline>& deadline) {
  if (!deadline) return -1;
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
  constexpr int kLongest = 1 << 30;
  return left <= 0 ? 0 : static_cast<int>(std::min<long long>(left, kLongest));
}

Failure no_server(const Profile& profile) {
  const std::string file = configuration_file();
  if (profile.name().empty())
    return {kUsage, "no server (neither --url nor AMI_URL is set, and " + (file.empty() ? "HOME" : file) +
                        " has no profile named default): give --url ami://USER@HOST or -p PROFILE"};
  return {kUsage, "no server (the profile " + profile.name() + " of " + file +
                      " has no url): add url = ami://USER@HOST to it"};
}

}  // namespace

std::optional<Deadline> deadline_in(double seconds) {
  if (seconds <= 0) return {};
  return std::chrono::steady_clock::now() +
         std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

Connection::Connection(const ServerArguments& server, const std::vector<Setting>& defaults,
                       const Signals& signals, const Connection* other)
    : signals_(signals),
      queue_(other != nullptr ? other->queue_ : QueueHandle(ami_queue_new())),
      client_(ami_new()) {
  if (!queue_ || !client_) throw std::bad_alloc();
  for (const Setting& setting : defaults) set(setting.name, setting.value);
  const Profile profile(server);
  const std::string given = !server.url.empty()       ? server.url
                            : !profile.name().empty() ? std::string()
                                                      : environment("AMI_URL");
  if (!given.empty()) {
    set("url", given);
  } else if (!profile.url().value.empty()) {
    set(profile, profile.url());
  } else if (!server.has_option("host") && !profile.has_option("host")) {
    throw no_server(profile);
  }
  for (const Profile::Entry& option : profile.options()) set(profile, option);
  for (const std::string& option : server.options) set_pair(option);
  const bool shown = std::any_of(server.options.begin(), server.options.end(), is_password_option) ||
                     url_has_password(server.url);
  const bool is_told = shown || url_has_password(given.empty() ? profile.url().value : given) ||
                       profile.has_option("password");
  if (!server.password_file.empty() || !is_told) {
    std::string who = option_of(client(), "username") + "@" + option_of(client(), "host");
    set("password", find_password(server.password_file, profile, who, signals).text());
  }
  if (shown)
    complain(
        "warning: others on this machine can see a password on the command line: use AMI_PASSWORD or "
        "--password-file");
  int err = ami_set_queue(client(), queue());
  if (err != AMI_OK) throw failure_of(client(), err);
}

void Connection::set(const Profile& profile, const Profile::Entry& entry) {
  try {
    set(entry.name, entry.value);
  } catch (const Failure& failure) {
    throw Failure(failure.exit_code(), profile.place_of(entry) + ": " + failure.what());
  }
}

void Connection::set_pair(const std::string& option) {
  size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Failure(kUsage, "an option without name and value (" + option + "): write it as -o NAME=VALUE");
  std::string name = option.substr(0, equals);
  if (strcasecmp(name.c_str(), "url") == 0)
    throw Failure(kUsage, "-o url is not for the command line: use --url");
  set(name, option.substr(equals + 1));
}

void Connection::set(const std::string& name, const std::string& value) {
  int err = ami_set(client(), name.c_str(), value.c_str());
  if (err != AMI_OK) throw failure_of(client(), err);
}

void Connection::subscribe(const std::string& name) {
  int err = ami_on(client(), name.c_str(), nullptr, nullptr, nullptr, nullptr);
  if (err != AMI_OK) throw failure_of(client(), err);
}

void Connection::start() {
  int err = ami_connect(client());
  if (err != AMI_OK) throw failure_of(client(), err);
}

void Connection::open() {
  subscribe("ready");
  subscribe("connection-close");
  start();
  while (wait({}) == Wake::kItems) {
    Items items(queue());
    for (const ami_item_t& item : items) {
      if (std::string_view(ami_msg_name(item.msg)) == "ready") return;
      if (is_final(item.msg)) throw failure(item.msg);
    }
  }
  throw interrupted("nothing was sent");
}

Wake Connection::wait(std::optional<Deadline> deadline, int reader, int input) const {
  pollfd watched[] = {
      {signals_.fd(), POLLIN, 0}, {ami_queue_fd(queue()), POLLIN, 0}, {reader, 0, 0}, {input, POLLIN, 0}};
  while (true) {
    int ready = poll(watched, std::size(watched), milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (watched[0].revents != 0) return Wake::kSignal;
    if (watched[2].revents != 0) return Wake::kReaderGone;
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return Wake::kDeadline;
    if (watched[1].revents != 0) return Wake::kItems;
    if (watched[3].revents != 0) return Wake::kInput;
  }
}

void Connection::close(const std::function<void(const ami_item_t&)>& see) {
  if (ami_state(client()) == AMI_STATE_IDLE || ami_disconnect(client()) != AMI_OK) return;
  Deadline deadline = std::chrono::steady_clock::now() + kLongestClose;
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd watched = {ami_queue_fd(queue()), POLLIN, 0};  // not the signals: the first has been obeyed
    if (poll(&watched, 1, milliseconds_until(deadline)) < 0) continue;
    Items items(queue());
    for (const ami_item_t& item : items) {
      if (see) see(item);
      if (item.msg != nullptr && item.client == id() && is_final(item.msg)) return;
    }
  }
}

bool Connection::is_close(const ami_msg_t* message) {
  return ami_msg_kind(message) == AMI_MSG_NOTICE &&
         std::string_view(ami_msg_name(message)) == "connection-close";
}

bool Connection::is_final(const ami_msg_t* message) {
  return is_close(message) && value_of(message, "Final") == "true";
}

Failure Connection::failure(const ami_msg_t* close) {
  return {exit_code_of(error_number(value_of(close, "Error"))), std::string(value_of(close, "Reason"))};
}

Failure Connection::interrupted(const std::string& what) const {
  return {signals_.exit_code(), "interrupted: " + what};
}

}  // namespace ami::cli
