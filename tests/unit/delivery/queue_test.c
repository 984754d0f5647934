#include "fixture.h"

static void empty(void** state) {
  (void)state;
  holds("");
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 0);
  assert_int_equal(core_queue_dispatch(queue, 10, 5), 0);
  assert_false(core_lane_commit(lane));
  holds("");
}

static void all_kinds_in_order(void** state) {
  (void)state;
  core_lane_event(lane, handler, 1);
  core_lane_notice(lane, handler, 2);
  core_lane_event(lane, handler, 3);
  core_lane_item(lane, handler, 4);
  reply(lane, 5);
  core_lane_event(lane, handler, 6);
  core_lane_event(lane, handler, 7);
  core_lane_notice(lane, handler, 8);
  core_lane_commit(lane);
  holds("e1 n2 e3 i4 r5 e6 e7 n8");
  holds("");
}

static void over_several_commits(void** state) {
  (void)state;
  events(lane, 1, 2);
  core_lane_notice(lane, handler, 3);
  core_lane_commit(lane);
  events(lane, 4, 4);
  holds("e1 e2 n3 e4");
}

static void nothing_is_visible_before_the_commit(void** state) {
  (void)state;
  core_lane_event(lane, handler, 1);
  holds("");
  core_lane_commit(lane);
  holds("e1");
}

/* Who takes a message does not free it, but leaves that to who makes the next one. */
static void memory_goes_back_to_its_maker(void** state) {
  (void)state;
  events(lane, 1, 3);
  core_lane_item(lane, handler, 4);
  assert_false(core_lane_commit(lane));
  assert_false(core_memory_waits());
  holds("e1 e2 e3 i4");
  assert_int_equal(core_memory_waits(), core_memory_may_wait());
  assert_false(core_lane_commit(lane));
  assert_false(core_memory_waits());
}

/* Common events do not come to that in a turn of the loop; tiny ones may. */
static void much_does_not_wait_for_the_end_of_the_turn(void** state) {
  (void)state;
  for (uint64_t number = 1; number <= 1024; number++) core_lane_event(lane, handler, number);
  assert_false(core_lane_has_much(lane));
  core_lane_event(lane, handler, 1025);
  assert_true(core_lane_has_much(lane));
  assert_false(core_lane_commit(lane));
  assert_false(core_lane_has_much(lane));
  assert_int_equal(core_queue_dispatch(queue, 2000, 0), 1025);
  called_some();
}

static void no_more_than_asked_for(void** state) {
  char found[64];
  (void)state;
  events(lane, 1, 5);
  assert_int_equal(core_queue_poll(queue, 0, 0, found, sizeof found), 0);
  assert_int_equal(core_queue_poll(queue, 2, 0, found, sizeof found), 2);
  assert_string_equal(found, "e1 e2");
  assert_int_equal(core_queue_dispatch(queue, 2, 0), 2);
  called("e3 e4");
  holds("e5");
}

static void more_than_a_batch(void** state) {
  (void)state;
  events(lane, 1, 700);
  assert_int_equal(core_lane_items(lane), 700);
  core_handler_t* quiet = core_handler_new(6, NULL, NULL, NULL, NULL, NULL);
  core_lane_event(lane, quiet, 701);
  core_lane_commit(lane);
  char found[4096];
  assert_int_equal(core_queue_poll(queue, 10000, 0, found, sizeof found), 701);
  core_handler_free(quiet);
}

static void handlers_are_called_and_replies_end_theirs(void** state) {
  (void)state;
  core_lane_event(lane, handler, 1);
  reply(lane, 2);
  core_lane_commit(lane);
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 2);
  called("e1 r2");
  assert_int_equal(released, 1);
  assert_true(core_handler_ended(replies));
  assert_false(core_handler_ended(handler));
}

