#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_protocol.h"

static ami_msg_t* make(const char* wire) {
  return core_msg_new(wire, strlen(wire), CORE_BYTES);
}

static void bytes_equal(const char* bytes, size_t len, const char* expected, size_t expected_len) {
  assert_non_null(bytes);
  assert_int_equal(len, expected_len);
  assert_memory_equal(bytes, expected, expected_len);
  assert_int_equal(bytes[len], '\0');
}

static void raw_is(const ami_msg_t* msg, const char* wire, size_t size) {
  size_t len = 0;
  const char* raw = core_msg_raw(msg, &len);
  bytes_equal(raw, len, wire, size);
  assert_ptr_equal(core_msg_raw(msg, NULL), raw); /* kept */
}

static void value_is(const ami_msg_t* msg, const char* key, const char* expected) {
  size_t len = 0;
  const char* value = core_msg_get(msg, key, &len);
  bytes_equal(value, len, expected, strlen(expected));
}

static void output_is(const char* wire, const char* expected) {
  ami_msg_t* msg = make(wire);
  size_t len = 0;
  const char* output = core_msg_output(msg, &len);
  if (expected == NULL) {
    assert_null(output);
  } else {
    bytes_equal(output, len, expected, strlen(expected));
    assert_ptr_equal(core_msg_output(msg, NULL), output);
  }
  raw_is(msg, wire, strlen(wire));
  core_msg_unref(msg);
}

static void carries_its_stamp(void** state) {
  ami_msg_t* msg = make("Event: Hangup\r\nChannel: SIP/1\r\n\r\n");
  (void)state;
  assert_int_equal(core_msg_kind(msg), AMI_MSG_EVENT);
  assert_string_equal(core_msg_name(msg), "Hangup");
  assert_string_equal(core_msg_label(msg), "pbx");
  assert_int_equal(core_msg_seq(msg), 7);
  assert_int_equal(core_msg_time(msg), 8);
  assert_true(core_msg_size(msg) > 33 + 2 * sizeof(ami_field_t));
  assert_true(core_msg_size(msg) < 400);
  core_msg_unref(msg);
}

static void has_its_fields_in_a_table(void** state) {
  ami_msg_t* msg = make("Event: A\r\nKey: value\r\nno key\r\nEmpty: \r\n\r\n");
  const ami_field_t* fields = NULL;
  (void)state;
  assert_int_equal(core_msg_fields(msg, &fields), 4);
  bytes_equal(fields[1].key, fields[1].key_len, "Key", 3);
  bytes_equal(fields[1].value, fields[1].value_len, "value", 5);
  bytes_equal(fields[2].key, fields[2].key_len, "", 0);
  bytes_equal(fields[2].value, fields[2].value_len, "no key", 6);
  bytes_equal(fields[3].value, fields[3].value_len, "", 0);
  core_msg_unref(msg);
}

static void finds_fields_without_case(void** state) {
  ami_msg_t* msg = make("Event: A\r\nVariable: a\r\nX: y\r\nVARIABLE: b\r\nVariable: c\r\n\r\n");
  (void)state;
  value_is(msg, "variable", "a");
  value_is(msg, "X", "y");
  assert_null(core_msg_get(msg, "Variabl", NULL));
  assert_string_equal(core_msg_find(msg, "Variable", 1)->value, "b");
  assert_string_equal(core_msg_find(msg, "Variable", 2)->value, "c");
  assert_null(core_msg_find(msg, "Variable", 3));
  core_msg_unref(msg);
}

static void names_messages_by_their_first_type(void** state) {
  static const struct {
    const char *wire, *name;
    int kind;
  } cases[] = {
      {"Event: OriginateResponse\r\nResponse: Failure\r\n\r\n", "OriginateResponse", AMI_MSG_EVENT},
      {"Response: Success\r\nEvent: x\r\n\r\n", "Success", AMI_MSG_RESPONSE},
      {"ActionID: 1\r\nevent: Entry\r\n\r\n", "Entry", AMI_MSG_EVENT},
      {"Channel: SIP/1\r\n\r\n", "", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ami_msg_t* msg = make(cases[i].wire);
    assert_string_equal(core_msg_name(msg), cases[i].name);
    assert_int_equal(core_msg_kind(msg), cases[i].kind);
    core_msg_unref(msg);
  }
}

static void status_is_what_the_response_says(void** state) {
  static const char* const good[] = {"Success",   "Follows",    "Goodbye", "Pong",
                                     "Events On", "Events Off", "success"};
  static const char* const bad[] = {"Error", "Failure", "", "Successful", "Events"};
  char wire[64];
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
    const int is_good = i < sizeof good / sizeof *good;
    snprintf(wire, sizeof wire, "Response:%s\r\nX: y\r\n\r\n",
             is_good ? good[i] : bad[i - sizeof good / sizeof *good]);
    ami_msg_t* msg = make(wire);
    assert_int_equal(core_msg_status(msg), is_good ? 0 : AMI_EREPLY);
    core_msg_unref(msg);
  }
  ami_msg_t* event = make("Event: A\r\n\r\n");
  assert_int_equal(core_msg_status(event), 0);
  core_msg_unref(event);
  event = make("Event: OriginateResponse\r\nResponse: Failure\r\n\r\n");
  assert_int_equal(core_msg_status(event), AMI_EREPLY);
  core_msg_unref(event);
}

