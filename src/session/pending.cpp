#include "session/pending.h"

#include "protocol/text.h"

namespace ami {
namespace {

constexpr uint64_t kDefaultOriginateMs = 30000;

bool is_true(std::string_view word) {
  for (const auto* yes : {"yes", "true", "y", "t", "1", "on"}) {
    if (equal_nocase(word, yes)) return true;
  }
  return false;
}

// How long Asterisk itself may work on the action before it answers.
bool server_time(const Action& action, uint64_t& ms) {
  const auto timeout = action.get("Timeout");
  if (equal_nocase(action.name(), "Originate")) {
    if (is_true(action.get("Async")) && action.until().empty()) return false;
    if (!parse_number(timeout, UINT32_MAX, ms)) ms = kDefaultOriginateMs;
    return true;
  }
  if (equal_nocase(action.name(), "WaitEvent")) {
    uint64_t seconds = 0;
    ms = parse_number(timeout, UINT32_MAX, seconds) ? seconds * 1000 : Pending::kNever;
    return true;
  }
  return false;
}

}  // namespace

Pending::Pending(uint64_t id, const Action& action, std::string action_id, std::string text)
    : role(Role::kUser),
      name(action.name()),
      wire_id(std::move(action_id)),
      wire(std::move(text)),
      until(action.until()),
      answer(answer_of(action.name())),
      own_clock(action.timeout_ms() >= 0),
      reply(Ref<Reply>::adopt(new Reply(id))) {
  const auto channel = action.get("Channel");
  is_list = answer.shape == Shape::kList ||
            (answer.shape == Shape::kRegexList && !channel.empty() && channel.front() == '/');
  has_server_ms = server_time(action, server_ms);
}

Pending::Pending(Role own_role, std::string_view action_name, std::string action_id, std::string text)
    : role(own_role),
      name(action_name),
      wire_id(std::move(action_id)),
      wire(std::move(text)),
      answer(answer_of(action_name)),
      reply(Ref<Reply>::adopt(new Reply(0))) {}

}  // namespace ami
