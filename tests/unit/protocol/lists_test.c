#include "core_protocol.h"

static void expect(const char* action, int shape, const char* end) {
  const char* found = NULL;
  assert_int_equal(core_answer(action, &found), shape);
  assert_string_equal(found, end);
}

static void lists_have_their_terminators(void** state) {
  (void)state;
  expect("Agents", CORE_LIST, "AgentsComplete");                   /* the first of the table */
  expect("ZapShowChannels", CORE_LIST, "ZapShowChannelsComplete"); /* and the last */
  expect("CoreShowChannels", CORE_LIST, "CoreShowChannelsComplete");
  expect("PJSIPShowEndpoint", CORE_LIST, "EndpointDetailComplete");
  expect("PJSIPShowEndpoints", CORE_LIST, "EndpointListComplete");
  expect("VoicemailUsersList", CORE_LIST, "VoicemailUserEntryComplete");
  expect("IAXpeers", CORE_LIST, "PeerlistComplete");
  expect("DBGet", CORE_LIST, "DBGetComplete");
  expect("WaitEvent", CORE_LIST, "WaitEventComplete");
}

static void some_are_special(void** state) {
  (void)state;
  expect("Hangup", CORE_REGEX_LIST, "ChannelsHungupListComplete");
  expect("PJSIPHangup", CORE_REGEX_LIST, "ChannelsHungupListComplete");
  expect("FAXStats", CORE_SINGLE_EVENT, "FAXStats");
  expect("FAXSession", CORE_SINGLE_EVENT, "FAXSession");
  expect("FAXSessions", CORE_LIST, "FAXSessionsComplete");
  expect("DataGet", CORE_EVENT_ONLY, "DataGet Tree");
  expect("Queues", CORE_NO_ANSWER, "");
  expect("IAXnetstats", CORE_NO_ANSWER, "");
}

static void names_have_no_case(void** state) {
  (void)state;
  expect("queuestatus", CORE_LIST, "QueueStatusComplete");
  expect("QUEUESUMMARY", CORE_LIST, "QueueSummaryComplete");
  expect("dbgettree", CORE_LIST, "DBGetTreeComplete");
}

static void all_else_is_plain(void** state) {
  (void)state;
  expect("Ping", CORE_PLAIN, "");
  expect("", CORE_PLAIN, "");
  expect("Queue", CORE_PLAIN, "");
  expect("QueueStatusX", CORE_PLAIN, "");
  expect("zzz", CORE_PLAIN, "");
  expect("AAA", CORE_PLAIN, "");
  expect("Originate", CORE_PLAIN, ""); /* OriginateResponse is a broadcast */
  expect("SIPqualifypeer", CORE_PLAIN,
         ""); /* so is its Done; and where it has no answer, the next one tells */
  expect("QueueRule", CORE_PLAIN, "");
  expect("Events", CORE_PLAIN, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_have_their_terminators),
      cmocka_unit_test(some_are_special),
      cmocka_unit_test(names_have_no_case),
      cmocka_unit_test(all_else_is_plain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
