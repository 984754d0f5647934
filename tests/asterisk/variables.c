/* Getvar and Setvar with bytes that a client may trip over. */
#include <string.h>

#include "client.h"

static ami_t* client;

static int connect_once(void** state) {
  (void)state;
  client = client_new("admin");
  client_set(client, "encoding", "binary");
  client_connect(client);
  return 0;
}

static int end(void** state) {
  (void)state;
  client_end(client);
  return 0;
}

static void round_trip(const char* value) {
  assert_int_equal(call_status(client, "Setvar", "Variable", "ODD", "Value", value, NULL), 0);
  ami_reply_t* reply = call(client, "Getvar", "Variable", "ODD", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(response_field(reply, "Variable"), "ODD");
  assert_string_equal(response_field(reply, "Value"), value);
  ami_reply_unref(reply);
}

static void odd_values(void** state) {
  (void)state;
  round_trip("");
  round_trip("plain");
  round_trip("a: b:c::");
  round_trip("trailing blanks  ");
  round_trip("tab\tand\x01\x7f");
  round_trip("Response: Success");
  round_trip("\"quoted\", 'single', back\\slash; semi");
  round_trip("$[1+1] ${EPOCH} %n %s");
  round_trip("\xc5\xbelu\xc5\xa5ou\xc4\x8dk\xc3\xbd k\xc5\xaf\xc5\x88 \xf0\x9f\x90\x8e");
  round_trip("caf\xe9 \xff\xfe\x80");
}

static void long_value(void** state) {
  (void)state;
  char value[1022 - sizeof "Value: " + 2];
  memset(value, 'x', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  round_trip(value);
}

static void missing(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "Getvar", NULL);
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(response_field(reply, "Message"), "No variable specified");
  ami_reply_unref(reply);
}

/* The function decodes on the server: its value comes with line ends that no escape hides. */
static ami_reply_t* decoded(const char* base64) {
  char variable[64] = "BASE64_DECODE(";
  strcat(strcat(variable, base64), ")");
  ami_reply_t* reply = call(client, "Getvar", "Variable", variable, NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  return reply;
}

static void line_feed_in_value(void** state) {
  (void)state;
  ami_reply_t* reply = decoded("YQpFdmVudDogRmFrZQpiCg=="); /* a LF Event: Fake LF b LF */
  assert_string_equal(response_field(reply, "Value"), "a\nEvent: Fake\nb");
  ami_reply_unref(reply);
}

static void line_end_in_value(void** state) {
  (void)state;
  ami_reply_t* reply = decoded("YQ0KYg=="); /* a CR LF b */
  assert_string_equal(response_field(reply, "Value"), "a");
  const ami_field_t* fields;
  size_t count = ami_msg_fields(ami_reply_response(reply), &fields);
  assert_int_equal(fields[count - 1].key_len, 0);
  assert_string_equal(fields[count - 1].value, "b");
  ami_reply_unref(reply);
}

/* A value with a blank line ends the message early and lets its rest look like an event. The reply must
   survive it, and so must the order of replies behind it. */
static void blank_line_in_value(void** state) {
  (void)state;
  recorder_t* fakes = record(client, "Fake");
  ami_reply_t* reply = decoded("YQ0KDQpFdmVudDogRmFrZQ0KSzogdg=="); /* a CR LF CR LF Event: Fake CR LF K: v */
  assert_string_equal(response_field(reply, "Value"), "a");
  ami_reply_unref(reply);
  round_trip("still in step");
  await_field(fakes, "K", "v");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(odd_values),        cmocka_unit_test(long_value),
      cmocka_unit_test(missing),           cmocka_unit_test(line_feed_in_value),
      cmocka_unit_test(line_end_in_value), cmocka_unit_test(blank_line_in_value),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
