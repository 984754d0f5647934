/* Actions without a connection, and the end of one. */
#include "script.h"

#define GREETING "Asterisk Call Manager/9.0.0\n"
#define OK(id) "Response: Success\nActionID: " id "\n\n"
#define LOGIN "> Login ps1 Username=username Secret=password Events=on\n"
static const char* const queueing[] = {"offline=queue", "auth=plain", NULL};

static void login(core_session_t* session, const char* then) {
  core_session_connect(session);
  server(session, GREETING);
  says(session, LOGIN);
  server(session, OK("ps1"));
  const char* said = core_session_said(session);
  assert_memory_equal(said, "response Success\nlogin OK \nready\n", 33);
  assert_string_equal(said + 33, then);
}

static void refused_without_a_login(void** state) {
  static const char* const options[] = {"auth=plain", NULL};
  (void)state;
  core_session_t* session = session_with(options);
  core_session_submit(session, "Ping");
  says(session, "reply 1 ELOST not-sent\n");
  core_session_connect(session);
  server(session, GREETING);
  says(session, LOGIN);
  core_session_submit(session, "Ping");
  says(session, "reply 2 ELOST not-sent\n");
  done(session);
}

/* An action that was accepted before the end, and taken up after it. */
static void refused_after_the_end(void** state) {
  static const char* const options[] = {"auth=plain", NULL};
  (void)state;
  core_session_t* session = session_with(options);
  core_session_connect(session);
  core_session_disconnect(session, AMI_ECLOSED, 0);
  core_session_submit(session, "Ping");
  says(session, "reply 1 ECLOSED not-sent\n");
  done(session);
}

static void queued_until_ready(void** state) {
  (void)state;
  core_session_t* session = session_with(queueing);
  core_session_submit(session, "One");
  core_session_connect(session);
  core_session_submit(session, "Two");
  server(session, GREETING);
  core_session_submit(session, "Three");
  says(session, LOGIN);
  server(session, OK("ps1"));
  says(session, "response Success\nlogin OK \nready\n> One a1\n> Two a2\n> Three a3\n");
  done(session);
}

static void queued_over_lost_connections(void** state) {
  (void)state;
  core_session_t* session = session_with(queueing);
  core_session_submit(session, "One");
  for (int i = 0; i < 3; i++) {
    core_session_connect(session);
    server(session, GREETING);
    says(session, LOGIN);
    core_session_disconnect(session, AMI_ELOST, 1);
    says(session, "");
  }
  login(session, "> One a1\n");
  done(session);
}

static void own_time_out_counts_while_waiting(void** state) {
  (void)state;
  core_session_t* session = session_with(queueing);
  core_session_submit(session, "One timeout=3000");
  core_session_submit(session, "Two timeout=1000");
  core_session_submit(session, "Three");
  assert_int_equal(core_session_due(session), 1000);
  core_session_advance(session, 1000);
  says(session, "reply 2 ETIMEDOUT not-sent\n");
  login(session, "> One a1\n> Three a3\n");
  core_session_advance(session, 2000);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  done(session);
}

static void what_waits_can_be_ended(void** state) {
  (void)state;
  core_session_t* session = session_with(queueing);
  core_session_submit(session, "One");
  core_session_submit(session, "Two");
  core_session_end_waiting(session, AMI_ECONNECT);
  says(session, "reply 1 ECONNECT not-sent\nreply 2 ECONNECT not-sent\n");
  login(session, "");
  done(session);
}

/* ------------------------------------------------------------------------------------------- the end */

/* In the order of sending, each with its fate. */
static void fates_at_the_end(void** state) {
  size_t size = 0;
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  core_session_submit(session, "Originate Async=true until=OriginateResponse");
  core_session_submit(session, "QueueStatus");
  core_session_submit(session, "Status");
  core_session_submit(session, "Waits");
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  core_session_said(session);
  server(session, OK("a1")
         "Response: Success\nActionID: a2\nEventList: start\n\nEvent: QueueParams\nActionID: a2\n\n"
         "Response: Success\nActionID: a3\nEventList: start\n\nEvent: Status\nActionID: a3\n\n");
  core_session_said(session);
  core_session_submit(session, "Partly");
  core_session_submit(session, "Unsent");
  core_session_submit(session, "Unsent");
  core_session_hand_over(session, 1);
  core_session_disconnect(session, AMI_ELOST, 0);
  says(session,
       "reply 1 ELOST answered Success\n"
       "reply 2 ELOST answered Success +QueueParams\n"
       "reply 3 ELOST answered Success +Status\n"
       "reply 4 ELOST maybe-run\n"
       "reply 5 ELOST maybe-run\n"
       "reply 6 ELOST not-sent\n"
       "reply 7 ELOST not-sent\n");
  assert_int_equal(core_session_due(session), -1);
  done(session);
}

