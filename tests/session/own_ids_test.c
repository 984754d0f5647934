/* ActionIDs of the caller's own: none is given out twice at a time. */
#include <stdio.h>

#include "core_session.h"

enum { REST = 60000, MOST = 1024 };
static core_own_ids_t* ids;

static int setup(void** state) {
  (void)state;
  ids = core_own_ids_new();
  return 0;
}

static int teardown(void** state) {
  (void)state;
  core_own_ids_free(ids);
  return 0;
}

static void use(const char* id, uint64_t now) {
  assert_false(core_own_ids_taken(ids, id, now));
  core_own_ids_take(ids, id);
  core_own_ids_rest(ids, id, now);
}

static void until_a_while_behind_the_reply(void** state) {
  (void)state;
  assert_false(core_own_ids_taken(ids, "a", 0));
  core_own_ids_take(ids, "a");
  assert_true(core_own_ids_taken(ids, "a", UINT64_MAX - 1));
  assert_false(core_own_ids_taken(ids, "b", 0));
  core_own_ids_rest(ids, "a", 5);
  assert_true(core_own_ids_taken(ids, "a", REST + 4));
  assert_false(core_own_ids_taken(ids, "a", REST + 5));
}

static void not_when_it_was_not_accepted(void** state) {
  (void)state;
  core_own_ids_take(ids, "a");
  core_own_ids_give_back(ids, "a");
  assert_false(core_own_ids_taken(ids, "a", 0));
}

/* So many rest; beyond that the oldest may be used again. */
static void use_others(size_t count) {
  char id[32];
  static unsigned number;
  for (size_t i = 0; i < count; i++) {
    snprintf(id, sizeof id, "other-%u", number++);
    use(id, REST);
  }
}

static void only_so_many_rest(void** state) {
  (void)state;
  use("a", REST);
  use_others(MOST - 1);
  assert_true(core_own_ids_taken(ids, "a", REST));
  use_others(1);
  assert_false(core_own_ids_taken(ids, "a", REST));
}

/* That its first use is forgotten frees it neither while the second one waits nor while that rests. */
static void what_is_taken_again_stays_taken(void** state) {
  (void)state;
  use("a", 0);
  assert_false(core_own_ids_taken(ids, "a", REST));
  core_own_ids_take(ids, "a");
  use_others(MOST);
  assert_true(core_own_ids_taken(ids, "a", REST));
  core_own_ids_rest(ids, "a", REST);
  assert_true(core_own_ids_taken(ids, "a", REST));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(until_a_while_behind_the_reply),
      TEST(not_when_it_was_not_accepted),
      TEST(only_so_many_rest),
      TEST(what_is_taken_again_stays_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
