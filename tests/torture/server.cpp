#include "server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "memory.h"
#include "mock.h"
#include "torture.h"

namespace server {
namespace {

constexpr int kLongestMs = 60000;
constexpr size_t kLine = 128;

int control = -1;
int the_port = 0;

// One packet is one command, or its result.
long long obey(ami_mock_t* mock, const char* line) {
  char command[16] = "";
  char name[64] = "";
  int number = 0;
  static_cast<void>(std::sscanf(line, "%15s %63s %d", command, name, &number));
  if (std::strcmp(command, "release") == 0) return ami_mock_release(mock);
  if (std::strcmp(command, "clear") == 0) return ami_mock_clear(mock);
  if (std::strcmp(command, "kick") == 0) return ami_mock_kick(mock);
  if (std::strcmp(command, "restart") == 0) return ami_mock_restart(mock);
  if (std::strcmp(command, "fault") == 0) return ami_mock_fault(mock, name, number);
  if (std::strcmp(command, "wait") == 0) return ami_mock_wait(mock, name, number, kLongestMs);
  if (std::strcmp(command, "emit") != 0) return -1;
  char event[160];
  static_cast<void>(
      std::snprintf(event, sizeof event, "Event: %s\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n", name));
  return ami_mock_emit_many(mock, event, static_cast<size_t>(number));
}

[[noreturn]] void serve(int socket, const char* tls) {
  memory::leave();  // the mock remembers every action of all runs
  ami_mock_t* mock = ami_mock_new();
  if (mock == nullptr || ami_mock_set(mock, "speed", "100") != 0) _exit(1);
  if (tls != nullptr && ami_mock_set(mock, "tls", tls) != 0) _exit(1);
  if (ami_mock_start(mock) != 0) {
    static_cast<void>(std::fprintf(stderr, "the mock: %s\n", ami_mock_error(mock)));
    _exit(1);
  }
  long long result = ami_mock_port(mock);
  char line[kLine + 1];
  while (send(socket, &result, sizeof result, 0) == sizeof result) {
    const ssize_t count = recv(socket, line, kLine, 0);
    if (count <= 0) break;
    line[count] = '\0';
    result = obey(mock, line);
  }
  _exit(0);
}

long long hear() {
  long long result = 0;
  TORTURE_CHECK(recv(control, &result, sizeof result, 0) == sizeof result, 0);
  return result;
}

}  // namespace

void start(const char* tls) {
  int ends[2];
  TORTURE_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, 0);
  const pid_t child = fork();
  TORTURE_CHECK(child >= 0, child);
  if (child == 0) {
    close(ends[0]);
    serve(ends[1], tls);
  }
  close(ends[1]);
  control = ends[0];
  the_port = static_cast<int>(hear());
}

int port() {
  return the_port;
}

long long tell(const char* command) {
  const size_t size = std::strlen(command);
  TORTURE_CHECK(size <= kLine, size);
  TORTURE_CHECK(send(control, command, size, 0) == static_cast<ssize_t>(size), size);
  return hear();
}

void reset() {
  tell("clear");
  tell("release");
  tell("restart");
}

}  // namespace server
