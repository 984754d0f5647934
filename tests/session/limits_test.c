#include "script.h"
#include "usage.h"

#define OK(id) "Response: Success\nActionID: " id "\n\n"
#define START "Response: Success\nActionID: a1\nEventList: start\n\n"
#define ITEM "Event: QueueParams\nActionID: a1\n\n"
#define COMPLETE "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\n\n"

/* The items kept so far are in the reply; the rest is swallowed. */
static void items_of_a_list(void** state) {
  static const char* const options[] = {"list.max_items=2", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "QueueStatus");
  sends(session, "Ping");
  server(session, START ITEM ITEM ITEM);
  says(session,
       "response Success\nitem QueueParams\nitem QueueParams\nitem QueueParams\n"
       "limit QueueStatus: more than 2 items came; list.max_items is the bound\n"
       "reply 1 ELIMIT answered Success +QueueParams +QueueParams\n");
  server(session, ITEM COMPLETE OK("a2"));
  says(session,
       "item QueueParams\nitem QueueStatusComplete\nresponse Success\nreply 2 OK answered Success\n");
  done(session);
}

static void the_terminator_is_no_item(void** state) {
  static const char* const options[] = {"list.max_items=2", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "QueueStatus");
  server(session, START ITEM ITEM COMPLETE);
  says(session,
       "response Success\nitem QueueParams\nitem QueueParams\nitem QueueStatusComplete\n"
       "reply 1 OK answered Success +QueueParams +QueueParams end=QueueStatusComplete\n");
  done(session);
}

static void bytes_of_a_list(void** state) {
  static const char* const options[] = {"list.max_bytes=4000", NULL};
  char item[1200];
  (void)state;
  snprintf(item, sizeof item, "Event: QueueParams\nActionID: a1\nX: %01000d\n\n", 1);
  core_session_t* session = ready_with(options);
  sends(session, "QueueStatus");
  server(session, START);
  for (int i = 0; i < 5; i++) server(session, item);
  says(session,
       "response Success\nitem QueueParams\nitem QueueParams\nitem QueueParams\nitem QueueParams\n"
       "limit QueueStatus: more than 4000 bytes of items came; list.max_bytes is the bound\n"
       "reply 1 ELIMIT answered Success +QueueParams +QueueParams +QueueParams\nitem QueueParams\n");
  done(session);
}

static void streamed_items(void** state) {
  static const char* const options[] = {"list.max_items=1", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "QueueStatus each");
  server(session, START ITEM ITEM ITEM COMPLETE);
  says(session,
       "response Success\nitem QueueParams\neach 1 QueueParams\nitem QueueParams\n"
       "limit QueueStatus: more than 1 items came; list.max_items is the bound\n"
       "reply 1 ELIMIT answered Success\nitem QueueParams\nitem QueueStatusComplete\n");
  done(session);
}

static void items_before_the_awaited_event(void** state) {
  static const char* const options[] = {"list.max_items=1", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "Any until=Done");
  server(session, OK("a1") "Event: Step\nPrivilege: x\nActionID: a1\n\n"
                           "Event: Step\nPrivilege: x\nActionID: a1\n\n"
                           "Event: Done\nPrivilege: x\nActionID: a1\n\n");
  says(session,
       "response Success\nitem Step\nitem Step\n"
       "limit Any: more than 1 items came; list.max_items is the bound\nreply 1 ELIMIT answered Success "
       "+Step\nevent Done\n");
  done(session);
}

/* Over the bound in the grace of a list that was cut, it is over for good. */
static void items_after_a_cut(void** state) {
  static const char* const options[] = {"list.max_items=1", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "QueueStatus");
  sends(session, "Ping");
  server(session, START OK("a2") ITEM ITEM);
  says(session,
       "response Success\nresponse Success\nreply 2 OK answered Success\nitem QueueParams\n"
       "item QueueParams\nlimit QueueStatus: more than 1 items came; list.max_items is the bound\n"
       "reply 1 ELIMIT answered Success +QueueParams\n");
  server(session, "Event: X\nPrivilege: x\nActionID: a1\n\n");
  says(session, "event X\n");
  quiet(session, 2000);
  done(session);
}

/* An endless list holds up the others no longer than any other action that was given up. */
static void an_endless_list_is_given_up(void** state) {
  static const char* const options[] = {"list.max_items=1", "blocked.max_ms=60000", NULL};
  (void)state;
  core_session_t* session = ready_with(options);
  sends(session, "QueueStatus");
  server(session, START);
  for (int i = 0; i < 4; i++) {
    core_session_advance(session, 25000);
    server(session, i < 2 ? "Event: X\nPrivilege: x\n\n" ITEM : ITEM);
  }
  const char* said = core_session_said(session);
  assert_non_null(strstr(said, "reply 1 ELIMIT answered Success +QueueParams\n"));
  assert_null(strstr(said, "failed"));
  core_session_advance(session, 9999); /* 60 s after the bound was met, whatever still comes */
  assert_null(strstr(core_session_said(session), "failed"));
  core_session_advance(session, 1);
  says(session,
       "failed ETIMEDOUT keep-alive: action QueueStatus timed out and held up the connection for more than "
       "60000 ms\n");
  done(session);
}

