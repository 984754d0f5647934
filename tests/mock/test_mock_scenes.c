/* Scenes: what begins must end, in every call. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

#define MOST_EVENTS 4000

/* The value of a key of each event of that name, in order. */
typedef struct values {
  size_t count;
  char text[MOST_EVENTS][64];
} values_t;

static void collect(const char* in, const char* event, const char* key, values_t* out) {
  char begin[64], line[64];
  const char* at = in;
  snprintf(begin, sizeof begin, "Event: %s\r\n", event);
  snprintf(line, sizeof line, "\r\n%s: ", key);
  out->count = 0;
  while ((at = strstr(at, begin)) != NULL) {
    const char *stop = strstr(at, "\r\n\r\n"), *value = strstr(at, line);
    assert_true(stop && value && value < stop && out->count < MOST_EVENTS);
    value += strlen(line);
    snprintf(out->text[out->count++], 64, "%.*s", (int)strcspn(value, "\r"), value);
    at = stop;
  }
}

static size_t count_of(const values_t* values, const char* text) {
  size_t count = 0;
  for (size_t i = 0; i < values->count; ++i) count += strcmp(values->text[i], text) == 0;
  return count;
}

/* There are as many `first` as `second` with each value of the key. Returns how many there are in all. */
static size_t assert_pairs(const char* in, const char* first, const char* second, const char* key) {
  static values_t begun, ended;
  collect(in, first, key, &begun);
  collect(in, second, key, &ended);
  for (size_t i = 0; i < begun.count; ++i) {
    if (count_of(&begun, begun.text[i]) != count_of(&ended, begun.text[i])) {
      fail_msg("%s with %s %s has no %s of its own", first, key, begun.text[i], second);
    }
  }
  assert_int_equal(begun.count, ended.count);
  return begun.count;
}

static void assert_whole(const char* in) {
  static values_t linked, unique, number;
  assert_true(assert_pairs(in, "Newchannel", "Hangup", "Uniqueid") > 0);
  assert_pairs(in, "Newchannel", "Cdr", "Channel");
  assert_pairs(in, "DialBegin", "DialEnd", "DestUniqueid");
  assert_pairs(in, "BridgeCreate", "BridgeDestroy", "BridgeUniqueid");
  assert_pairs(in, "BridgeEnter", "BridgeLeave", "Uniqueid");
  assert_pairs(in, "QueueCallerJoin", "QueueCallerLeave", "Uniqueid");
  assert_pairs(in, "AgentConnect", "AgentComplete", "Uniqueid");
  assert_pairs(in, "MusicOnHoldStart", "MusicOnHoldStop", "Uniqueid");
  collect(in, "Newchannel", "Linkedid", &linked);
  collect(in, "Newchannel", "Uniqueid", &unique);
  for (size_t i = 0; i < linked.count; ++i) assert_int_equal(count_of(&unique, linked.text[i]), 1);
  collect(in, "BridgeDestroy", "BridgeNumChannels", &number);
  assert_int_equal(count_of(&number, "0"), number.count);
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
  assert_true(wire_until(wire, "Event: DialBegin\n"));
  assert_int_equal(ami_mock_play(mock, "none"), 0);
  wire_send(wire, "Action: Hangup\nChannel: /^PJSIP/\n\n");
  assert_int_equal(ami_mock_wait(mock, "calls_open", 0, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_sync(wire));
  assert_true(assert_pairs(wire->in, "Newchannel", "Hangup", "Uniqueid") > 0);
  assert_pairs(wire->in, "QueueCallerJoin", "QueueCallerLeave", "Uniqueid");
  assert_pairs(wire->in, "DialBegin", "DialEnd", "DestUniqueid");
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
