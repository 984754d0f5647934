#include "script.h"

#define GREETING "Asterisk Call Manager/9.0.0\n"

static core_session_t* greeted(const char* const* options, const char* first) {
  core_session_t* session = session_with(options);
  core_session_connect(session);
  server(session, GREETING);
  says(session, first);
  return session;
}

static const char* const md5[] = {"username=bob", "password=secret", NULL};
static const char* const plain[] = {"username=bob", "password=secret", "auth=plain", NULL};
#define CHALLENGE "> Challenge ps1 AuthType=MD5\n"

static void plain_login(void** state) {
  (void)state;
  core_session_t* session = greeted(plain, "> Login ps1 Username=bob Secret=secret Events=on\n");
  assert_false(core_session_ready(session));
  server(session, "Response: Success\nActionID: ps1\nMessage: Authentication accepted\n\n");
  says(session, "response Success\nlogin OK Authentication accepted\nready\n");
  assert_true(core_session_ready(session));
  done(session);
}

/* Key is MD5(challenge, secret), in this order. */
static void md5_login(void** state) {
  (void)state;
  core_session_t* session = greeted(md5, CHALLENGE);
  server(session, "Response: Success\nActionID: ps1\nChallenge: 12345678\n\n");
  says(session,
       "response Success\n"
       "> Login ps2 Username=bob AuthType=MD5 Key=31323334353637387365637265740000 Events=on\n");
  server(session, "Response: Success\nActionID: ps2\nMessage: Authentication accepted\n\n");
  says(session, "response Success\nlogin OK Authentication accepted\nready\n");
  done(session);
}

/* Whatever the server makes of it, the session's own actions have one answer and no items. */
static void an_answer_to_the_login_begins_no_list(void** state) {
  (void)state;
  core_session_t* session = greeted(md5, CHALLENGE);
  server(session, "Response: Success\nActionID: ps1\nEventList: start\nChallenge: 1\n\n");
  assert_non_null(strstr(core_session_said(session), "\n> Login ps2 "));
  server(session, "Response: Success\nActionID: ps2\nEventList: start\nMessage: hello\n\n");
  says(session, "response Success\nlogin OK hello\nready\n");
  server(session, "Event: X\nActionID: ps2\n\n");
  says(session, "event X\n");
  done(session);
}

/* 1.2 and 1.4 answer some actions without an ActionID. */
static void answers_without_actionid_are_taken_in_order(void** state) {
  (void)state;
  core_session_t* session = greeted(md5, CHALLENGE);
  server(session, "Response: Success\nChallenge: 1\n\n");
  core_session_said(session);
  server(session, "Response: Success\nMessage: Authentication accepted\n\n");
  says(session, "response Success\nlogin OK Authentication accepted\nready\n");
  done(session);
}

static void mask_goes_with_the_login(void** state) {
  (void)state;
  const char* const calls[] = {"auth=plain", "events=call,agent", NULL};
  core_session_free(greeted(calls, "> Login ps1 Username=username Secret=password Events=call,agent\n"));
  const char* const off[] = {"auth=plain", "events=off", NULL};
  core_session_free(greeted(off, "> Login ps1 Username=username Secret=password Events=off\n"));
}

/* Several writes before the greeting's answer: the response may not be taken before the action has left. */
static void an_answer_to_what_was_not_sent_is_none(void** state) {
  (void)state;
  core_session_t* session = session_with(plain);
  core_session_hold(session);
  core_session_connect(session);
  server(session, GREETING "Response: Success\nActionID: ps1\n\nResponse: Success\n\n");
  says(session, "response Success\nresponse Success\n");
  assert_int_equal(core_session_count(session, CORE_STRAYS), 2);
  core_session_hand_over(session, 3);
  server(session, "Response: Success\nActionID: ps1\n\n");
  says(session, "response Success\n");
  assert_false(core_session_ready(session));
  done(session);
}

