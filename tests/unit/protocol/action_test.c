#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_protocol.h"

static ami_action_t* make(const char* name) {
  return core_action_new(name, strlen(name));
}

/* The wire text with the id "id-1". */
static void writes(const ami_action_t* action, int encoding, const char* expected) {
  char detail[512];
  char with_before[4096];
  int err = -1;
  char* wire = core_action_write(action, "id-1", encoding, &err, detail, sizeof detail);
  snprintf(with_before, sizeof with_before, "before%s", expected);
  assert_int_equal(err, 0);
  assert_string_equal(wire, with_before);
  free(wire);
}

static void write_fails(const ami_action_t* action, int encoding, int expected, const char* part) {
  char detail[512];
  int err = 0;
  char* wire = core_action_write(action, "id-1", encoding, &err, detail, sizeof detail);
  assert_int_equal(err, expected);
  assert_string_equal(wire, "before");
  if (strstr(detail, part) == NULL) assert_string_equal(detail, part);
  free(wire);
}

static void checks(const ami_action_t* action, int expected, const char* part) {
  char detail[512];
  assert_int_equal(core_action_check(action, detail, sizeof detail), expected);
  if (strstr(detail, part) == NULL) assert_string_equal(detail, part);
}

/* Adding this is refused, with part in the reason, and spoils the action. */
static void refuses_n(const char* key, size_t key_len, const char* value, size_t value_len, int err,
                      const char* part) {
  ami_action_t* action = make("Ping");
  assert_int_equal(core_action_addn(action, key, key_len, value, value_len), err);
  if (strstr(core_action_detail(action), part) == NULL) assert_string_equal(core_action_detail(action), part);
  assert_int_equal(core_action_status(action), err);
  assert_int_equal(core_action_add(action, "Good", "value"), err);
  checks(action, err, part);
  core_action_free(action);
}

static void refuses(const char* key, const char* value, int err, const char* part) {
  refuses_n(key, strlen(key), value, strlen(value), err, part);
}

/* ------------------------------------------------------------------------------------------- shape */

static void writes_what_was_added_in_order(void** state) {
  ami_action_t* action = make("Originate");
  const char* const more[] = {"Variable", "a=1", "Variable", "b=2"};
  (void)state;
  assert_int_equal(core_action_add(action, "Channel", "Local/100@test"), 0);
  assert_int_equal(core_action_addn(action, "Dataxxx", 4, "a, b: \xE9 yyy", 7), 0);
  assert_int_equal(core_action_add(action, "Empty", ""), 0);
  assert_int_equal(core_action_add_all(action, more, 2), 0);
  writes(action, CORE_BYTES,
         "Action: Originate\r\nActionID: id-1\r\nChannel: Local/100@test\r\nData: a, b: \xE9\r\nEmpty: "
         "\r\nVariable: a=1\r\n"
         "Variable: b=2\r\n\r\n");
  writes(action, CORE_BYTES, /* as often as one likes */
         "Action: Originate\r\nActionID: id-1\r\nChannel: Local/100@test\r\nData: a, b: \xE9\r\nEmpty: "
         "\r\nVariable: a=1\r\n"
         "Variable: b=2\r\n\r\n");
  assert_string_equal(core_action_name(action), "Originate");
  checks(action, 0, "");
  core_action_free(action);
}

static void headers_can_be_read_back(void** state) {
  ami_action_t* action = make("Originate");
  char value[64];
  (void)state;
  core_action_add(action, "Channel", "Local/1");
  core_action_add(action, "Async", "true");
  core_action_add(action, "ASYNC", "false");
  core_action_add(action, "Empty", "");
  assert_int_equal(core_action_get(action, "async", value, sizeof value), 4);
  assert_string_equal(value, "true");
  assert_int_equal(core_action_get(action, "Empty", value, sizeof value), 0);
  assert_int_equal(core_action_get(action, "Asyn", value, sizeof value), -1);
  assert_int_equal(core_action_get(action, "Asyncs", value, sizeof value), -1);
  assert_int_equal(core_action_get(action, "", value, sizeof value), -1);
  assert_int_equal(core_action_get(action, "ACTION", value, sizeof value), 9);
  assert_string_equal(value, "Originate");
  assert_int_equal(core_action_get(action, "ActionID", value, sizeof value), -1);
  core_action_add(action, "ActionID", "mine");
  assert_int_equal(core_action_get(action, "actionid", value, sizeof value), 4);
  assert_string_equal(value, "mine");
  core_action_free(action);
}

