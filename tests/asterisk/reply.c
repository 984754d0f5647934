/* Answers out of the common run: none of them may cost an action its one reply, or the order behind it. */
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

static void ping(void** state) {
  (void)state;
  recorder_t* pongs = record(client, "pong");
  ami_reply_t* reply = call(client, "Ping", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_int_equal(ami_reply_fate(reply), AMI_ANSWERED);
  assert_string_equal(response_field(reply, "Ping"), "Pong");
  await_field(pongs, "ActionID", response_field(reply, "ActionID"));
  ami_reply_unref(reply);
}

static void ids_of_callers(void** state) {
  (void)state;
  char id[65];
  memset(id, '~', sizeof id - 1);
  id[sizeof id - 1] = '\0';
  ami_reply_t* reply = call(client, "Ping", "ActionID", id, NULL);
  assert_string_equal(response_field(reply, "ActionID"), id);
  ami_reply_unref(reply);
  reply = call(client, "QueueStatus", "ActionID", "a: caller's id", NULL);
  assert_string_equal(response_field(reply, "ActionID"), "a: caller's id");
  assert_true(ami_reply_count(reply) >= 2);
  ami_reply_unref(reply);
}

static void many_at_once(void** state) {
  (void)state;
  enum { PINGS = 2000 };
  pending_t* pings[PINGS];
  for (int i = 0; i < PINGS; i++) pings[i] = send_action(client, action("Ping", NULL));
  uint64_t last = 0;
  for (int i = 0; i < PINGS; i++) {
    const ami_reply_t* reply = pending_wait(pings[i]);
    assert_int_equal(ami_reply_status(reply), 0);
    assert_true(ami_msg_seq(ami_reply_response(reply)) > last);
    last = ami_msg_seq(ami_reply_response(reply));
  }
  for (int i = 0; i < PINGS; i++) assert_int_equal(pending_free(pings[i]), 1);
}

static void unknown_action(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "NoSuchAction", NULL);
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_int_equal(strncmp(response_field(reply, "Message"), "Invalid/unknown command", 23), 0);
  ami_reply_unref(reply);
}

static void permission_denied(void** state) {
  (void)state;
  ami_t* reader = client_ready("reader");
  ami_reply_t* reply = call(reader, "CoreShowChannels", NULL);
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(response_field(reply, "Message"), "Permission denied");
  ami_reply_unref(reply);
  assert_int_equal(call_status(reader, "Ping", NULL), 0);
  client_end(reader);
}

/* Without Module, Asterisk answers ModuleLoad more than once with one ActionID. */
static void more_than_one_response(void** state) {
  (void)state;
  int64_t strays = ami_stat(client, AMI_STAT_STRAYS);
  recorder_t* responses = record(client, "response");
  pending_t* twice = send_action(client, action("ModuleLoad", "ActionID", "answered-twice", NULL));
  pending_t* behind = send_action(client, action("Getvar", "ActionID", "behind", "Variable", "NONE", NULL));
  assert_int_equal(ami_reply_status(pending_wait(twice)), AMI_EREPLY);
  const ami_reply_t* reply = pending_wait(behind);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(response_field(reply, "ActionID"), "behind");
  await_field(responses, "ActionID", "behind");
  size_t sent = 0;
  for (size_t i = 0; i < recorded(responses); i++)
    sent += strcmp(ami_msg_get(recorded_at(responses, i), "ActionID", NULL), "answered-twice") == 0;
  assert_true(sent >= 2);
  /* The counter may be a turn behind what has been delivered. */
  while (ami_stat(client, AMI_STAT_STRAYS) < strays + (int64_t)sent - 1) call_status(client, "Ping", NULL);
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), strays + (int64_t)sent - 1);
  assert_int_equal(pending_free(twice), 1);
  assert_int_equal(pending_free(behind), 1);
}

/* The events that WaitEvent brings between its response and its end carry no ActionID; they are events, not
 * items. */
static void wait_event(void** state) {
  (void)state;
  ami_t* waiting = client_ready("admin");
  recorder_t* events = record(waiting, "UserEvent");
  pending_t* wait = send_action(waiting, action("WaitEvent", "Timeout", "30", NULL));
  pending_t* behind = send_action(waiting, action("Ping", NULL));
  /* What comes before the server has begun to wait is not what it waits for. */
  while (!pending_is_over(wait))
    assert_int_equal(call_status(client, "UserEvent", "UserEvent", "Awaited", NULL), 0);
  const ami_reply_t* reply = pending_wait(wait);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(response_field(reply, "Message"), "Waiting for Event completed.");
  assert_non_null(ami_reply_end(reply));
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), "WaitEventComplete");
  await_field(events, "UserEvent", "Awaited");
  assert_int_equal(ami_reply_status(pending_wait(behind)), 0);
  assert_int_equal(pending_free(wait), 1);
  assert_int_equal(pending_free(behind), 1);
  client_end(waiting);
}

static void without_an_answer(void** state) {
  (void)state;
  static const char* const names[] = {"Queues", "queues", "IAXnetstats"};
  int64_t sent = ami_stat(client, AMI_STAT_BYTES_OUT);
  for (int i = 0; i < 3; i++) {
    ami_action_t* made = ami_action_new(names[i]);
    assert_string_equal(ami_err_name(ami_send(client, made, NULL, NULL, NULL, NULL)), "AMI_EINVAL");
    ami_action_free(made);
  }
  assert_int_equal(ami_stat(client, AMI_STAT_BYTES_OUT), sent);
}

/* One event belongs to the answer, and no list is around it. */
static void one_event(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "FAXStats", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_int_equal(ami_reply_count(reply), 1);
  assert_string_equal(ami_msg_name(ami_reply_at(reply, 0)), "FAXStats");
  ami_reply_unref(reply);
}

static void whole_table_in_the_response(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "ListCommands", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_non_null(ami_msg_get(ami_reply_response(reply), "Ping", NULL));
  const ami_field_t* fields;
  assert_true(ami_msg_fields(ami_reply_response(reply), &fields) > 100);
  ami_reply_unref(reply);

  reply = call(client, "GetConfig", "Filename", "agents.conf", "Category", "1001", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(response_field(reply, "Line-000000-000000"), "fullname=Agent One");
  ami_reply_unref(reply);
}

static void canceled(void** state) {
  (void)state;
  ami_action_t* ring = action("Originate", "Channel", "Local/ring@test", "ChannelId", "canceled",
                              "Application", "Wait", "Data", "0", NULL);
  uint64_t id;
  assert_int_equal(ami_send(client, ring, NULL, NULL, NULL, &id), 0);
  ami_action_free(ring);
  pending_t* behind = send_action(client, action("Ping", NULL));
  ami_t* other = client_ready("admin");
  while (call_status(other, "Status", "Channel", "canceled", NULL) != 0) continue;
  assert_int_equal(ami_cancel(client, id), 0);
  assert_int_equal(ami_cancel(client, id), AMI_ENOENT);
  while (call_status(other, "Hangup", "Channel", "canceled", NULL) != 0) continue;
  assert_int_equal(ami_reply_status(pending_wait(behind)), 0);
  assert_int_equal(pending_free(behind), 1);
  client_end(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ping),
      cmocka_unit_test(ids_of_callers),
      cmocka_unit_test(many_at_once),
      cmocka_unit_test(unknown_action),
      cmocka_unit_test(permission_denied),
      cmocka_unit_test(more_than_one_response),
      cmocka_unit_test(wait_event),
      cmocka_unit_test(without_an_answer),
      cmocka_unit_test(one_event),
      cmocka_unit_test(whole_table_in_the_response),
      cmocka_unit_test(canceled),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
