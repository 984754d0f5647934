/* TLS to the server's own certificate, which stands for localhost and 127.0.0.1. */
#include <stdio.h>
#include <string.h>

#include "client.h"

static ami_t* tls_client(void) {
  ami_t* client = client_new("admin");
  client_set(client, "tls", "on");
  client_set(client, "port", server_value("ASTERISK_TLSPORT"));
  return client;
}

static ami_t* trusting_client(void) {
  ami_t* client = tls_client();
  client_set(client, "tls.ca", server_value("ASTERISK_CAFILE"));
  return client;
}

static void by_address(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  recorder_t* connected = record(client, "connection-connect");
  client_connect(client);
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  assert_int_equal(strncmp(ami_msg_get(recorded_at(connected, 0), "TLS", NULL), "TLSv1.", 6), 0);
  client_end(client);
}

static void by_name(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_set(client, "tls.server_name", "localhost");
  client_connect(client);
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  client_end(client);
}

static void by_url(void** state) {
  (void)state;
  char url[512];
  snprintf(url, sizeof url, "amis://admin:secret@127.0.0.1:%s?tls.ca=%s", server_value("ASTERISK_TLSPORT"),
           server_value("ASTERISK_CAFILE"));
  ami_t* client = ami_new();
  client_set(client, "url", url);
  client_connect(client);
  client_end(client);
}

static void plain_login(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_set(client, "auth", "plain");
  client_connect(client);
  client_end(client);
}

static void unverified(void** state) {
  (void)state;
  ami_t* client = tls_client();
  client_set(client, "tls.verify", "none");
  client_connect(client);
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  client_end(client);
}

static void refuses(ami_t* client, int error) {
  recorder_t *login = record(client, "login"), *events = record(client, "data");
  client_refused(client, error);
  assert_int_equal(recorded(login), 0);
  assert_int_equal(recorded(events), 0);
  client_end(client);
}

static void refuses_unknown_authority(void** state) {
  (void)state;
  refuses(tls_client(), AMI_ETLS);
}

static void refuses_other_name(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_set(client, "tls.server_name", "pbx.example.com");
  refuses(client, AMI_ETLS);
}

static void refuses_plain_port(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_set(client, "port", server_value("ASTERISK_PORT"));
  refuses(client, AMI_ETLS);
}

/* A plain client on the TLS port meets silence, since the server waits for a handshake. */
static void plain_on_tls_port(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "port", server_value("ASTERISK_TLSPORT"));
  client_set(client, "login.timeout_ms", "300");
  refuses(client, AMI_ETIMEDOUT);
}

/* Asterisk leaves what exceeds 1,024 bytes of a TLS record unread until more comes; an action sent in one
   record would wait for ever. */
static void large_action(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  recorder_t* events = record(client, "UserEvent");
  client_connect(client);
  ami_action_t* made = action("UserEvent", "UserEvent", "Large", NULL);
  char value[1001];
  memset(value, 'x', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  for (int i = 0; i < 20; i++) assert_int_equal(ami_action_add(made, "Key", value), 0);
  assert_int_equal(ami_action_timeout(made, WAIT_MS), 0);
  ami_reply_t* reply = call_action(client, made);
  assert_int_equal(ami_reply_status(reply), 0);
  ami_reply_unref(reply);
  const ami_msg_t* event = await_field(events, "UserEvent", "Large");
  assert_non_null(ami_msg_find(event, "Key", 19));
  assert_null(ami_msg_find(event, "Key", 20));
  client_end(client);
}

/* Lines of every length, so that records end at every place of a line, if they do. */
static void actions_of_all_sizes(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_connect(client);
  char value[1001];
  memset(value, 'x', sizeof value);
  enum { SIZES = 100 };
  pending_t* pending[SIZES];
  for (int i = 0; i < SIZES; i++) {
    ami_action_t* made = action("UserEvent", "UserEvent", "Sizes", NULL);
    for (int line = 0; line < 3; line++)
      assert_int_equal(ami_action_addn(made, "Key", 3, value, (size_t)(i * 10 + line)), 0);
    pending[i] = send_action(client, made);
  }
  for (int i = 0; i < SIZES; i++) {
    assert_int_equal(ami_reply_status(pending_wait(pending[i])), 0);
    assert_int_equal(pending_free(pending[i]), 1);
  }
  client_end(client);
}

static void many_actions_at_once(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_connect(client);
  enum { PINGS = 500 };
  pending_t* pings[PINGS];
  for (int i = 0; i < PINGS; i++) pings[i] = send_action(client, action("Ping", NULL));
  for (int i = 0; i < PINGS; i++) assert_int_equal(pending_free(pings[i]), 1);
  client_end(client);
}

static void long_answers(void** state) {
  (void)state;
  ami_t* client = trusting_client();
  client_connect(client);
  ami_reply_t* reply = call(client, "Command", "Command", "manager show commands", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  size_t length = 0;
  assert_non_null(ami_msg_output(ami_reply_response(reply), &length));
  assert_true(length > 8000);
  ami_reply_unref(reply);
  reply = call(client, "ShowDialPlan", NULL);
  assert_true(ami_reply_count(reply) > 20);
  ami_reply_unref(reply);
  client_end(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_address),
      cmocka_unit_test(by_name),
      cmocka_unit_test(by_url),
      cmocka_unit_test(plain_login),
      cmocka_unit_test(unverified),
      cmocka_unit_test(refuses_unknown_authority),
      cmocka_unit_test(refuses_other_name),
      cmocka_unit_test(refuses_plain_port),
      cmocka_unit_test(plain_on_tls_port),
      cmocka_unit_test(large_action),
      cmocka_unit_test(actions_of_all_sizes),
      cmocka_unit_test(many_actions_at_once),
      cmocka_unit_test(long_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
