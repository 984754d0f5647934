/* Memory that comes back from other threads: it waits while somebody makes more, and is never lost or freed
   twice, which valgrind and the sanitizers see. */
#include <pthread.h>
#include <stdlib.h>

#include "core_protocol.h"

enum { SIZE = 64 };

static core_returned_t* returned;

static int setup(void** state) {
  (void)state;
  returned = core_returned_new();
  return 0;
}

static int teardown(void** state) {
  (void)state;
  core_returned_free(returned);
  return 0;
}

static void give(size_t size) {
  void* memory = malloc(size);
  assert_non_null(memory);
  core_returned_give(returned, memory, size);
}

/* With AddressSanitizer nothing waits. */
static size_t waiting(size_t bytes) {
  return core_returned_most() == 0 ? 0 : bytes;
}

static void nothing_waits_without_a_maker(void** state) {
  (void)state;
  give(SIZE);
  assert_int_equal(core_returned_bytes(returned), 0);
}

static void it_waits_for_the_maker(void** state) {
  (void)state;
  core_returned_add_maker(returned);
  give(SIZE);
  give(SIZE);
  assert_int_equal(core_returned_bytes(returned), waiting(2 * SIZE));
  core_returned_free_all(returned);
  assert_int_equal(core_returned_bytes(returned), 0);
  core_returned_free_all(returned);
  core_returned_remove_maker(returned);
}

static void with_the_last_maker_it_goes(void** state) {
  (void)state;
  core_returned_add_maker(returned);
  core_returned_add_maker(returned);
  give(SIZE);
  core_returned_remove_maker(returned);
  assert_int_equal(core_returned_bytes(returned), waiting(SIZE));
  core_returned_remove_maker(returned);
  assert_int_equal(core_returned_bytes(returned), 0);
  give(SIZE);
  assert_int_equal(core_returned_bytes(returned), 0);
}

static void no_more_waits_than_the_bound(void** state) {
  const size_t most = core_returned_most();
  (void)state;
  if (most == 0) skip();
  core_returned_add_maker(returned);
  give(most + 1);
  assert_int_equal(core_returned_bytes(returned), 0);
  give(most - SIZE);
  give(SIZE + 1);
  assert_int_equal(core_returned_bytes(returned), waiting(most - SIZE));
  give(SIZE);
  assert_int_equal(core_returned_bytes(returned), waiting(most));
  core_returned_remove_maker(returned);
}

enum { GIVERS = 3, ROUNDS = 5000 };

static void* give_many(void* data) {
  (void)data;
  for (int round = 0; round < ROUNDS; round++) give(SIZE);
  return NULL;
}

static void many_give_while_the_maker_frees(void** state) {
  pthread_t givers[GIVERS];
  (void)state;
  core_returned_add_maker(returned);
  for (int i = 0; i < GIVERS; i++) assert_int_equal(pthread_create(&givers[i], NULL, give_many, NULL), 0);
  for (int round = 0; round < ROUNDS; round++) core_returned_free_all(returned);
  for (int i = 0; i < GIVERS; i++) assert_int_equal(pthread_join(givers[i], NULL), 0);
  core_returned_remove_maker(returned);
  assert_int_equal(core_returned_bytes(returned), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nothing_waits_without_a_maker),   TEST(it_waits_for_the_maker),
      TEST(with_the_last_maker_it_goes),     TEST(no_more_waits_than_the_bound),
      TEST(many_give_while_the_maker_frees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
