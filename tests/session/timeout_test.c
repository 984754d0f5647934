/* When an action's time is over, and what becomes of its place. */
#include "script.h"

#define OK(id) "Response: Success\nActionID: " id "\n\n"
#define START(id) "Response: Success\nActionID: " id "\nEventList: start\n\n"

/* Lets time pass with an event each half second, so that no silence leads to a Ping. */
static void busy(core_session_t* session, uint64_t ms) {
  for (; ms > 0; ms -= 500) {
    core_session_advance(session, 500);
    server(session, "Event: Busy\nPrivilege: x\n\n");
    says(session, "event Busy\n");
  }
}

static void default_time_out(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Slow");
  busy(session, 29500);
  core_session_advance(session, 500);
  /* The Ping tells whether the link is dead. */
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  done(session);
}

static void default_can_be_set_or_switched_off(void** state) {
  static const char* const short_time[] = {"action.timeout_ms=500", NULL};
  static const char* const never[] = {"action.timeout_ms=0", NULL};
  (void)state;
  core_session_t* session = ready_with(short_time);
  sends(session, "Slow");
  quiet(session, 499);
  core_session_advance(session, 1);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  done(session);
  session = ready_with(never);
  sends(session, "Slow");
  busy(session, 300000);
  server(session, OK("a1"));
  says(session, "response Success\nreply 1 OK answered Success\n");
  done(session);
}

/* Asterisk works on one action at a time. */
static void the_clock_starts_when_it_is_the_oldest(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  sends(session, "Two");
  busy(session, 20000);
  server(session, OK("a1"));
  says(session, "response Success\nreply 1 OK answered Success\n");
  busy(session, 29500);
  core_session_advance(session, 500);
  says(session, "reply 2 ETIMEDOUT maybe-run\n> Ping ps2\n");
  done(session);
}

/* ... and only when it has been handed over whole. */
static void the_clock_starts_when_it_has_left(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  core_session_submit(session, "Ping");
  busy(session, 60000);
  core_session_hand_over(session, 1);
  busy(session, 50000);
  size_t size = 0;
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  says(session, "> Ping a1\n");
  busy(session, 29500);
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT maybe-run\n");
  done(session);
}

static void a_list_counts_from_its_last_item(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus");
  busy(session, 25000);
  server(session, START("a1"));
  says(session, "response Success\n");
  busy(session, 25000);
  server(session, "Event: QueueParams\nActionID: a1\n\n");
  says(session, "item QueueParams\n");
  busy(session, 29500);
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT answered Success +QueueParams\n> Ping ps2\n");
  /* It keeps its place, and the rest is swallowed. */
  server(session,
         "Event: QueueParams\nActionID: a1\n\n"
         "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\n\n" OK("ps2"));
  says(session, "item QueueParams\nitem QueueStatusComplete\nresponse Success\n");
  done(session);
}

static void own_time_out_counts_from_the_submission(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  sends(session, "Two timeout=2000");
  quiet(session, 1999);
  core_session_advance(session, 1);
  says(session, "reply 2 ETIMEDOUT maybe-run\n");
  server(session, OK("a1") OK("a2"));
  says(session, "response Success\nreply 1 OK answered Success\nresponse Success\n");
  done(session);
}

/* It is a limit, not a grace: the default clock does not hold in its place. */
static void own_time_out_may_be_longer(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One timeout=60000");
  sends(session, "Two timeout=0");
  busy(session, 59500);
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  server(session, OK("a1"));
  says(session, "response Success\n");
  busy(session, 200000);
  server(session, OK("a2") OK("ps2"));
  says(session, "response Success\nreply 2 OK answered Success\nresponse Success\n");
  done(session);
}

static void own_time_out_holds_within_a_list(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus timeout=1000");
  server(session, START("a1"));
  core_session_advance(session, 500);
  server(session, "Event: QueueParams\nActionID: a1\n\n");
  says(session, "response Success\nitem QueueParams\n");
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT answered Success +QueueParams\n> Ping ps2\n");
  done(session);
}

