/* What happens at the bound of a queue. */
#include "core_memory.h"
#include "fixture.h"

enum { MANY = 1000000 };

static int setup_gap(void** state) {
  setup(state);
  core_lane_on_gap(lane, handler);
  return 0;
}
#define GAP_TEST(name) cmocka_unit_test_setup_teardown(name, setup_gap, teardown)

static void the_oldest_are_dropped(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 3, MANY, 0);
  events(lane, 1, 3);
  assert_int_equal(core_lane_dropped(lane), 0);
  events(lane, 4, 5);
  assert_int_equal(core_lane_dropped(lane), 2);
  holds("gap(2,1,2,2) e3 e4 e5");
  holds("");
}

static void bytes_count_too(void** state) {
  (void)state;
  core_lane_set_bounds(lane, MANY, 2 * core_event_size(1), 0);
  events(lane, 1, 5);
  holds("gap(3,1,3,3) e4 e5");
}

static void a_message_larger_than_the_bound_is_dropped(void** state) {
  (void)state;
  core_lane_set_bounds(lane, MANY, core_event_size(1) - 1, 0);
  events(lane, 1, 1);
  assert_int_equal(core_lane_bytes(lane), 0);
  holds("gap(1,1,1,1)");
}

/* A gap stands where they stood; gaps with nothing between them are one. */
static void adjacent_gaps_merge(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 0);
  for (uint64_t number = 1; number <= 9; number++) events(lane, number, number);
  holds("gap(7,1,7,7) e8 e9");
}

static void a_gap_for_each_run(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 0);
  events(lane, 1, 2);
  core_lane_notice(lane, handler, 3);
  events(lane, 4, 5);
  reply(lane, 6);
  events(lane, 7, 9);
  holds("gap(2,1,2,2) n3 gap(2,4,5,5) r6 gap(1,7,7,7) e8 e9");
  assert_int_equal(core_lane_dropped(lane), 5);
}

static void a_gap_that_was_taken_is_over(void** state) {
  char found[64];
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 0);
  events(lane, 1, 3);
  assert_int_equal(core_queue_poll(queue, 1, 0, found, sizeof found), 1);
  assert_string_equal(found, "gap(1,1,1,1)");
  events(lane, 4, 5);
  holds("gap(2,2,3,3) e4 e5");
}

static void what_may_not_be_dropped_is_not(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, 1, 0);
  core_lane_notice(lane, handler, 1);
  core_lane_item(lane, handler, 2);
  reply(lane, 3);
  core_lane_item(lane, handler, 4);
  core_lane_item(lane, handler, 5);
  core_lane_notice(lane, handler, 6);
  core_lane_commit(lane);
  holds("n1 i2 r3 i4 i5 n6");
}

static void notices(uint64_t first, uint64_t last) {
  for (uint64_t number = first; number <= last; number++) core_lane_notice(lane, handler, number);
  core_lane_commit(lane);
}

/* As many notices may wait as events, and beside them. */
static void the_oldest_notices_are_dropped(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 3, MANY, 0);
  events(lane, 1, 3);
  notices(4, 6);
  assert_int_equal(core_lane_dropped(lane), 0);
  notices(7, 8);
  assert_int_equal(core_lane_dropped(lane), 2);
  holds("e1 e2 e3 gap(2,4,5,5) n6 n7 n8");
  notices(1, 3);
  holds("n1 n2 n3"); /* those that were taken count no more */
}

static void a_gap_for_each_run_of_notices(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 1);
  notices(1, 1);
  reply(lane, 2);
  notices(3, 4);
  core_lane_item(lane, handler, 5);
  notices(6, 8);
  holds("gap(1,1,1,1) r2 gap(2,3,4,4) i5 gap(1,6,6,6) n7 n8");
}

/* However events and notices take turns, no more gaps stay than what stands between them. */
static void gaps_that_meet_are_one(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 0);
  for (uint64_t number = 1; number < 300; number += 3) {
    events(lane, number, number);
    notices(number + 1, number + 2);
    assert_in_range(core_lane_items(lane), 1, 6);
  }
  assert_int_equal(core_lane_dropped(lane), 296);
  holds("gap(294,1,294,294) e295 gap(2,296,297,297) e298 n299 n300");
}

