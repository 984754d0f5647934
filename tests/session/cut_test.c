/* Lists and single events whose end does not come, or comes late. */
#include "script.h"

#define START(id) "Response: Success\nActionID: " id "\nEventList: start\n\n"
#define OLD_START(id) "Response: Success\nActionID: " id "\nMessage: Items will follow\n\n"
#define PONG(id) "Response: Success\nActionID: " id "\nPing: Pong\n\n"

/* Rule 3: the server went on; after a grace the list is over, and not complete. */
static void a_list_that_is_cut(void** state) {
  static const char* const starts[] = {START("a1"), OLD_START("a1")};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    core_session_t* session = ready_session();
    sends(session, "QueueStatus");
    sends(session, "Ping");
    server(session, starts[i]);
    server(session, "Event: QueueParams\nActionID: a1\n\n" PONG("a2"));
    says(session, "response Success\nitem QueueParams\nresponse Success\nreply 2 OK answered Success\n");
    quiet(session, 999);
    core_session_advance(session, 1);
    says(session, "reply 1 ENORESPONSE answered Success +QueueParams\n");
    server(session, "Event: Late\nPrivilege: x\nActionID: a1\n\n");
    says(session, "event Late\n");
    done(session);
  }
}

/* 1.6.0: ShowDialPlanComplete is broadcast, and may come behind the next response. */
static void a_terminator_in_the_grace(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "ShowDialPlan");
  sends(session, "Ping");
  server(session, START("a1") "Event: ListDialplan\nActionID: a1\n\n" PONG("a2"));
  says(session, "response Success\nitem ListDialplan\nresponse Success\nreply 2 OK answered Success\n");
  server(session,
         "Event: ListDialplan\nActionID: a1\n\n"
         "Event: ShowDialPlanComplete\nPrivilege: config,all\nActionID: a1\nListItems: 2\n\n");
  says(session,
       "item ListDialplan\nitem ShowDialPlanComplete\n"
       "reply 1 OK answered Success +ListDialplan +ListDialplan end=ShowDialPlanComplete\n");
  done(session);
}

static void own_time_out_holds_in_the_grace(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus timeout=500");
  sends(session, "Ping");
  server(session, START("a1") PONG("a2"));
  says(session, "response Success\nresponse Success\nreply 2 OK answered Success\n");
  quiet(session, 499);
  core_session_advance(session, 1);
  says(session, "reply 1 ENORESPONSE answered Success\n");
  done(session);
}

/* Up to 1.6.2 DBGet has one item and no terminator, IAXpeers none in 1.6: the quiet is asked by a Ping. */
static void lists_without_a_terminator(void** state) {
  static const char* const actions[] = {"DBGet Family=f Key=k", "IAXpeers"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    core_session_t* session = ready_session();
    sends(session, actions[i]);
    server(session, OLD_START("a1") "Event: Entry\nActionID: a1\n\n");
    says(session, "response Success\nitem Entry\n");
    quiet(session, 999);
    core_session_advance(session, 1);
    says(session, "> Ping ps2\n");
    server(session, PONG("ps2"));
    says(session, "response Success\n");
    core_session_advance(session, 1000);
    says(session, "reply 1 OK answered Success +Entry\n");
    done(session);
  }
}

static void quiet_is_asked_also_without_keep_alive(void** state) {
  static const char* const options[] = {"ping.interval_ms=0", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "IAXpeers");
  server(session, OLD_START("a1"));
  core_session_advance(session, 1000);
  says(session, "response Success\n> Ping ps2\n");
  done(session);
}

/* A list that is only slow goes on behind the Ping. */
static void a_slow_old_list(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Status");
  server(session, OLD_START("a1") "Event: Status\nActionID: a1\n\n");
  core_session_advance(session, 1500);
  says(session, "response Success\nitem Status\n> Ping ps2\n");
  server(session, "Event: Status\nActionID: a1\n\nEvent: StatusComplete\nActionID: a1\n\n" PONG("ps2"));
  says(session,
       "item Status\nitem StatusComplete\nreply 1 OK answered Success +Status +Status end=StatusComplete\n"
       "response Success\n");
  done(session);
}

