/* UserEvent: what goes out comes back to every session, so each byte of both ways shows. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "observer.h"

static ami_t* client;
static recorder_t* events;

static int connect_once(void** state) {
  (void)state;
  client = client_new("admin");
  client_set(client, "encoding", "binary");
  events = record(client, "UserEvent");
  client_connect(client);
  return 0;
}

static int end(void** state) {
  (void)state;
  client_end(client);
  return 0;
}

/* Sends the fields and checks that they come back: all of them, in order, byte for byte. Asterisk puts its
   own three and our ActionID in front. */
static void round_trip(const char* name, const char* const* key_value, size_t pairs) {
  ami_action_t* made = action("UserEvent", "UserEvent", name, NULL);
  assert_int_equal(ami_action_add_all(made, key_value, pairs), 0);
  ami_reply_t* reply = call_action(client, made);
  assert_int_equal(ami_reply_status(reply), 0);
  const ami_msg_t* event = await_field(events, "UserEvent", name);
  assert_string_equal(ami_msg_get(event, "ActionID", NULL), response_field(reply, "ActionID"));
  const ami_field_t* fields;
  assert_int_equal(ami_msg_fields(event, &fields), pairs + 4);
  for (size_t i = 0; i < pairs; i++) {
    assert_string_equal(fields[i + 4].key, key_value[2 * i]);
    assert_string_equal(fields[i + 4].value, key_value[2 * i + 1]);
  }
  ami_reply_unref(reply);
}

static void odd_fields(void** state) {
  (void)state;
  static const char* const fields[] = {
      "Utf8",           "\xc5\xbelu\xc5\xa5ou\xc4\x8dk\xc3\xbd \xf0\x9f\x90\x8e",
      "Latin1",         "caf\xe9 \xff\xfe\x80",
      "Colons",         "a: b:c::",
      "Empty",          "",
      "Leading",        "  two blanks",
      "Trailing",       "two blanks  ",
      "Again",          "one",
      "Again",          "two",
      "Event",          "Hangup",
      "Response",       "Success",
      "Odd-Key_(1/2);", "x",
  };
  round_trip("OddFields", fields, sizeof fields / sizeof *fields / 2);
}