/* --------------------------------------------------------------------------------------- injection */

static void nothing_breaks_out_of_its_line(void** state) {
  (void)state;
  refuses("Key", "a\rb", AMI_EINJECT, "CR at byte 1");
  refuses("Key", "a\nb", AMI_EINJECT, "LF at byte 1");
  refuses_n("Key", 3, "a\0b", 3, AMI_EINJECT, "NUL at byte 1");
  refuses("Channel", "SIP/1\r\nAction: Hangup", AMI_EINJECT,
          "\"SIP/1\\x0d\\x0aAction: Hangup\" holds CR at byte 5");
  refuses("Channel", "\n", AMI_EINJECT, "header \"Channel\"");
  refuses_n("Channel", 7, "\0", 1, AMI_EINJECT, "NUL");
  refuses("ActionID", "1\r\nX: y", AMI_EINJECT, "ActionID");
  refuses("K\r", "v", AMI_EINJECT, "\"K\\x0d\"");
  refuses("K\n", "v", AMI_EINJECT, "\"K\\x0a\"");
  refuses_n("K\0", 2, "v", 1, AMI_EINJECT, "\"K\\x00\"");
  refuses("K:", "v", AMI_EINJECT, "\"K:\"");
  refuses(":", "v", AMI_EINJECT, "\":\"");
  refuses("Secret: x", "v", AMI_EINJECT, "colon");
  refuses(" K", "v", AMI_EINJECT, "\" K\"");
  refuses("K ", "v", AMI_EINJECT, "\"K \"");
  refuses("K K", "v", AMI_EINJECT, "blank");
  refuses("K\t", "v", AMI_EINJECT, "\"K\\x09\"");
  refuses("", "v", AMI_EINVAL, "name");
}

static void names_are_checked_too(void** state) {
  static const struct {
    const char* name;
    size_t size;
    int err;
  } cases[] = {{"", 0, AMI_EINVAL},        {"Ping\r\nX: y", 10, AMI_EINJECT}, {"Ping\n", 5, AMI_EINJECT},
               {"Ping\0", 5, AMI_EINJECT}, {" Queues", 7, AMI_EINVAL},        {"Ping ", 5, AMI_EINVAL},
               {"\tQueues", 7, AMI_EINVAL}};
  char detail[512];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ami_action_t* action = core_action_new(cases[i].name, cases[i].size);
    assert_int_equal(core_action_status(action), cases[i].err);
    assert_int_equal(core_action_add(action, "Key", "value"), cases[i].err);
    assert_int_equal(core_action_check(action, detail, sizeof detail), cases[i].err);
    assert_string_not_equal(detail, "");
    core_action_free(action);
  }
}

static void secrets_are_not_shown(void** state) {
  static const char* const keys[] = {"Secret", "KEY", "password"};
  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    ami_action_t* action = make("Login");
    assert_int_equal(core_action_add(action, keys[i], "hunter2\n"), AMI_EINJECT);
    assert_null(strstr(core_action_detail(action), "hunter2"));
    assert_non_null(strstr(core_action_detail(action), keys[i]));
    core_action_free(action);
  }
  ami_action_t* action = make("Login");
  assert_int_equal(core_action_add(action, "Secret", "hunter2\xE9"), 0);
  write_fails(action, CORE_UTF8, AMI_EENCODING, "header \"Secret\": (not shown)");
  core_action_free(action);
}

static void errors_are_sticky(void** state) {
  ami_action_t* action = make("Ping");
  const char* const pair[] = {"Key", "value"};
  (void)state;
  assert_int_equal(core_action_add(action, "", "x"), AMI_EINVAL);
  assert_int_equal(core_action_add(action, "Bad key", "x"), AMI_EINVAL);
  assert_int_equal(core_action_add_all(action, pair, 1), AMI_EINVAL);
  assert_int_equal(core_action_variable(action, "a", "b"), AMI_EINVAL);
  assert_int_equal(core_action_timeout(action, 1), AMI_EINVAL);
  assert_int_equal(core_action_until(action, "X"), AMI_EINVAL);
  assert_int_equal(core_action_refuse(action, AMI_ETOOBIG, "other"), AMI_EINVAL);
  assert_string_equal(core_action_detail(action), "a header needs a name");
  core_action_free(action);
}

