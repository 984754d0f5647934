#include "cli/command.h"

#include "cli/action.h"

namespace ami::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

int run_command(const CommandArguments& arguments, const Signals& signals, Output& output) {
  ActionHandle action = make_action("Command", {"Command=" + joined(arguments.words)});
  if (arguments.timeout_ms >= 0) ami_action_timeout(action.get(), arguments.timeout_ms);
  Connection connection(arguments.server, {{"events", "off"}}, signals);
  connection.open();
  ReplyHandle reply = perform(connection, action.get());
  Printer printer(arguments.format, output);
  bool plain = arguments.format == Format::kAutomatic || arguments.format == Format::kText;
  std::string text =
      plain ? printer.output(ami_reply_response(reply.get())) : printer.reply("Command", reply.get());
  output.write(text);
  // An error's own text, such as "No such command", has said it already.
  std::string trouble = trouble_of("Command", reply.get());
  if (!trouble.empty() && (!plain || text.empty())) complain(trouble);
  connection.close();
  return exit_code_of(ami_reply_status(reply.get()));
}

}  // namespace ami::cli
