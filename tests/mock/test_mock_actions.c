/* What the built-in actions answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static void end(ami_mock_t* mock, wire_t* wire) {
  wire_close(wire);
  ami_mock_free(mock);
}

/* Sends an action with the id "q" and waits until everything about it has come. */
static void ask(wire_t* wire, const char* headers) {
  wire_forget(wire);
  wire_send(wire, "ActionID: q\nAction: ");
  wire_send(wire, headers);
  wire_send(wire, "\n");
  assert_true(wire_sync(wire));
}

static void test_fixed_lists(void** state) {
  static const char* const lists[][4] = {
      {"PJSIPShowEndpoints\n", "A listing of Endpoints follows, presented as EndpointList events",
       "EndpointList", "3"},
      {"Parkinglots\n", "Parking lots will follow", "Parkinglot", "1"},
      {"ParkedCalls\n", "Parked calls will follow", "ParkedCall", "0"},
      {"BridgeList\n", "Bridge listing will follow", "BridgeListItem", "0"},
      {"CoreShowChannels\n", "Channels will follow", "CoreShowChannel", "0"},
      {"CoreShowChannels\nItems: 250\n", "Channels will follow", "CoreShowChannel", "250"},
      {"Status\n", "Channel status will follow", "Status", "0"},
      {"DeviceStateList\n", "Device State Changes will follow", "DeviceStateChange", "4"},
      {"ExtensionStateList\n", "Extension Statuses will follow", "ExtensionStatus", "2"},
      {"PresenceStateList\n", "Presence State Changes will follow", "PresenceStateChange", "0"},
      {"QueueSummary\n", "Queue summary will follow", "QueueSummary", "2"},
      {"QueueStatus\nQueue: none\n", "Queue status will follow", "QueueParams", "0"}};
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) {
    char text[256];
    ask(wire, lists[i][0]);
    snprintf(text, sizeof text, "Response: Success\nActionID: q\nEventList: start\nMessage: %s\n\n",
             lists[i][1]);
    assert_true(wire_has(wire, text));
    snprintf(text, sizeof text, "ActionID: q\nEventList: Complete\nListItems: %s\n", lists[i][3]);
    assert_true(wire_has(wire, text));
    snprintf(text, sizeof text, "Event: %s\n", lists[i][2]);
    assert_int_equal(wire_count(wire, text), (size_t)atoi(lists[i][3]));
  }
  ask(wire, "Status\nItems: 2\n");
  assert_true(wire_has(wire, "Event: Status\nPrivilege: Call\nChannel: PJSIP/bench-00000001\n"));
  assert_true(wire_has(wire, "ListItems: 2\nItems: 2\n\n"));
  end(mock, wire);
}

