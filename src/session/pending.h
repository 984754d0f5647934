#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/action.h"
#include "protocol/digest.h"
#include "protocol/lists.h"
#include "protocol/reply.h"
#include "session/deadline.h"
#include "session/hash_table.h"

namespace ami {

// Why an action was sent: the caller's, or one of the session's own.
enum class Role : uint8_t { kUser, kChallenge, kLogin, kFilter, kMask, kReadyPing, kPing, kLogoff };

// An accepted action on its way to its reply, which is a part of it.
struct Pending : Reply {
  enum class State : uint8_t {
    kWaiting,   // offline: not yet given to the connection
    kResponse,  // waits for the response
    kList,      // items come, until the terminator
    kSingle,    // one event comes
    kUntil,     // answered; waits for the awaited event, and holds up nobody
    kCut,       // the server went on without a terminator: a last grace for stragglers
  };

  // Takes what it needs of action; action_id is the ActionID, text all that is to be sent.
  Pending(uint64_t action, const Action& made, std::string_view action_id, std::string text);
  // For the session's own actions.
  Pending(Role own_role, std::string_view action_name, std::string_view action_id, std::string text);
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  [[nodiscard]] bool in_list() const { return state == State::kList || state == State::kSingle; }
  [[nodiscard]] std::string_view wire_id() const { return {id_text_, id_size_}; }

  const Role role;
  State state = State::kWaiting;
  bool replied = false;    // the reply has been given; it only keeps its place (timed out, canceled)
  bool withdrawn = false;  // replied before anything of it was sent; nothing will be
  bool old_list = false;   // in a list that did not announce itself by EventList
  bool keep_items = true;  // false: items are given as they come
  bool is_list = false;    // answer.shape, with the condition of kRegexList looked at
  bool has_server_ms = false;
  bool own_clock = false;  // the caller set a time-out (perhaps 0: never)
  const std::string name;
  std::string wire;  // emptied when it is copied to the output
  const std::string until;
  const Answer& answer;
  uint64_t server_ms = 0;      // time the server itself may take (Originate, WaitEvent); kNever: any
  uint64_t deadline = kNever;  // absolute, from the caller's own time-out; kNever: the default clock holds
  int64_t place = 0;           // of Waiting
  uint64_t from = 0, to = 0;   // place in the output stream of the connection
  size_t item_count = 0;
  size_t item_bytes = 0;
  HashLink<Pending> by_wire_id;  // of InFlight
  HashLink<Pending> by_number;   // of the owner's, for what has no reply yet

 protected:
  ~Pending() override { wipe(wire); }

 private:
  void set_wire_id(std::string_view text);

  char id_text_[kMaxActionId];
  uint8_t id_size_ = 0;
};
using PendingPtr = Ref<Pending>;

}  // namespace ami
