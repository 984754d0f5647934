// `ami mock`: the mock PBX as a program.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "mock.h"

namespace {

constexpr int exit_usage = 2;
constexpr int exit_no_listener = 3;

struct MockFree {
  void operator()(ami_mock_t* mock) const { ami_mock_free(mock); }
};

int complain(const ami_mock_t* mock, int code) {
  std::cerr << "ami mock: " << ami_mock_error(mock) << "\n";
  return code;
}

}  // namespace

int ami_mock_main(int argc, char** argv) {
  CLI::App app("A mock Asterisk Manager Interface on 127.0.0.1, for tests and demos", "ami mock");
  std::string port = "0", version, tls, scene;
  std::vector<std::string> users;
  app.add_option("--port", port, "Port to listen on; 0 takes a free one");
  app.add_option("--user", users,
                 "Account as NAME:SECRET[:READ[:WRITE[:FLAGS]]]; admin:secret is always there");
  app.add_option("--tls", tls, "TLS with these PEM files, as CERT:KEY");
  app.add_option("--version", version, "Asterisk release to act as: 22 (default), 16, 13 ...");
  app.add_option("--scene", scene, "Scene to play: call, queue, bridge or storm N");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  std::unique_ptr<ami_mock_t, MockFree> mock(ami_mock_new());
  std::vector<std::pair<const char*, std::string>> options = {
      {"port", port},   {"version", version},       {"tls", tls},
      {"scene", scene}, {"writetimeout_ms", "100"}, {"auth_delay_ms", "1000"}};
  for (const std::string& user : users) options.emplace_back("user", user);
  for (const auto& [name, value] : options) {
    if (!value.empty() && ami_mock_set(mock.get(), name, value.c_str()) != 0)
      return complain(mock.get(), exit_usage);
  }
  if (ami_mock_listen(mock.get()) != 0) return complain(mock.get(), exit_no_listener);
  std::cout << "listening on 127.0.0.1:" << ami_mock_port(mock.get()) << std::endl;
  return ami_mock_run(mock.get()) == 0 ? 0 : complain(mock.get(), exit_no_listener);
}