static void test_lists_before_13(void** state) {
  ami_mock_t* mock = start_mock("version", "11", NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ask(wire, "QueueSummary\n");
  assert_true(wire_has(wire, "Response: Success\nActionID: q\nMessage: Queue summary will follow\n\n"));
  assert_true(wire_has(wire, "Event: QueueSummaryComplete\nActionID: q\n\n"));
  assert_false(wire_has(wire, "EventList") || wire_has(wire, "ListItems"));
  end(mock, wire);
}

static void test_old_dialect(void** state) {
  ami_mock_t* mock = start_mock("version", "1.4", NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  (void)state;
  wire_send(wire, "Action: Ping\n\n");
  assert_true(wire_until(wire, "Response: Error\nMessage: Authentication Required\n\n"));
  assert_true(wire_login(wire, "admin", "on"));
  wire_send(wire, "Action: Ping\nActionID: 1\n\nAction: Events\nActionID: 2\nEventMask: on\n\n");
  assert_true(wire_until(wire, "Response: Pong\nActionID: 1\n\n"));
  assert_true(wire_until(wire, "Response: Events On\nActionID: 2\n\n"));
  end(mock, wire);
}

static void test_command(void** state) {
  ami_mock_t* mock = start_mock("version", "16", NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ask(wire, "Command\nCommand: core show channels\n");
  assert_true(
      wire_has(wire, "Response: Success\nActionID: q\nMessage: Command output follows\nOutput: Channel  "));
  assert_true(
      wire_has(wire, "\nOutput: 0 active channels\nOutput: 0 active calls\nOutput: 0 calls processed\n\n"));
  ask(wire, "Command\nCommand: no such command\n");
  assert_true(
      wire_has(wire,
               "Response: Error\nActionID: q\nMessage: Command output follows\nOutput: No such command "
               "'no such command' (type 'core show help no such' for other possible commands)\n\n"));
  ask(wire, "Command\nCommand: logger rotate\n");
  assert_true(wire_has(wire, "Message: Command output follows\nOutput: \n\n"));
  ask(wire, "Command\nCommand: core show version\n");
  assert_true(wire_has(wire, "Output: Asterisk 16."));
  ask(wire, "Command\n");
  assert_true(wire_has(wire, "Response: Error\nActionID: q\nMessage: No command provided\n\n"));
  end(mock, wire);
}

static void test_old_command_framing(void** state) {
  ami_mock_t* mock = start_mock("version", "13", NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ask(wire, "Command\nCommand: core show channels\n");
  assert_non_null(strstr(wire->in, "Response: Follows\r\nPrivilege: Command\r\nActionID: q\r\nChannel  "));
  assert_non_null(strstr(wire->in, "\n0 calls processed\n--END COMMAND--\r\n\r\nResponse: Success"));
  ask(wire, "Command\nCommand: logger rotate\n");
  assert_non_null(strstr(wire->in, "ActionID: q\r\n--END COMMAND--\r\n\r\n"));
  end(mock, wire);
}

static void test_kick_and_connected(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *wire = log_in(mock, "admin", "off"), *victim = log_in(mock, "reader", "off");
  (void)state;
  ask(wire, "Command\nCommand: manager show connected\n");
  assert_true(wire_has(wire, "Output:   admin            127.0.0.1  "));
  assert_true(wire_has(wire, "Output: 2 users connected.\n\n"));
  ask(wire, "Command\nCommand: manager kick session 2\n");
  assert_true(wire_until_eof(victim));
  ask(wire, "Command\nCommand: manager kick session 77\n");
  assert_true(wire_has(wire, "Output: No matching session found\n"));
  wire_close(victim);
  end(mock, wire);
}

static void test_restart_by_command(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *wire = log_in(mock, "admin", "on"), *other = log_in(mock, "admin", "system");
  (void)state;
  wire_forget(wire);
  wire_send(wire, "Action: Command\nCommand: core restart now\n\n");
  assert_true(wire_until_eof(wire));
  assert_false(wire_has(wire, "Response") || wire_has(wire, "Shutdown"));
  assert_true(wire_until_eof(other));
  assert_true(
      wire_has(other, "Event: Shutdown\nPrivilege: system,all\nShutdown: Cleanly\nRestart: True\n\n"));
  wire_close(wire);
  wire_close(other);
  assert_int_equal(ami_mock_wait(mock, "open", 0, WIRE_TIMEOUT_MS), 0);
  wire = log_in(mock, "admin", "on");
  end(mock, wire);
}

static void test_database(void** state) {
  ami_mock_t* mock = start_mock("version", "16", NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ask(wire, "DBPut\nFamily: fam\nKey: k1\nVal: v: 1 \n");
  assert_true(wire_has(wire, "Message: Updated database successfully\n\n"));
  ask(wire, "DBPut\nFamily: fam\nKey: k2\n");
  ask(wire, "DBGet\nFamily: fam\nKey: k1\n");
  assert_true(wire_has(
      wire,
      "EventList: start\nMessage: Result will follow\n\nEvent: DBGetResponse\nFamily: fam\nKey: k1\n"
      "Val: v: 1 \nActionID: q\n\nEvent: DBGetComplete\nActionID: q\nEventList: Complete\nListItems: 1\n\n"));
  ask(wire, "DBGet\nFamily: fam\nKey: no\n");
  assert_true(wire_has(wire, "Response: Error\nActionID: q\nMessage: Database entry not found\n\n"));
  ask(wire, "DBGetTree\nFamily: fam\n");
  assert_int_equal(wire_count(wire, "Event: DBGetTreeResponse\nKey: /fam/k"), 2);
  assert_true(wire_has(
      wire, "Event: DBGetTreeComplete\nActionID: q\nEventList: Complete\nListItems: 1\n\n")); /* 16's bug */
  ask(wire, "DBDel\nFamily: fam\nKey: k1\n");
  assert_true(wire_has(wire, "Message: Key deleted successfully\n\n"));
  ask(wire, "DBDelTree\nFamily: fam\n");
  assert_true(wire_has(wire, "Message: Key tree deleted successfully\n\n"));
  ask(wire, "DBDelTree\nFamily: fam\n");
  assert_true(wire_has(wire, "Message: Database entry not found\n\n"));
  ask(wire, "DBGet\nKey: x\n");
  assert_true(wire_has(wire, "Response: Error\nActionID: q\n"));
  end(mock, wire);
}

static void test_variables(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "on");
  (void)state;
  ask(wire, "Getvar\nVariable: GLOBALVAR\n");
  assert_true(wire_has(wire, "Response: Success\nActionID: q\nVariable: GLOBALVAR\nValue: one\n\n"));
  ask(wire, "Setvar\nVariable: NEW\nValue: a: b, c \n");
  assert_true(wire_has(wire,
                       "ActionID: q\nMessage: Variable Set\n\nEvent: VarSet\nPrivilege: dialplan,all\n"
                       "Channel: none\nUniqueid: none\nVariable: NEW\nValue: a: b, c \n\n"));
  ask(wire, "Getvar\nVariable: NEW\n");
  assert_true(wire_has(wire, "Value: a: b, c \n\n"));
  ask(wire, "Getvar\nVariable: BASE64_DECODE(YQpiDQpj)\n");
  assert_non_null(strstr(wire->in, "Value: a\nb\r\nc\r\n\r\n"));
  ask(wire, "Getvar\nVariable: X\nChannel: Local/none\n");
  assert_true(wire_has(wire, "Response: Error\nActionID: q\nMessage: No such channel\n\n"));
  ask(wire, "GetConfig\nFilename: sample.conf\n");
  assert_true(wire_has(wire, "Line-000000-000003: colon=a:b: c\n"));
  ask(wire, "GetConfig\nFilename: nosuch.conf\n");
  assert_true(wire_has(wire, "Response: Error\nActionID: q\nMessage: Config file not found\n\n"));
  end(mock, wire);
}

static void test_queue_members(void** state) {
  ami_mock_t* mock = start_mock("version", "16", NULL);
  wire_t* wire = log_in(mock, "admin", "agent");
  (void)state;
  ask(wire,
      "QueueAdd\nQueue: empty\nInterface: Local/101@test/n\nMemberName: \xc3\x81"
      "d\xc3\xa1m\nPenalty: 2\n");
  assert_true(wire_has(wire,
                       "Message: Added interface to queue\n\nEvent: QueueMemberAdded\nPrivilege: agent,all\n"
                       "Queue: empty\nMemberName: \xc3\x81"
                       "d\xc3\xa1m\nInterface: Local/101@test/n\n"));
  ask(wire, "QueueAdd\nQueue: empty\nInterface: Local/101@test/n\n");
  assert_true(wire_has(wire, "Message: Unable to add interface: Already there\n\n"));
  ask(wire, "QueuePause\nInterface: Local/101@test/n\nPaused: true\nReason: lunch: now\n");
  assert_true(wire_has(wire, "Message: Interface paused successfully\n\n"));
  assert_int_equal(wire_count(wire, "Event: QueueMemberPause\n"), 2); /* a member of both queues */
  assert_true(wire_has(
      wire, "Paused: 1\nPausedReason: lunch: now\nRinginuse: 1\nWrapuptime: 0\nReason: lunch: now\n\n"));
  ask(wire, "QueueStatus\nQueue: empty\n");
  assert_true(wire_has(wire,
                       "Event: QueueMember\nQueue: empty\nName: \xc3\x81"
                       "d\xc3\xa1m\nLocation: Local/101@test/n\n"));
  ask(wire, "QueueRemove\nQueue: empty\nInterface: Local/101@test/n\n");
  assert_true(wire_has(wire, "Message: Removed interface from queue\n\nEvent: QueueMemberRemoved\n"));
  ask(wire, "QueueRemove\nQueue: empty\nInterface: Local/101@test/n\n");
  assert_true(
      wire_has(wire, "Response: Error\nActionID: q\nMessage: Unable to remove interface: Not there\n\n"));
  end(mock, wire);
}

static void test_user_event_reaches_everyone(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *wire = log_in(mock, "admin", "on"), *other = log_in(mock, "limited", "on"),
         *off = log_in(mock, "admin", "call");
  const char* event =
      "Event: UserEvent\nPrivilege: user,all\nUserEvent: Mine\nActionID: ue\nB:nospace\n"
      "Event: Hangup\na line without a colon\nLatin: caf\xe9\n\n";
  (void)state;
  wire_send(wire,
            "Action: UserEvent\nActionID: ue\nUserEvent: Mine\nB:nospace\nEvent: Hangup\n"
            "a line without a colon\nLatin: caf\xe9\n\n");
  assert_true(wire_until(other, event));
  assert_true(wire_until(wire, event));
  assert_true(strstr(wire->in, "ActionID: ue\r\nMessage: Event Sent") < strstr(wire->in, "Event: UserEvent"));
  assert_true(wire_sync(off));
  assert_false(wire_has(off, "UserEvent"));
  wire_close(other);
  wire_close(off);
  end(mock, wire);
}

static void test_wait_event(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "user");
  (void)state;
  wire_send(wire, "Action: WaitEvent\nActionID: w\nTimeout: 60\n\n");
  assert_int_equal(ami_mock_wait_actions(mock, "WaitEvent", 1, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_emit(mock, "Event: Wake\r\nPrivilege: user,all\r\n"), 1);
  assert_true(wire_until(wire,
                         "Response: Success\nActionID: w\nMessage: Waiting for Event completed.\n\n"
                         "Event: Wake\nPrivilege: user,all\n\nEvent: WaitEventComplete\nActionID: w\n\n"));
  wire_send(wire, "Action: WaitEvent\nActionID: zero\nTimeout: 0\n\nAction: WaitEvent\nActionID: woken\n\n");
  assert_true(wire_until(wire, "Event: WaitEventComplete\nActionID: zero\n\n"));
  assert_int_equal(ami_mock_wait_actions(mock, "WaitEvent", 3, WIRE_TIMEOUT_MS), 0);
  assert_false(wire_has(wire, "woken"));
  assert_true(wire_sync(wire)); /* input ends it */
  assert_true(wire_has(wire, "Event: WaitEventComplete\nActionID: woken\n\n"));
  end(mock, wire);
}

static void originate(wire_t* wire, const char* id, const char* headers) {
  wire_send(wire, "Action: Originate\nActionID: ");
  wire_send(wire, id);
  wire_send(wire, "\n");
  wire_send(wire, headers);
  wire_send(wire, "\n");
}

static void test_originate_refusals(void** state) {
  static const char* const cases[][2] = {
      {"Application: Wait\n", "Channel not specified"},
      {"Channel: noslash\nApplication: Wait\n", "Invalid channel"},
      {"Channel: Local/100@test\n", "Originate with 'Exten' requires 'Context' and 'Priority'"},
      {"Channel: Local/100@test\nContext: test\nExten: 100\nPriority: x\n", "Invalid priority"},
      {"Channel: Nosuch/1\nApplication: Wait\n", "Originate failed"},
      {"Channel: Local/999@test\nApplication: Wait\n", "Originate failed"},
      {"Channel: Local/103@test\nApplication: Wait\n", "Originate failed"},
      {"Channel: Local/104@test\nApplication: Wait\n", "Originate failed"},
      {"Channel: Local/105@test\nApplication: Wait\nTimeout: 50\n", "Originate failed"}};
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char text[160];
    wire_forget(wire);
    originate(wire, "o", cases[i][0]);
    assert_true(wire_sync(wire));
    snprintf(text, sizeof text, "Response: Error\nActionID: o\nMessage: %s\n\n", cases[i][1]);
    assert_true(wire_has(wire, text));
  }
  assert_int_equal(ami_mock_wait(mock, "calls_open", 0, WIRE_TIMEOUT_MS), 0);
  end(mock, wire);
}

static void test_synchronous_originate_blocks_its_connection(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *wire = log_in(mock, "admin", "on"), *other = log_in(mock, "admin", "call");
  const char* answer =
      "Response: Error\r\nActionID: o\r\nMessage: Originate failed\r\n\r\nEvent: Newchannel\r\n";
  (void)state;
  assert_true(wire_sync(wire));
  wire_forget(wire);
  originate(wire, "o", "Channel: Local/105@test\nApplication: Wait\n");
  wire_send(wire, "Action: Ping\nActionID: behind\n\n");
  assert_true(wire_until(other, "Event: DialState\n")); /* the others see it live */
  assert_false(wire_read_once(wire, 20));
  assert_int_equal(ami_mock_saw(mock, "behind"), 0);
  wire_send(other, "Action: Hangup\nChannel: /105/\n\n");
  assert_true(wire_until(wire, "ActionID: behind\n"));
  assert_ptr_equal(strstr(wire->in, answer), wire->in);
  assert_true(strstr(wire->in, "Event: Hangup") < strstr(wire->in, "ActionID: behind"));
  wire_close(other);
  end(mock, wire);
}

static void test_asynchronous_originate(void** state) {
  static const char* const failures[][3] = {{"Nosuch/1", "0", "Wait"},
                                            {"Local/999@test", "0", "Wait"},
                                            {"Local/103@test", "5", "Wait"},
                                            {"Local/104@test", "8", "Wait"},
                                            {"Local/105@test", "3", "Wait"}};
  ami_mock_t* mock = start_mock(NULL);
  wire_t *wire = log_in(mock, "admin", "on"), *other = log_in(mock, "admin", "call");
  char text[256];
  (void)state;
  originate(wire, "oa",
            "Channel: Local/100@test\nContext: test\nExten: 100\nPriority: 1\nAsync: true\nChannelId: my-1\n"
            "OtherChannelId: my-2\nCallerID: \"\xc5\xbdofie\" <42>\nVariable: X=1,Y=2\n");
  assert_true(
      wire_until(other,
                 "Event: OriginateResponse\nPrivilege: call,all\nActionID: oa\nResponse: Success\n"
                 "Channel: Local/100@test-00000001;1\nContext: test\nExten: 100\nReason: 4\nUniqueid: my-1\n"
                 "CallerIDNum: 42\nCallerIDName: \xc5\xbdofie\n"
                 "ChanVariable(Local/100@test-00000001;1): AMIVAR=\n"));
  assert_true(wire_until(wire, "Event: OriginateResponse\n"));
  assert_true(strstr(wire->in, "Message: Originate successfully queued") <
              strstr(wire->in, "Event: Newchannel"));
  assert_int_equal(ami_mock_wait(mock, "calls_open", 0, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_sync(wire));
  assert_int_equal(wire_count(wire, "Event: Newchannel\n"), 2);
  assert_int_equal(wire_count(wire, "Event: Hangup\n"), 2);
  assert_int_equal(wire_count(wire, "Event: Cdr\n"), 2);
  assert_int_equal(wire_count(wire, "Linkedid: my-1\n") > 10, 1);
  assert_true(wire_has(wire, "Variable: X\nValue: 1\n\n") &&
              wire_has(wire, "Variable: AMIVAR\nValue: hello\n\n"));
  for (size_t i = 0; i < sizeof failures / sizeof *failures; ++i) {
    wire_forget(wire);
    snprintf(text, sizeof text, "Channel: %s\nApplication: %s\nData: 0.1\nAsync: 1\nTimeout: 50\n",
             failures[i][0], failures[i][2]);
    originate(wire, "of", text);
    snprintf(text, sizeof text,
             "Event: OriginateResponse\nPrivilege: call,all\nActionID: of\nResponse: Failure\nChannel: "
             "%s\nApplication: "
             "Wait\nData: 0.1\nReason: %s\nUniqueid: <unknown>\nCallerIDNum: <unknown>\nCallerIDName: "
             "<unknown>\n\n",
             failures[i][0], failures[i][1]);
    assert_true(wire_until(wire, text));
    assert_true(
        wire_has(wire, "Response: Success\nActionID: of\nMessage: Originate successfully queued\n\n"));
  }
  wire_close(other);
  end(mock, wire);
}

static void test_live_calls_in_lists_and_hangup(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "on");
  (void)state;
  originate(wire, "o", "Channel: Local/106@test\nContext: test\nExten: 102\nPriority: 1\n");
  assert_true(wire_until(wire, "Response: Success\nActionID: o\nMessage: Originate successfully queued\n\n"));
  ask(wire, "CoreShowChannels\n");
  assert_true(wire_has(wire, "ListItems: 4\n"));
  ask(wire, "BridgeList\n");
  assert_true(wire_has(wire, "BridgeNumChannels: 2\n"));
  ask(wire, "Status\nChannel: Local/106@test-00000001;1\nVariables: AMIVAR\n");
  assert_true(wire_has(wire, "Variable: AMIVAR=(null)\n") && wire_has(wire, "ListItems: 1\n"));
  ask(wire, "Getvar\nChannel: Local/106@test-00000001;1\nVariable: CHANNEL(state)\n");
  assert_true(wire_has(wire, "Value: Up\n"));
  ask(wire, "Redirect\nChannel: Local/106@test-00000001;2\nContext: test\nExten: 111\nPriority: 1\n");
  assert_true(wire_has(wire, "Message: Redirect successful\n\n"));
  assert_int_equal(wire_count(wire, "Event: BridgeLeave\n"), 2);
  assert_int_equal(wire_count(wire, "Event: BridgeDestroy\n"), 1);
  ask(wire, "Hangup\nChannel: /^Local.*$/\nCause: 17\n");
  assert_true(
      wire_has(wire,
               "Response: Success\nActionID: q\nEventList: start\nMessage: Channels hung up will follow\n\n"
               "Event: ChannelHungup\nChannel: Local/"));
  assert_true(wire_has(
      wire, "Event: ChannelsHungupListComplete\nActionID: q\nEventList: Complete\nListItems: 3\n\n"));
  assert_int_equal(wire_count(wire, "Event: Hangup\n"), 3);
  assert_true(wire_has(wire, "Cause: 17\nCause-txt: User busy\n"));
  assert_int_equal(ami_mock_wait(mock, "calls_open", 0, WIRE_TIMEOUT_MS), 0);
  ask(wire, "Hangup\nChannel: Local/106@test-00000001;1\n");
  assert_true(wire_has(wire, "Response: Error\nActionID: q\nMessage: No such channel\n\n"));
  originate(wire, "o", "Channel: Local/101@test\nContext: test\nExten: 101\nPriority: 1\n");
  ask(wire, "Hangup\nChannel: local/101@TEST-00000005;1\n");
  assert_true(wire_has(wire, "Response: Success\nActionID: q\nMessage: Channel Hungup\n\n"));
  assert_int_equal(wire_count(wire, "Event: Hangup\n"), 2);
  end(mock, wire);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fixed_lists),
      cmocka_unit_test(test_lists_before_13),
      cmocka_unit_test(test_old_dialect),
      cmocka_unit_test(test_command),
      cmocka_unit_test(test_old_command_framing),
      cmocka_unit_test(test_kick_and_connected),
      cmocka_unit_test(test_restart_by_command),
      cmocka_unit_test(test_database),
      cmocka_unit_test(test_variables),
      cmocka_unit_test(test_queue_members),
      cmocka_unit_test(test_user_event_reaches_everyone),
      cmocka_unit_test(test_wait_event),
      cmocka_unit_test(test_originate_refusals),
      cmocka_unit_test(test_synchronous_originate_blocks_its_connection),
      cmocka_unit_test(test_asynchronous_originate),
      cmocka_unit_test(test_live_calls_in_lists_and_hangup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
