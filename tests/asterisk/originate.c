/* Originate: waiting for the call, not waiting, and waiting for its event. */
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

static ami_action_t* originate(const char* extension, const char* asynchronous) {
  char channel[64] = "Local/";
  strcat(strcat(channel, extension), "@test");
  return action("Originate", "Channel", channel, "Application", "Wait", "Data", "0.1", "Timeout", "5000",
                "Async", asynchronous, NULL);
}

static void waits(void** state) {
  (void)state;
  ami_reply_t* reply = call_action(client, originate("short", "false"));
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(response_field(reply, "Message"), "Originate successfully queued");
  assert_null(ami_reply_end(reply));
  ami_reply_unref(reply);
}

static void waits_and_fails(void** state) {
  (void)state;
  ami_reply_t* reply = call_action(client, originate("busy", "false"));
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_int_equal(ami_reply_fate(reply), AMI_ANSWERED);
  assert_string_equal(response_field(reply, "Message"), "Originate failed");
  ami_reply_unref(reply);
}

/* The server is serial: what is sent behind a call that rings comes back behind it, and is not lost. */
static void holds_up_what_is_behind(void** state) {
  (void)state;
  ami_action_t* ring = originate("ring", "false");
  assert_int_equal(ami_action_add(ring, "ChannelId", "held-up"), 0);
  pending_t* ringing = send_action(client, ring);
  pending_t* ping = send_action(client, action("Ping", NULL));
  ami_t* other = client_ready("admin");
  while (call_status(other, "Hangup", "Channel", "held-up", NULL) != 0) continue;
  assert_int_equal(ami_reply_status(pending_wait(ringing)), AMI_EREPLY);
  assert_int_equal(ami_reply_status(pending_wait(ping)), 0);
  assert_true(ami_msg_seq(ami_reply_response(pending_wait(ringing))) <
              ami_msg_seq(ami_reply_response(pending_wait(ping))));
  assert_int_equal(pending_free(ringing), 1);
  assert_int_equal(pending_free(ping), 1);
  client_end(other);
}

static void does_not_wait(void** state) {
  (void)state;
  recorder_t* ends = record(client, "OriginateResponse");
  ami_action_t* call = originate("short", "true");
  assert_int_equal(ami_action_add(call, "ActionID", "does-not-wait-1"), 0);
  ami_reply_t* reply = call_action(client, call);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(response_field(reply, "ActionID"), "does-not-wait-1");
  const ami_msg_t* event = await_field(ends, "ActionID", "does-not-wait-1");
  assert_int_equal(ami_msg_kind(event), AMI_MSG_EVENT);
  assert_string_equal(ami_msg_get(event, "Response", NULL), "Success");
  assert_true(ami_msg_seq(event) > ami_msg_seq(ami_reply_response(reply)));
  ami_reply_unref(reply);
}

static ami_reply_t* until_its_event(const char* extension) {
  ami_action_t* call = originate(extension, "true");
  assert_int_equal(ami_action_until(call, "OriginateResponse"), 0);
  ami_reply_t* reply = call_action(client, call);
  assert_int_equal(ami_reply_fate(reply), AMI_ANSWERED);
  assert_non_null(ami_reply_end(reply));
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), "OriginateResponse");
  assert_string_equal(response_field(reply, "Message"), "Originate successfully queued");
  assert_string_equal(ami_msg_get(ami_reply_end(reply), "ActionID", NULL), response_field(reply, "ActionID"));
  return reply;
}

static void until_answered(void** state) {
  (void)state;
  recorder_t* ends = record(client, "OriginateResponse");
  ami_reply_t* reply = until_its_event("short");
  assert_int_equal(ami_reply_status(reply), 0);
  assert_string_equal(ami_msg_get(ami_reply_end(reply), "Response", NULL), "Success");
  await_field(ends, "ActionID", response_field(reply, "ActionID"));
  ami_reply_unref(reply);
}

static void until_failed(void** state) {
  (void)state;
  ami_reply_t* reply = until_its_event("busy");
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(ami_msg_get(ami_reply_end(reply), "Response", NULL), "Failure");
  ami_reply_unref(reply);
}

