#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>

#include "core_net.h"

typedef struct {
  pthread_t thread;
  sigset_t blocked;
} seen_t;

static void look(void* user) {
  seen_t* seen = user;
  seen->thread = pthread_self();
  pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
}

static void all_signals_go_to_other_threads(void** state) {
  seen_t seen;
  sigset_t before;
  sigset_t after;
  (void)state;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  assert_int_equal(core_run_on_thread(look, &seen), 0);
  assert_false(pthread_equal(seen.thread, pthread_self()));
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM, SIGPIPE, SIGUSR1, SIGPROF};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    assert_true(sigismember(&seen.blocked, signals[i]));
  }
  /* The caller's are as they were. */
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  for (int signal = 1; signal < 32; signal++) {
    assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_signals_go_to_other_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
