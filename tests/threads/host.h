/* A host of the library as a process of its own: this program again, as "host MODE PORT TLS"; and the server
   that it connects to. */
#pragma once

/* clang-format off */
#include <setjmp.h> /* cmocka.h takes these four for granted */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certificates.h"
#include "mock.h"

enum { HOST_CODE = 7, HUNG_S = 60 };
extern char** environ;

static inline ami_mock_t* mock_start(bool tls) {
  ami_mock_t* mock = ami_mock_new();
  certificate_t* certificate = certificate_new((certificate_wish_t){.subject = "pbx.test"});
  char files[512];
  snprintf(files, sizeof files, "%s:%s", certificate_file(certificate), certificate_key_file(certificate));
  if (tls) assert_int_equal(ami_mock_set(mock, "tls", files), 0);
  assert_int_equal(ami_mock_start(mock), 0);
  certificate_free(certificate);
  return mock;
}

/* It ends by itself, and prints nothing. */
static inline void run_host(const ami_mock_t* mock, char* mode, char* tls) {
  char port[16];
  snprintf(port, sizeof port, "%d", ami_mock_port(mock));
  char* arguments[] = {"host", mode, port, tls, NULL};
  int ends[2];
  posix_spawn_file_actions_t output;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_init(&output);
  posix_spawn_file_actions_adddup2(&output, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&output, ends[1], STDERR_FILENO);
  pid_t child = 0;
  assert_int_equal(posix_spawn(&child, "/proc/self/exe", &output, NULL, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&output);
  close(ends[1]);
  char printed[4096];
  size_t size = 0;
  for (ssize_t more = 1; more > 0 && size < sizeof printed; size += (size_t)more) {
    more = read(ends[0], printed + size, sizeof printed - size);
    assert_true(more >= 0);
  }
  close(ends[0]);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (size != 0) fail_msg("%s: the host printed: %.*s", mode, (int)size, printed);
  if (WIFSIGNALED(status)) fail_msg("%s: the host was ended by signal %d", mode, WTERMSIG(status));
  assert_int_equal(WEXITSTATUS(status), HOST_CODE);
}
