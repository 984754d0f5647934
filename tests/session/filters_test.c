#include "script.h"

static const char* const options[] = {"auth=plain", "events=call", "filter=Event: Newchannel",
                                      "filter=!Channel: Local", NULL};
#define ALL_SENT                                          \
  "> Filter ps2 Operation=Add Filter=Event: Newchannel\n" \
  "> Filter ps3 Operation=Add Filter=!Channel: Local\n"   \
  "> Events ps4 EventMask=call\n"                         \
  "> Ping ps5\n"

/* Up to where filters, mask and Ping are sent. */
static core_session_t* logged_in(void) {
  core_session_t* session = session_with(options);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  says(session, "> Login ps1 Username=username Secret=password Events=off\n");
  server(session, "Response: Success\nActionID: ps1\nMessage: Authentication accepted\n\n");
  says(session, "response Success\nlogin OK Authentication accepted\n" ALL_SENT);
  return session;
}

static void ready_when_all_is_in_force(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session,
         "Response: Success\nActionID: ps2\nMessage: Filter added\n\n"
         "Response: Success\nActionID: ps3\nMessage: Filter added\n\n"
         "Response: Success\nActionID: ps4\nEvents: On\n\n");
  says(session, "response Success\nresponse Success\nresponse Success\n");
  assert_false(core_session_ready(session));
  server(session, "Response: Success\nActionID: ps5\nPing: Pong\n\n");
  says(session, "response Success\nready\n");
  done(session);
}

/* brokeneventsaction=yes: Asterisk does not answer Events at all. */
static void the_mask_may_stay_unanswered(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session,
         "Response: Success\nActionID: ps2\n\nResponse: Success\nActionID: ps3\n\n"
         "Response: Success\nActionID: ps5\nPing: Pong\n\n");
  says(session, "response Success\nresponse Success\nresponse Success\nready\n");
  done(session);
}

/* 1.6 answers Events without an ActionID. */
static void the_mask_may_be_answered_without_an_id(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session,
         "Response: Success\nActionID: ps2\n\nResponse: Success\nActionID: ps3\n\n"
         "Response: Success\nEvents: On\n\nResponse: Success\nActionID: ps5\nPing: Pong\n\n");
  says(session, "response Success\nresponse Success\nresponse Success\nresponse Success\nready\n");
  done(session);
}

static void a_refused_filter_ends_the_connect(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session,
         "Response: Success\nActionID: ps2\n\n"
         "Response: Error\nActionID: ps3\nMessage: Filter did not compile\n\n"
         "Response: Success\nActionID: ps4\n\nEvent: Unfiltered\nPrivilege: call,all\n\n");
  says(session,
       "response Success\nresponse Error\n"
       "failed EFILTER login: Asterisk refused the filter \"!Channel: Local\": Filter did not compile "
       "(filters need Asterisk 10 or "
       "later and write class system)\n");
  done(session);
}

static void a_filter_without_an_answer_is_not_believed(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session, "Response: Success\nActionID: ps3\n\n");
  assert_memory_equal(core_session_said(session), "response Success\nfailed EFILTER login: ", 39);
  assert_false(core_session_ready(session));
  done(session);
}

static void a_refused_mask_ends_the_connect(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session,
         "Response: Success\nActionID: ps2\n\nResponse: Success\nActionID: ps3\n\n"
         "Response: Error\nActionID: ps4\nMessage: Invalid event mask\n\n");
  says(session,
       "response Success\nresponse Success\nresponse Error\n"
       "failed EFILTER login: event mask call refused: Invalid event mask\n");
  done(session);
}

static void the_login_timeout_counts_on(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  server(session, "Response: Success\nActionID: ps2\n\n");
  says(session, "response Success\n");
  core_session_advance(session, 10000);
  says(session,
       "failed ETIMEDOUT login: login not complete within 10000 ms; login.timeout_ms is the bound\n");
  done(session);
}

static void filters_are_set_again_on_each_connection(void** state) {
  (void)state;
  core_session_t* session = logged_in();
  core_session_disconnect(session, AMI_ELOST, 0);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  says(session, "> Login ps1 Username=username Secret=password Events=off\n");
  server(session, "Response: Success\nActionID: ps1\n\n");
  says(session, "response Success\nlogin OK \n" ALL_SENT);
  done(session);
}

static void a_filter_that_cannot_be_sent_ends_the_connect(void** state) {
  (void)state;
  const char* const bad[] = {"auth=plain", "filter=a\nb", NULL};
  core_session_t* session = session_with(bad);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  core_session_said(session);
  server(session, "Response: Success\nActionID: ps1\n\n");
  const char* said = core_session_said(session);
  assert_memory_equal(said, "response Success\nlogin OK \nfailed EINJECT login: Filter: ", 57);
  core_session_free(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ready_when_all_is_in_force),
      cmocka_unit_test(the_mask_may_stay_unanswered),
      cmocka_unit_test(the_mask_may_be_answered_without_an_id),
      cmocka_unit_test(a_refused_filter_ends_the_connect),
      cmocka_unit_test(a_filter_without_an_answer_is_not_believed),
      cmocka_unit_test(a_refused_mask_ends_the_connect),
      cmocka_unit_test(the_login_timeout_counts_on),
      cmocka_unit_test(filters_are_set_again_on_each_connection),
      cmocka_unit_test(a_filter_that_cannot_be_sent_ends_the_connect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
