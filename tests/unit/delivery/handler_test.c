#include <pthread.h>

#include "core_delivery.h"
#include "core_memory.h"

static void count(void* user) {
  ++*(int*)user;
}

static core_handler_t* counted(int* released) {
  core_handler_t* handler = core_handler_new(7, NULL, NULL, NULL, released, count);
  assert_non_null(handler);
  return handler;
}

static void released_once_after_its_end(void** state) {
  int released = 0;
  (void)state;
  core_handler_t* handler = counted(&released);
  assert_false(core_handler_ended(handler));
  assert_true(core_handler_end(handler));
  assert_int_equal(released, 1);
  assert_true(core_handler_ended(handler));
  assert_false(core_handler_end(handler));
  assert_false(core_handler_begin(handler));
  core_handler_free(handler);
  assert_int_equal(released, 1);
}

static void released_after_the_last_use(void** state) {
  int released = 0;
  (void)state;
  core_handler_t* handler = counted(&released);
  assert_true(core_handler_begin(handler));
  assert_true(core_handler_begin(handler));
  core_handler_finish(handler);
  assert_true(core_handler_end(handler));
  assert_false(core_handler_begin(handler));
  assert_int_equal(released, 0);
  core_handler_finish(handler);
  assert_int_equal(released, 1);
  core_handler_free(handler);
  assert_int_equal(released, 1);
}

static void uses_alone_do_not_release(void** state) {
  int released = 0;
  (void)state;
  core_handler_t* handler = counted(&released);
  for (int i = 0; i < 3; i++) {
    assert_true(core_handler_begin(handler));
    core_handler_finish(handler);
  }
  assert_int_equal(released, 0);
  core_handler_free(handler);
  assert_int_equal(released, 1);
}

static void no_release_is_fine(void** state) {
  (void)state;
  core_handler_t* handler = core_handler_new(7, NULL, NULL, NULL, NULL, NULL);
  assert_true(core_handler_begin(handler));
  assert_true(core_handler_end(handler));
  core_handler_finish(handler);
  core_handler_free(handler);
}

static void released_when_it_cannot_be_made(void** state) {
  int released = 0;
  (void)state;
  core_fail_allocation(0);
  assert_null(core_handler_new(7, NULL, NULL, NULL, &released, count));
  assert_int_equal(released, 1);
  core_fail_allocation(0);
  assert_null(core_handler_new(7, NULL, NULL, NULL, NULL, NULL));
  core_fail_allocation(-1);
}

/* ---------------------------------------------------------------------------------------- slots */

static void a_lent_handler_outlives_its_owner(void** state) {
  int released = 0;
  (void)state;
  core_handler_t* handler = counted(&released);
  assert_true(core_handler_reserve_slot(handler));
  assert_true(core_handler_reserve_slot(handler));
  const uint32_t slot = core_handler_lend(handler, 1);
  assert_int_not_equal(slot, 0);
  assert_int_equal(core_handler_lend(handler, 1), slot);
  assert_true(core_handler_end(handler));
  assert_int_equal(core_handler_lend(handler, 1), 0);
  core_handler_free(handler);
  assert_int_equal(released, 0);
  core_handler_give_back(slot, 1);
  assert_int_equal(released, 0);
  core_handler_give_back(slot, 1);
  assert_int_equal(released, 1);
}

/* Nobody could give it back. */
static void without_a_slot_it_is_not_lent(void** state) {
  int released = 0;
  (void)state;
  core_handler_t* handler = counted(&released);
  assert_int_equal(core_handler_lend(handler, 1), 0);
  assert_true(core_handler_end(handler));
  assert_int_equal(released, 1);
  core_handler_free(handler);
}

static void lent_and_given_back_in_one(void** state) {
  int released = 0;
  (void)state;
  core_handler_t* handler = counted(&released);
  assert_true(core_handler_reserve_slot(handler));
  const uint32_t slot = core_handler_lend(handler, 5);
  assert_true(core_handler_end(handler));
  core_handler_free(handler);
  core_handler_give_back(slot, 4);
  assert_int_equal(released, 0);
  core_handler_give_back(slot, 1);
  assert_int_equal(released, 1);
}

