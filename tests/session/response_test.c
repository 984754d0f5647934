/* Actions that end with their response: protocol.md of Asterisk's answers, rules 1 to 5. */
#include "script.h"

static void success(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_submit(session, "Ping");
  says(session, "> Ping a1\n");
  server(session, "Response: Success\nActionID: a1\nPing: Pong\nTimestamp: 1.2\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  assert_string_equal(core_reply_response(core_session_reply(session, 1), "Timestamp"), "1.2");
  done(session);
}

static void error(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Hangup Channel=x");
  server(session, "Response: Error\nActionID: a1\nMessage: No such channel\n\n");
  says(session, "response Error\nreply 1 EREPLY answered Error\n");
  assert_string_equal(core_reply_response(core_session_reply(session, 1), "Message"), "No such channel");
  done(session);
}

/* 1.2 and 1.4. */
static void old_words_of_success(void** state) {
  static const char* const words[] = {"Pong", "Events On", "Events Off", "Goodbye", "success"};
  (void)state;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char text[128];
    core_session_t* session = ready_session();
    sends(session, "Any");
    snprintf(text, sizeof text, "Response: %s\nActionID: a1\n\n", words[i]);
    server(session, text);
    snprintf(text, sizeof text, "response %s\nreply 1 OK answered %s\n", words[i], words[i]);
    says(session, text);
    done(session);
  }
}

static void unknown_word_is_no_success(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "JabberSend");
  server(session, "Response: Failure\nActionID: a1\n\n");
  says(session, "response Failure\nreply 1 EREPLY answered Failure\n");
  done(session);
}

/* The ActionID may stand anywhere in the block, and its key in any case. */
static void actionid_may_be_last(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "One");
  sends(session, "Two");
  server(session, "Message: first\nresponse: Success\nX: y\nactionid: a2\n\n");
  says(session, "response Success\nreply 1 ENORESPONSE maybe-run\nreply 2 OK answered Success\n");
  done(session);
}

static void answers_come_in_order(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  for (int i = 0; i < 3; i++) core_session_submit(session, "Ping");
  size_t size = 0;
  core_session_output(session, &size);
  core_session_hand_over(session, size);
  says(session, "> Ping a1\n> Ping a2\n> Ping a3\n");
  server(session,
         "Response: Success\nActionID: a1\n\nResponse: Error\nActionID: a2\n\n"
         "Response: Success\nActionID: a3\n\n");
  says(session,
       "response Success\nreply 1 OK answered Success\nresponse Error\nreply 2 EREPLY answered Error\n"
       "response Success\nreply 3 OK answered Success\n");
  done(session);
}

/* Rule 1: ModuleLoad answers two or three times. */
static void doubles_are_dropped(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "ModuleLoad");
  sends(session, "Ping");
  server(session,
         "Response: Error\nActionID: a1\nMessage: Incomplete ModuleLoad action.\n\n"
         "Response: Error\nActionID: a1\nMessage: Module does not exist.\n\n"
         "Response: Success\nActionID: a1\nMessage: Module loaded.\n\n"
         "Response: Success\nActionID: a2\nPing: Pong\n\n");
  says(session,
       "response Error\nreply 1 EREPLY answered Error\nresponse Error\nresponse Success\n"
       "response Success\nreply 2 OK answered Success\n");
  assert_int_equal(core_session_count(session, CORE_STRAYS), 2);
  done(session);
}