static void no_callback_is_fine(void** state) {
  (void)state;
  core_handler_t* silent = core_handler_new(6, NULL, NULL, NULL, NULL, NULL);
  core_lane_event(lane, silent, 1);
  assert_int_equal(core_lane_reserve_reply(lane), 0);
  core_lane_reply(lane, silent, 2);
  core_lane_commit(lane);
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 2);
  assert_true(core_handler_ended(silent));
  core_handler_free(silent);
}

/* ami_off(): queued ones included. */
static void nothing_for_a_handler_that_has_ended(void** state) {
  (void)state;
  core_handler_t* other = new_handler(6);
  core_lane_event(lane, handler, 1);
  core_lane_event(lane, other, 2);
  core_lane_notice(lane, handler, 3);
  core_lane_event(lane, other, 4);
  core_lane_commit(lane);
  core_handler_end(handler);
  assert_int_equal(released, 1);
  holds("e2 e4");
  core_handler_free(other);
}

static void what_waits_keeps_its_handler(void** state) {
  (void)state;
  core_handler_t* other = new_handler(6);
  for (uint64_t number = 1; number <= 4; number++) {
    core_lane_event(lane, number == 3 ? handler : other, number);
  }
  core_handler_free(other);
  core_lane_commit(lane);
  assert_int_equal(released, 0);
  assert_int_equal(core_queue_dispatch(queue, 3, 0), 3);
  assert_int_equal(released, 0);
  holds("e4");
  assert_int_equal(released, 1);
  called("e1 e2 e3");
}

static void end_itself(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  ++released;
  core_handler_end(*(core_handler_t**)user);
}

/* Also in the midst of what is in a consumer's hands. */
static void a_handler_that_ends_gets_no_more(void** state) {
  core_handler_t* ending = NULL;
  (void)state;
  ending = core_handler_new(6, end_itself, NULL, NULL, &ending, NULL);
  for (uint64_t number = 1; number <= 4; number++) core_lane_event(lane, ending, number);
  core_lane_event(lane, handler, 5);
  core_lane_commit(lane);
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 5);
  assert_int_equal(released, 1);
  assert_int_equal(core_lane_items(lane), 0);
  called("e5");
  core_handler_free(ending);
}

static void only_ended_handlers_are_nothing(void** state) {
  char found[64];
  (void)state;
  events(lane, 1, 300);
  core_handler_end(handler);
  assert_int_equal(core_queue_poll(queue, 10, 0, found, sizeof found), 0);
  events(lane, 1, 300);
  assert_int_equal(core_queue_poll(queue, 10, 1, found, sizeof found), 0);
}

static void levels(void** state) {
  (void)state;
  const size_t size = core_event_size(7);
  assert_int_equal(core_lane_oldest(lane), 0);
  events(lane, 7, 9);
  reply(lane, 10);
  core_lane_commit(lane);
  assert_int_equal(core_lane_items(lane), 4);
  assert_int_equal(core_lane_bytes(lane), 3 * size);
  assert_int_equal(core_lane_oldest(lane), 7);
  assert_int_equal(core_queue_dispatch(queue, 1, 0), 1);
  assert_int_equal(core_lane_oldest(lane), 8);
  assert_int_equal(core_queue_dispatch(queue, 2, 0), 2);
  assert_int_equal(core_lane_oldest(lane), 10);
  holds("r10");
  assert_int_equal(core_lane_items(lane), 0);
  assert_int_equal(core_lane_bytes(lane), 0);
  called("e7 e8 e9");
}

/* ---------------------------------------------------------------------------------------- clients */

static void clients_take_turns(void** state) {
  char found[4096];
  (void)state;
  core_lane_t* other = core_lane_new(queue, 2);
  for (uint64_t first = 1; first < 500; first += 100) events(lane, first, first + 99);
  events(other, 1, 3);
  assert_int_equal(core_queue_poll(queue, 80, 0, found, sizeof found), 80);
  assert_non_null(strstr(found, " 2:e1 2:e2 2:e3 "));
  core_queue_poll(queue, 1000, 0, found, sizeof found);
  drop_lane(other);
}

