/* Actions that wait for an event. */
#include "script.h"

#define QUEUED "Response: Success\nActionID: a1\nMessage: Originate successfully queued\n\n"
#define PONG(id) "Response: Success\nActionID: " id "\nPing: Pong\n\n"
#define RESULT(word) \
  "Event: OriginateResponse\nPrivilege: call,all\nActionID: a1\nResponse: " word "\nReason: 4\n\n"

static core_session_t* originated(const char* more) {
  char action[128];
  core_session_t* session = ready_session();
  snprintf(action, sizeof action, "Originate Async=true until=OriginateResponse%s", more);
  sends(session, action);
  return session;
}

static void the_event_ends_it(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, QUEUED);
  says(session, "response Success\n");
  server(session, "Event: Newchannel\nPrivilege: call,all\n\n" RESULT("Success"));
  /* It is an event of the stream as well. */
  says(session,
       "event Newchannel\nevent OriginateResponse\nreply 1 OK answered Success end=OriginateResponse\n");
  server(session, RESULT("Success"));
  says(session, "event OriginateResponse\n");
  done(session);
}

static void the_event_may_tell_of_a_failure(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, QUEUED RESULT("Failure"));
  says(session,
       "response Success\nevent OriginateResponse\nreply 1 EREPLY answered Success end=OriginateResponse\n");
  done(session);
}

static void an_error_ends_it_at_once(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, "Response: Error\nActionID: a1\nMessage: Permission denied\n\n");
  says(session, "response Error\nreply 1 EREPLY answered Error\n");
  server(session, RESULT("Failure"));
  says(session, "event OriginateResponse\n");
  done(session);
}

static void an_error_after_the_response_ends_it(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, QUEUED "Response: Error\nActionID: a1\nMessage: x\n\n");
  says(session, "response Success\nresponse Error\nreply 1 EREPLY answered Error\n");
  done(session);
}

static void other_ids_and_other_names_do_not(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, QUEUED
         "Event: OriginateResponse\nPrivilege: call,all\nActionID: other\nResponse: Success\n\n"
         "Event: OriginateResponse\nPrivilege: call,all\nResponse: Success\n\n"
         "Event: UserEvent\nPrivilege: user,all\nActionID: a1\n\n");
  says(session, "response Success\nevent OriginateResponse\nevent OriginateResponse\nevent UserEvent\n");
  core_session_cancel(session, 1);
  says(session, "reply 1 ECANCELED answered Success\n");
  done(session);
}

static void earlier_events_with_our_id_are_items(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "SIPqualifypeer until=SIPQualifyPeerDone");
  server(session,
         "Response: Success\nActionID: a1\nMessage: SIP peer found - will qualify\n\n"
         "Event: Step\nPrivilege: x\nActionID: a1\n\n"
         "event: sipqualifypeerdone\nPrivilege: call,all\nActionID: a1\n\n");
  says(session,
       "response Success\nitem Step\nevent sipqualifypeerdone\n"
       "reply 1 OK answered Success +Step end=sipqualifypeerdone\n");
  done(session);
}

static void the_event_may_come_before_the_response(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "SIPqualifypeer");
  sends(session, "Any until=Done");
  server(session, "Event: Done\nPrivilege: x\nActionID: a2\n\n");
  says(session, "event Done\nreply 1 ENORESPONSE maybe-run\nreply 2 OK answered end=Done\n");
  server(session, "Response: Success\nActionID: a2\n\n");
  says(session, "response Success\n");
  done(session);
}

/* A caller's own id that was used before: the event belongs to that use. */
static void nothing_answers_what_has_not_been_sent(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  core_session_submit(session, "Any ActionID=mine until=Done");
  core_session_submit(session, "DataGet ActionID=tree");
  core_session_hand_over(session, 10);
  server(session, "Event: Done\nPrivilege: x\nActionID: mine\n\nEvent: DataGet Tree\nActionID: tree\n\n");
  says(session, "event Done\nevent DataGet Tree\n");
  done(session);
}

/* The rest of a list belongs to its action even when that has been answered by one of its items. */
static void until_an_item_of_a_list(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus until=QueueMember");
  server(session,
         "Response: Success\nActionID: a1\nEventList: start\n\nEvent: QueueParams\nActionID: a1\n\n"
         "Event: QueueMember\nActionID: a1\n\nEvent: QueueEntry\nActionID: a1\n\n"
         "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\n\n");
  says(session,
       "response Success\nitem QueueParams\nevent QueueMember\n"
       "reply 1 OK answered Success +QueueParams end=QueueMember\n"
       "item QueueEntry\nitem QueueStatusComplete\n");
  done(session);
}