static void restores_the_wire_text(void** state) {
  static const char* const wires[] = {
      "Event: A\r\n\r\n",
      "Event: A\r\nX:y\r\n\n",
      "Event:A\r\nX:  y \r\nEmpty: \r\nBare:\r\n: none\r\n:\r\nno colon\r\na:b:c\r\n\r\n",
      "Event: A\r\nMessage: text\n\r\nTwo: x\n\n\r\nOnly: \n\r\nNone:\n\r\nno colon\n\r\n\r\n",
      "Event: A\r\nValue: a\nb\n\nc\r\r\n\r\n",
      "Event: Agents\r\nCallStarted: 1\nLoggedInTime: 2\r\nX: y\r\n\r\n",
      "Event: Agents\r\nCallStarted: 1\n\nLoggedInTime:2\n\r\nX: y\r\n\r\n",
      "Event: A\r\nChanVariable(IAX2/h:1): v=a: b\r\n\r\n",
      "Response: Follows\r\nActionID: 1\r\na: b\n\nc\n--END COMMAND--\r\n\r\n",
      "Response: Follows\r\nActionID: 1\r\nno LF--END COMMAND--\r\n\r\n",
      "Response: Follows\r\n--END COMMAND--\r\n\r\n",
      "Response: Follows\r\n\n--END COMMAND--\r\n\r\n",
      "Response: Follows\r\n------END COMMAND--\r\n\r\n",
  };
  (void)state;
  for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
    for (int encoding = CORE_BYTES; encoding <= CORE_LATIN1; encoding++) {
      ami_msg_t* msg = core_msg_new(wires[i], strlen(wires[i]), encoding);
      raw_is(msg, wires[i], strlen(wires[i]));
      core_msg_unref(msg);
    }
  }
  static const char nuls[] = "Event: A\0\r\nK\0: \0\r\nno\0colon\r\n\r\n";
  ami_msg_t* msg = core_msg_new(nuls, sizeof nuls - 1, CORE_BYTES);
  raw_is(msg, nuls, sizeof nuls - 1);
  core_msg_unref(msg);
}

static void decodes_text_and_keeps_the_wire(void** state) {
  static const char wire[] = "Event: caf\xE9\r\nK\xE9y: v\xFC\n\r\n\xFF\r\nX: y\r\n\r\n";
  (void)state;
  ami_msg_t* msg = core_msg_new(wire, strlen(wire), CORE_LATIN1);
  assert_string_equal(core_msg_name(msg), "caf\xC3\xA9");
  value_is(msg, "K\xC3\xA9y", "v\xC3\xBC");
  assert_string_equal(core_msg_find(msg, "", 0)->value, "\xC3\xBF");
  value_is(msg, "X", "y");
  raw_is(msg, wire, strlen(wire));
  core_msg_unref(msg);
  msg = core_msg_new(wire, strlen(wire), CORE_UTF8);
  assert_string_equal(core_msg_name(msg), "caf\xEF\xBF\xBD");
  value_is(msg, "X", "y");
  raw_is(msg, wire, strlen(wire));
  core_msg_unref(msg);
  msg = core_msg_new(wire, strlen(wire), CORE_BYTES);
  assert_string_equal(core_msg_name(msg), "caf\xE9");
  core_msg_unref(msg);
}

static void decodes_old_command_text(void** state) {
  static const char wire[] = "Response: Follows\r\nActionID: \xE9\r\ncaf\xE9\n\xFC\n--END COMMAND--\r\n\r\n";
  size_t len = 0;
  (void)state;
  ami_msg_t* msg = core_msg_new(wire, strlen(wire), CORE_LATIN1);
  const char* output = core_msg_output(msg, &len);
  bytes_equal(output, len, "caf\xC3\xA9\n\xC3\xBC", 8);
  value_is(msg, "ActionID", "\xC3\xA9");
  raw_is(msg, wire, strlen(wire));
  core_msg_unref(msg);
}

