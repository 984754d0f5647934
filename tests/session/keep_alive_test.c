#include "script.h"

#define OK(id) "Response: Success\nActionID: " id "\n\n"

static void silence_leads_to_a_ping(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  assert_int_equal(core_session_due(session), 30000);
  quiet(session, 29999);
  core_session_advance(session, 1);
  says(session, "> Ping ps2\n");
  server(session, "Response: Success\nActionID: ps2\nPing: Pong\n\n");
  says(session, "response Success\n");
  quiet(session, 29999);
  core_session_advance(session, 1);
  says(session, "> Ping ps3\n");
  done(session);
}

static void any_byte_ends_the_silence(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  quiet(session, 29999);
  server_bytes(session, "E");
  quiet(session, 29999);
  core_session_advance(session, 1);
  says(session, "> Ping ps2\n");
  done(session);
}

static void silence_after_the_ping_ends_the_connection(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_advance(session, 30000);
  says(session, "> Ping ps2\n");
  quiet(session, 9999);
  core_session_advance(session, 1);
  says(session, "failed ETIMEDOUT keep-alive: no answer to a Ping for 10000 ms\n");
  assert_int_equal(core_session_due(session), -1);
  done(session);
}

/* Events prove that the link lives, though the Ping is not answered. */
static void events_after_the_ping_keep_the_connection(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_advance(session, 30000);
  says(session, "> Ping ps2\n");
  quiet(session, 9999);
  server(session, "Event: X\nPrivilege: x\n\n");
  says(session, "event X\n");
  quiet(session, 9999);
  core_session_advance(session, 1);
  says(session, "failed ETIMEDOUT keep-alive: no answer to a Ping for 10000 ms\n");
  done(session);
}

static void a_ping_behind_a_busy_server_is_not_judged(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Originate Channel=x Timeout=300000");
  core_session_advance(session, 30000);
  says(session, "> Ping ps2\n");
  quiet(session, 200000);
  server(session, OK("a1"));
  says(session, "response Success\nreply 1 OK answered Success\n");
  /* From here on it is. */
  quiet(session, 9999);
  core_session_advance(session, 1);
  says(session, "failed ETIMEDOUT keep-alive: no answer to a Ping for 10000 ms\n");
  done(session);
}

static void a_later_answer_does_for_the_ping(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_advance(session, 30000);
  says(session, "> Ping ps2\n");
  sends(session, "Any");
  server(session, OK("a1"));
  says(session, "response Success\nreply 1 OK answered Success\n");
  quiet(session, 29999);
  core_session_advance(session, 1);
  says(session, "> Ping ps3\n");
  done(session);
}

static void it_can_be_switched_off(void** state) {
  static const char* const options[] = {"ping.interval_ms=0", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  assert_int_equal(core_session_due(session), -1);
  done(session);
}

/* Not even the socket takes more. */
static void a_server_that_reads_nothing_is_given_up(void** state) {
  static const char* const options[] = {"ping.interval_ms=0", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  core_session_hold(session);
  core_session_submit(session, "Any timeout=0");
  quiet(session, 119999);
  core_session_hand_over(session, 1);
  quiet(session, 119999);
  core_session_advance(session, 1);
  says(session, "failed ETIMEDOUT keep-alive: the server has read nothing for 120000 ms\n");
  done(session);
}

/* Time in which there was nothing to write does not count. */
static void that_counts_from_the_first_byte_that_waits(void** state) {
  static const char* const options[] = {"ping.interval_ms=0", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  quiet(session, 500000);
  core_session_hold(session);
  core_session_submit(session, "Any timeout=0");
  quiet(session, 119999);
  core_session_advance(session, 1);
  says(session, "failed ETIMEDOUT keep-alive: the server has read nothing for 120000 ms\n");
  done(session);
}

static void nothing_is_sent_before_ready(void** state) {
  static const char* const options[] = {"login.timeout_ms=100000", NULL};
  (void)state;
  core_session_t* session = session_with(options);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  says(session, "> Challenge ps1 AuthType=MD5\n");
  quiet(session, 99999);
  done(session);
}

static void a_new_connection_begins_anew(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_advance(session, 30000);
  says(session, "> Ping ps2\n");
  core_session_disconnect(session, AMI_ELOST, 0);
  assert_int_equal(core_session_due(session), -1);
  core_session_advance(session, 50000);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  says(session, "> Login ps1 Username=username Secret=password Events=on\n");
  server(session, OK("ps1"));
  says(session, "response Success\nlogin OK \nready\n");
  quiet(session, 29999);
  core_session_advance(session, 1);
  says(session, "> Ping ps2\n");
  done(session);
}

/* ------------------------------------------------------------------------------------ next attempts */

static void delays_double_up_to_the_limit(void** state) {
  uint64_t delays[64];
  uint64_t highest[12] = {0};
  (void)state;
  for (uint64_t seed = 0; seed < 2000; seed++) {
    core_backoff(100, 30000, seed, delays, 12, 0);
    for (int i = 0; i < 12; i++) {
      const uint64_t limit = i < 9 ? UINT64_C(100) << i : 30000;
      assert_true(delays[i] <= (limit < 30000 ? limit : 30000));
      if (delays[i] > highest[i]) highest[i] = delays[i];
    }
  }
  /* Drawn from all of it. */
  for (int i = 0; i < 12; i++) {
    const uint64_t limit = i < 9 ? UINT64_C(100) << i : 30000;
    assert_true(highest[i] * 10 >= (limit < 30000 ? limit : 30000) * 9);
  }
  core_backoff(1000, UINT64_MAX, 7, delays, 64, 0);
  core_backoff(UINT32_MAX, 30000, 7, delays, 64, 0);
  for (int i = 0; i < 64; i++) assert_true(delays[i] <= 30000);
}

static void delays_begin_anew_after_success(void** state) {
  uint64_t delays[40];
  (void)state;
  for (uint64_t seed = 0; seed < 100; seed++) {
    core_backoff(100, 30000, seed, delays, 40, 20);
    assert_true(delays[20] <= 100 && delays[21] <= 200);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(silence_leads_to_a_ping),
      cmocka_unit_test(any_byte_ends_the_silence),
      cmocka_unit_test(silence_after_the_ping_ends_the_connection),
      cmocka_unit_test(events_after_the_ping_keep_the_connection),
      cmocka_unit_test(a_ping_behind_a_busy_server_is_not_judged),
      cmocka_unit_test(a_later_answer_does_for_the_ping),
      cmocka_unit_test(it_can_be_switched_off),
      cmocka_unit_test(a_server_that_reads_nothing_is_given_up),
      cmocka_unit_test(that_counts_from_the_first_byte_that_waits),
      cmocka_unit_test(nothing_is_sent_before_ready),
      cmocka_unit_test(a_new_connection_begins_anew),
      cmocka_unit_test(delays_double_up_to_the_limit),
      cmocka_unit_test(delays_begin_anew_after_success),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
