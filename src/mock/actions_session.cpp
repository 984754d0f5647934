// Actions about the session itself: login, events, filters, Ping.
#include "actions.h"
#include "server.h"
#include "session.h"
#include "text.h"

namespace ami::mock {

namespace {

void refuse(Session& session, const Request& request, const char* text) {
  Server& server = session.server();
  server.journal().add("refused");
  auto answer = [&server, id = session.id(), request, text] {
    Session* found = server.find(id);
    if (!found) return;
    found->error(request, text);
    found->finish();
    found->unblock();
  };
  if (server.options().auth_delay_ms == 0) return answer();
  session.block();
  server.timers().after(server.options().auth_delay_ms, answer);
}

bool proves(Session& session, const Request& request, const User& user) {
  if (same_word(request.get("AuthType"), "MD5")) {
    return session.challenged() && request.get("Key") == login_key(session.challenge(), user.secret);
  }
  return !user.secret.empty() && request.get("Secret") == user.secret;
}

bool in_use(Session& session, const User& user) {
  bool found = false;
  session.server().each_session(
      [&](Session& other) { found = found || (other.logged_in() && other.user() == user.name); });
  return found;
}

void login(Session& session, const Request& request) {
  Server& server = session.server();
  if (session.logged_in()) return session.success(request, "Already authenticated");
  if (session.hit("cut_in_login")) return session.cut();
  const User* user = server.users().find(request.get("Username"));
  bool refused = session.hit("refuse_login") != nullptr;
  if (refused || !user || user->denied || !proves(session, request, *user)) {
    return refuse(session, request, "Authentication failed");
  }
  if (session.hit("login_in_use") || (user->single && in_use(session, *user))) {
    return refuse(session, request, "Login Already In Use");
  }
  Classes mask = all_classes;
  parse_mask(request.get("Events"), mask);
  session.success(request, "Authentication accepted");
  session.log_in(*user, mask);
  if (session.wants(parse_classes("system"), "")) server.send_fully_booted(session);
  server.raise_security("SuccessfulAuth", session, "Informational", "");
  if (server.playback().is_open()) server.playback().logged_in();
}

void challenge(Session& session, const Request& request) {
  if (!same_word(request.get("AuthType"), "MD5")) return session.error(request, "Must specify AuthType");
  session.respond(request, "Success", "Challenge: " + session.challenge() + "\r\n");
}

void logoff(Session& session, const Request& request) {
  if (session.hit("cut_on_logoff")) return session.cut();
  session.respond(request, "Goodbye", "Message: Thanks for all the fish.\r\n");
  session.finish();
}

void ping(Session& session, const Request& request) {
  if (session.server().profile().first_dialect) return session.respond(request, "Pong", "");
  int64_t now = now_us();
  session.respond(
      request, "Success",
      "Ping: Pong\r\nTimestamp: " + std::to_string(now / 1000000) + "." + decimal(now % 1000000, 6) + "\r\n");
}

void events(Session& session, const Request& request) {
  Classes mask = 0;
  if (!parse_mask(request.get("EventMask"), mask)) return session.error(request, "Invalid event mask");
  session.set_mask(mask);
  const char* state = mask ? "On" : "Off";
  bool old = session.server().profile().first_dialect;
  if (old) return session.respond(request, std::string("Events ") + state, "");
  session.respond(request, "Success", std::string("Events: ") + state + "\r\n");
}

void filter(Session& session, const Request& request) {
  const Profile& profile = session.server().profile();
  std::string reason = "Filter did not compile.  Check the syntax of the filter given.";
  if (session.hit("refuse_filter")) return session.error(request, reason);
  if (!same_word(request.get("Operation"), "Add")) return session.error(request, "Unknown operation");
  const char* criteria = profile.advanced_filter ? request.find("MatchCriteria") : nullptr;
  const char* text = request.find("Filter");
  if (profile.advanced_filter && !criteria && !text) {
    return session.error(request, "Filter was formatted incorrectly.  Check the syntax of the filter given.");
  }
  std::string pattern = text ? text : "";
  auto made = criteria ? Filter::advanced(criteria, pattern, reason)
                       : Filter::legacy(pattern, profile.extended_regex, reason);
  if (!made) return session.error(request, reason);
  session.add_filter(std::move(made));
  session.success(request, "Success");
}

void list_commands(Session& session, const Request& request) {
  std::string body;
  for (const Action& action : all_actions()) {
    Classes classes = parse_classes(action.classes);
    if (classes && !(classes & session.write_classes())) continue;
    body.append(action.name).append(": ").append(action.synopsis);
    body.append("  (Priv: ").append(privilege(classes)).append(")\r\n");
  }
  session.respond(request, "Success", body);
}

bool is_key(const std::string& line, std::string_view key) {
  return line.size() > key.size() && line[key.size()] == ':' && same_word(line.substr(0, key.size()), key);
}

void user_event(Session& session, const Request& request) {
  std::string body =
      "Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: " + request.get("UserEvent") + "\r\n";
  for (const std::string& line : request.lines) {
    if (!is_key(line, "Action") && !is_key(line, "UserEvent")) body.append(line).append("\r\n");
  }
  session.success(request, "Event Sent");
  session.server().raise(body);
}

void wait_event(Session& session, const Request& request) {
  int64_t seconds = -1;
  to_number(request.get("Timeout"), seconds);
  session.wait_event(request, seconds < 0 ? -1 : seconds * 1000);
}

}  // namespace

const std::vector<Action>& session_actions() {
  static const std::vector<Action> actions = {
      {"Login", "", "Login Manager.", login, true},
      {"Challenge", "", "Generate Challenge for MD5 Auth.", challenge, true},
      {"Logoff", "", "Logoff Manager.", logoff, true},
      {"Ping", "", "Keepalive command.", ping},
      {"Events", "", "Control Event Flow.", events},
      {"Filter", "system", "Dynamically add filters for the current manager session.", filter},
      {"ListCommands", "", "List available manager commands.", list_commands},
      {"UserEvent", "user", "Send an arbitrary event.", user_event},
      {"WaitEvent", "", "Wait for an event to occur.", wait_event},
  };
  return actions;
}

}  // namespace ami::mock