static void each_client_has_bounds_of_its_own(void** state) {
  (void)state;
  core_lane_t* other = core_lane_new(queue, 2);
  core_lane_set_bounds(lane, 2, 100000, 0);
  events(lane, 1, 5);
  events(other, 1, 5);
  holds("e4 e5 2:e1 2:e2 2:e3 2:e4 2:e5");
  assert_int_equal(core_lane_dropped(lane), 3);
  assert_int_equal(core_lane_dropped(other), 0);
  drop_lane(other);
}

static void many_clients_come_and_go(void** state) {
  (void)state;
  for (uint64_t round = 0; round < 20; round++) {
    core_lane_t* others[20];
    for (uint64_t i = 0; i < 20; i++) {
      others[i] = core_lane_new(queue, i + 2);
      events(others[i], i, i);
    }
    assert_int_equal(core_queue_dispatch(queue, 1000, 0), 20);
    called("e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 e10 e11 e12 e13 e14 e15 e16 e17 e18 e19");
    for (size_t i = 0; i < 20; i++) drop_lane(others[i]);
  }
}

static void attached_while_clients_are(void** state) {
  (void)state;
  assert_true(core_queue_attached(queue));
  core_lane_t* other = core_lane_new(queue, 2);
  core_lane_close(lane, NULL, NULL);
  core_lane_close(lane, NULL, NULL);
  assert_true(core_queue_attached(queue));
  core_lane_abandon(other);
  assert_false(core_queue_attached(queue));
  core_lane_free(other);
}

/* ------------------------------------------------------------------------------------- the client's end */

static void events_of_a_closed_client_are_gone(void** state) {
  (void)state;
  core_lane_on_gap(lane, handler);
  core_lane_event(lane, handler, 1);
  core_lane_notice(lane, handler, 2);
  core_lane_item(lane, handler, 3);
  reply(lane, 4);
  core_lane_commit(lane);
  core_lane_event(lane, handler, 5);
  core_lane_notice(lane, handler, 6);
  core_lane_close(lane, NULL, NULL);
  assert_int_equal(core_lane_items(lane), 1);
  assert_int_equal(core_lane_bytes(lane), 0);
  reply(lane, 7);
  core_lane_lost(lane, 8);
  core_lane_commit(lane);
  holds("r4 r7");
}

static void replies_are_called_without_a_client(void** state) {
  (void)state;
  events(lane, 1, 1);
  reply(lane, 2);
  core_lane_commit(lane);
  drop_lane(lane);
  lane = NULL;
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 1);
  called("r2");
}

/* The queue holds the last reference to the lane, which has nothing left. */
static void a_lane_may_end_within_the_queue(void** state) {
  (void)state;
  events(lane, 1, 1);
  drop_lane(lane);
  lane = NULL;
  holds("");
  lane = core_lane_new(queue, 1);
  events(lane, 2, 2);
  core_handler_end(handler);
  drop_lane(lane);
  lane = NULL;
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 0);
}

static void count(void* user) {
  ++*(int*)user;
}

static void clearing_releases(void** state) {
  (void)state;
  int woken = 0;
  core_handler_t* wake = core_handler_new(0, NULL, NULL, count, &woken, NULL);
  core_queue_set_wake(queue, wake);
  reply(lane, 1);
  core_lane_commit(lane);
  core_queue_clear(queue);
  assert_int_equal(released, 1);
  assert_true(core_handler_ended(replies));
  assert_true(core_handler_ended(wake));
  core_handler_free(wake);
  holds("");
}

/* ---------------------------------------------------------------------------------------- bell, wake */

static void bell_rings_while_there_is_something(void** state) {
  (void)state;
  core_queue_set_bell(queue);
  assert_false(core_queue_bell(queue));
  events(lane, 1, 3);
  assert_true(core_queue_bell(queue));
  core_queue_dispatch(queue, 2, 0);
  assert_true(core_queue_bell(queue));
  core_queue_dispatch(queue, 1, 0);
  assert_false(core_queue_bell(queue));
  events(lane, 4, 4);
  assert_true(core_queue_bell(queue));
  holds("e4");
  assert_false(core_queue_bell(queue));
  called("e1 e2 e3");
}

