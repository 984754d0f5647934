/* Scenes: what begins must end, in every call. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

/* The value of a key in the block that begins here; empty if it has none. */
static void value_in(const char* block, const char* key, char* out, size_t cap) {
  const char* stop = strstr(block, "\r\n\r\n");
  char line[64];
  const char* at;
  snprintf(line, sizeof line, "\r\n%s: ", key);
  at = strstr(block, line);
  out[0] = '\0';
  if (at && at < stop) {
    at += strlen(line);
    snprintf(out, cap, "%.*s", (int)strcspn(at, "\r"), at);
  }
}

static const char* next_event(const char* from, const char* name) {
  char text[64];
  snprintf(text, sizeof text, "Event: %s\r\n", name);
  return strstr(from, text);
}

static size_t count_with(const char* in, const char* event, const char* key, const char* value) {
  size_t count = 0;
  char found[128];
  for (const char* at = next_event(in, event); at; at = next_event(at + 1, event)) {
    value_in(at, key, found, sizeof found);
    count += strcmp(found, value) == 0;
  }
  return count;
}

/* Every `first` is followed by exactly one `second` with the same value of the key. Returns how many there
 * are. */
static size_t assert_pairs(const char* in, const char* first, const char* second, const char* key) {
  size_t count = 0;
  char value[128];
  for (const char* at = next_event(in, first); at; at = next_event(at + 1, first)) {
    value_in(at, key, value, sizeof value);
    assert_true(value[0] != '\0');
    if (count_with(at, second, key, value) != count_with(at, first, key, value)) {
      fail_msg("%s of %s %s has no %s of its own", first, key, value, second);
    }
    ++count;
  }
  return count;
}

static void assert_whole(const char* in) {
  char linked[128], number[128];
  assert_true(assert_pairs(in, "Newchannel", "Hangup", "Uniqueid") > 0);
  assert_pairs(in, "Newchannel", "Cdr", "Channel");
  assert_pairs(in, "DialBegin", "DialEnd", "DestUniqueid");
  assert_pairs(in, "BridgeCreate", "BridgeDestroy", "BridgeUniqueid");
  assert_pairs(in, "BridgeEnter", "BridgeLeave", "Uniqueid");
  assert_pairs(in, "QueueCallerJoin", "QueueCallerLeave", "Uniqueid");
  assert_pairs(in, "AgentConnect", "AgentComplete", "Uniqueid");
  assert_pairs(in, "MusicOnHoldStart", "MusicOnHoldStop", "Uniqueid");
  for (const char* at = next_event(in, "Newchannel"); at; at = next_event(at + 1, "Newchannel")) {
    value_in(at, "Linkedid", linked, sizeof linked);
    assert_true(count_with(in, "Newchannel", "Uniqueid", linked) == 1);
  }
  for (const char* at = next_event(in, "BridgeDestroy"); at; at = next_event(at + 1, "BridgeDestroy")) {
    value_in(at, "BridgeNumChannels", number, sizeof number);
    assert_string_equal(number, "0");
  }
  assert_null(strstr(in, "{"));
}

static wire_t* watch(ami_mock_t* mock, const char* scene) {
  wire_t* wire = log_in(mock, "admin", "call,agent,dialplan,cdr,dtmf");
  wire_forget(wire);
  assert_int_equal(ami_mock_play(mock, scene), 0);
  return wire;
}

static void play_once(const char* scene, int calls, const char* event) {
  ami_mock_t* mock = start_mock("speed", "10", NULL);
  wire_t* wire = watch(mock, scene);
  assert_int_equal(ami_mock_wait(mock, "calls", calls, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_wait(mock, "calls_open", 0, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_sync(wire));
  assert_int_equal(ami_mock_count(mock, "calls"), calls);
  assert_true(wire_has(wire, event));
  assert_whole(wire->in);
  wire_close(wire);
  ami_mock_free(mock);
}

static void test_call(void** state) {
  (void)state;
  play_once("call once", 5, "DialStatus: BUSY\n");
}

static void test_queue(void** state) {
  (void)state;
  play_once("queue once", 4, "Event: QueueCallerAbandon\n");
}

static void test_bridge(void** state) {
  (void)state;
  play_once("bridge once", 2, "Event: AttendedTransfer\n");
}

static void test_storm_and_none(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = watch(mock, "storm 5000");
  (void)state;
  while (ami_mock_count(mock, "calls") < 100) assert_true(wire_read_once(wire, WIRE_TIMEOUT_MS));
  assert_int_equal(ami_mock_play(mock, "none"), 0);
  while (ami_mock_wait(mock, "calls_open", 0, 0) != 0) wire_read_once(wire, 20);
  assert_true(wire_sync(wire));
  assert_whole(wire->in);
  assert_true(wire_count(wire, "Event: ") > 2000);
  wire_close(wire);
  ami_mock_free(mock);
}

static void test_scene_from_the_start(void** state) {
  ami_mock_t* mock = start_mock("scene", "call", "speed", "10", NULL);
  wire_t* wire = log_in(mock, "admin", "call");
  (void)state;
  assert_true(wire_until(wire, "Event: Newchannel\n"));
  assert_int_equal(ami_mock_wait(mock, "calls", 3, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_play(mock, "opera"), -1);
  assert_non_null(strstr(ami_mock_error(mock), "opera"));
  assert_int_equal(ami_mock_play(mock, "storm never"), -1);
  wire_close(wire);
  ami_mock_free(mock); /* with calls under way */
}

static void test_hangup_in_mid_call(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = watch(mock, "queue once");
  (void)state;
  assert_true(wire_until(wire, "Event: QueueCallerJoin\n"));
  assert_int_equal(ami_mock_play(mock, "none"), 0);
  wire_send(wire, "Action: Hangup\nChannel: /^PJSIP/\n\n");
  assert_int_equal(ami_mock_wait(mock, "calls_open", 0, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_sync(wire));
  assert_true(assert_pairs(wire->in, "Newchannel", "Hangup", "Uniqueid") > 0);
  assert_pairs(wire->in, "QueueCallerJoin", "QueueCallerLeave", "Uniqueid");
  wire_close(wire);
  ami_mock_free(mock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_call),
      cmocka_unit_test(test_queue),
      cmocka_unit_test(test_bridge),
      cmocka_unit_test(test_storm_and_none),
      cmocka_unit_test(test_scene_from_the_start),
      cmocka_unit_test(test_hangup_in_mid_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