static void refused_login(void** state) {
  (void)state;
  core_session_t* session = greeted(plain, "> Login ps1 Username=bob Secret=secret Events=on\n");
  server(session, "Response: Error\nActionID: ps1\nMessage: Authentication failed\n\n");
  says(session,
       "response Error\nlogin EAUTH Authentication failed\n"
       "failed EAUTH login: login of user \"bob\" refused: Authentication failed\n");
  assert_false(core_session_already_in_use(session));
  /* Nothing is handed out any more. */
  server(session, "Event: FullyBooted\nPrivilege: system,all\n\n");
  done(session);
}

static void name_in_use(void** state) {
  (void)state;
  core_session_t* session = greeted(plain, "> Login ps1 Username=bob Secret=secret Events=on\n");
  server(session, "Response: Error\nActionID: ps1\nMessage: Login Already In Use\n\n");
  says(session,
       "response Error\nlogin EAUTH Login Already In Use\n"
       "failed EAUTH login: login of user \"bob\" refused: Login Already In Use\n");
  assert_true(core_session_already_in_use(session));
  core_session_disconnect(session, AMI_EAUTH, 0);
  core_session_connect(session);
  assert_false(core_session_already_in_use(session));
  done(session);
}

static void refused_challenge(void** state) {
  (void)state;
  core_session_t* session = greeted(md5, CHALLENGE);
  server(session, "Response: Error\nActionID: ps1\nMessage: Must specify AuthType\n\n");
  says(session,
       "response Error\nlogin EAUTH Must specify AuthType\n"
       "failed EAUTH login: login of user \"bob\" refused: Must specify AuthType\n");
  done(session);
}

/* The Key would be the MD5 of the secret alone. */
static void challenge_without_a_challenge(void** state) {
  (void)state;
  static const char* const answers[] = {"Response: Success\nActionID: ps1\n\n",
                                        "Response: Success\nActionID: ps1\nChallenge: \n\n"};
  for (size_t i = 0; i < 2; i++) {
    core_session_t* session = greeted(md5, CHALLENGE);
    server(session, answers[i]);
    says(session,
         "response Success\n"
         "failed EPROTO login: the answer to Challenge holds none, so there can be no MD5 login\n");
    done(session);
  }
}

static void no_md5_in_this_process(void** state) {
  (void)state;
  core_session_t* session = session_with(md5);
  core_session_without_md5(session);
  core_session_connect(session);
  server(session, GREETING "Response: Success\nActionID: ps1\nChallenge: 1\n\n");
  core_session_said(session);
  server(session, "Response: Success\nActionID: ps1\nChallenge: 1\n\n");
  says(session,
       "response Success\n"
       "failed EAUTH login: MD5 is not available in this process (FIPS mode, or it is exiting): use tls=on "
       "with auth=plain\n");
  done(session);
}

/* The text goes to a log: it may not hold the secret. */
static void a_secret_that_cannot_be_sent_is_not_told(void** state) {
  (void)state;
  const char* const options[] = {"auth=plain", "password=top\nsecret", NULL};
  core_session_t* session = session_with(options);
  core_session_connect(session);
  server(session, GREETING);
  const char* said = core_session_said(session);
  assert_memory_equal(said, "failed EINJECT login: Login: ", 29);
  assert_null(strstr(said, "top"));
  core_session_free(session);
}

static void a_name_that_cannot_be_sent_is_refused(void** state) {
  (void)state;
  const char* const options[] = {"auth=plain", "username=bob\r\nEvil: yes", NULL};
  core_session_t* session = session_with(options);
  core_session_connect(session);
  server(session, GREETING);
  assert_memory_equal(core_session_said(session), "failed EINJECT login: Login: ", 29);
  done(session);
}

