#include "script.h"

static void a_live_change_is_sent(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_mask(session, "call");
  says(session, "> Events ps2 EventMask=call\n");
  server(session, "Response: Success\nActionID: ps2\nEvents: On\n\n");
  says(session, "response Success\n");
  done(session);
}

/* Between the Login with the old mask and its answer. */
static void a_change_during_the_login_is_not_lost(void** state) {
  (void)state;
  const char* const options[] = {"auth=plain", NULL};
  core_session_t* session = session_with(options);
  core_session_connect(session);
  core_session_mask(session, "agent"); /* before it is sent: it goes with the login */
  server(session, "Asterisk Call Manager/9.0.0\n");
  says(session, "> Login ps1 Username=username Secret=password Events=agent\n");
  core_session_mask(session, "call");
  says(session, "");
  server(session, "Response: Success\nActionID: ps1\n\n");
  says(session, "response Success\nlogin OK \nready\n> Events ps2 EventMask=call\n");
  done(session);
}

static void a_change_during_the_filters_is_not_lost(void** state) {
  (void)state;
  const char* const options[] = {"auth=plain", "filter=x", NULL};
  core_session_t* session = session_with(options);
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  core_session_mask(session, "agent");
  server(session, "Response: Success\nActionID: ps1\n\n");
  says(session,
       "> Login ps1 Username=username Secret=password Events=off\nresponse Success\nlogin OK \n"
       "> Filter ps2 Operation=Add Filter=x\n> Events ps3 EventMask=agent\n> Ping ps4\n");
  core_session_mask(session, "call");
  server(session,
         "Response: Success\nActionID: ps2\n\nResponse: Success\nActionID: ps3\n\n"
         "Response: Success\nActionID: ps4\nPing: Pong\n\n");
  says(session, "response Success\nresponse Success\nresponse Success\nready\n> Events ps5 EventMask=call\n");
  done(session);
}

static void a_refused_change_is_logged(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_mask(session, "call");
  server(session, "Response: Error\nActionID: ps2\nMessage: Invalid event mask\n\n");
  says(session,
       "> Events ps2 EventMask=call\nresponse Error\n"
       "log 1 event mask call refused: Invalid event mask\n");
  done(session);
}

/* brokeneventsaction=yes, while events keep the line busy: without an answer to wait for, the connection
   is still good. */
static void an_unanswered_change_does_not_end_the_connection(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_mask(session, "on");
  says(session, "> Events ps2 EventMask=on\n");
  for (int i = 0; i < 29; i++) {
    core_session_advance(session, 1000);
    server(session, "Event: Busy\nPrivilege: call,all\n\n");
    says(session, "event Busy\n");
  }
  core_session_advance(session, 1000);
  says(session, "> Ping ps3\n");
  server(session, "Response: Success\nActionID: ps3\nPing: Pong\n\n");
  says(session, "response Success\n");
  for (int i = 0; i < 150; i++) {
    core_session_advance(session, 1000);
    server(session, "Event: Busy\nPrivilege: call,all\n\n");
    says(session, "event Busy\n");
  }
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_live_change_is_sent),
      cmocka_unit_test(a_change_during_the_login_is_not_lost),
      cmocka_unit_test(a_change_during_the_filters_is_not_lost),
      cmocka_unit_test(a_refused_change_is_logged),
      cmocka_unit_test(an_unanswered_change_does_not_end_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
