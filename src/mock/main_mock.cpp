// `ami mock`: the mock PBX as a program.
#include "main_mock.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "mock.h"

namespace {

constexpr int exit_usage = 2;
constexpr int exit_no_listener = 3;

constexpr const char* footer = R"(Example:
  ami mock --port 5038 --scene call &
  AMI_PASSWORD=secret ami events --url ami://admin@127.0.0.1
  ami mock --port 5038 --serve office.rec --speed 10

The account admin:secret is always there. A recording begins with the first login, and
anew with the first after all have left. The first line on stdout is
"listening on 127.0.0.1:PORT". It ends at Ctrl-C or SIGTERM.
Exit codes: 0 ended so, 2 wrong usage, 3 cannot listen.)";

struct MockFree {
  void operator()(ami_mock_t* mock) const { ami_mock_free(mock); }
};

// From its making on, SIGINT and SIGTERM wait to be waited for, and a closed stdout ends nothing.
class EndingSignals {
 public:
  EndingSignals() {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    sigemptyset(&ending_);
    sigaddset(&ending_, SIGINT);
    sigaddset(&ending_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&ending_, &signal);
  }

 private:
  sigset_t ending_{};
};

int complain(const std::string& text, int code) {
  std::cerr << "ami mock: " << text << "\n";
  return code;
}

}  // namespace

void add_mock_options(CLI::App& app, MockSettings& settings) {
  auto add = [&](const char* flag, const char* type, const std::string& text) {
    return app.add_option(flag, text)->type_name(type)->each([&settings, flag](const std::string& value) {
      settings.emplace_back(flag + 2, value);
    });
  };
  add("--port", "N", "Port to listen on; 0, the default, takes a free one");
  add("--user", "NAME:SECRET[:READ[:WRITE[:FLAGS]]]",
      "An account, many times; READ and WRITE are\nclasses of events and actions such as call,user")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add("--tls", "CERT:KEY", "TLS with these PEM files");
  add("--version", "V", "Asterisk release to act as: 22 (default), 16, 13 ...");
  add("--scene", "NAME", "What to play: call, queue, bridge or 'storm N'");
  add("--serve", "FILE", "Play what ami record has written, to who logs in");
  add("--speed", "N", "So many times faster; 0: a recording as fast as it is read");
  app.footer(footer);
}

int ami_mock_main(int argc, char** argv) {
  CLI::App app("A fake Asterisk Manager Interface on 127.0.0.1, for tests and trials", "ami mock");
  // As impatient as a real server.
  MockSettings settings = {{"writetimeout_ms", "100"}, {"auth_delay_ms", "1000"}};
  try {
    add_mock_options(app, settings);
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + ": see ami mock --help", exit_usage);
  }
  std::unique_ptr<ami_mock_t, MockFree> mock(ami_mock_new());
  for (const auto& [name, value] : settings)
    if (ami_mock_set(mock.get(), name, value.c_str()) != 0)
      return complain(ami_mock_error(mock.get()), exit_usage);
  EndingSignals signals;
  if (ami_mock_start(mock.get()) != 0) return complain(ami_mock_error(mock.get()), exit_no_listener);
  std::cout << "listening on 127.0.0.1:" << ami_mock_port(mock.get()) << std::endl;
  signals.wait();
  return 0;
}