static void output_of_either_framing(void** state) {
  (void)state;
  output_is("Response: Follows\r\nPrivilege: Command\r\na\n\nb\n--END COMMAND--\r\n\r\n", "a\n\nb");
  output_is("Response: Follows\r\nno LF--END COMMAND--\r\n\r\n", "no LF");
  output_is("Response: Follows\r\n--END COMMAND--\r\n\r\n", "");
  output_is("Response: Success\r\nOutput: a\r\nOutput:   b \r\nOutput: \r\nOutput: c: d\r\n\r\n",
            "a\n  b \n\nc: d");
  output_is("Response: Success\r\nOutput: \r\n\r\n", "");
  output_is("Response: Success\r\nOutput: one\r\n\r\n", "one");
  output_is("Response: Success\r\nMessage: x\r\n\r\n", NULL);
  output_is("Event: A\r\nOutputs: x\r\n\r\n", NULL);
}

static void large_messages_are_whole(void** state) {
  const size_t lines = 5000;
  char* wire = malloc(lines * 40 + 64);
  size_t size = (size_t)sprintf(wire, "Event: Big\r\n");
  const ami_field_t* fields = NULL;
  (void)state;
  for (size_t i = 0; i < lines; i++)
    size += (size_t)sprintf(wire + size, "Key-%zu: %*zu\r\n", i, (int)(i % 20), i);
  size += (size_t)sprintf(wire + size, "\r\n");
  ami_msg_t* msg = core_msg_new(wire, size, CORE_BYTES);
  assert_int_equal(core_msg_fields(msg, &fields), lines + 1);
  for (size_t i = 0; i < lines; i++) {
    char expected[40];
    sprintf(expected, "Key-%zu", i);
    assert_string_equal(fields[i + 1].key, expected);
    sprintf(expected, "%*zu", (int)(i % 20), i);
    assert_string_equal(fields[i + 1].value, expected);
  }
  raw_is(msg, wire, size);
  core_msg_unref(msg);
  free(wire);
}

static void each_place_in_a_block_is_right(void** state) {
  char wire[512];
  char expected[300];
  const ami_field_t* fields = NULL;
  (void)state;
  for (int key = 1; key < 140; key++) { /* colon and line end on every place around the borders of blocks */
    for (int value = 0; value < 70; value++) {
      snprintf(wire, sizeof wire, "Event: A\r\n%0*d: %.*s\r\nLast: %d\r\n\r\n", key, 0, value,
               ":: x: :y:z ::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::", value);
      ami_msg_t* msg = make(wire);
      assert_int_equal(core_msg_fields(msg, &fields), 3);
      assert_int_equal(fields[1].key_len, key);
      assert_int_equal(fields[1].value_len, value);
      snprintf(expected, sizeof expected, "%d", value);
      value_is(msg, "Last", expected);
      raw_is(msg, wire, strlen(wire));
      core_msg_unref(msg);
    }
  }
}

/* A bare LF or much text makes a message be taken apart in another way, which must give the same. */
static void both_ways_to_take_apart_agree(void** state) {
  static const char* const lines[] = {"Key: value",
                                      "Key:value",
                                      "no colon",
                                      ": no key",
                                      ":",
                                      "Empty: ",
                                      "Bare:",
                                      "a:b:c",
                                      "ChanVariable(IAX2/h:1): v=a: b",
                                      "ChanVariable(odd: x",
                                      "OtherVariab(x): y",
                                      "CallStarted: 1",
                                      "Long: a value of more than sixty-four bytes, which crosses a block"};
  unsigned seed = 1;
  (void)state;
  for (int round = 0; round < 3000; round++) {
    char wire[1400] = "Event: Agents\r\n";
    char other_wire[1500];
    const ami_field_t* fields = NULL;
    const ami_field_t* others = NULL;
    for (unsigned i = 0; i < 1 + seed % 10; i++) {
      seed = seed * 1103515245U + 12345U;
      strcat(wire, lines[seed / 65536U % (sizeof lines / sizeof *lines)]);
      strcat(wire, "\r\n");
    }
    snprintf(other_wire, sizeof other_wire, "%sLast: a\nb\r\n\r\n", wire);
    strcat(wire, "Last: ab\r\n\r\n");
    ami_msg_t* msg = make(wire);
    ami_msg_t* other = make(other_wire);
    const size_t count = core_msg_fields(msg, &fields);
    assert_int_equal(core_msg_fields(other, &others), count);
    for (size_t i = 0; i + 1 < count; i++) {
      bytes_equal(fields[i].key, fields[i].key_len, others[i].key, others[i].key_len);
      bytes_equal(fields[i].value, fields[i].value_len, others[i].value, others[i].value_len);
    }
    raw_is(msg, wire, strlen(wire));
    raw_is(other, other_wire, strlen(other_wire));
    core_msg_unref(msg);
    core_msg_unref(other);
  }
}

