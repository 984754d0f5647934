#include "cli/action.h"

#include <algorithm>
#include <new>

#include "cli/failure.h"

namespace ami::cli {
namespace {

ReplyHandle take_reply(const Connection& connection, uint64_t id) {
  Items items(connection.queue());
  for (const ami_item_t& item : items)
    if (item.kind == AMI_ITEM_REPLY && item.id == id) return ReplyHandle(ami_reply_ref(item.reply));
  return {};
}

std::string fate_words(const std::string& name, int fate) {
  if (fate == AMI_NOT_SENT) return name + " was not sent";
  return fate == AMI_ANSWERED ? name + " was answered" : name + " was sent, and Asterisk may have run it";
}

// What Asterisk gave as the reason, in brackets; "" if nothing.
std::string reason_of(const ami_reply_t* reply) {
  const ami_msg_t* end = ami_reply_end(reply);
  const char* text = ami_msg_get(end != nullptr ? end : ami_reply_response(reply), "Message", nullptr);
  if (text != nullptr) return std::string(" (") + text + ")";
  // An event such as OriginateResponse has no words for it, only a number.
  const char* number = ami_msg_get(end, "Reason", nullptr);
  if (number == nullptr) return {};
  return std::string(" (") + ami_msg_name(end) + ": reason " + number + ")";
}

}  // namespace

void check(const ami_action_t* action, int err) {
  if (err != AMI_OK) throw Failure(exit_code_of(err), ami_action_detail(action));
}

ActionHandle make_action(const std::string& name, const std::vector<std::string>& fields) {
  ActionHandle action(ami_action_new(name.c_str()));
  if (!action) throw std::bad_alloc();
  // A bad name has no result of its own to tell it by.
  if (*ami_action_detail(action.get()) != '\0') throw Failure(kUsage, ami_action_detail(action.get()));
  for (const std::string& field : fields) {
    size_t equals = field.find('=');
    if (equals == std::string::npos)
      throw Failure(kUsage, "a field without = (" + field + "): write it as Key=Value");
    if (equals == 0) throw Failure(kUsage, "a field without a key (" + field + "): write it as Key=Value");
    check(action.get(), ami_action_addn(action.get(), field.data(), equals, field.data() + equals + 1,
                                        field.size() - equals - 1));
  }
  return action;
}

std::string bytes_of(ami_action_t* action) {
  const auto copy = [action](char* text, size_t room) { return ami_action_bytes(action, text, room); };
  check(action, std::min(copy(nullptr, 0), 0));
  return text_of(copy);
}

ReplyHandle perform(const Connection& connection, const ami_action_t* action) {
  uint64_t id = 0;
  int err = ami_send(connection.client(), action, nullptr, nullptr, nullptr, &id);
  if (err != AMI_OK) throw failure_of(connection.client(), err);
  while (connection.wait({}) == Wake::kItems)
    if (ReplyHandle reply = take_reply(connection, id)) return reply;
  ami_cancel(connection.client(), id);
  throw connection.interrupted("Asterisk may have run the action");
}

std::string trouble_of(const std::string& name, const ami_reply_t* reply) {
  int status = ami_reply_status(reply);
  if (status == AMI_OK) return {};
  if (status != AMI_EREPLY)
    return name + ": " + ami_strerror(status) + " (" + ami_err_name(status) +
           "): " + fate_words(name, ami_reply_fate(reply));
  return "Asterisk answered " + name + " with an error" + reason_of(reply);
}

}  // namespace ami::cli