static void slots_are_used_again(void** state) {
  uint32_t highest = 0;
  (void)state;
  for (int i = 0; i < 1000; i++) {
    core_handler_t* one = core_handler_new(1, NULL, NULL, NULL, NULL, NULL);
    core_handler_t* two = core_handler_new(2, NULL, NULL, NULL, NULL, NULL);
    assert_true(core_handler_reserve_slot(one) && core_handler_reserve_slot(two));
    const uint32_t first = core_handler_lend(one, 1);
    const uint32_t second = core_handler_lend(two, 1);
    assert_int_not_equal(first, second);
    if (first > highest) highest = first;
    if (second > highest) highest = second;
    core_handler_give_back(first, 1);
    core_handler_give_back(second, 1);
    core_handler_free(one);
    core_handler_free(two);
  }
  assert_true(highest <= 2);
}

static void odd_slots_are_ignored(void** state) {
  (void)state;
  core_handler_give_back(0, 1);
  core_handler_give_back(123456, 1);
}

static void no_slot_without_memory(void** state) {
  enum { MORE = 40 };
  core_handler_t* handlers[MORE];
  int failed = 0;
  (void)state;
  for (int i = 0; i < MORE; i++) {
    handlers[i] = core_handler_new(1, NULL, NULL, NULL, NULL, NULL);
    core_fail_allocation(i % 2);
    if (!core_handler_reserve_slot(handlers[i])) failed++;
    core_fail_allocation(-1);
    assert_true(core_handler_reserve_slot(handlers[i]));
  }
  assert_true(failed > 0);
  for (int i = 0; i < MORE; i++) {
    const uint32_t slot = core_handler_lend(handlers[i], 1);
    for (int j = 0; j < i; j++) assert_int_not_equal(slot, core_handler_lend(handlers[j], 1));
    for (int j = 0; j < i; j++) {
      const uint32_t other = core_handler_lend(handlers[j], 1);
      core_handler_give_back(other, 1);
      core_handler_give_back(other, 1);
    }
    core_handler_give_back(slot, 1);
  }
  for (int i = 0; i < MORE; i++) core_handler_free(handlers[i]);
}

/* ---------------------------------------------------------------------------------------- threads */

enum { ROUNDS = 200 };

static void* use_until_ended(void* user) {
  core_handler_t* handler = user;
  while (core_handler_begin(handler)) core_handler_finish(handler);
  return NULL;
}

static void* lend_until_ended(void* user) {
  core_handler_t* handler = user;
  for (uint32_t slot; (slot = core_handler_lend(handler, 1)) != 0;) core_handler_give_back(slot, 1);
  return NULL;
}

static void released_once_whoever_is_last(void** state) {
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    int released = 0;
    pthread_t threads[2];
    core_handler_t* handler = counted(&released);
    assert_true(core_handler_reserve_slot(handler));
    assert_int_equal(pthread_create(&threads[0], NULL, use_until_ended, handler), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, lend_until_ended, handler), 0);
    assert_true(core_handler_end(handler));
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(released, 1);
    core_handler_free(handler);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(released_once_after_its_end),
      cmocka_unit_test(released_after_the_last_use),
      cmocka_unit_test(uses_alone_do_not_release),
      cmocka_unit_test(no_release_is_fine),
      cmocka_unit_test(released_when_it_cannot_be_made),
      cmocka_unit_test(without_a_slot_it_is_not_lent),
      cmocka_unit_test(lent_and_given_back_in_one),
      cmocka_unit_test(slots_are_used_again),
      cmocka_unit_test(a_lent_handler_outlives_its_owner),
      cmocka_unit_test(odd_slots_are_ignored),
      cmocka_unit_test(no_slot_without_memory),
      cmocka_unit_test(released_once_whoever_is_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