/* What tells of drops is not dropped. */
static void a_gap_stays(void** state) {
  char found[64];
  (void)state;
  core_lane_on_gap(lane, handler);
  core_lane_set_bounds(lane, 1, MANY, 0);
  events(lane, 1, 2);
  assert_int_equal(core_queue_poll(queue, 1, 0, found, sizeof found), 1);
  assert_string_equal(found, "gap(1,1,1,1)");
  notices(3, 4);
  holds("gap(1,1,1,1) e2 gap(1,3,3,3) gap(1,3,3,3) n4");
}

static void one_gap_notice_for_each_subscription(void** state) {
  (void)state;
  core_handler_t* other = new_handler(6);
  core_lane_on_gap(lane, other);
  core_lane_set_bounds(lane, 1, MANY, 0);
  events(lane, 1, 2);
  holds("gap(1,1,1,1) gap(1,1,1,1) e2");
  core_handler_free(other);
}

static void without_a_subscription_there_is_none(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 1, MANY, 0);
  events(lane, 1, 3);
  holds("e3");
  assert_int_equal(core_lane_dropped(lane), 2);
}

static void bounds_may_be_changed(void** state) {
  (void)state;
  events(lane, 1, 4);
  core_lane_set_bounds(lane, 1, MANY, 0);
  core_lane_commit(lane);
  holds("gap(3,1,3,3) e4");
}

/* An event that could not even be made. */
static void lost_events_are_a_gap(void** state) {
  (void)state;
  events(lane, 1, 1);
  core_lane_lost(lane, 2);
  core_lane_lost(lane, 3);
  core_lane_commit(lane);
  events(lane, 4, 4);
  assert_int_equal(core_lane_dropped(lane), 2);
  holds("e1 gap(2,2,3,0) e4");
}

/* While a gap of later events stands there already. */
static void drops_before_a_lost_event(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 0);
  events(lane, 1, 1);
  core_lane_notice(lane, handler, 2);
  core_lane_lost(lane, 3);
  core_lane_commit(lane);
  events(lane, 4, 5);
  assert_int_equal(core_lane_dropped(lane), 2);
  holds("gap(1,1,1,1) n2 gap(1,3,3,0) e4 e5");
}

/* The gap takes no memory that could be short just now. */
static void gaps_without_memory(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 1, MANY, 0);
  core_lane_event(lane, handler, 1);
  core_lane_event(lane, handler, 2);
  for (int after = 0; after < 3; after++) {
    core_fail_allocation(after);
    core_lane_commit(lane);
    core_fail_allocation(-1);
  }
  assert_int_equal(core_lane_dropped(lane) + core_lane_items(lane) - 1, 2);
  core_lane_event(lane, handler, 3);
  core_lane_commit(lane);
  holds("gap(2,1,2,2) e3");
}

/* An event that cannot be kept is a dropped one. */
static void events_without_memory(void** state) {
  (void)state;
  events(lane, 1, 1);
  for (uint64_t number = 2; number <= 200; number++) {
    core_lane_event(lane, handler, number);
    core_fail_allocation(0);
    core_lane_commit(lane);
    core_fail_allocation(-1);
  }
  const uint64_t dropped = core_lane_dropped(lane);
  assert_true(dropped > 0);
  assert_int_equal(core_queue_dispatch(queue, 1000, 0), 200 - dropped);
  called_some();
}

static void replies_without_memory(void** state) {
  (void)state;
  assert_int_equal(core_lane_reserve_reply(lane), 0);
  core_fail_allocation(0);
  assert_int_equal(core_lane_reserve_reply(lane), -1);
  core_fail_allocation(-1);
  core_lane_reply(lane, replies, 1);
  core_lane_commit(lane);
  holds("r1");
}