static void login_times_out_at_each_stage(void** state) {
  (void)state;
  static const char* const answers[] = {"", "Response: Success\nActionID: ps1\nChallenge: 12345678\n\n"};
  for (size_t i = 0; i < 2; i++) {
    core_session_t* session = greeted(md5, CHALLENGE);
    core_session_advance(session, 4000);
    server(session, answers[i]);
    core_session_said(session);
    /* Counted from the connection, and not begun anew by events. */
    quiet(session, 5999);
    server(session, "Event: Old\n\n");
    says(session, "event Old\n");
    core_session_advance(session, 1);
    says(session,
         "failed ETIMEDOUT login: login not complete within 10000 ms; login.timeout_ms is the bound\n");
    assert_int_equal(core_session_due(session), -1);
    done(session);
  }
}

static void login_timeout_is_an_option(void** state) {
  (void)state;
  const char* const options[] = {"login.timeout_ms=700", NULL};
  core_session_t* session = greeted(options, CHALLENGE);
  assert_int_equal(core_session_due(session), 700);
  /* A link that is given up earlier than that is no reason to wake up in vain. */
  core_session_free(session);
  const char* const blocked[] = {"blocked.max_ms=100", NULL};
  session = session_with(blocked);
  core_session_hold(session);
  core_session_connect(session);
  server(session, GREETING);
  core_session_advance(session, 10000);
  says(session,
       "failed ETIMEDOUT login: login not complete within 10000 ms; login.timeout_ms is the bound\n");
  done(session);
}

/* Events may come before the login's answer in 1.2, and FullyBooted right behind it. */
static void events_around_the_login(void** state) {
  (void)state;
  core_session_t* session = greeted(plain, "> Login ps1 Username=bob Secret=secret Events=on\n");
  server(session,
         "Event: Newchannel\nPrivilege: call,all\n\n"
         "Response: Success\nActionID: ps1\nMessage: Authentication accepted\n\n"
         "Event: FullyBooted\nPrivilege: system,all\nStatus: Fully Booted\n\n");
  says(session,
       "event Newchannel\nresponse Success\nlogin OK Authentication accepted\nready\n"
       "event FullyBooted\n");
  assert_int_equal(core_session_count(session, CORE_EVENTS), 2);
  assert_int_equal(core_session_count(session, CORE_RESPONSES), 1);
  done(session);
}

static void every_connection_logs_in_anew(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_disconnect(session, AMI_ELOST, 0);
  assert_false(core_session_ready(session));
  core_session_connect(session);
  server(session, GREETING);
  says(session, "> Login ps1 Username=username Secret=password Events=on\n");
  server(session, "Response: Success\nActionID: ps1\n\n");
  says(session, "response Success\nlogin OK \nready\n");
  done(session);
}

static void half_a_message_does_not_reach_the_next_connection(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  server_bytes(session, "Event: Half\r\nX: ");
  core_session_disconnect(session, AMI_ELOST, 0);
  core_session_connect(session);
  server(session, GREETING);
  says(session, "> Login ps1 Username=username Secret=password Events=on\n");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_login),
      cmocka_unit_test(md5_login),
      cmocka_unit_test(an_answer_to_the_login_begins_no_list),
      cmocka_unit_test(answers_without_actionid_are_taken_in_order),
      cmocka_unit_test(mask_goes_with_the_login),
      cmocka_unit_test(an_answer_to_what_was_not_sent_is_none),
      cmocka_unit_test(refused_login),
      cmocka_unit_test(name_in_use),
      cmocka_unit_test(refused_challenge),
      cmocka_unit_test(challenge_without_a_challenge),
      cmocka_unit_test(no_md5_in_this_process),
      cmocka_unit_test(a_secret_that_cannot_be_sent_is_not_told),
      cmocka_unit_test(a_name_that_cannot_be_sent_is_refused),
      cmocka_unit_test(login_times_out_at_each_stage),
      cmocka_unit_test(login_timeout_is_an_option),
      cmocka_unit_test(events_around_the_login),
      cmocka_unit_test(every_connection_logs_in_anew),
      cmocka_unit_test(half_a_message_does_not_reach_the_next_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
