#include <pthread.h>
#include <stdio.h>

#include "core_delivery.h"
#include "core_memory.h"

static core_router_t* router;
static core_handler_t* handlers[16];

static int setup(void** state) {
  (void)state;
  router = core_router_new();
  for (uint64_t id = 1; id < 16; id++) handlers[id] = core_handler_new(id, NULL, NULL, NULL, NULL, NULL);
  return 0;
}

static int teardown(void** state) {
  (void)state;
  core_router_free(router);
  for (uint64_t id = 1; id < 16; id++) core_handler_free(handlers[id]);
  return 0;
}

static void add(const char* name, uint64_t id) {
  assert_int_equal(core_router_add(router, name, handlers[id]), 0);
}

static void nobody(void** state) {
  (void)state;
  assert_string_equal(core_router_event(router, "Hangup"), "");
  assert_string_equal(core_router_event(router, ""), "");
  assert_string_equal(core_router_notice(router, "ready"), "");
  assert_string_equal(core_router_response(router, 0), "");
  assert_string_equal(core_router_data(router), "");
}

static void names_and_globs_in_order_of_registration(void** state) {
  (void)state;
  add("Queue*", 1);
  add("QueueMember", 2);
  add("hangup", 3);
  add("queuemember", 4);
  add("*", 5);
  assert_string_equal(core_router_event(router, "QueueMember"), "1 2 4 5");
  assert_string_equal(core_router_event(router, "QUEUEMEMBER"), "1 2 4 5");
  assert_string_equal(core_router_event(router, "Hangup"), "3 5");
  assert_string_equal(core_router_event(router, "Other"), "5");
  assert_string_equal(core_router_event(router, ""), "5");
}

static void one_handler_may_stand_twice(void** state) {
  (void)state;
  add("Hangup", 1);
  add("Hang*", 1);
  assert_string_equal(core_router_event(router, "Hangup"), "1 1");
}

static void library_names(void** state) {
  (void)state;
  add("data", 1);
  add("Response", 2);
  add("PONG", 3);
  add("*", 4);
  assert_string_equal(core_router_event(router, "Hangup"), "1 4");
  assert_string_equal(core_router_response(router, 0), "1 2");
  assert_string_equal(core_router_response(router, 1), "1 2 3");
  assert_string_equal(core_router_data(router), "1");
}

/* data is what comes from the server; notices do not. */
static void notices_by_name_and_glob(void** state) {
  (void)state;
  add("data", 1);
  add("ready", 2);
  add("connection-*", 3);
  add("*", 4);
  add("Hangup", 5);
  assert_string_equal(core_router_notice(router, "ready"), "2 4");
  assert_string_equal(core_router_notice(router, "connection-close"), "3 4");
  assert_string_equal(core_router_notice(router, "gap"), "4");
}

static void changes_are_seen_at_once(void** state) {
  (void)state;
  for (int round = 0; round < 3; round++) {
    assert_string_equal(core_router_event(router, "Hangup"), "");
    add("Hangup", 1);
    assert_string_equal(core_router_event(router, "Hangup"), "1");
    add("*", 2);
    assert_string_equal(core_router_event(router, "Hangup"), "1 2");
    assert_int_equal(core_router_remove(router, 1), 1);
    assert_string_equal(core_router_event(router, "Hangup"), "2");
    assert_int_equal(core_router_remove(router, 1), 0);
    add("data", 3);
    assert_string_equal(core_router_data(router), "3");
    assert_string_equal(core_router_response(router, 0), "3");
    core_router_end_all(router);
    assert_false(core_handler_ended(handlers[1])); /* it was removed before */
    assert_true(core_handler_ended(handlers[2]) && core_handler_ended(handlers[3]));
    assert_string_equal(core_router_data(router), "");
    assert_string_equal(core_router_response(router, 1), "");
  }
}

static void removing_ends_all_of_an_id(void** state) {
  (void)state;
  add("a", 1);
  add("b", 1);
  add("a", 2);
  assert_int_equal(core_router_remove(router, 1), 1);
  assert_string_equal(core_router_event(router, "a"), "2");
  assert_string_equal(core_router_event(router, "b"), "");
}

/* A peer that makes up names. */
static void made_up_names_do_no_harm(void** state) {
  char name[300];
  (void)state;
  add("N1", 1);
  add("N*", 2);
  for (int i = 0; i < 10000; i++) {
    snprintf(name, sizeof name, "N%d", i);
    assert_string_equal(core_router_event(router, name), i == 1 ? "1 2" : "2");
  }
  assert_string_equal(core_router_event(router, "N1"), "1 2");
  snprintf(name, sizeof name, "N%0250d", 1);
  assert_string_equal(core_router_event(router, name), "2");
  assert_string_equal(core_router_event(router, name + 1), "");
}

static void memory_may_be_short(void** state) {
  (void)state;
  add("a", 1);
  for (int after = 0; after < 2; after++) {
    core_fail_allocation(after);
    assert_int_equal(core_router_add(router, "a", handlers[2]), -1);
    core_fail_allocation(-1);
    assert_string_equal(core_router_event(router, "a"), "1");
  }
}

/* ---------------------------------------------------------------------------------------- threads */

static void* change(void* user) {
  (void)user;
  for (int i = 0; i < 2000; i++) {
    core_router_add(router, "Hangup", handlers[2]);
    core_router_remove(router, 2);
  }
  return NULL;
}

static void changed_by_another_thread(void** state) {
  pthread_t thread;
  (void)state;
  add("Hangup", 1);
  assert_int_equal(pthread_create(&thread, NULL, change, NULL), 0);
  int strange = 0;
  for (int i = 0; i < 2000; i++) {
    const char* ids = core_router_event(router, "Hangup");
    strange += ids[0] != '1' || (ids[1] != '\0' && ids[2] != '2');
    core_router_notice(router, "Hangup");
  }
  pthread_join(thread, NULL);
  assert_int_equal(strange, 0);
  assert_string_equal(core_router_event(router, "Hangup"), "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nobody),
      TEST(names_and_globs_in_order_of_registration),
      TEST(one_handler_may_stand_twice),
      TEST(library_names),
      TEST(notices_by_name_and_glob),
      TEST(changes_are_seen_at_once),
      TEST(removing_ends_all_of_an_id),
      TEST(made_up_names_do_no_harm),
      TEST(memory_may_be_short),
      TEST(changed_by_another_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
