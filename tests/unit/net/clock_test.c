#include <time.h>
#include <uv.h>

#include "core_net.h"

static void the_clock_is_that_of_uv_loops(void** state) {
  uv_loop_t loop;
  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  const uint64_t before = core_monotonic_ms();
  uv_update_time(&loop);
  const uint64_t after = core_monotonic_ms();
  /* The loop may read a coarser clock, which is a few ms behind. */
  assert_in_range(uv_now(&loop) + 20, before, after + 20);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void unix_time_is_in_nanoseconds(void** state) {
  (void)state;
  const time_t before = time(NULL);
  const uint64_t now = core_unix_ns();
  const time_t after = time(NULL);
  /* time() may be a tick behind. */
  assert_in_range(now / 1000000000, before, after + 1);
}

static void seeds_differ(void** state) {
  (void)state;
  const uint64_t seed = core_random_seed();
  assert_true(seed != core_random_seed());
  assert_true(seed >> 32 != (seed & 0xffffffff));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_clock_is_that_of_uv_loops),
      cmocka_unit_test(unix_time_is_in_nanoseconds),
      cmocka_unit_test(seeds_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