/* So that replies can be given when there is none. */
static void taking_needs_no_memory(void** state) {
  (void)state;
  events(lane, 1, 300);
  core_fail_allocation(0);
  assert_int_equal(core_queue_dispatch(queue, 1000, 0), 300);
  assert_true(core_allocation_spared());
  core_fail_allocation(-1);
  called_some();
}

/* But for a gap, which stays where it is with all that is behind it. */
static void a_gap_that_cannot_be_told_waits(void** state) {
  char found[64];
  (void)state;
  core_queue_set_bell(queue);
  core_lane_set_bounds(lane, 2, MANY, 0);
  for (int after = 0; after < 2; after++) {
    core_lane_notice(lane, handler, 1);
    core_lane_notice(lane, handler, 2);
    events(lane, 3, 6);
    core_fail_allocation(after);
    assert_int_equal(core_queue_poll(queue, 2, 0, found, sizeof found), 2);
    assert_int_equal(core_queue_poll(queue, 10, 0, found, sizeof found), -1);
    core_fail_allocation(-1);
    assert_true(core_queue_bell(queue));
    holds("gap(2,3,4,4) e5 e6");
  }
}

static void interrupt(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  core_queue_interrupt(queue);
}

/* A dispatcher thread is not to end the process. */
static void a_dispatcher_survives_short_memory(void** state) {
  (void)state;
  core_handler_t* last = core_handler_new(6, interrupt, NULL, NULL, NULL, NULL);
  core_lane_set_bounds(lane, 2, MANY, 0);
  events(lane, 1, 3);
  core_lane_event(lane, last, 4);
  core_lane_commit(lane);
  core_fail_allocation(0);
  core_queue_run(queue);
  assert_false(core_allocation_spared());
  core_fail_allocation(-1);
  called_some();
  core_handler_free(last);
}

/* ---------------------------------------------------------------------------------- queue.overflow=wait */

static void waiting_pauses_and_goes_on(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 4, MANY, 1);
  for (uint64_t number = 1; number <= 4; number++) {
    core_lane_event(lane, handler, number);
    assert_false(core_lane_commit(lane));
  }
  core_lane_event(lane, handler, 5);
  assert_true(core_lane_commit(lane));
  /* Over it no one is dropped. */
  core_lane_event(lane, handler, 6);
  assert_true(core_lane_commit(lane));
  assert_int_equal(core_queue_dispatch(queue, 3, 0), 3);
  assert_int_equal(core_lane_resumed(lane), 0);
  assert_int_equal(core_queue_dispatch(queue, 1, 0), 1);
  assert_int_equal(core_lane_resumed(lane), 1);
  holds("e5 e6");
  assert_int_equal(core_lane_resumed(lane), 1);
  assert_int_equal(core_lane_dropped(lane), 0);
  called("e1 e2 e3 e4");
}

static void waiting_by_bytes(void** state) {
  const size_t size = core_event_size(1);
  (void)state;
  core_lane_set_bounds(lane, MANY, 2 * size, 1);
  core_lane_event(lane, handler, 1);
  core_lane_event(lane, handler, 2);
  assert_false(core_lane_commit(lane));
  core_lane_event(lane, handler, 3);
  assert_true(core_lane_commit(lane));
  holds("e1 e2 e3");
  assert_int_equal(core_lane_resumed(lane), 1);
}

static void pause_at_five(void) {
  core_lane_set_bounds(lane, 4, MANY, 1);
  for (uint64_t number = 1; number <= 5; number++) core_lane_event(lane, handler, number);
  assert_true(core_lane_commit(lane));
}

/* A commit between the bound and half of it (a reply, a timer) may not forget that reading pauses. */
static void a_commit_while_paused(void** state) {
  (void)state;
  pause_at_five();
  assert_int_equal(core_queue_dispatch(queue, 2, 0), 2);
  reply(lane, 1);
  assert_true(core_lane_commit(lane));
  holds("e3 e4 e5 r1");
  assert_int_equal(core_lane_resumed(lane), 1);
  assert_false(core_lane_commit(lane));
  called("e1 e2");
}