static void unknown_ids_are_dropped(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: other\n\n");
  says(session, "response Success\n");
  assert_int_equal(core_session_count(session, CORE_STRAYS), 1);
  server(session, "Response: Success\nActionID: a1\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  done(session);
}

/* ActionIDs are bytes, not names. */
static void ids_are_compared_exactly(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Ping ActionID=Mine");
  server(session, "Response: Success\nActionID: mine\n\nResponse: Success\nActionID: Mine2\n\n");
  says(session, "response Success\nresponse Success\n");
  server(session, "Response: Success\nActionID: Mine\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  done(session);
}

/* Rule 2: parse errors, Events of 1.6, and actions of 1.2 and 1.4 that do not echo. */
static void no_id_is_the_oldest(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Events EventMask=on");
  sends(session, "Ping");
  server(session, "Response: Success\nEvents: On\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  server(session, "Response: Error\nMessage: Failed to parse message: line too long\n\n");
  says(session, "response Error\nreply 2 EREPLY answered Error\n");
  server(session, "Response: Success\n\n");
  says(session, "response Success\n");
  assert_int_equal(core_session_count(session, CORE_STRAYS), 1);
  done(session);
}

static void no_id_passes_by_a_list_that_is_open(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueStatus");
  sends(session, "Events EventMask=on");
  server(session, "Response: Success\nActionID: a1\nEventList: start\n\n");
  says(session, "response Success\n");
  server(session, "Response: Success\nEvents: On\n\n");
  says(session, "response Success\nreply 2 OK answered Success\n");
  core_session_advance(session, 1000);
  says(session, "reply 1 ENORESPONSE answered Success\n");
  done(session);
}

/* Rule 3: Events with brokeneventsaction, SIPqualifypeer, QueueRule of 1.6. */
static void what_is_passed_over_has_no_response(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "SIPqualifypeer");
  sends(session, "Events EventMask=on");
  sends(session, "Ping");
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: a3\nPing: Pong\n\n");
  says(session,
       "response Success\nreply 1 ENORESPONSE maybe-run\nreply 2 ENORESPONSE maybe-run\n"
       "reply 3 OK answered Success\n");
  server(session, "Response: Success\nActionID: a1\n\nResponse: Success\nActionID: a4\n\n");
  says(session, "response Success\nresponse Success\nreply 4 OK answered Success\n");
  done(session);
}

/* Rule 4. */
static void goodbye_ends_a_logoff_of_the_callers(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Logoff");
  server(session, "Response: Goodbye\nActionID: a1\nMessage: Thanks for all the fish.\n\n");
  says(session, "response Goodbye\nreply 1 OK answered Goodbye\n");
  core_session_disconnect(session, AMI_ELOST, 0);
  done(session);
}

/* ---------------------------------------------------------------------------------------- Command */

/* Up to 13: blank lines, fake headers and fake messages in the text. */
static void command_as_a_block(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Command Command=x");
  sends(session, "Ping");
  server_bytes(session,
               "Response: Follows\r\nPrivilege: Command\r\nActionID: a1\r\n"
               "Event: Fake\n\nResponse: Error\nActionID: a2\n\r\n\r\nend--END COMMAND--\r\n\r\n");
  says(session, "response Follows\nreply 1 OK answered Follows\n");
  server(session, "Response: Success\nActionID: a2\n\n");
  says(session, "response Success\nreply 2 OK answered Success\n");
  done(session);
}

static void command_without_output(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Command Command=x");
  server_bytes(session, "Response: Follows\r\nPrivilege: Command\r\nActionID: a1\r\n--END COMMAND--\r\n\r\n");
  says(session, "response Follows\nreply 1 OK answered Follows\n");
  done(session);
}

/* From 14 on. "will follow"-like words do not make a list of it. */
static void command_as_headers(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Command Command=x");
  server(session,
         "Response: Success\nActionID: a1\nMessage: Command output follows\n"
         "Output:   a\nOutput: Event: Fake\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  sends(session, "Command Command=y");
  server(session,
         "Response: Error\nActionID: a2\nMessage: Command output follows\n"
         "Output: No such command 'y'\n\n");
  says(session, "response Error\nreply 2 EREPLY answered Error\n");
  assert_string_equal(core_reply_response(core_session_reply(session, 2), "Output"), "No such command 'y'");
  done(session);
}

/* ---------------------------------------------------------------------------------------- events */

/* Rules 6 and 8: what is broadcast shows everybody's ActionIDs. */
static void events_with_our_id_do_not_answer(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Originate Async=true Channel=x");
  server(session,
         "Event: UserEvent\nPrivilege: user,all\nActionID: a1\nResponse: Error\n\n"
         "Event: OriginateResponse\nPrivilege: call,all\nActionID: a1\nResponse: Failure\n\n"
         "Event: OriginateResponse\nPrivilege: call,all\nActionID: other\nResponse: Failure\n\n");
  says(session, "event UserEvent\nevent OriginateResponse\nevent OriginateResponse\n");
  server(session, "Response: Success\nActionID: a1\nMessage: Originate successfully queued\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  /* Rule 9: its end is an event like others. */
  server(session, "Event: OriginateResponse\nPrivilege: call,all\nActionID: a1\nResponse: Success\n\n");
  says(session, "event OriginateResponse\n");
  assert_int_equal(core_session_count(session, CORE_EVENTS), 4);
  done(session);
}

static void an_event_may_hold_a_response_header(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Ping");
  server(session, "Event: Bridge\nPrivilege: call,all\nResponse: Success\n\n");
  says(session, "event Bridge\n");
  server(session, "Response: Success\nActionID: a1\nEvent: UserEvent\n\n");
  says(session, "response Success\nreply 1 OK answered Success\n");
  done(session);
}

static void text_that_is_no_message_answers_nothing(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "QueueRule");
  server(session, "RuleList: r1\nRule: 30,+1\n\n");
  says(session, "stray\n");
  assert_int_equal(core_session_count(session, CORE_STRAYS), 1);
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: a2\n\n");
  says(session, "response Success\nreply 1 ENORESPONSE maybe-run\nreply 2 OK answered Success\n");
  done(session);
}

static void garbage_is_skipped(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "Ping");
  server(session, "rest of half a line\nMore: of it\nResponse: Success\nActionID: a1\n\n");
  const char* said = core_session_said(session);
  assert_non_null(strstr(said, "response Success\nreply 1 OK answered Success\n"));
  assert_memory_equal(said, "log 1 skipped ", 14);
  assert_int_equal(core_session_count(session, CORE_RESYNCS), 1);
  core_session_free(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(success),
      cmocka_unit_test(error),
      cmocka_unit_test(old_words_of_success),
      cmocka_unit_test(unknown_word_is_no_success),
      cmocka_unit_test(actionid_may_be_last),
      cmocka_unit_test(answers_come_in_order),
      cmocka_unit_test(doubles_are_dropped),
      cmocka_unit_test(unknown_ids_are_dropped),
      cmocka_unit_test(ids_are_compared_exactly),
      cmocka_unit_test(no_id_is_the_oldest),
      cmocka_unit_test(no_id_passes_by_a_list_that_is_open),
      cmocka_unit_test(what_is_passed_over_has_no_response),
      cmocka_unit_test(goodbye_ends_a_logoff_of_the_callers),
      cmocka_unit_test(command_as_a_block),
      cmocka_unit_test(command_without_output),
      cmocka_unit_test(command_as_headers),
      cmocka_unit_test(events_with_our_id_do_not_answer),
      cmocka_unit_test(an_event_may_hold_a_response_header),
      cmocka_unit_test(text_that_is_no_message_answers_nothing),
      cmocka_unit_test(garbage_is_skipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