/* Two at once: each gets its own event and not the other's, though Asterisk shows both to everyone. */
static void until_for_two_clients(void** state) {
  (void)state;
  ami_t* other = client_ready("admin");
  ami_action_t *mine = originate("short", "true"), *its = originate("busy", "true");
  assert_int_equal(ami_action_until(mine, "OriginateResponse"), 0);
  assert_int_equal(ami_action_until(its, "OriginateResponse"), 0);
  pending_t *good = send_action(client, mine), *bad = send_action(other, its);
  assert_int_equal(ami_reply_status(pending_wait(good)), 0);
  assert_int_equal(ami_reply_status(pending_wait(bad)), AMI_EREPLY);
  assert_int_equal(pending_free(good), 1);
  assert_int_equal(pending_free(bad), 1);
  client_end(other);
}

/* An error ends the waiting, since no event will come. */
static void until_refused(void** state) {
  (void)state;
  ami_action_t* call = action("Originate", "Async", "true", "Exten", "short", NULL);
  assert_int_equal(ami_action_until(call, "OriginateResponse"), 0);
  ami_reply_t* reply = call_action(client, call);
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(response_field(reply, "Message"), "Channel not specified");
  assert_null(ami_reply_end(reply));
  ami_reply_unref(reply);
}

static void until_needs_async(void** state) {
  (void)state;
  ami_action_t* call = originate("short", "false");
  ami_reply_t* reply = NULL;
  int result = ami_action_until(call, "OriginateResponse");
  if (result == 0) result = ami_call(client, call, &reply);
  assert_string_equal(ami_err_name(result), "AMI_EINVAL");
  assert_null(reply);
  ami_action_free(call);
}

static void until_needs_class_call(void** state) {
  (void)state;
  static const char* const masks[] = {"off", "user"};
  for (int i = 0; i < 2; i++) {
    ami_t* deaf = client_new("admin");
    client_set(deaf, "events", masks[i]);
    client_connect(deaf);
    ami_action_t* call = originate("short", "true");
    assert_int_equal(ami_action_until(call, "OriginateResponse"), 0);
    ami_reply_t* reply = NULL;
    assert_string_equal(ami_err_name(ami_call(deaf, call, &reply)), "AMI_ESTATE");
    assert_null(reply);
    ami_action_free(call);
    client_end(deaf);
  }
}

static void refused_without_right(void** state) {
  (void)state;
  ami_t* reader = client_ready("reader");
  ami_reply_t* reply = call_action(reader, originate("short", "true"));
  assert_int_equal(ami_reply_status(reply), AMI_EREPLY);
  assert_string_equal(response_field(reply, "Message"), "Permission denied");
  ami_reply_unref(reply);
  client_end(reader);
}

/* What the library escapes, the server reads back as one value. */
static void variable_with_commas(void** state) {
  (void)state;
  const char* value = "a,b \"c\" back\\slash (paren, d) e=f";
  recorder_t* sets = record(client, "VarSet");
  ami_action_t* call = originate("short", "false");
  assert_int_equal(ami_action_variable(call, "ESCAPED", value), 0);
  ami_reply_unref(call_action(client, call));
  const ami_msg_t* set = await_field(sets, "Variable", "ESCAPED");
  /* VarSet shows a value with the escapes of C, so its backslash and quotes are doubled here. */
  assert_string_equal(ami_msg_get(set, "Value", NULL), "a,b \\\"c\\\" back\\\\slash (paren, d) e=f");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits),
      cmocka_unit_test(waits_and_fails),
      cmocka_unit_test(holds_up_what_is_behind),
      cmocka_unit_test(does_not_wait),
      cmocka_unit_test(until_answered),
      cmocka_unit_test(until_failed),
      cmocka_unit_test(until_for_two_clients),
      cmocka_unit_test(until_refused),
      cmocka_unit_test(until_needs_async),
      cmocka_unit_test(until_needs_class_call),
      cmocka_unit_test(refused_without_right),
      cmocka_unit_test(variable_with_commas),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