static void it_holds_up_nobody(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, QUEUED);
  says(session, "response Success\n");
  sends(session, "Ping");
  server(session, PONG("a2"));
  says(session, "response Success\nreply 2 OK answered Success\n");
  server(session, RESULT("Success"));
  says(session, "event OriginateResponse\nreply 1 OK answered Success end=OriginateResponse\n");
  done(session);
}

static void many_at_a_time(void** state) {
  (void)state;
  core_session_t* session = originated("");
  sends(session, "Originate Async=true until=OriginateResponse");
  server(session, QUEUED "Response: Success\nActionID: a2\n\n");
  says(session, "response Success\nresponse Success\n");
  server(session, "Event: OriginateResponse\nPrivilege: x\nActionID: a2\nResponse: Success\n\n");
  says(session, "event OriginateResponse\nreply 2 OK answered Success end=OriginateResponse\n");
  server(session, RESULT("Success"));
  says(session, "event OriginateResponse\nreply 1 OK answered Success end=OriginateResponse\n");
  done(session);
}

/* ---------------------------------------------------------------------------------------- time-outs */

static void keep_alive(core_session_t* session, uint64_t ms) {
  for (; ms > 0; ms -= 500) {
    core_session_advance(session, 500);
    server(session, "Event: Busy\nPrivilege: x\n\n");
    says(session, "event Busy\n");
  }
}

/* Asterisk's own default of 30 s, and a margin of 5 s, from the response. */
static void times_out_after_the_servers_time(void** state) {
  (void)state;
  core_session_t* session = originated("");
  server(session, QUEUED);
  says(session, "response Success\n");
  keep_alive(session, 34500);
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT answered Success\n");
  server(session, RESULT("Success"));
  says(session, "event OriginateResponse\n");
  done(session);
}

static void times_out_after_its_own_timeout(void** state) {
  (void)state;
  core_session_t* session = originated(" Timeout=1000");
  server(session, QUEUED);
  says(session, "response Success\n");
  keep_alive(session, 5500);
  core_session_advance(session, 500);
  says(session, "reply 1 ETIMEDOUT answered Success\n");
  done(session);
}

static void times_out_after_the_callers(void** state) {
  (void)state;
  core_session_t* session = originated(" timeout=2500");
  quiet(session, 1000);
  server(session, QUEUED);
  says(session, "response Success\n");
  quiet(session, 1499);
  core_session_advance(session, 1);
  says(session, "reply 1 ETIMEDOUT answered Success\n");
  done(session);
}

static void a_caller_may_wait_for_ever(void** state) {
  (void)state;
  core_session_t* session = originated(" timeout=0");
  server(session, QUEUED);
  says(session, "response Success\n");
  keep_alive(session, 400000);
  server(session, RESULT("Success"));
  says(session, "event OriginateResponse\nreply 1 OK answered Success end=OriginateResponse\n");
  done(session);
}

/* Replied before the response: the place is kept, and the event is only an event. */
static void timed_out_before_the_response(void** state) {
  (void)state;
  core_session_t* session = originated(" timeout=1000");
  core_session_advance(session, 1000);
  says(session, "reply 1 ETIMEDOUT maybe-run\n> Ping ps2\n");
  server(session, QUEUED PONG("ps2") RESULT("Success"));
  says(session, "response Success\nresponse Success\nevent OriginateResponse\n");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_event_ends_it),
      cmocka_unit_test(the_event_may_tell_of_a_failure),
      cmocka_unit_test(an_error_ends_it_at_once),
      cmocka_unit_test(an_error_after_the_response_ends_it),
      cmocka_unit_test(other_ids_and_other_names_do_not),
      cmocka_unit_test(earlier_events_with_our_id_are_items),
      cmocka_unit_test(the_event_may_come_before_the_response),
      cmocka_unit_test(nothing_answers_what_has_not_been_sent),
      cmocka_unit_test(until_an_item_of_a_list),
      cmocka_unit_test(it_holds_up_nobody),
      cmocka_unit_test(many_at_a_time),
      cmocka_unit_test(times_out_after_the_servers_time),
      cmocka_unit_test(times_out_after_its_own_timeout),
      cmocka_unit_test(times_out_after_the_callers),
      cmocka_unit_test(a_caller_may_wait_for_ever),
      cmocka_unit_test(timed_out_before_the_response),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