/* Originate without Async, and WaitEvent: the server's own time and 5 s. */
static void actions_with_a_time_of_their_own(void** state) {
  static const struct {
    const char* action;
    uint64_t ms;
  } cases[] = {{"Originate Channel=x", 35000},
               {"Originate Channel=x Timeout=60000", 65000},
               {"Originate Channel=x Timeout=1000 Async=no", 6000},
               {"Originate Channel=x Timeout=1000 Async=true", 30000},
               {"Originate Channel=x Timeout=\t60000 Async=\tno", 65000},
               {"Originate Channel=x Timeout=1000 Async=\ttrue", 30000},
               {"WaitEvent Timeout=40", 45000}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    core_session_t* session = ready_session();
    sends(session, cases[i].action);
    busy(session, cases[i].ms - 500);
    core_session_advance(session, 500);
    says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
    done(session);
  }
}

static void waitevent_may_wait_for_ever(void** state) {
  static const char* const actions[] = {"WaitEvent", "WaitEvent Timeout=-1"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    core_session_t* session = ready_session();
    sends(session, actions[i]);
    busy(session, 400000);
    /* Once it has answered, the rest comes at once. */
    server(session, "Response: Success\nActionID: a1\nMessage: Waiting for Event completed.\n\n");
    says(session, "response Success\n");
    for (int quarter = 0; quarter < 60; quarter++) {
      core_session_advance(session, 500);
      server(session, "Event: Busy\nPrivilege: x\n\n");
    }
    assert_non_null(strstr(core_session_said(session), "reply 1 ETIMEDOUT answered Success\n"));
    core_session_free(session);
  }
}

/* ---------------------------------------------------------------------------------------- its place */

static void it_keeps_its_place(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Slow timeout=1000");
  sends(session, "Next");
  core_session_advance(session, 1000);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  /* Without an id the answer is the oldest's, which has been replied. */
  server(session, "Response: Success\n\n");
  says(session, "response Success\n");
  server(session, OK("a2") OK("ps2"));
  says(session, "response Success\nreply 2 OK answered Success\nresponse Success\n");
  done(session);
}

/* Nothing behind it starts its clock, and no Ping is judged, until it is answered. */
static void nothing_behind_it_starts_its_clock(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Slow timeout=1000");
  sends(session, "Next");
  core_session_advance(session, 1000);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  quiet(session, 100000);
  server(session, OK("a1"));
  says(session, "response Success\n");
  core_session_advance(session, 30000);
  says(session, "reply 2 ETIMEDOUT maybe-run\n");
  done(session);
}

static void after_blocked_max_the_link_is_dead(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Slow timeout=1000");
  core_session_advance(session, 1000);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  busy(session, 119500);
  core_session_advance(session, 500);
  says(session,
       "failed ETIMEDOUT keep-alive: action Slow timed out and held up the connection for more than "
       "120000 ms\n");
  done(session);
}

/* A long Originate that was canceled may take all of its time. */
static void the_servers_own_time_is_waited_for(void** state) {
  static const char* const options[] = {"blocked.max_ms=1000", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "Originate Channel=x Timeout=60000");
  core_session_cancel(session, 1);
  says(session, "reply 1 ECANCELED maybe-run\n");
  core_session_advance(session, 64999);
  says(session, "> Ping ps2\n");
  core_session_advance(session, 1);
  says(session,
       "failed ETIMEDOUT keep-alive: action Originate timed out and held up the connection for more than "
       "1000 ms\n");
  done(session);
}

/* Two actions in a row that never get a response, on a line that is kept busy by events. */
static void unanswered_actions_do_not_kill_the_link(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "SIPqualifypeer");
  sends(session, "SIPqualifypeer");
  busy(session, 29500);
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  server(session, OK("ps2"));
  says(session, "response Success\nreply 2 ENORESPONSE maybe-run\n");
  busy(session, 200000);
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(default_time_out),
      cmocka_unit_test(default_can_be_set_or_switched_off),
      cmocka_unit_test(the_clock_starts_when_it_is_the_oldest),
      cmocka_unit_test(the_clock_starts_when_it_has_left),
      cmocka_unit_test(a_list_counts_from_its_last_item),
      cmocka_unit_test(own_time_out_counts_from_the_submission),
      cmocka_unit_test(own_time_out_may_be_longer),
      cmocka_unit_test(own_time_out_holds_within_a_list),
      cmocka_unit_test(actions_with_a_time_of_their_own),
      cmocka_unit_test(waitevent_may_wait_for_ever),
      cmocka_unit_test(it_keeps_its_place),
      cmocka_unit_test(nothing_behind_it_starts_its_clock),
      cmocka_unit_test(after_blocked_max_the_link_is_dead),
      cmocka_unit_test(the_servers_own_time_is_waited_for),
      cmocka_unit_test(unanswered_actions_do_not_kill_the_link),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
