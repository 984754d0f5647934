/* Logins that Asterisk accepts, and those it refuses. */
#include <stdio.h>
#include <string.h>

#include "client.h"

static void accepts(const char* user, const char* secret, const char* method) {
  ami_t* client = client_new(user);
  recorder_t *login = record(client, "login"), *ready = record(client, "ready");
  client_set(client, "password", secret);
  client_set(client, "auth", method);
  client_connect(client);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_int_equal(ami_stat(client, AMI_STAT_GENERATION), 1);
  await_field(login, "Status", "Success");
  await_field(ready, "Generation", "1");
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  client_end(client);
}

static void md5(void** state) {
  (void)state;
  accepts("admin", "secret", "md5");
}

static void plain(void** state) {
  (void)state;
  accepts("admin", "secret", "plain");
}

static void user_in_other_case(void** state) {
  (void)state;
  accepts("ADMIN", "secret", "md5");
}

static void odd_secret(void** state) {
  (void)state;
  accepts("odd", "p:w  d=x;y\"z'%#", "md5");
  accepts("odd", "p:w  d=x;y\"z'%#", "plain");
}

static void odd_secret_in_url(void** state) {
  (void)state;
  char url[256];
  snprintf(url, sizeof url, "ami://odd:p%%3Aw%%20%%20d%%3Dx%%3By%%22z%%27%%25%%23@%s:%s",
           server_value("ASTERISK_HOST"), server_value("ASTERISK_PORT"));
  ami_t* client = ami_new();
  client_set(client, "url", url);
  client_connect(client);
  client_end(client);
}

static void banner(void** state) {
  (void)state;
  ami_t* client = client_ready("admin");
  char text[64], version[64];
  assert_true(ami_get(client, "server.banner", text, sizeof text) > 0);
  assert_true(ami_get(client, "server.version", version, sizeof version) > 0);
  assert_int_equal(strncmp(text, "Asterisk Call Manager/", 22), 0);
  assert_string_equal(text + 22, version);
  assert_int_equal(
      strncmp(version, server_version() == 16 ? "5.0." : "11.0.", server_version() == 16 ? 4 : 5), 0);
  client_end(client);
}

/* Who is refused, and what Asterisk says to it. Each refusal takes Asterisk a second, so they wait together.
 */
static const struct {
  const char *user, *secret, *method, *says;
} refusals[] = {
    {"admin", "wrong", "md5", "Authentication failed"},
    {"admin", "wrong", "plain", "Authentication failed"},
    {"nobody", "secret", "md5", "Authentication failed"},
    {"nobody", "secret", "plain", "Authentication failed"},
    {"denied", "secret", "md5", "Authentication failed"},
    {"denied", "secret", "plain", "Authentication failed"},
    {"odd", "p:w d=x;y\"z'%#", "md5", "Authentication failed"},
    {"single", "secret", "plain", "Login Already In Use"},
    {"single", "secret", "md5", "Login Already In Use"},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

static void refused(void** state) {
  (void)state;
  ami_t *holder = client_ready("single"), *client[REFUSALS];
  recorder_t *login[REFUSALS], *closed[REFUSALS];
  for (int i = 0; i < REFUSALS; i++) {
    client[i] = client_new(refusals[i].user);
    client_set(client[i], "password", refusals[i].secret);
    client_set(client[i], "auth", refusals[i].method);
    login[i] = record(client[i], "login");
    closed[i] = record(client[i], "connection-close");
    assert_int_equal(ami_connect(client[i]), 0);
  }
  for (int i = 0; i < REFUSALS; i++) {
    assert_string_equal(ami_err_name(ami_wait(client[i], WAIT_MS)), "AMI_EAUTH");
    const ami_msg_t* notice = await_field(login[i], "Status", "Error");
    assert_string_equal(ami_msg_get(notice, "Error", NULL), "AMI_EAUTH");
    assert_non_null(strstr(ami_msg_get(notice, "Reason", NULL), refusals[i].says));
    assert_null(strstr(ami_msg_get(notice, "Reason", NULL), refusals[i].secret));
    await_field(closed[i], "Final", "true");
    assert_int_equal(ami_state(client[i]), AMI_STATE_IDLE);
    assert_int_equal(ami_stat(client[i], AMI_STAT_CONNECTS), 1);
    client_end(client[i]);
  }
  assert_int_equal(call_status(holder, "Ping", NULL), 0);
  client_end(holder);
}

/* A login refused before the first good one is final, reconnect or not. */
static void refused_for_good(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "password", "wrong");
  client_set(client, "reconnect", "1");
  client_refused(client, AMI_EAUTH);
  assert_int_equal(ami_state(client), AMI_STATE_IDLE);
  client_end(client);
}

static void logs_off_and_in_again(void** state) {
  (void)state;
  ami_t* client = client_new("single");
  recorder_t* closed = record(client, "connection-close");
  for (size_t round = 1; round <= 3; round++) {
    client_connect(client);
    assert_int_equal(call_status(client, "Ping", NULL), 0);
    assert_int_equal(ami_disconnect(client), 0);
    await_count(closed, round);
    assert_string_equal(ami_msg_get(recorded_at(closed, round - 1), "Final", NULL), "true");
  }
  assert_int_equal(ami_stat(client, AMI_STAT_GENERATION), 3);
  client_end(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(md5),
      cmocka_unit_test(plain),
      cmocka_unit_test(user_in_other_case),
      cmocka_unit_test(odd_secret),
      cmocka_unit_test(odd_secret_in_url),
      cmocka_unit_test(banner),
      cmocka_unit_test(refused),
      cmocka_unit_test(refused_for_good),
      cmocka_unit_test(logs_off_and_in_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