static void bell_of_a_queue_that_holds_something_already(void** state) {
  (void)state;
  events(lane, 1, 1);
  core_queue_set_bell(queue);
  assert_true(core_queue_bell(queue));
}

static void bell_is_quiet_again_after_vain_looking(void** state) {
  (void)state;
  core_queue_set_bell(queue);
  events(lane, 1, 1);
  core_handler_end(handler);
  holds("");
  assert_false(core_queue_bell(queue));
  core_lane_close(lane, NULL, NULL);
  holds("");
  assert_false(core_queue_bell(queue));
}

static void bell_is_quiet_when_the_client_took_all_with_it(void** state) {
  (void)state;
  core_queue_set_bell(queue);
  core_lane_t* other = core_lane_new(queue, 2);
  events(lane, 1, 1);
  events(other, 1, 1);
  core_lane_close(lane, NULL, NULL);
  assert_true(core_queue_bell(queue));
  core_lane_close(other, NULL, NULL);
  assert_false(core_queue_bell(queue));
  core_lane_free(other);
}

static void wake_when_it_was_empty(void** state) {
  int woken = 0;
  (void)state;
  core_handler_t* wake = core_handler_new(0, NULL, NULL, count, &woken, NULL);
  core_queue_set_wake(queue, wake);
  events(lane, 1, 2);
  assert_int_equal(woken, 1);
  events(lane, 3, 3);
  assert_int_equal(woken, 1);
  holds("e1 e2 e3");
  events(lane, 4, 4);
  assert_int_equal(woken, 2);
  core_queue_set_wake(queue, NULL);
  assert_true(core_handler_ended(wake));
  holds("e4");
  events(lane, 5, 5);
  assert_int_equal(woken, 2);
  core_handler_free(wake);
}

/* ------------------------------------------------------------------------------------- loop delivery */

static void direct_delivery(void** state) {
  (void)state;
  core_direct_event(core_lane_client(lane), handler, 3);
  core_direct_reply(core_lane_client(lane), replies, 4);
  called("e3 r4");
  assert_int_equal(released, 1);
  core_handler_end(handler);
  core_direct_event(core_lane_client(lane), handler, 5);
  called("");
}

static void direct_delivery_of_a_gap(void** state) {
  (void)state;
  core_direct_lost(core_lane_client(lane), handler, 0);
  called("e223 e4");
  core_direct_lost(core_lane_client(lane), handler, 1);
  called("e4 e223");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(empty),
      TEST(all_kinds_in_order),
      TEST(over_several_commits),
      TEST(nothing_is_visible_before_the_commit),
      TEST(no_more_than_asked_for),
      TEST(memory_goes_back_to_its_maker),
      TEST(much_does_not_wait_for_the_end_of_the_turn),
      TEST(more_than_a_batch),
      TEST(handlers_are_called_and_replies_end_theirs),
      TEST(no_callback_is_fine),
      TEST(nothing_for_a_handler_that_has_ended),
      TEST(what_waits_keeps_its_handler),
      TEST(a_handler_that_ends_gets_no_more),
      TEST(only_ended_handlers_are_nothing),
      TEST(levels),
      TEST(clients_take_turns),
      TEST(each_client_has_bounds_of_its_own),
      TEST(many_clients_come_and_go),
      TEST(attached_while_clients_are),
      TEST(events_of_a_closed_client_are_gone),
      TEST(replies_are_called_without_a_client),
      TEST(a_lane_may_end_within_the_queue),
      TEST(clearing_releases),
      TEST(bell_rings_while_there_is_something),
      TEST(bell_of_a_queue_that_holds_something_already),
      TEST(bell_is_quiet_again_after_vain_looking),
      TEST(bell_is_quiet_when_the_client_took_all_with_it),
      TEST(wake_when_it_was_empty),
      TEST(direct_delivery),
      TEST(direct_delivery_of_a_gap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
