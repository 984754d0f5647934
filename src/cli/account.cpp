#include "cli/account.h"

#include <algorithm>

#include "cli/action.h"
#include "cli/key.h"

namespace ami::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// "Hangup: Hangup channel.  (Priv: system,call,all)": any of the classes suffices, so that one alone is had
// for sure. "all" stands behind every list.
std::string sole_class(std::string_view description) {
  constexpr std::string_view kBegin = "(Priv: ";
  constexpr std::string_view kEnd = ",all)";
  const size_t begin = description.rfind(kBegin);
  if (begin == std::string_view::npos || !description.ends_with(kEnd)) return {};
  description.remove_prefix(begin + kBegin.size());
  description.remove_suffix(kEnd.size());
  return description.find(',') == std::string_view::npos ? std::string(description) : std::string();
}

}  // namespace

ReplyHandle ask(const Connection& connection, const char* name, const std::vector<std::string>& fields) {
  const ActionHandle action = make_action(name, fields);
  ReplyHandle reply = perform(connection, action.get());
  if (ami_reply_fate(reply.get()) != AMI_ANSWERED)
    throw failure_of(connection.client(), ami_reply_status(reply.get()));
  return reply;
}

Account account_of(const Connection& connection) {
  const ReplyHandle reply = ask(connection, "ListCommands");
  Account account;
  const ami_field_t* fields = nullptr;
  const size_t count = ami_msg_fields(ami_reply_response(reply.get()), &fields);
  for (size_t i = 0; i < count; i++) {
    const std::string_view description(fields[i].value, fields[i].value_len);
    if (description.find("(Priv: ") == std::string_view::npos) continue;
    account.actions.emplace(fields[i].key, fields[i].key_len);
    const std::string name = sole_class(description);
    if (!name.empty()) account.classes.insert(name);
  }
  return account;
}

std::optional<std::string> command_text(const Connection& connection, const std::string& command) {
  const ReplyHandle reply = ask(connection, "Command", {"Command=" + command});
  size_t length = 0;
  const char* text = ami_msg_output(ami_reply_response(reply.get()), &length);
  if (ami_reply_status(reply.get()) != AMI_OK || text == nullptr) return {};
  return std::string(text, length);
}

std::string setting_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && is_same_key(trimmed(line.substr(0, colon)), name))
      return std::string(trimmed(line.substr(colon + 1)));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return {};
}

std::optional<std::string> write_timeout_of(const Connection& connection, const std::string& user) {
  const ReplyHandle reply = ask(connection, "GetConfig", {"Filename=manager.conf", "Category=" + user});
  if (ami_reply_status(reply.get()) != AMI_OK) return {};
  const ami_field_t* fields = nullptr;
  const size_t count = ami_msg_fields(ami_reply_response(reply.get()), &fields);
  std::string found;
  for (size_t i = 0; i < count; i++) {
    const std::string_view line(fields[i].value, fields[i].value_len);
    const size_t equals = line.find('=');
    if (equals != std::string_view::npos && is_same_key(line.substr(0, equals), "writetimeout"))
      found = line.substr(equals + 1);  // the last one holds
  }
  return found;
}

}  // namespace ami::cli