/* Whatever an earlier connection has left behind; what then has no place is dropped and counted, and only
   that. */
static void a_login_does_not_wait(void** state) {
  (void)state;
  pause_at_five();
  assert_false(core_lane_commit_in_login(lane));
  core_lane_notice(lane, handler, 6);
  assert_false(core_lane_commit_in_login(lane));
  core_lane_event(lane, handler, 7);
  assert_false(core_lane_commit_in_login(lane));
  core_lane_event(lane, handler, 8);
  assert_true(core_lane_commit(lane));
  core_lane_event(lane, handler, 9);
  assert_true(core_lane_commit(lane));
  holds("e1 e2 e3 e4 e5 n6 gap(2,7,8,8) e9");
  assert_int_equal(core_lane_resumed(lane), 1);
}

/* There may be nothing to deliver at that moment. */
static void after_the_login_it_does(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 1, MANY, 1);
  core_lane_event(lane, handler, 1);
  core_lane_event(lane, handler, 2);
  assert_false(core_lane_commit_in_login(lane));
  assert_true(core_lane_commit(lane));
  core_lane_event(lane, handler, 3);
  assert_true(core_lane_commit(lane));
  holds("e1 e2 e3");
  assert_int_equal(core_lane_resumed(lane), 1);
}

static void who_drops_does_not_wait(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 1);
  for (uint64_t number = 1; number <= 3; number++) core_lane_event(lane, handler, number);
  assert_true(core_lane_commit(lane));
  core_lane_set_bounds(lane, 2, MANY, 0);
  core_lane_event(lane, handler, 4);
  assert_false(core_lane_commit(lane));
  holds("gap(2,1,2,2) e3 e4");
  assert_int_equal(core_lane_resumed(lane), 0);
}

static void the_smallest_bound(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 1, MANY, 1);
  for (int round = 1; round <= 3; round++) {
    core_lane_event(lane, handler, 1);
    core_lane_event(lane, handler, 2);
    assert_true(core_lane_commit(lane));
    holds("e1 e2");
    assert_int_equal(core_lane_resumed(lane), round);
  }
}

static void ended_handlers_make_room(void** state) {
  (void)state;
  core_lane_set_bounds(lane, 2, MANY, 1);
  for (uint64_t number = 1; number <= 3; number++) core_lane_event(lane, handler, number);
  assert_true(core_lane_commit(lane));
  core_handler_end(handler);
  holds("");
  assert_int_equal(core_lane_resumed(lane), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      GAP_TEST(the_oldest_are_dropped),
      GAP_TEST(bytes_count_too),
      GAP_TEST(a_message_larger_than_the_bound_is_dropped),
      GAP_TEST(adjacent_gaps_merge),
      GAP_TEST(a_gap_for_each_run),
      GAP_TEST(a_gap_that_was_taken_is_over),
      GAP_TEST(what_may_not_be_dropped_is_not),
      GAP_TEST(the_oldest_notices_are_dropped),
      GAP_TEST(a_gap_for_each_run_of_notices),
      GAP_TEST(gaps_that_meet_are_one),
      GAP_TEST(a_gap_stays),
      GAP_TEST(one_gap_notice_for_each_subscription),
      TEST(without_a_subscription_there_is_none),
      GAP_TEST(bounds_may_be_changed),
      GAP_TEST(lost_events_are_a_gap),
      GAP_TEST(drops_before_a_lost_event),
      GAP_TEST(gaps_without_memory),
      TEST(events_without_memory),
      TEST(replies_without_memory),
      TEST(taking_needs_no_memory),
      GAP_TEST(a_gap_that_cannot_be_told_waits),
      GAP_TEST(a_dispatcher_survives_short_memory),
      TEST(waiting_pauses_and_goes_on),
      TEST(waiting_by_bytes),
      TEST(a_commit_while_paused),
      GAP_TEST(a_login_does_not_wait),
      GAP_TEST(after_the_login_it_does),
      GAP_TEST(who_drops_does_not_wait),
      TEST(the_smallest_bound),
      TEST(ended_handlers_make_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
