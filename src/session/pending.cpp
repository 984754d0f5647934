#include "session/pending.h"

#include "protocol/text.h"

namespace ami {
namespace {

constexpr uint64_t kDefaultOriginateMs = 30000;

// How long Asterisk itself may work on the action before it answers.
bool server_time(const Action& action, uint64_t& ms) {
  const std::string_view timeout = skip_blanks(action.get("Timeout"));
  if (equal_nocase(action.name(), "Originate")) {
    if (is_true(action.get("Async")) && action.until().empty()) return false;
    if (!parse_number(timeout, UINT32_MAX, ms)) ms = kDefaultOriginateMs;
    return true;
  }
  if (equal_nocase(action.name(), "WaitEvent")) {
    uint64_t seconds = 0;
    ms = parse_number(timeout, UINT32_MAX, seconds) ? seconds * 1000 : kNever;
    return true;
  }
  return false;
}

}  // namespace

Pending::Pending(uint64_t action, const Action& made, std::string_view action_id, std::string text)
    : Reply(action),
      role(Role::kUser),
      own_clock(made.timeout_ms() >= 0),
      name(made.name()),
      wire(std::move(text)),
      until(made.until()),
      answer(made.answer()) {
  is_list = answer.shape == Shape::kList ||
            (answer.shape == Shape::kRegexList && made.get("Channel").starts_with('/'));
  has_server_ms = server_time(made, server_ms);
  set_wire_id(action_id);
}

Pending::Pending(Role own_role, std::string_view action_name, std::string_view action_id, std::string text)
    : Reply(0), role(own_role), name(action_name), wire(std::move(text)), answer(answer_of(action_name)) {
  set_wire_id(action_id);
}

void Pending::set_wire_id(std::string_view text) {
  id_size_ = static_cast<uint8_t>(text.copy(id_text_, sizeof id_text_));
}

}  // namespace ami
