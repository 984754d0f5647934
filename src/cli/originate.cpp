#include "cli/originate.h"

#include <string_view>

#include "cli/action.h"

namespace ami::cli {
namespace {

std::vector<std::string> fields_of(const OriginateArguments& arguments) {
  std::vector<std::string> fields = {"Channel=" + arguments.channel, "Async=true",
                                     "Timeout=" + std::to_string(arguments.ring_ms)};
  if (arguments.extension.empty() == arguments.application.empty())
    throw Failure(kUsage, "where the call is to go is told by one of --exten and --app");
  if (arguments.application.empty()) {
    fields.insert(fields.end(), {"Exten=" + arguments.extension, "Context=" + arguments.context,
                                 "Priority=" + arguments.priority});
  } else {
    fields.insert(fields.end(), {"Application=" + arguments.application, "Data=" + arguments.data});
  }
  if (!arguments.caller_id.empty()) fields.push_back("CallerID=" + arguments.caller_id);
  return fields;
}

ActionHandle action_of(const OriginateArguments& arguments) {
  ActionHandle action = make_action("Originate", fields_of(arguments));
  for (const std::string& variable : arguments.variables) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Failure(kUsage,
                    "a variable without name and value (" + variable + "): write it as --var NAME=VALUE");
    check(action.get(), ami_action_variable(action.get(), variable.substr(0, equals).c_str(),
                                            variable.c_str() + equals + 1));
  }
  check(action.get(), ami_action_until(action.get(), "OriginateResponse"));
  return action;
}

// What Asterisk's numbers for the end of an attempt mean: they are its control frames.
std::string words_of(std::string_view reason) {
  if (reason == "0") return "it could not be reached: there is no such channel, or its line is down";
  if (reason == "1") return "it hung up";
  if (reason == "3") return "nobody answered in time";
  if (reason == "5") return "it is busy";
  if (reason == "8") return "all circuits are busy";
  return "reason " + std::string(reason);
}

std::string result_of(const OriginateArguments& arguments, const ami_reply_t* reply) {
  const ami_msg_t* end = ami_reply_end(reply);
  if (ami_reply_status(reply) == AMI_OK) {
    const std::string_view id = value_of(end, "Uniqueid");
    return arguments.channel + " has answered" + (id.empty() ? "" : " (call " + std::string(id) + ")") + "\n";
  }
  return arguments.channel + " was not connected: " + words_of(value_of(end, "Reason")) + "\n";
}

}  // namespace

int run_originate(const OriginateArguments& arguments, const Signals& signals, Output& output) {
  ActionHandle action = action_of(arguments);
  Connection connection(arguments.server, {{"events", "call"}}, signals);
  connection.open();
  ReplyHandle reply = perform(connection, action.get());
  const bool plain = arguments.format == Format::kAutomatic || arguments.format == Format::kText;
  if (!plain) {
    output.write(Printer(arguments.format, output).reply("Originate", reply.get()));
  } else if (ami_reply_end(reply.get()) != nullptr) {
    output.write(result_of(arguments, reply.get()));
  }
  const std::string trouble = trouble_of("Originate", reply.get());
  if (!trouble.empty() && (!plain || ami_reply_end(reply.get()) == nullptr)) complain(trouble);
  connection.close();
  return exit_code_of(ami_reply_status(reply.get()));
}

}  // namespace ami::cli