/* With offline=queue what has not been sent waits for the next connection, before what comes later. */
static void the_unsent_wait_on(void** state) {
  static const char* const options[] = {"offline=queue", NULL};
  size_t size = 0;
  (void)state;
  core_session_t* session = ready_with(options);
  core_session_hold(session);
  core_session_submit(session, "Partly");
  core_session_submit(session, "First X=y");
  core_session_submit(session, "Second timeout=60000");
  core_session_mask(session, "call");
  core_session_hand_over(session, 3);
  core_session_disconnect(session, AMI_ELOST, 1);
  says(session, "reply 1 ELOST maybe-run\n");
  core_session_submit(session, "Third");
  core_session_connect(session);
  server(session, GREETING);
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  core_session_said(session);
  server(session, OK("ps1"));
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  says(session, "response Success\nlogin OK \nready\n> First a2 X=y\n> Second a3\n> Third a4\n");
  core_session_advance(session, 60000);
  assert_non_null(strstr(core_session_said(session), "reply 3 ETIMEDOUT maybe-run\n"));
  core_session_free(session);
}

/* Each by its own clock, or when it is canceled; the others keep their order. */
static void what_waits_ends_in_any_order(void** state) {
  (void)state;
  core_session_t* session = session_with(queueing);
  core_session_submit(session, "One timeout=300");
  core_session_submit(session, "Two timeout=100");
  core_session_submit(session, "Three");
  core_session_submit(session, "Four timeout=200");
  core_session_submit(session, "Five");
  core_session_submit(session, "Six timeout=100");
  core_session_cancel(session, 3);
  core_session_cancel(session, 3);
  says(session, "reply 3 ECANCELED not-sent\n");
  assert_int_equal(core_session_due(session), 100);
  core_session_advance(session, 100);
  says(session, "reply 2 ETIMEDOUT not-sent\nreply 6 ETIMEDOUT not-sent\n");
  assert_int_equal(core_session_due(session), 100);
  core_session_advance(session, 100);
  says(session, "reply 4 ETIMEDOUT not-sent\n");
  login(session, "> One a1\n> Five a5\n");
  core_session_advance(session, 100);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  server(session, OK("a1") OK("a5"));
  says(session, "response Success\nresponse Success\nreply 5 OK answered Success\n");
  done(session);
}

static void replied_actions_are_not_replied_again(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  sends(session, "Two timeout=10");
  core_session_cancel(session, 1);
  core_session_advance(session, 10);
  says(session, "reply 1 ECANCELED maybe-run\n> Ping ps2\nreply 2 ETIMEDOUT maybe-run\n");
  core_session_disconnect(session, AMI_ELOST, 0);
  core_session_disconnect(session, AMI_ELOST, 0);
  done(session);
}

static void in_every_state_of_the_login(void** state) {
  static const char* const answers[] = {"", GREETING, "Response: Success\nActionID: ps1\nChallenge: 1\n\n"};
  (void)state;
  for (size_t stages = 0; stages <= 3; stages++) {
    core_session_t* session = session_with(NULL);
    core_session_connect(session);
    for (size_t i = 0; i < stages; i++) server(session, answers[i]);
    core_session_said(session);
    core_session_disconnect(session, AMI_ELOST, 0);
    assert_int_equal(core_session_due(session), -1);
    done(session);
  }
}

static void late_bytes_are_not_looked_at(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_disconnect(session, AMI_ELOST, 0);
  server(session, "Event: Late\nPrivilege: x\n\n");
  done(session);
}

/* ActionIDs of the last connection mean nothing on the next. */
static void answers_do_not_cross_connections(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "PJSIPShowEndpoint");
  server(session, "Response: Success\nActionID: a1\nEventList: start\n\nResponse: Error\nActionID: a1\n\n");
  says(session, "response Success\nresponse Error\nreply 1 EREPLY answered Error\n");
  core_session_disconnect(session, AMI_ELOST, 0);
  login(session, "");
  server(session, "Event: EndpointDetailComplete\nActionID: a1\nEventList: Complete\n\n");
  says(session, "event EndpointDetailComplete\n");
  done(session);
}

/* A destroyed client. */
static void stop_ends_the_reading(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_stop_at(session, "event Two");
  server(session, "Event: One\nPrivilege: x\n\nEvent: Two\nPrivilege: x\n\n" OK(
                      "a1") "Event: Three\nPrivilege: x\n\n");
  says(session, "event One\nevent Two\n");
  server(session, OK("a1"));
  says(session, "");
  core_session_disconnect(session, AMI_ECLOSED, 0);
  says(session, "reply 1 ECLOSED maybe-run\n");
  done(session);
}

static void stop_at_a_response_leaves_it_unanswered(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  core_session_stop_at(session, "response Success");
  server(session, OK("a1"));
  says(session, "response Success\n");
  core_session_disconnect(session, AMI_ECLOSED, 0);
  says(session, "reply 1 ECLOSED maybe-run\n");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refused_without_a_login),
      cmocka_unit_test(refused_after_the_end),
      cmocka_unit_test(queued_until_ready),
      cmocka_unit_test(queued_over_lost_connections),
      cmocka_unit_test(own_time_out_counts_while_waiting),
      cmocka_unit_test(what_waits_can_be_ended),
      cmocka_unit_test(fates_at_the_end),
      cmocka_unit_test(the_unsent_wait_on),
      cmocka_unit_test(what_waits_ends_in_any_order),
      cmocka_unit_test(replied_actions_are_not_replied_again),
      cmocka_unit_test(in_every_state_of_the_login),
      cmocka_unit_test(late_bytes_are_not_looked_at),
      cmocka_unit_test(answers_do_not_cross_connections),
      cmocka_unit_test(stop_ends_the_reading),
      cmocka_unit_test(stop_at_a_response_leaves_it_unanswered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