/* ---------------------------------------------------------------------------------------- one event */

static void single_event(void** state) {
  static const char* const actions[] = {"FAXStats", "FAXSession"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    char text[256];
    core_session_t* session = ready_session();
    sends(session, actions[i]);
    server(session, "Response: Success\nActionID: a1\nMessage: FAX Statistics\n\n");
    says(session, "response Success\n");
    server(session, "Event: Other\nPrivilege: x\n\n");
    says(session, "event Other\n");
    snprintf(text, sizeof text, "Event: %s\nActionID: a1\n\n", actions[i]);
    server(session, text);
    snprintf(text, sizeof text, "item %s\nreply 1 OK answered Success +%s\n", actions[i], actions[i]);
    says(session, text);
    done(session);
  }
}

static void single_event_that_does_not_come(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "FAXSession");
  server(session, "Response: Success\nActionID: a1\n\n");
  core_session_advance(session, 1000);
  says(session, "response Success\n> Ping ps2\n");
  server(session, PONG("ps2"));
  says(session, "response Success\n");
  core_session_advance(session, 1000);
  says(session, "reply 1 OK answered Success\n");
  done(session);
}

static void single_event_in_the_grace(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "FAXStats");
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: a1\n\n" PONG("a2") "Event: FAXStats\nActionID: a1\n\n");
  says(session,
       "response Success\nresponse Success\nreply 2 OK answered Success\nitem FAXStats\n"
       "reply 1 OK answered Success +FAXStats\n");
  done(session);
}

/* DataGet: success is only an event, an error is a response. */
static void event_in_place_of_a_response(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "DataGet Path=/");
  sends(session, "DataGet Path=/x");
  server(session, "Event: DataGet Tree\nActionID: a1\nasterisk: x\n\n");
  says(session, "item DataGet Tree\nreply 1 OK answered DataGet Tree\n");
  server(session, "Response: Error\nActionID: a2\nMessage: No data path\n\n");
  says(session, "response Error\nreply 2 EREPLY answered Error\n");
  done(session);
}

static void event_in_place_of_a_response_passes_over(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "SIPqualifypeer");
  sends(session, "DataGet Path=/");
  sends(session, "Ping");
  server(session, "Event: DataGet Tree\nActionID: a2\n\n");
  says(session, "item DataGet Tree\nreply 1 ENORESPONSE maybe-run\nreply 2 OK answered DataGet Tree\n");
  server(session, PONG("a3"));
  says(session, "response Success\nreply 3 OK answered Success\n");
  done(session);
}

/* ---------------------------------------------------------------------------------------- WaitEvent */

static void waitevent(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "WaitEvent Timeout=60");
  server(session,
         "Response: Success\nActionID: a1\nMessage: Waiting for Event completed.\n\n"
         "Event: Newchannel\nPrivilege: call,all\n\nEvent: Hangup\nPrivilege: call,all\n\n"
         "Event: WaitEventComplete\nActionID: a1\n\n");
  says(session,
       "response Success\nevent Newchannel\nevent Hangup\nitem WaitEventComplete\n"
       "reply 1 OK answered Success end=WaitEventComplete\n");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_that_is_cut),
      cmocka_unit_test(a_terminator_in_the_grace),
      cmocka_unit_test(own_time_out_holds_in_the_grace),
      cmocka_unit_test(lists_without_a_terminator),
      cmocka_unit_test(quiet_is_asked_also_without_keep_alive),
      cmocka_unit_test(a_slow_old_list),
      cmocka_unit_test(single_event),
      cmocka_unit_test(single_event_that_does_not_come),
      cmocka_unit_test(single_event_in_the_grace),
      cmocka_unit_test(event_in_place_of_a_response),
      cmocka_unit_test(event_in_place_of_a_response_passes_over),
      cmocka_unit_test(waitevent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
