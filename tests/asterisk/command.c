/* The Command action: text of the server's command line, framed as headers. */
#include <stdio.h>
#include <string.h>

#include "client.h"

static ami_t* client;

static int connect_once(void** state) {
  (void)state;
  client = client_ready("admin");
  return 0;
}

static int end(void** state) {
  (void)state;
  client_end(client);
  return 0;
}

static ami_reply_t* command(const char* text, int status) {
  ami_reply_t* reply = call(client, "Command", "Command", text, NULL);
  assert_string_equal(ami_err_name(ami_reply_status(reply)), ami_err_name(status));
  assert_int_equal(ami_reply_fate(reply), AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 0);
  return reply;
}

static const char* output(const ami_reply_t* reply) {
  const char* text = ami_msg_output(ami_reply_response(reply), NULL);
  assert_non_null(text);
  return text;
}

static void known(void** state) {
  (void)state;
  ami_reply_t* reply = command("core show version", 0);
  assert_string_equal(response_field(reply, "Message"), "Command output follows");
  char version[16];
  snprintf(version, sizeof version, "Asterisk %d.", server_version());
  assert_int_equal(strncmp(output(reply), version, strlen(version)), 0);
  ami_reply_unref(reply);
}

static void unknown(void** state) {
  (void)state;
  ami_reply_t* reply = command("no such command", AMI_EREPLY);
  assert_non_null(strstr(output(reply), "No such command 'no such command'"));
  ami_reply_unref(reply);
}

static void empty(void** state) {
  (void)state;
  ami_reply_t* reply = command("logger rotate", 0);
  assert_string_equal(output(reply), "");
  ami_reply_unref(reply);
}

static void missing(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "Command", NULL);
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(response_field(reply, "Message"), "No command provided");
  assert_null(ami_msg_output(ami_reply_response(reply), NULL));
  ami_reply_unref(reply);
}

/* Every line comes, and comes as it is: with blanks in front, with colons, and empty. */
static void many_lines(void** state) {
  (void)state;
  ami_reply_t* reply = command("dialplan show test", 0);
  size_t length = 0, lines = 0, joined = 0;
  const char* text = ami_msg_output(ami_reply_response(reply), &length);
  const ami_field_t* line;
  for (; (line = ami_msg_find(ami_reply_response(reply), "Output", lines)) != NULL; lines++) {
    assert_true(joined + line->value_len <= length);
    assert_memory_equal(text + joined, line->value, line->value_len);
    joined += line->value_len + 1;
  }
  assert_int_equal(joined - 1, length);
  assert_true(lines > 20);
  assert_non_null(strstr(text, "\n  '300' =>"));
  assert_non_null(strstr(text, "hint: PJSIP/alice,CustomPresence:alice"));
  ami_reply_unref(reply);
}

static void long_output(void** state) {
  (void)state;
  ami_reply_t* reply = command("manager show settings", 0);
  assert_non_null(strstr(output(reply), "TCP Bindaddress:"));
  ami_reply_unref(reply);
  reply = command("manager show commands", 0);
  const char* text = output(reply);
  assert_true(strlen(text) > 8000);
  assert_non_null(strstr(text, "CoreShowChannels"));
  assert_non_null(strstr(text, "WaitEvent"));
  ami_reply_unref(reply);
}

static void refused_to_others(void** state) {
  (void)state;
  ami_t* limited = client_ready("limited");
  ami_reply_t* reply = call(limited, "Command", "Command", "core show version", NULL);
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(response_field(reply, "Message"), "Permission denied");
  ami_reply_unref(reply);
  assert_int_equal(call_status(limited, "Ping", NULL), 0);
  client_end(limited);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known),
      cmocka_unit_test(unknown),
      cmocka_unit_test(empty),
      cmocka_unit_test(missing),
      cmocka_unit_test(many_lines),
      cmocka_unit_test(long_output),
      cmocka_unit_test(refused_to_others),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
