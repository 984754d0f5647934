// The Command action: a small CLI, in both framings of its output.
#include <algorithm>
#include <ctime>

#include "actions.h"
#include "server.h"
#include "session.h"
#include "text.h"

namespace ami::mock {

namespace {

void answer(Session& session, const Request& request, bool known, std::string_view output) {
  if (session.server().profile().old_command) {
    std::string id = request.id();
    session.send_response("Response: Follows\r\nPrivilege: Command\r\n" +
                          (id.empty() ? "" : "ActionID: " + id + "\r\n") + std::string(output) +
                          "--END COMMAND--\r\n\r\n");
    return;
  }
  std::string body = "Message: Command output follows\r\n";
  if (output.ends_with('\n')) output.remove_suffix(1);
  for (const std::string& line : split(output, '\n')) body.append("Output: ").append(line).append("\r\n");
  session.respond(request, known ? "Success" : "Error", body);
}

std::string channel_row(std::string_view name, std::string_view place, std::string_view state,
                        std::string_view app) {
  return padded(name, 64) + " " + padded(place, 32) + " " + padded(state, 7) + " " + padded(app, 30) + "\n";
}

std::string show_channels(Pbx& pbx) {
  std::string out = channel_row("Channel", "Location", "State", "Application(Data)");
  for (const auto& channel : pbx.channels()) {
    std::string place = channel->exten + "@" + channel->context + ":" + std::to_string(channel->priority);
    std::string app = channel->app.empty() ? "(None)" : channel->app + "(" + channel->data + ")";
    out += channel_row(channel->name, place, state_name(channel->state), app);
  }
  auto counted = [&](size_t count, const char* what) {
    out += std::to_string(count) + " " + what + (count == 1 ? "\n" : "s\n");
  };
  counted(pbx.channels().size(), "active channel");
  counted(pbx.calls(), "active call");
  out += std::to_string(pbx.calls_processed()) + (pbx.calls_processed() == 1 ? " call" : " calls") +
         " processed\n";
  return out;
}

std::string user_row(const std::vector<std::string>& cells) {
  static const size_t widths[] = {15, 55, 10, 10, 8, 8, 10, 10};
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) out += "  " + padded(cells[i], widths[i]);
  return out + "\n";
}

std::string show_connected(Server& server) {
  std::string out = user_row(
      {"Username", "IP Address", "Start", "Elapsed", "FileDes", "HttpCnt", "ReadPerms", "WritePerms"});
  size_t count = 0;
  server.each_session([&](Session& session) {
    if (!session.logged_in()) return;
    std::string address = session.remote_address();
    out +=
        user_row({session.user(), address.substr(0, address.rfind('/')), std::to_string(session.login_time()),
                  std::to_string(std::time(nullptr) - session.login_time()), std::to_string(session.id()),
                  "0", std::to_string(session.read_classes()), std::to_string(session.write_classes())});
    ++count;
  });
  return out + std::to_string(count) + " users connected.\n";
}

std::string show_users(Server& server) {
  std::string out = "\nusername\n--------\n";
  for (const User& user : server.users().all()) out += user.name + "\n";
  return out + "-------------------\n" + std::to_string(server.users().all().size()) +
         " manager users configured.\n";
}

std::string show_user(const User& user) {
  return "\n          username: " + user.name +
         "\n            secret: <Set>\n               ACL: " + (user.denied ? "yes" : "no") +
         "\n         read perm: " + privilege(user.read) + "\n        write perm: " + privilege(user.write) +
         "\n   displayconnects: yes\nallowmultiplelogin: " + (user.single ? "no" : "yes") +
         "\n         Variables: \n";
}

std::string show_settings(Server& server) {
  const Options& options = server.options();
  std::string address = options.host + ":" + std::to_string(server.port());
  bool tls = server.tls() != nullptr;
  return "\nGlobal Settings:\n----------------\n  Manager (AMI):             Yes            \n"
         "  Web Manager (AMI/HTTP):    No             \n  TCP Bindaddress:           " +
         address + "\n  TLS Enable:                " + (tls ? "Yes" : "No") +
         "\n  Allow multiple login:      Yes            \n";
}

// "FileDes" of "manager show connected" is what it takes; here that is the session's number.
void kick(Session& session, const Request& request, const std::string& text) {
  int64_t number = 0;
  Session* victim = to_number(text, number) ? session.server().find(static_cast<uint64_t>(number)) : nullptr;
  if (!victim) return answer(session, request, true, "No matching session found\n");
  answer(session, request, true, "Kicking manager session connected using file descriptor " + text + "\n");
  victim->finish();
}

bool is_prefix_of(const std::vector<std::string>& words, std::initializer_list<const char*> start) {
  return words.size() >= start.size() && std::equal(start.begin(), start.end(), words.begin());
}

}  // namespace

void run_command(Session& session, const Request& request) {
  Server& server = session.server();
  std::string text(trim(request.get("Command")));
  if (text.empty()) return session.error(request, "No command provided");
  std::vector<std::string> words = split(text, ' ');
  if (is_prefix_of(words, {"module", "load"}) || is_prefix_of(words, {"module", "unload"}) ||
      is_prefix_of(words, {"restart", "gracefully"})) {
    return session.error(request, "Command blacklisted");
  }
  if (text == "core restart now") {
    // Who asked for it hears no more; the others get the event, then everyone's connection ends.
    session.kill();
    server.restart(true);
    return;
  }
  if (text == "core show channels") return answer(session, request, true, show_channels(server.pbx()));
  if (text == "core show version") {
    return answer(session, request, true,
                  std::string("Asterisk ") + server.profile().asterisk +
                      " built by nobody @ mock on a unknown running Linux on 2026-07-20 21:35:32 UTC\n");
  }
  if (text == "manager show connected") return answer(session, request, true, show_connected(server));
  if (text == "manager show settings") return answer(session, request, true, show_settings(server));
  const User* user = words.size() == 4 && is_prefix_of(words, {"manager", "show", "user"})
                         ? server.users().find(words[3])
                         : nullptr;
  if (user) return answer(session, request, true, show_user(*user));
  if (text == "manager show users") return answer(session, request, true, show_users(server));
  if (words.size() == 4 && is_prefix_of(words, {"manager", "kick", "session"}) && server.profile().kick) {
    return kick(session, request, words[3]);
  }
  if (text == "core show channels concise" || text == "logger rotate")
    return answer(session, request, true, "");
  std::string help = words.size() > 1 ? text.substr(0, text.rfind(' ')) : text;
  answer(session, request, false,
         "No such command '" + text + "' (type 'core show help " + help + "' for other possible commands)\n");
}

}  // namespace ami::mock
