/* A handler that blocks for seconds while the server floods, as a user whom Asterisk cuts as soon as a write
   is held up for 100 ms: the library goes on reading, and nothing is lost. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "observer.h"

enum { ROUNDS = 40000 }; /* some 3 s, and 17 times what the socket buffers hold */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int entered, open_again, in_order;

static void on_set(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)user;
  if (strcmp(ami_msg_get(msg, "Variable", NULL), "i") != 0) return;
  int value = atoi(ami_msg_get(msg, "Value", NULL));
  pthread_mutex_lock(&mutex);
  entered = 1;
  pthread_cond_broadcast(&changed);
  while (!open_again) pthread_cond_wait(&changed, &mutex);
  if (value == 0 || value == in_order + 1) in_order = value;
  pthread_mutex_unlock(&mutex);
}

static void handler_blocks(void** state) {
  (void)state;
  ami_t *client = client_new("slow"), *caller = client_ready("admin");
  client_set(client, "events", "dialplan");
  recorder_t *gaps = record(client, "gap"), *lost = record(client, "connection-*");
  assert_int_equal(ami_on(client, "VarSet", on_set, NULL, NULL, NULL), 0);
  client_connect(client);
  observer_t *reader = observer_new("admin"), *victim = observer_new_small("slow");

  char rounds[32], last[64];
  snprintf(rounds, sizeof rounds, "__LOOPS=%d", ROUNDS);
  snprintf(last, sizeof last, "\r\nVariable: i\r\nValue: %d\r\n", ROUNDS);
  assert_int_equal(call_status(caller, "Originate", "Channel", "Local/flood@test", "Variable", rounds,
                               "Application", "Wait", "Data", "60", NULL),
                   0);
  pthread_mutex_lock(&mutex);
  while (!entered) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  observer_until(reader, last);
  assert_int_equal(call_status(client, "Ping", NULL), 0);

  pthread_mutex_lock(&mutex);
  assert_int_equal(in_order, 0);
  open_again = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  recorder_t* marker = record(client, "VarSet");
  assert_int_equal(call_status(caller, "Setvar", "Variable", "MARKER", "Value", "end", NULL), 0);
  await_field(marker, "Variable", "MARKER");
  assert_int_equal(in_order, ROUNDS);
  assert_int_equal(recorded(gaps), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_CONNECTS), 1);
  for (size_t i = 0; i < recorded(lost); i++)
    assert_string_equal(ami_msg_name(recorded_at(lost, i)), "connection-connect");

  /* The same user without the library: it did not read, and was cut. */
  for (const char* message; (message = observer_next(victim)) != NULL;) assert_null(strstr(message, last));
  observer_end(victim);
  observer_end(reader);
  client_end(caller);
  client_end(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(handler_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
