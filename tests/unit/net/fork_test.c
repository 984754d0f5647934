#include <sys/wait.h>
#include <unistd.h>

#include "core_net.h"

static void a_child_is_another_generation(void** state) {
  (void)state;
  const uint32_t here = core_fork_generation();
  const pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) _exit(core_fork_generation() == here + 1 ? 0 : 1);
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(core_fork_generation(), here);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_child_is_another_generation)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