static void an_error_can_come_from_outside(void** state) {
  ami_action_t* action = make("Ping");
  (void)state;
  assert_int_equal(core_action_refuse(action, AMI_EINVAL, "key is NULL"), AMI_EINVAL);
  checks(action, AMI_EINVAL, "key is NULL");
  core_action_free(action);
}

static void a_bad_pair_spoils_them_all(void** state) {
  static const char* const bad[] = {"Good", "1", "Bad", "2\n", "Good", "3"};
  static const char* const null_value[] = {"Good", "1", "Bad", NULL};
  static const char* const null_key[] = {NULL, "1"};
  (void)state;
  ami_action_t* action = make("Ping");
  assert_int_equal(core_action_add_all(action, bad, 3), AMI_EINJECT);
  checks(action, AMI_EINJECT, "header \"Bad\"");
  core_action_free(action);
  action = make("Ping");
  assert_int_equal(core_action_add_all(action, null_value, 2), AMI_EINVAL);
  assert_non_null(strstr(core_action_detail(action), "pair 1"));
  core_action_free(action);
  action = make("Ping");
  assert_int_equal(core_action_add_all(action, null_key, 1), AMI_EINVAL);
  assert_non_null(strstr(core_action_detail(action), "key"));
  core_action_free(action);
}

/* ------------------------------------------------------------------------------------------ limits */

static char* repeated(const char* piece, size_t count) {
  const size_t size = strlen(piece);
  char* text = malloc(size * count + 1);
  for (size_t i = 0; i < count; i++) memcpy(text + i * size, piece, size);
  text[size * count] = '\0';
  return text;
}

static void a_line_has_at_most_1022_bytes(void** state) {
  char* most = repeated("x", 1022 - 5); /* behind "Key: " */
  char* more = repeated("x", 1023 - 5);
  char* name = repeated("N", 1022 - 8);
  char* long_name = repeated("N", 1023 - 8);
  (void)state;
  ami_action_t* action = make("Ping");
  assert_int_equal(core_action_add(action, "Key", most), 0);
  char detail[512];
  int err = -1;
  char* wire = core_action_write(action, "1", CORE_BYTES, &err, detail, sizeof detail);
  assert_int_equal(err, 0);
  free(wire);
  assert_int_equal(core_action_add(action, "Key", more), AMI_ETOOBIG);
  assert_non_null(strstr(core_action_detail(action), "1023 bytes"));
  core_action_free(action);
  refuses("Key", more, AMI_ETOOBIG, "at most 1022");
  action = make(name);
  assert_int_equal(core_action_status(action), 0);
  core_action_free(action);
  action = make(long_name);
  assert_int_equal(core_action_status(action), AMI_ETOOBIG);
  core_action_free(action);
  free(most);
  free(more);
  free(name);
  free(long_name);
}

static void limits_count_wire_bytes(void** state) {
  char* most = repeated("\xC3\xA9", 1022 - 5); /* one byte each in Latin-1, two in UTF-8 */
  char* more = repeated("\xC3\xA9", 1023 - 5);
  char detail[512];
  int err = -1;
  (void)state;
  ami_action_t* action = make("Ping");
  assert_int_equal(core_action_add(action, "Key", most), 0);
  write_fails(action, CORE_BYTES, AMI_ETOOBIG, "header \"Key\": the line has 2039 bytes");
  write_fails(action, CORE_UTF8, AMI_ETOOBIG, "2039");
  char* wire = core_action_write(action, "1", CORE_LATIN1, &err, detail, sizeof detail);
  assert_int_equal(err, 0);
  assert_int_equal(strlen(wire), 6 + 14 + 13 + 1024 + 2);
  free(wire);
  assert_int_equal(core_action_add(action, "Key", more), AMI_ETOOBIG);
  core_action_free(action);
  free(most);
  free(more);
}

static void an_action_has_at_most_128_lines(void** state) {
  ami_action_t* action = make("UserEvent");
  (void)state;
  for (int i = 2; i < 128; i++) assert_int_equal(core_action_add(action, "Key", "value"), 0);
  assert_int_equal(core_action_add(action, "ActionID", "mine"), 0); /* counted from the start */
  checks(action, 0, "");
  assert_int_equal(core_action_add(action, "Key", "value"), AMI_ETOOBIG);
  assert_non_null(strstr(core_action_detail(action), "128"));
  core_action_free(action);
}

/* ---------------------------------------------------------------------------------------- encoding */

