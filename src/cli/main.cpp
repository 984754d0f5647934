#include <exception>
#include <string_view>

#include "cli/arguments.h"
#include "cli/failure.h"
#include "mock/mock.h"

namespace ami::cli {
namespace {

struct Runner {
  const Signals& signals;
  Output& output;

  int operator()(const Information& information) const {
    output.write(information.text);
    return kSuccess;
  }
  int operator()(const EventsArguments& arguments) const { return run_events(arguments, signals, output); }
  int operator()(const SendArguments& arguments) const { return run_send(arguments, signals, output); }
  int operator()(const CommandArguments& arguments) const { return run_command(arguments, signals, output); }
};

int run(int argc, char** argv) {
  Signals signals;
  Output output(signals);
  try {
    return std::visit(Runner{signals, output}, parse_arguments(argc, argv));
  } catch (const Failure& failure) {
    complain(failure.what());
    return failure.exit_code();
  } catch (const std::exception& unforeseen) {
    complain(unforeseen.what());
    return kNoConnection;
  }
}

}  // namespace
}  // namespace ami::cli

int main(int argc, char** argv) {
  // The mock reads its own arguments.
  if (argc > 1 && std::string_view(argv[1]) == "mock") return ami_mock_main(argc - 1, argv + 1);
  return ami::cli::run(argc, argv);
}
