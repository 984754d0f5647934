#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/action.h"
#include "protocol/digest.h"
#include "protocol/lists.h"
#include "protocol/reply.h"

namespace ami {

// Why an action was sent: the caller's, or one of the session's own.
enum class Role : uint8_t { kUser, kChallenge, kLogin, kFilter, kMask, kReadyPing, kPing, kLogoff };

// An accepted action on its way to its reply.
struct Pending {
  enum class State : uint8_t {
    kWaiting,   // offline: not yet given to the connection
    kResponse,  // waits for the response
    kList,      // items come, until the terminator
    kSingle,    // one event comes
    kUntil,     // answered; waits for the awaited event, and holds up nobody
    kCut,       // the server went on without a terminator: a last grace for stragglers
  };
  static constexpr uint64_t kNever = UINT64_MAX;

  // Takes what it needs of action; wire_id is the ActionID, wire the whole text.
  Pending(uint64_t id, const Action& action, std::string action_id, std::string text);
  // For the session's own actions.
  Pending(Role own_role, std::string_view action_name, std::string action_id, std::string text);
  virtual ~Pending() { wipe(wire); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  [[nodiscard]] bool in_list() const { return state == State::kList || state == State::kSingle; }

  const Role role;
  State state = State::kWaiting;
  bool replied = false;    // the reply has been given; it only keeps its place (timed out, canceled)
  bool old_list = false;   // in a list that did not announce itself by EventList
  bool keep_items = true;  // false: items are given as they come
  const std::string name;
  const std::string wire_id;
  std::string wire;  // emptied when it is copied to the output
  std::string until;
  const Answer& answer;
  bool is_list = false;    // answer.shape, with the condition of kRegexList looked at
  uint64_t server_ms = 0;  // time the server itself may take (Originate, WaitEvent); kNever: any
  bool has_server_ms = false;
  uint64_t deadline = kNever;   // absolute, from the caller's own time-out; kNever: the default clock holds
  bool own_clock = false;       // the caller set a time-out (perhaps 0: never)
  uint64_t begin = 0, end = 0;  // place in the output stream of the connection
  size_t item_count = 0;
  size_t item_bytes = 0;
  Ref<Reply> reply;
};
using PendingPtr = std::shared_ptr<Pending>;

}  // namespace ami