static void text_is_said_in_the_connections_encoding(void** state) {
  ami_action_t* action = make("UserEvent");
  (void)state;
  core_action_add(action, "Name", "caf\xC3\xA9");
  writes(action, CORE_BYTES, "Action: UserEvent\r\nActionID: id-1\r\nName: caf\xC3\xA9\r\n\r\n");
  writes(action, CORE_UTF8, "Action: UserEvent\r\nActionID: id-1\r\nName: caf\xC3\xA9\r\n\r\n");
  writes(action, CORE_LATIN1, "Action: UserEvent\r\nActionID: id-1\r\nName: caf\xE9\r\n\r\n");
  core_action_add(action, "Price", "5 \xE2\x82\xAC");
  writes(action, CORE_UTF8,
         "Action: UserEvent\r\nActionID: id-1\r\nName: caf\xC3\xA9\r\nPrice: 5 \xE2\x82\xAC\r\n\r\n");
  write_fails(action, CORE_LATIN1, AMI_EENCODING,
              "header \"Price\": \"5 \\xe2\\x82\\xac\" holds characters that Latin-1");
  core_action_add(action, "Bad", "\xFF");
  write_fails(action, CORE_UTF8, AMI_EENCODING, "header \"Bad\": \"\\xff\" is not valid UTF-8");
  core_action_free(action);
}

/* ---------------------------------------------------------------------------------------- ActionID */

static void an_own_action_id_is_kept_apart(void** state) {
  ami_action_t* action = make("Ping");
  (void)state;
  assert_int_equal(core_action_add(action, "actionid", "my id ~!"), 0);
  assert_string_equal(core_action_own_id(action), "my id ~!");
  writes(action, CORE_BYTES, "Action: Ping\r\nActionID: id-1\r\n\r\n");
  assert_int_equal(core_action_add(action, "ActionID", "second"), AMI_EINVAL);
  assert_non_null(strstr(core_action_detail(action), "my id ~!"));
  core_action_free(action);
}

static void an_own_action_id_has_at_most_64_printable_bytes(void** state) {
  char* most = repeated("x", 64);
  char* more = repeated("x", 65);
  (void)state;
  ami_action_t* action = make("Ping");
  assert_int_equal(core_action_add(action, "ActionID", most), 0);
  core_action_free(action);
  refuses("ActionID", more, AMI_EINVAL, "65 bytes");
  refuses("ActionID", "", AMI_EINVAL, "0 bytes");
  refuses("ActionID", " leading", AMI_EINVAL, "no blank");
  refuses("ActionID", "tab\tbed", AMI_EINVAL, "printable");
  refuses("ActionID", "caf\xC3\xA9", AMI_EINVAL, "printable");
  refuses("ActionID", "\x7F", AMI_EINVAL, "printable");
  free(most);
  free(more);
}

static void the_action_is_given_once(void** state) {
  (void)state;
  refuses("Action", "Hangup", AMI_EINVAL, "\"Ping\"");
  refuses("ACTION", "Hangup", AMI_EINVAL, "\"Ping\"");
}

/* --------------------------------------------------------------------------------------- variables */

static void variables_are_escaped(void** state) {
  ami_action_t* action = make("Originate");
  (void)state;
  assert_int_equal(core_action_variable(action, "A", "plain (x) [y] = z"), 0);
  assert_int_equal(core_action_variable(action, "B", "a,b\"c\\d"), 0);
  assert_int_equal(core_action_variable(action, "CDR(userfield)", ""), 0);
  writes(action, CORE_BYTES,
         "Action: Originate\r\nActionID: id-1\r\nVariable: A=plain (x) [y] = z\r\nVariable: "
         "B=a\\,b\\\"c\\\\d\r\n"
         "Variable: CDR(userfield)=\r\n\r\n");
  core_action_free(action);
}

static void variable_names_are_plain(void** state) {
  static const char* const names[] = {"", "a=b", "a,b", "a\"b", "a\\b"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    ami_action_t* action = make("Originate");
    assert_int_equal(core_action_variable(action, names[i], "x"), AMI_EINVAL);
    assert_non_null(strstr(core_action_detail(action), "variable name"));
    core_action_free(action);
  }
  ami_action_t* action = make("Originate");
  assert_int_equal(core_action_variable(action, "a\n", "x"), AMI_EINJECT);
  core_action_free(action);
}

/* ----------------------------------------------------------------------------- time-out and until */

