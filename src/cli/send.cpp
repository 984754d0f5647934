#include "cli/send.h"

#include "cli/action.h"
#include "cli/batch.h"
#include "cli/catalogue.h"

namespace ami::cli {

ActionHandle action_of(const SendArguments& arguments, const Keys& others) {
  ActionHandle action = make_action(arguments.action, arguments.fields);
  if (!arguments.until.empty()) check(action.get(), ami_action_until(action.get(), arguments.until.c_str()));
  if (arguments.timeout_ms >= 0) check(action.get(), ami_action_timeout(action.get(), arguments.timeout_ms));
  if (!arguments.force) check_action(arguments.action, arguments.fields, others);
  return action;
}

Connection connection_for(const SendArguments& arguments, const Signals& signals) {
  // Nobody sees the events, but --until lives on them.
  return {arguments.server, {{"events", arguments.until.empty() ? "off" : "on"}}, signals};
}

int run_send(const SendArguments& arguments, const Signals& signals, Output& output) {
  if (arguments.action == "-") return run_batch(arguments, signals, output);
  ActionHandle action = action_of(arguments);
  if (arguments.dry_run) {
    output.write(bytes_of(action.get()));
    return kSuccess;
  }
  Connection connection = connection_for(arguments, signals);
  connection.open();
  ReplyHandle reply = perform(connection, action.get());
  output.write(Printer(arguments.format, output).reply(arguments.action.c_str(), reply.get()));
  std::string trouble = trouble_of(arguments.action, reply.get());
  if (!trouble.empty()) complain(trouble);
  connection.close();
  return exit_code_of(ami_reply_status(reply.get()));
}

}  // namespace ami::cli