static void notices_are_made_of_lines(void** state) {
  ami_msg_t* msg = core_msg_notice("Event: connection-close\r\nFinal: true\r\nReason: a: b\r\n");
  const ami_field_t* fields = NULL;
  static const char wire[] = "Event: connection-close\r\nFinal: true\r\nReason: a: b\r\n\r\n";
  (void)state;
  assert_int_equal(core_msg_kind(msg), AMI_MSG_NOTICE);
  assert_string_equal(core_msg_name(msg), "connection-close");
  assert_int_equal(core_msg_fields(msg, &fields), 3);
  value_is(msg, "Reason", "a: b");
  assert_string_equal(core_msg_label(msg), "pbx");
  raw_is(msg, wire, strlen(wire));
  assert_null(core_msg_output(msg, NULL));
  core_msg_unref(msg);
}

static void lives_until_the_last_reference(void** state) {
  ami_msg_t* msg = make("Event: A\r\n\r\n");
  (void)state;
  core_msg_ref(msg);
  core_msg_unref(msg);
  assert_string_equal(core_msg_name(msg), "A");
  core_msg_unref(msg);
}

/* raw() and output() are made on first use, by whichever thread comes first. */
static void* read_it(void* user) {
  const ami_msg_t* msg = user;
  for (int i = 0; i < 10; i++) {
    core_msg_ref(msg);
    if (core_msg_raw(msg, NULL) != core_msg_raw(msg, NULL)) return NULL;
    if (core_msg_output(msg, NULL) != core_msg_output(msg, NULL)) return NULL;
    core_msg_unref(msg);
  }
  return (void*)core_msg_raw(msg, NULL);
}

static void threads_agree_on_what_is_made_late(void** state) {
  (void)state;
  for (int round = 0; round < 100; round++) {
    ami_msg_t* msg = make("Response: Success\r\nOutput: a\r\nOutput: b\r\n\r\n");
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, read_it, msg), 0);
    for (int i = 0; i < 3; i++) {
      void* raw = NULL;
      assert_int_equal(pthread_join(threads[i], &raw), 0);
      assert_ptr_equal(raw, core_msg_raw(msg, NULL));
    }
    core_msg_unref(msg);
  }
}

/* However long the message is, and whatever the encoding. */
static void only_the_first_call_of_an_agent_is_taken_apart(void** state) {
  char wire[6000];
  const ami_field_t* fields = NULL;
  (void)state;
  const int size = snprintf(wire, sizeof wire,
                            "Event: Agents\r\ncallstarted: 1\nloggedintime: 2\r\nLong: %05000d\xe9\r\n"
                            "CallStarted: 3\nLoggedInTime: 4\r\n\r\n",
                            0);
  for (int encoding = 0; encoding < 3; encoding++) {
    ami_msg_t* msg = core_msg_new(wire, (size_t)size, encoding);
    assert_int_equal(core_msg_fields(msg, &fields), 5);
    value_is(msg, "CallStarted", "1");
    value_is(msg, "LoggedInTime", "2");
    assert_string_equal(fields[4].value, "3\nLoggedInTime: 4");
    core_msg_unref(msg);
  }
}

/* LFs that end no line need no place in the table. */
static void room_is_for_lines_alone(void** state) {
  enum { SIZE = 100000 };
  static char wire[SIZE + 64] = "Event: X\r\nText: ";
  (void)state;
  memset(wire + strlen(wire), '\n', SIZE);
  strcat(wire, "\r\n\r\n");
  ami_msg_t* msg = make(wire);
  assert_in_range(core_msg_size(msg), SIZE, SIZE + 1000);
  raw_is(msg, wire, strlen(wire));
  core_msg_unref(msg);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(carries_its_stamp),
      cmocka_unit_test(has_its_fields_in_a_table),
      cmocka_unit_test(finds_fields_without_case),
      cmocka_unit_test(names_messages_by_their_first_type),
      cmocka_unit_test(status_is_what_the_response_says),
      cmocka_unit_test(restores_the_wire_text),
      cmocka_unit_test(decodes_text_and_keeps_the_wire),
      cmocka_unit_test(decodes_old_command_text),
      cmocka_unit_test(output_of_either_framing),
      cmocka_unit_test(large_messages_are_whole),
      cmocka_unit_test(each_place_in_a_block_is_right),
      cmocka_unit_test(only_the_first_call_of_an_agent_is_taken_apart),
      cmocka_unit_test(room_is_for_lines_alone),
      cmocka_unit_test(both_ways_to_take_apart_agree),
      cmocka_unit_test(notices_are_made_of_lines),
      cmocka_unit_test(lives_until_the_last_reference),
      cmocka_unit_test(threads_agree_on_what_is_made_late),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
