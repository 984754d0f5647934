#include "script.h"

#define OK(id) "Response: Success\nActionID: " id "\n\n"
#define GOODBYE(id) "Response: Goodbye\nActionID: " id "\nMessage: Thanks for all the fish.\n\n"

static void idle_session_logs_off(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_close(session);
  says(session, "> Logoff ps2\n");
  assert_false(core_session_ready(session));
  server(session, GOODBYE("ps2"));
  says(session, "response Goodbye\nlogged off\n");
  assert_int_equal(core_session_due(session), -1);
  done(session);
}

static void before_ready_there_is_nothing_to_log_off(void** state) {
  (void)state;
  core_session_t* session = session_with(NULL);
  core_session_connect(session);
  core_session_close(session);
  says(session, "logged off\n");
  core_session_free(session);
  session = session_with(NULL);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  says(session, "> Challenge ps1 AuthType=MD5\n");
  core_session_close(session);
  says(session, "logged off\n");
  server(session, "Response: Success\nActionID: ps1\nChallenge: 1\n\n");
  done(session);
}

static void what_waits_offline_is_ended(void** state) {
  static const char* const options[] = {"offline=queue", NULL};
  (void)state;
  core_session_t* session = session_with(options);
  core_session_submit(session, "One");
  core_session_connect(session);
  core_session_close(session);
  says(session, "reply 1 ECLOSED not-sent\nlogged off\n");
  done(session);
}

/* Actions in flight may finish; Logoff follows the last of them at once. */
static void actions_in_flight_may_finish(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  sends(session, "Any until=Done");
  core_session_close(session);
  says(session, "");
  core_session_submit(session, "New");
  says(session, "reply 3 ECLOSED not-sent\n");
  server(session, OK("a1") OK("a2"));
  says(session, "response Success\nreply 1 OK answered Success\nresponse Success\n");
  server(session, "Event: Done\nPrivilege: x\nActionID: a2\n\n");
  says(session, "event Done\nreply 2 OK answered Success end=Done\n> Logoff ps2\n");
  server(session, GOODBYE("ps2"));
  says(session, "response Goodbye\nlogged off\n");
  done(session);
}

static void the_grace_has_an_end(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  sends(session, "QueueStatus");
  server(session, "Response: Success\nActionID: a2\nEventList: start\n\n");
  says(session, "response Success\nreply 1 ENORESPONSE maybe-run\n");
  sends(session, "Three");
  core_session_close(session);
  quiet(session, 4999);
  core_session_advance(session, 1);
  says(session, "reply 2 ECLOSED answered Success\nreply 3 ECLOSED maybe-run\n> Logoff ps2\n");
  /* The Logoff waits behind what the server is at; not for long. */
  quiet(session, 999);
  core_session_advance(session, 1);
  says(session, "logged off\n");
  assert_int_equal(core_session_due(session), -1);
  done(session);
}

static void the_grace_is_an_option(void** state) {
  static const char* const options[] = {"disconnect.grace_ms=0", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "One");
  core_session_close(session);
  says(session, "reply 1 ECLOSED maybe-run\n> Logoff ps2\n");
  done(session);
}

static void what_has_not_left_is_taken_back(void** state) {
  static const char* const options[] = {"disconnect.grace_ms=100", NULL};
  size_t size = 0;
  (void)state;
  core_session_t* session = ready_with(options);
  core_session_hold(session);
  core_session_submit(session, "One");
  core_session_submit(session, "Two");
  core_session_hand_over(session, 1);
  core_session_close(session);
  core_session_advance(session, 100);
  says(session, "reply 1 ECLOSED maybe-run\nreply 2 ECLOSED not-sent\n");
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  says(session, "> One a1\n> Logoff ps2\n");
  done(session);
}

static void a_cancel_may_be_the_last_reply(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_close(session);
  core_session_cancel(session, 1);
  says(session, "reply 1 ECANCELED maybe-run\n> Logoff ps2\n");
  done(session);
}

static void a_time_out_may_be_the_last_reply(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One timeout=100");
  core_session_close(session);
  core_session_advance(session, 100);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Logoff ps2\n");
  done(session);
}

static void the_connection_may_end_meanwhile(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_close(session);
  core_session_disconnect(session, AMI_ECLOSED, 0);
  says(session, "reply 1 ECLOSED maybe-run\n");
  done(session);
}

/* A dead link is found out by the grace, which is short; nothing else wakes up for it. */
static void keep_alive_rests_meanwhile(void** state) {
  static const char* const options[] = {"blocked.max_ms=10", "ping.interval_ms=10", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  core_session_hold(session);
  core_session_submit(session, "One timeout=1");
  core_session_submit(session, "Two timeout=0");
  core_session_hand_over(session, sizeof "Action: One\r\nActionID: a1\r\n\r\n" - 1);
  core_session_close(session);
  assert_int_equal(core_session_due(session), 1);
  core_session_advance(session, 5000);
  says(session, "> One a1\nreply 1 ETIMEDOUT maybe-run\nreply 2 ECLOSED not-sent\n");
  core_session_free(session);
}

static void the_mask_is_left_alone_meanwhile(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_close(session);
  core_session_mask(session, "call");
  done(session);
}

static void a_user_may_log_off(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Logoff");
  core_session_close(session);
  server(session, GOODBYE("a1"));
  says(session, "response Goodbye\nreply 1 OK answered Goodbye\n> Logoff ps2\n");
  core_session_advance(session, 1000);
  says(session, "logged off\n");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(idle_session_logs_off),
      cmocka_unit_test(before_ready_there_is_nothing_to_log_off),
      cmocka_unit_test(what_waits_offline_is_ended),
      cmocka_unit_test(actions_in_flight_may_finish),
      cmocka_unit_test(the_grace_has_an_end),
      cmocka_unit_test(the_grace_is_an_option),
      cmocka_unit_test(what_has_not_left_is_taken_back),
      cmocka_unit_test(a_cancel_may_be_the_last_reply),
      cmocka_unit_test(a_time_out_may_be_the_last_reply),
      cmocka_unit_test(the_connection_may_end_meanwhile),
      cmocka_unit_test(keep_alive_rests_meanwhile),
      cmocka_unit_test(the_mask_is_left_alone_meanwhile),
      cmocka_unit_test(a_user_may_log_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
