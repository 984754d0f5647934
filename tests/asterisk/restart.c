/* Connections that the server ends, and coming back from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* A client with everything that must be in force again: handlers, a mask and filters. */
typedef struct {
  ami_t* ami;
  recorder_t *all, *kept, *ready, *gap, *ended, *reconnecting;
} returning_t;

static returning_t returning(const char* user) {
  returning_t client = {.ami = client_new(user)};
  client_set(client.ami, "reconnect", "20");
  client_set(client.ami, "events", "user,dialplan");
  client_set(client.ami, "filter", "!Drop: yes");
  client_set(client.ami, "filter", "!Event: VarSet");
  client.all = record(client.ami, "*");
  client.kept = record(client.ami, "User*");
  client.ready = record(client.ami, "ready");
  client.gap = record(client.ami, "gap");
  client.ended = record(client.ami, "connection-end");
  client.reconnecting = record(client.ami, "connection-reconnecting");
  client_connect(client.ami);
  await_field(client.ready, "Generation", "1");
  return client;
}

/* Only the last of these passes mask and filters. */
static void send_events(ami_t* ami, const char* name) {
  assert_int_equal(call_status(ami, "UserEvent", "UserEvent", name, "Drop", "yes", NULL), 0);
  assert_int_equal(call_status(ami, "Setvar", "Variable", "AGAIN", "Value", name, NULL), 0);
  assert_int_equal(call_status(ami, "UserEvent", "UserEvent", name, "Drop", "no", NULL), 0);
}

static void expect_back(returning_t* client) {
  await_field(client->ready, "Generation", "2");
  const ami_msg_t* gap = await_field(client->gap, "Cause", "reconnect");
  assert_string_equal(ami_msg_get(gap, "Generation", NULL), "2");
  assert_true(strtod(ami_msg_get(gap, "From", NULL), NULL) <= strtod(ami_msg_get(gap, "To", NULL), NULL));
  assert_true(strtod(ami_msg_get(gap, "From", NULL), NULL) > 1e9);
  assert_true(recorded(client->ended) >= 1);
  assert_true(recorded(client->reconnecting) >= 1);
  assert_true(ami_stat(client->ami, AMI_STAT_GENERATION) >= 2); /* a busy server may cut it off once more */
  send_events(client->ami, "Back");
  await_field(client->kept, "UserEvent", "Back");
  for (size_t i = 0; i < recorded(client->all); i++) {
    const ami_msg_t* msg = recorded_at(client->all, i);
    if (ami_msg_kind(msg) != AMI_MSG_EVENT || strcmp(ami_msg_name(msg), "Newexten") == 0) continue;
    assert_string_equal(ami_msg_name(msg), "UserEvent");
    assert_string_equal(ami_msg_get(msg, "Drop", NULL), "no");
  }
}

/* One of the server's sessions, from `manager show connected`. */
static int descriptor_of(ami_t* ami, const char* user) {
  ami_reply_t* reply = call(ami, "Command", "Command", "manager show connected", NULL);
  const ami_field_t* line;
  int descriptor = -1;
  for (size_t i = 0; (line = ami_msg_find(ami_reply_response(reply), "Output", i)) != NULL; i++) {
    char name[64];
    int its_descriptor;
    if (sscanf(line->value, "%63s %*s %*s %*s %d", name, &its_descriptor) == 2 && strcmp(name, user) == 0)
      descriptor = its_descriptor;
  }
  ami_reply_unref(reply);
  assert_true(descriptor >= 0);
  return descriptor;
}

static void kicked(void** state) {
  (void)state;
  ami_t* admin = client_ready("admin");
  if (server_version() < 22) { /* has no such command */
    assert_int_equal(call_status(admin, "Command", "Command", "manager kick session 1", NULL), AMI_EREPLY);
    client_end(admin);
    return;
  }
  returning_t client = returning("single");
  send_events(client.ami, "First");
  await_field(client.kept, "UserEvent", "First");
  char command[64];
  snprintf(command, sizeof command, "manager kick session %d", descriptor_of(admin, "single"));
  assert_int_equal(call_status(admin, "Command", "Command", command, NULL), 0);
  expect_back(&client);
  client_end(client.ami);
  client_end(admin);
}

/* What was in flight when the server went is lost with its fate told, and nothing is sent twice. */
static void restarted(void** state) {
  (void)state;
  returning_t client = returning("admin");
  ami_t *leaver = client_ready("admin"), *bystander = client_ready("admin");
  recorder_t* closed = record(leaver, "connection-close");
  send_events(client.ami, "First");
  await_field(client.kept, "UserEvent", "First");
  pending_t* ringing = send_action(bystander, action("Originate", "Channel", "Local/ring@test", "ChannelId",
                                                     "last", "Application", "Wait", "Data", "0", NULL));
  pending_t* behind = send_action(bystander, action("Ping", NULL));
  while (call_status(leaver, "Status", "Channel", "last", NULL) != 0) continue;

  ami_reply_t* reply = call(leaver, "Command", "Command", "core restart now", NULL);
  assert_string_equal(ami_err_name(ami_reply_status(reply)), "AMI_ELOST");
  assert_int_equal(ami_reply_fate(reply), AMI_MAYBE_RUN);
  assert_null(ami_reply_response(reply));
  ami_reply_unref(reply);
  await_field(closed, "Final", "true");
  assert_int_equal(ami_state(leaver), AMI_STATE_IDLE);
  /* The end of the ringing call frees the one behind it, which may still be told so. */
  int refused = ami_reply_fate(pending_wait(behind)) == AMI_ANSWERED;
  if (refused) {
    assert_int_equal(ami_reply_status(pending_wait(behind)), AMI_EREPLY);
    assert_string_equal(response_field(pending_wait(behind), "Message"), "Asterisk is shutting down");
  } else {
    assert_string_equal(ami_err_name(ami_reply_status(pending_wait(behind))), "AMI_ELOST");
    assert_int_equal(ami_reply_fate(pending_wait(behind)), AMI_MAYBE_RUN);
  }
  assert_int_equal(pending_free(ringing), 1);
  assert_int_equal(pending_free(behind), 1);

  expect_back(&client);
  client_end(leaver);
  client_end(bystander);
  client_end(client.ami);
}

/* An action that may wait offline goes out after the return, once. */
static void queued_while_away(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "reconnect", "20");
  client_set(client, "offline", "queue");
  recorder_t *ready = record(client, "ready"), *reconnecting = record(client, "connection-reconnecting");
  recorder_t* booted = record(client, "FullyBooted");
  client_connect(client);
  await_count(booted, 1); /* the server may be just back; until then it does not restart */
  /* Asterisk 16 knows no CLI command for a while after its start, FullyBooted or not. */
  while (call_status(client, "Command", "Command", "core restart now", NULL) == AMI_EREPLY) continue;
  await_count(reconnecting, 1);
  pending_t* ping = send_action(client, action("Ping", NULL));
  assert_int_equal(ami_reply_status(pending_wait(ping)), 0);
  assert_int_equal(ami_reply_fate(pending_wait(ping)), AMI_ANSWERED);
  assert_int_equal(pending_free(ping), 1);
  await_field(ready, "Generation", "2");
  client_end(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kicked),
      cmocka_unit_test(restarted),
      cmocka_unit_test(queued_while_away),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