static void timeouts_are_not_negative(void** state) {
  ami_action_t* action = make("Ping");
  (void)state;
  assert_int_equal(core_action_timeout_ms(action), -1);
  assert_int_equal(core_action_timeout(action, 0), 0);
  assert_int_equal(core_action_timeout_ms(action), 0);
  assert_int_equal(core_action_timeout(action, 1500), 0);
  assert_int_equal(core_action_timeout_ms(action), 1500);
  assert_int_equal(core_action_timeout(action, -1), AMI_EINVAL);
  assert_non_null(strstr(core_action_detail(action), "-1"));
  core_action_free(action);
}

static void until_names_an_event(void** state) {
  ami_action_t* action = make("SIPqualifypeer");
  (void)state;
  assert_int_equal(core_action_until(action, "SIPQualifyPeerDone"), 0);
  assert_string_equal(core_action_until_event(action), "SIPQualifyPeerDone");
  checks(action, 0, "");
  assert_int_equal(core_action_until(action, ""), AMI_EINVAL);
  core_action_free(action);
  action = make("UserEvent");
  assert_int_equal(core_action_until(action, "userevent"), AMI_EINVAL);
  assert_non_null(strstr(core_action_detail(action), "UserEvent"));
  core_action_free(action);
}

static void until_originate_response_needs_async(void** state) {
  static const char* const yes[] = {"true", "YES", "y", "t", "1", "on", "  true"};
  static const char* const no[] = {"", "false", "0", "no", "true ", "yess", "2"};
  (void)state;
  ami_action_t* action = make("Originate");
  assert_int_equal(core_action_until(action, "originateresponse"), 0);
  checks(action, AMI_EINVAL, "Async: true");
  core_action_free(action);
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    action = make("Originate");
    core_action_until(action, "OriginateResponse");
    core_action_add(action, "Async", yes[i]);
    checks(action, 0, "");
    core_action_free(action);
    action = make("Originate");
    core_action_until(action, "OriginateResponse");
    core_action_add(action, "Async", no[i]);
    checks(action, AMI_EINVAL, "Async: true");
    core_action_free(action);
  }
}

static void actions_without_an_answer_are_refused(void** state) {
  (void)state;
  ami_action_t* action = make("queues");
  assert_int_equal(core_action_status(action), 0);
  checks(action, AMI_EINVAL, "Command: queue show");
  core_action_free(action);
  action = make("IAXnetstats");
  checks(action, AMI_EINVAL, "Command: iax2 show netstats");
  core_action_free(action);
}

static void fields_can_be_checked_alone(void** state) {
  (void)state;
  assert_int_equal(core_check_field("Username", "admin"), 0);
  assert_int_equal(core_check_field("Username", "a\nb"), AMI_EINJECT);
  assert_int_equal(core_check_field("User name", "a"), AMI_EINJECT);
  assert_int_equal(core_check_field("", "a"), AMI_EINVAL);
  char* more = repeated("x", 1023 - 10);
  assert_int_equal(core_check_field("Username", more), AMI_ETOOBIG);
  assert_int_equal(core_check_field("Username", more + 1), 0);
  free(more);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_what_was_added_in_order),
      cmocka_unit_test(headers_can_be_read_back),
      cmocka_unit_test(nothing_breaks_out_of_its_line),
      cmocka_unit_test(names_are_checked_too),
      cmocka_unit_test(secrets_are_not_shown),
      cmocka_unit_test(errors_are_sticky),
      cmocka_unit_test(an_error_can_come_from_outside),
      cmocka_unit_test(a_bad_pair_spoils_them_all),
      cmocka_unit_test(a_line_has_at_most_1022_bytes),
      cmocka_unit_test(limits_count_wire_bytes),
      cmocka_unit_test(an_action_has_at_most_128_lines),
      cmocka_unit_test(text_is_said_in_the_connections_encoding),
      cmocka_unit_test(an_own_action_id_is_kept_apart),
      cmocka_unit_test(an_own_action_id_has_at_most_64_printable_bytes),
      cmocka_unit_test(the_action_is_given_once),
      cmocka_unit_test(variables_are_escaped),
      cmocka_unit_test(variable_names_are_plain),
      cmocka_unit_test(timeouts_are_not_negative),
      cmocka_unit_test(until_names_an_event),
      cmocka_unit_test(until_originate_response_needs_async),
      cmocka_unit_test(actions_without_an_answer_are_refused),
      cmocka_unit_test(fields_can_be_checked_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
