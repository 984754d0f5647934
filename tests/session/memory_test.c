/* Memory may be short, and each action still gets its one reply. */
#include "script.h"

#define OK(id) "Response: Success\nActionID: " id "\n\n"

/* Whatever allocation of a submission fails: it is refused, and nothing of it is left. */
static void an_action_that_cannot_be_kept(void** state) {
  size_t size = 0;
  int refused = 0;
  (void)state;
  for (int after = 0; after < 6; after++) {
    core_session_t* session = ready_session();
    core_session_hold(session);
    core_session_short_of_memory(session, after);
    for (int i = 0; i < 200; i++) core_session_submit(session, "Any until=Done timeout=60000 X=0123456789");
    core_session_short_of_memory(session, -1);
    core_session_output(session, &size);
    core_session_hand_over(session, size);
    core_session_said(session);
    for (uint64_t i = 1; i <= 200; i++) {
      char text[128];
      const ami_reply_t* reply = core_session_reply(session, i);
      refused += reply != NULL;
      snprintf(text, sizeof text, "Response: Error\nActionID: a%d\n\n", (int)i);
      server(session, text);
      snprintf(text, sizeof text, "response Error\nreply %d EREPLY answered Error\n", (int)i);
      says(session, reply == NULL ? text : "response Error\n");
      assert_int_equal(core_session_replies(session, i), 1);
    }
    assert_int_equal(core_session_due(session), 30000);
    done(session);
  }
  assert_true(refused > 200);
}

static void it_is_told(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_short_of_memory(session, 0);
  core_session_submit(session, "Any timeout=60000");
  says(session, "reply 1 ENOMEM not-sent\n");
  core_session_short_of_memory(session, -1);
  sends(session, "Any");
  server(session, OK("a2"));
  says(session, "response Success\nreply 2 OK answered Success\n");
  done(session);
}

/* It has a place and a clock: neither is kept without the other. */
static void an_action_that_cannot_wait(void** state) {
  static const char* const options[] = {"offline=queue", NULL};
  int refused = 0;
  (void)state;
  for (int after = 0; after < 3; after++) {
    core_session_t* session = session_with(options);
    core_session_end_waiting(session, AMI_ECLOSED);
    core_session_short_of_memory(session, after);
    for (int i = 0; i < 500; i++) core_session_submit(session, "Any timeout=60000");
    for (uint64_t i = 1; i <= 500; i++) refused += core_session_reply(session, i) != NULL;
    assert_int_equal(core_session_due(session), after < 2 ? -1 : 60000);
    core_session_end_waiting(session, AMI_ECLOSED);
    for (uint64_t i = 1; i <= 500; i++) assert_int_equal(core_session_replies(session, i), 1);
    assert_int_equal(core_session_due(session), -1);
    core_session_free(session);
  }
  assert_int_equal(refused, 2 * 500);
}

/* What was to wait for the next connection, and cannot. */
static void the_end_of_a_connection(void** state) {
  static const char* const options[] = {"offline=queue", NULL};
  (void)state;
  for (int after = 0; after < 40; after++) {
    core_session_t* session = ready_with(options);
    core_session_hold(session);
    for (int i = 0; i < 100; i++) core_session_submit(session, "Any X=0123456789");
    core_session_hand_over(session, 100);
    core_session_short_of_memory(session, after);
    core_session_disconnect(session, AMI_ELOST, 1);
    core_session_short_of_memory(session, -1);
    core_session_end_waiting(session, AMI_ECLOSED);
    for (uint64_t i = 1; i <= 100; i++) assert_int_equal(core_session_replies(session, i), 1);
    core_session_free(session);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_action_that_cannot_be_kept),
      cmocka_unit_test(it_is_told),
      cmocka_unit_test(an_action_that_cannot_wait),
      cmocka_unit_test(the_end_of_a_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