static void lines_and_messages(void** state) {
  static const char* const short_lines[] = {"line.max_bytes=100", NULL};
  static const char* const short_messages[] = {"message.max_bytes=100", NULL};
  char text[300];
  (void)state;
  snprintf(text, sizeof text, "Event: X\nY: %0120d", 1);
  core_session_t* session = ready_with(short_lines);
  sends(session, "Ping");
  server(session, text);
  const char* said = core_session_said(session);
  assert_memory_equal(said, "failed ELIMIT keep-alive: ", 26);
  assert_non_null(strstr(said, "100"));
  core_session_disconnect(session, AMI_ELIMIT, 0);
  says(session, "reply 1 ELIMIT maybe-run\n");
  done(session);
  session = ready_with(short_messages);
  snprintf(text, sizeof text, "Event: X\nY: %050d\nZ: %050d\n\nEvent: Z\n\n", 1, 2);
  server(session, text);
  assert_memory_equal(core_session_said(session), "failed ELIMIT keep-alive: ", 26);
  done(session);
}

/* ------------------------------------------------------------------------------------ ten thousand */

enum { MANY = 10000 };

static void ten_thousand_in_flight(void** state) {
  char text[128];
  (void)state;
  core_session_t* session = ready_session();
  for (int i = 1; i <= MANY; i++) core_session_submit(session, "Ping");
  for (int i = 1; i <= MANY; i++) assert_null(core_session_reply(session, (uint64_t)i));
  core_session_said(session);
  for (int i = 1; i <= MANY; i++) {
    snprintf(text, sizeof text, "Response: Success\nActionID: a%d\n\n", i);
    server(session, text);
    snprintf(text, sizeof text, "response Success\nreply %d OK answered Success\n", i);
    says(session, text);
  }
  quiet(session, 29999);
  done(session);
}

/* The last answer alone passes over all the others. */
static void ten_thousand_passed_over(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  for (int i = 1; i <= MANY; i++) core_session_submit(session, "Any");
  core_session_said(session);
  server(session, OK("a10000"));
  const char* said = core_session_said(session);
  int replies = 0;
  for (const char* at = said; (at = strstr(at, "ENORESPONSE maybe-run\n")) != NULL; at++) replies++;
  assert_int_equal(replies, MANY - 1);
  assert_non_null(strstr(said, "reply 9999 ENORESPONSE maybe-run\nreply 10000 OK answered Success\n"));
  core_session_free(session);
}

static void ten_thousand_lost(void** state) {
  size_t size = 0;
  (void)state;
  core_session_t* session = ready_session();
  core_session_hold(session);
  for (int i = 1; i <= MANY; i++)
    core_session_submit(session, i % 2 == 0 ? "Any timeout=0" : "Any timeout=9");
  core_session_output(session, &size);
  core_session_hand_over(session, size / 2);
  core_session_said(session);
  core_session_disconnect(session, AMI_ELOST, 0);
  const char* said = core_session_said(session);
  for (int i = 1; i <= MANY; i++) {
    char text[64];
    const int length = snprintf(text, sizeof text, "reply %d ELOST ", i);
    assert_memory_equal(said, text, (size_t)length);
    said = strchr(said, '\n') + 1;
  }
  assert_int_equal(*said, '\0');
  core_session_free(session);
}

/* Processor time for so many that end at once before anything of them was sent. */
static int64_t time_for_unsent(int many) {
  size_t size = 1;
  core_session_t* session = ready_session();
  core_session_hold(session);
  for (int i = 0; i < many; i++) core_session_submit(session, "Any timeout=9");
  core_session_said(session);
  const int64_t before = usage_cpu_us();
  core_session_advance(session, 9);
  core_session_output(session, &size);
  const int64_t used = usage_cpu_us() - before;
  assert_int_equal(size, 0);
  const char* said = core_session_said(session);
  int replies = 0;
  for (const char* at = said; (at = strstr(at, "ETIMEDOUT not-sent\n")) != NULL; at++) replies++;
  assert_int_equal(replies, many);
  core_session_free(session);
  return used;
}

/* Four times as many take some four times as long, and not sixteen times. */
static void ten_thousand_unsent(void** state) {
  const int64_t few = time_for_unsent(MANY);
  const int64_t many = time_for_unsent(4 * MANY);
  (void)state;
  assert_in_range(many, 0, 10 * few + 100000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(items_of_a_list),
      cmocka_unit_test(the_terminator_is_no_item),
      cmocka_unit_test(bytes_of_a_list),
      cmocka_unit_test(streamed_items),
      cmocka_unit_test(items_before_the_awaited_event),
      cmocka_unit_test(items_after_a_cut),
      cmocka_unit_test(an_endless_list_is_given_up),
      cmocka_unit_test(lines_and_messages),
      cmocka_unit_test(ten_thousand_in_flight),
      cmocka_unit_test(ten_thousand_passed_over),
      cmocka_unit_test(ten_thousand_lost),
      cmocka_unit_test(ten_thousand_unsent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
