#include <fcntl.h>
#include <poll.h>

#include "core_net.h"

static int rings(const core_doorbell_t* bell) {
  struct pollfd ready = {core_doorbell_fd(bell), POLLIN, 0};
  return poll(&ready, 1, 0);
}

static void readable_while_rung(void** state) {
  (void)state;
  core_doorbell_t* bell = core_doorbell_new();
  assert_int_equal(rings(bell), 0);
  core_doorbell_ring(bell);
  assert_int_equal(rings(bell), 1);
  assert_int_equal(rings(bell), 1);
  core_doorbell_quiet(bell);
  assert_int_equal(rings(bell), 0);
  core_doorbell_free(bell);
}

static void many_rings_are_one(void** state) {
  (void)state;
  core_doorbell_t* bell = core_doorbell_new();
  for (int i = 0; i < 100000; i++) core_doorbell_ring(bell); /* more than a pipe would hold */
  core_doorbell_quiet(bell);
  assert_int_equal(rings(bell), 0);
  core_doorbell_ring(bell);
  assert_int_equal(rings(bell), 1);
  core_doorbell_free(bell);
}

static void quiet_never_blocks(void** state) {
  (void)state;
  core_doorbell_t* bell = core_doorbell_new();
  core_doorbell_quiet(bell);
  core_doorbell_quiet(bell);
  assert_int_equal(rings(bell), 0);
  core_doorbell_free(bell);
}

static void not_for_other_programs(void** state) {
  (void)state;
  core_doorbell_t* bell = core_doorbell_new();
  assert_true((fcntl(core_doorbell_fd(bell), F_GETFD) & FD_CLOEXEC) != 0);
  assert_true((fcntl(core_doorbell_fd(bell), F_GETFL) & O_NONBLOCK) != 0);
  core_doorbell_free(bell);
}

static void its_descriptor_goes_with_it(void** state) {
  (void)state;
  core_doorbell_t* bell = core_doorbell_new();
  const int fd = core_doorbell_fd(bell);
  core_doorbell_free(bell);
  assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(readable_while_rung),         cmocka_unit_test(many_rings_are_one),
      cmocka_unit_test(quiet_never_blocks),          cmocka_unit_test(not_for_other_programs),
      cmocka_unit_test(its_descriptor_goes_with_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
