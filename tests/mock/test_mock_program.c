/* `ami mock`: its first line, its ends, and that a closed peer or a closed stdout does not matter. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

/* Starts the program in a child; returns its pid, and its first line. */
static pid_t run_program(char** argv, int argc, char* line, size_t cap) {
  int out[2];
  pid_t child;
  size_t used = 0;
  assert_int_equal(pipe(out), 0);
  child = fork();
  if (child == 0) {
    dup2(out[1], 1);
    close(out[0]);
    close(out[1]);
    _exit(ami_mock_main(argc, argv));
  }
  close(out[1]);
  while (used + 1 < cap && read(out[0], line + used, 1) == 1 && line[used] != '\n') ++used;
  line[used] = '\0';
  close(out[0]);
  return child;
}

static int ended_with(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_serves_until_a_signal(void** state) {
  static const int signals[] = {SIGTERM, SIGINT};
  (void)state;
  for (int i = 0; i < 2; ++i) {
    char* argv[] = {"mock", "--port", "0", "--user", "bob:word", "--version", "16", "--scene", "call"};
    char line[128];
    int port = 0;
    wire_t* wire;
    pid_t child = run_program(argv, 9, line, sizeof line);
    assert_int_equal(sscanf(line, "listening on 127.0.0.1:%d", &port), 1);
    wire = wire_open(port);
    assert_non_null(wire);
    assert_true(wire_until(wire, "Asterisk Call Manager/5.0.4\n"));
    wire_send(wire, "Action: Login\nUsername: bob\nSecret: word\n\n");
    assert_true(wire_until(wire, "Event: Newchannel\n"));
    wire_close(wire); /* in the middle of its events */
    wire = wire_open(port);
    assert_true(wire_login(wire, "admin", "on"));
    kill(child, signals[i]);
    assert_true(wire_until_eof(wire));
    assert_int_equal(ended_with(child), 0);
    wire_close(wire);
  }
}

static void test_wrong_usage(void** state) {
  char* cases[][3] = {{"mock", "--colour", "red"}, {"mock", "--version", "99"}, {"mock", "--port", "x"}};
  char line[128];
  (void)state;
  for (int i = 0; i < 3; ++i) assert_int_equal(ended_with(run_program(cases[i], 3, line, sizeof line)), 2);
}

static void test_port_in_use(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  char port[16], line[128];
  char* argv[] = {"mock", "--port", port};
  (void)state;
  snprintf(port, sizeof port, "%d", ami_mock_port(mock));
  assert_int_equal(ended_with(run_program(argv, 3, line, sizeof line)), 3);
  ami_mock_free(mock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_serves_until_a_signal),
      cmocka_unit_test(test_wrong_usage),
      cmocka_unit_test(test_port_in_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
