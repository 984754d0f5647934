#include <fcntl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
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
  int operator()(const ListArguments& arguments) const { return run_list(arguments, signals, output); }
  int operator()(const OriginateArguments& arguments) const {
    return run_originate(arguments, signals, output);
  }
  int operator()(const PingArguments& arguments) const { return run_ping(arguments, signals, output); }
  int operator()(const DoctorArguments& arguments) const { return run_doctor(arguments, signals, output); }
  int operator()(const RecordArguments& arguments) const { return run_record(arguments, signals, output); }
  int operator()(const ReplayArguments& arguments) const { return run_replay(arguments, signals, output); }
  int operator()(const TopArguments& arguments) const { return run_top(arguments, signals, output); }
  int operator()(const ShellArguments& arguments) const { return run_shell(arguments, signals, output); }
};

// A standard stream that is closed (>&-) would be the number of the next pipe or socket, and what is printed
// would go there. In its place stands one that cannot be used: reading or writing says EBADF.
void occupy_standard_streams() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// What is shown is UTF-8, and so is the terminal, also where the locale does not say so.
void use_utf8() {
  // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread yet
  for (const char* locale : {"", "C.UTF-8"})
    if (std::setlocale(LC_CTYPE, locale) != nullptr && MB_CUR_MAX > 1) return;
  // NOLINTEND(concurrency-mt-unsafe)
}

int run(int argc, char** argv) {
  use_utf8();
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
  ami::cli::occupy_standard_streams();
  // The mock reads its own arguments.
  if (argc > 1 && std::string_view(argv[1]) == "mock") return ami_mock_main(argc - 1, argv + 1);
  return ami::cli::run(argc, argv);
}
