// The actions that the mock knows.
#pragma once

#include <string_view>
#include <vector>

namespace ami::mock {

class Session;
struct Request;

struct Action {
  const char* name;
  const char* classes;  // any of them allows it; "": free to everyone
  const char* synopsis;
  void (*run)(Session&, const Request&);
  bool before_login = false;
};

const Action* find_action(std::string_view name);  // case-blind
const std::vector<Action>& all_actions();          // by name

// The actions of each file.
const std::vector<Action>& session_actions();
const std::vector<Action>& system_actions();
const std::vector<Action>& call_actions();
const std::vector<Action>& queue_actions();
const std::vector<Action>& list_actions();
void run_command(Session& session, const Request& request);

}  // namespace ami::mock
