#include "script.h"

#define OK(id) "Response: Success\nActionID: " id "\n\n"

static void sent(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_cancel(session, 1);
  /* Without anything behind it, a Ping asks what became of it. */
  says(session, "reply 1 ECANCELED maybe-run\n");
  core_session_advance(session, 0);
  says(session, "> Ping ps2\n");
  sends(session, "Two");
  server(session, OK("a1"));
  says(session, "response Success\n");
  assert_int_equal(core_session_count(session, CORE_STRAYS), 0);
  server(session, OK("ps2") OK("a2"));
  says(session, "response Success\nresponse Success\nreply 2 OK answered Success\n");
  done(session);
}

static void twice(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_cancel(session, 1);
  core_session_cancel(session, 1);
  says(session, "reply 1 ECANCELED maybe-run\n");
  server(session, OK("a1"));
  core_session_cancel(session, 1);
  says(session, "response Success\n");
  done(session);
}

static void within_a_list(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus");
  server(session,
         "Response: Success\nActionID: a1\nEventList: start\n\nEvent: QueueParams\nActionID: a1\n\n");
  core_session_cancel(session, 1);
  says(session, "response Success\nitem QueueParams\nreply 1 ECANCELED answered Success +QueueParams\n");
  server(session,
         "Event: QueueParams\nActionID: a1\n\n"
         "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\n\n"
         "Event: X\nPrivilege: x\nActionID: a1\n\n");
  says(session, "item QueueParams\nitem QueueStatusComplete\nevent X\n");
  done(session);
}

static void within_a_streamed_list(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus each");
  server(session, "Response: Success\nActionID: a1\nEventList: start\n\n");
  core_session_cancel(session, 1);
  server(session, "Event: QueueParams\nActionID: a1\n\n");
  says(session, "response Success\nreply 1 ECANCELED answered Success\nitem QueueParams\n");
  done(session);
}

static void after_a_cut(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus");
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: a1\nEventList: start\n\n" OK("a2"));
  core_session_cancel(session, 1);
  says(session,
       "response Success\nresponse Success\nreply 2 OK answered Success\n"
       "reply 1 ECANCELED answered Success\n");
  quiet(session, 2000);
  done(session);
}

/* What has not been handed over is taken back, and what is behind it moves up. */
static void unsent(void** state) {
  size_t size = 0;
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  for (int i = 0; i < 4; i++) core_session_submit(session, "Any");
  core_session_hand_over(session, 5);
  core_session_cancel(session, 3);
  core_session_cancel(session, 1);
  says(session, "reply 3 ECANCELED not-sent\nreply 1 ECANCELED maybe-run\n");
  core_session_cancel(session, 4);
  core_session_submit(session, "Last");
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  says(session, "reply 4 ECANCELED not-sent\n> Any a1\n> Any a2\n> Last a5\n");
  server(session, OK("a1") OK("a2") OK("a5"));
  says(session,
       "response Success\nresponse Success\nreply 2 OK answered Success\nresponse Success\n"
       "reply 5 OK answered Success\n");
  done(session);
}

/* Where each of many stands must be right after others were taken out before it. */
static void unsent_ones_among_many(void** state) {
  size_t size = 0;
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  for (int i = 0; i < 30; i++) core_session_submit(session, i % 3 == 0 ? "A-longer-name X=y" : "Any");
  for (uint64_t i = 2; i <= 30; i += 2) core_session_cancel(session, i);
  core_session_said(session);
  core_session_output(session, &size);
  core_session_hand_over(session, size / 2);
  core_session_disconnect(session, AMI_ELOST, 0);
  /* Each is as sent as its bytes were: 15 are left, and half of the bytes is in the 8th. */
  const char* said = core_session_said(session);
  size_t maybe = 0;
  size_t not_sent = 0;
  for (const char* at = said; (at = strstr(at, "reply ")) != NULL; at++) {
    const char* end = strchr(at, '\n');
    maybe += strncmp(end - 9, "maybe-run", 9) == 0;
    not_sent += strncmp(end - 8, "not-sent", 8) == 0;
  }
  assert_int_equal(maybe, 8);
  assert_int_equal(not_sent, 7);
  done(session);
}

static void until_the_event(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Any until=Done");
  server(session, OK("a1"));
  core_session_cancel(session, 1);
  says(session, "response Success\nreply 1 ECANCELED answered Success\n");
  server(session, "Event: Done\nPrivilege: x\nActionID: a1\n\n");
  says(session, "event Done\n");
  done(session);
}

static void before_the_connection(void** state) {
  static const char* const options[] = {"offline=queue", "auth=plain", NULL};
  (void)state;
  core_session_t* session = session_with(options);
  core_session_submit(session, "One");
  core_session_submit(session, "Two");
  core_session_cancel(session, 1);
  says(session, "reply 1 ECANCELED not-sent\n");
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  server(session, OK("ps1"));
  says(session,
       "> Login ps1 Username=username Secret=password Events=on\nresponse Success\nlogin OK \nready\n"
       "> Two a2\n");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sent),
      cmocka_unit_test(twice),
      cmocka_unit_test(within_a_list),
      cmocka_unit_test(within_a_streamed_list),
      cmocka_unit_test(after_a_cut),
      cmocka_unit_test(unsent),
      cmocka_unit_test(unsent_ones_among_many),
      cmocka_unit_test(until_the_event),
      cmocka_unit_test(before_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