/* A line may have 1,022 bytes: "Key: " and the value. */
static void line_of_1022(void** state) {
  (void)state;
  char value[1022 - 5 + 1];
  memset(value, 'x', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  const char* const fields[] = {"Key", value, "Behind", "it"};
  round_trip("Line1022", fields, 2);
}

static void line_of_1023(void** state) {
  (void)state;
  char value[1023 - 5 + 1];
  memset(value, 'x', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  ami_action_t* made = action("UserEvent", "UserEvent", "Line1023", NULL);
  assert_string_equal(ami_err_name(ami_action_add(made, "Key", value)), "AMI_ETOOBIG");
  int64_t sent = ami_stat(client, AMI_STAT_BYTES_OUT);
  assert_string_equal(ami_err_name(ami_send(client, made, NULL, NULL, NULL, NULL)), "AMI_ETOOBIG");
  assert_int_equal(ami_stat(client, AMI_STAT_BYTES_OUT), sent);
  ami_action_free(made);
}

/* Fills an action to so many lines, its Action, UserEvent and (added at sending) ActionID lines counted. */
static int fill(ami_action_t* made, int lines) {
  int result = 0;
  for (int i = 3; i < lines && result == 0; i++) {
    char key[16];
    snprintf(key, sizeof key, "K%d", i);
    result = ami_action_add(made, key, "v");
  }
  return result;
}

static void lines_128(void** state) {
  (void)state;
  ami_action_t* made = action("UserEvent", "UserEvent", "Lines128", NULL);
  assert_int_equal(fill(made, 128), 0);
  ami_reply_t* reply = call_action(client, made);
  assert_int_equal(ami_reply_status(reply), 0);
  const ami_msg_t* event = await_field(events, "UserEvent", "Lines128");
  assert_string_equal(ami_msg_get(event, "K127", NULL), "v");
  ami_reply_unref(reply);
}

static void lines_129(void** state) {
  (void)state;
  ami_action_t* made = action("UserEvent", "UserEvent", "Lines129", NULL);
  int64_t sent = ami_stat(client, AMI_STAT_BYTES_OUT);
  int result = fill(made, 129);
  if (result == 0) result = ami_send(client, made, NULL, NULL, NULL, NULL);
  assert_string_equal(ami_err_name(result), "AMI_ETOOBIG");
  assert_int_equal(ami_stat(client, AMI_STAT_BYTES_OUT), sent);
  ami_action_free(made);
}

/* The library's limits are the server's: neither refusal above was for nothing. */
static void limits_are_the_servers(void** state) {
  (void)state;
  char text[4096] = "Action: UserEvent\r\nActionID: long-line\r\nUserEvent: X\r\nKey: ";
  memset(text + strlen(text), 'x', 1023 - 5);
  strcat(text, "\r\n\r\n");
  observer_t* observer = observer_new("admin");
  observer_send(observer, text);
  assert_non_null(strstr(observer_until(observer, "ActionID: long-line"), "line too long"));
  strcpy(text, "Action: UserEvent\r\nActionID: many-lines\r\n");
  for (int i = 0; i < 127; i++) strcat(text, "K: v\r\n");
  strcat(text, "\r\n");
  observer_send(observer, text);
  assert_non_null(strstr(observer_until(observer, "Too many lines"), "Response: Error"));
  observer_end(observer);
}

static void in_latin1(void** state) {
  (void)state;
  observer_t* observer = observer_new("admin");
  ami_t* converting = client_new("admin");
  client_set(converting, "encoding", "latin1");
  recorder_t* received = record(converting, "UserEvent");
  client_connect(converting);
  assert_int_equal(call_status(converting, "UserEvent", "UserEvent", "InLatin1", "Key", "caf\xc3\xa9", NULL),
                   0);
  assert_non_null(strstr(observer_until(observer, "UserEvent: InLatin1"), "\r\nKey: caf\xe9\r\n"));
  const ami_msg_t* event = await_field(received, "UserEvent", "InLatin1");
  assert_string_equal(ami_msg_get(event, "Key", NULL), "caf\xc3\xa9");
  client_end(converting);
  observer_end(observer);
}

static void in_utf8(void** state) {
  (void)state;
  ami_t* checking = client_new("admin");
  client_set(checking, "encoding", "utf-8");
  recorder_t* received = record(checking, "UserEvent");
  client_connect(checking);
  const char* const bytes[] = {"Key", "caf\xe9!"};
  round_trip("InUtf8", bytes, 1);
  const ami_msg_t* event = await_field(received, "UserEvent", "InUtf8");
  assert_string_equal(ami_msg_get(event, "Key", NULL), "caf\xef\xbf\xbd!");
  client_end(checking);
}

/* It is sent to all with the sender's ActionID, and must not be taken for an answer to anything. */
static void with_a_pending_id(void** state) {
  (void)state;
  ami_t* victim = client_ready("admin");
  recorder_t* received = record(victim, "UserEvent");
  pending_t* ringing = send_action(
      victim, action("Originate", "ActionID", "stolen-id", "Channel", "Local/ring@test", "ChannelId",
                     "stolen", "Application", "Wait", "Data", "0", "Timeout", "60000", NULL));
  observer_t* forger = observer_new("admin");
  observer_send(forger,
                "Action: UserEvent\r\nUserEvent: Forged\r\nActionID: stolen-id\r\nResponse: Success\r\n\r\n");
  observer_until(forger, "UserEvent: Forged");
  while (call_status(client, "Hangup", "Channel", "stolen", NULL) != 0) continue;
  assert_int_equal(ami_reply_status(pending_wait(ringing)), AMI_EREPLY);
  assert_int_equal(ami_reply_count(pending_wait(ringing)), 0);
  assert_int_equal(pending_free(ringing), 1);
  await_field(received, "UserEvent", "Forged");
  observer_end(forger);
  client_end(victim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(odd_fields), cmocka_unit_test(line_of_1022), cmocka_unit_test(line_of_1023),
      cmocka_unit_test(lines_128),  cmocka_unit_test(lines_129),    cmocka_unit_test(limits_are_the_servers),
      cmocka_unit_test(in_latin1),  cmocka_unit_test(in_utf8),      cmocka_unit_test(with_a_pending_id),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
