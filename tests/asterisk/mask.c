/* Which classes of events come: the option `events`, at login and changed live. */
#include <string.h>

#include "client.h"
#include "observer.h"

static ami_t* sender;

static int connect_once(void** state) {
  (void)state;
  sender = client_ready("admin");
  return 0;
}

static int end(void** state) {
  (void)state;
  client_end(sender);
  return 0;
}

static void user_event(const char* name) {
  assert_int_equal(call_status(sender, "UserEvent", "UserEvent", name, NULL), 0);
}

static void set_variable(const char* value) {
  assert_int_equal(call_status(sender, "Setvar", "Variable", "MASKED", "Value", value, NULL), 0);
}

static ami_t* client_with_mask(const char* user, const char* mask, recorder_t** all) {
  ami_t* client = client_new(user);
  client_set(client, "events", mask);
  *all = record(client, "*");
  client_connect(client);
  return client;
}

static size_t count_named(recorder_t* all, const char* name) {
  size_t count = 0;
  for (size_t i = 0; i < recorded(all); i++) count += strcmp(ami_msg_name(recorded_at(all, i)), name) == 0;
  return count;
}

static void all_classes(void** state) {
  (void)state;
  recorder_t* all;
  ami_t* client = client_with_mask("admin", "on", &all);
  set_variable("all");
  user_event("AllClasses");
  await_field(all, "UserEvent", "AllClasses");
  await_field(all, "Value", "all");
  assert_int_equal(count_named(all, "FullyBooted"), 1);
  client_end(client);
}

static void one_class(void** state) {
  (void)state;
  recorder_t* all;
  ami_t* client = client_with_mask("admin", "user", &all);
  set_variable("one");
  user_event("OneClass");
  await_field(all, "UserEvent", "OneClass");
  assert_int_equal(count_named(all, "VarSet"), 0);
  assert_int_equal(count_named(all, "FullyBooted"), 0);
  client_end(client);
}

static void two_classes(void** state) {
  (void)state;
  recorder_t* all;
  ami_t* client = client_with_mask("admin", "dialplan,system", &all);
  user_event("TwoClasses");
  set_variable("two");
  await_field(all, "Value", "two");
  assert_int_equal(count_named(all, "UserEvent"), 0);
  assert_int_equal(count_named(all, "FullyBooted"), 1);
  client_end(client);
}

/* Nothing comes, though a second observer sees that there was something. */
static void nothing(const char* user, const char* mask) {
  recorder_t* all;
  observer_t* observer = observer_new("admin");
  ami_t* client = client_with_mask(user, mask, &all);
  user_event("Nothing");
  set_variable("nothing");
  observer_until(observer, "Value: nothing\r\n");
  for (int i = 0; i < 3; i++) assert_int_equal(call_status(client, "Ping", NULL), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_EVENTS), 0);
  client_end(client);
  observer_end(observer);
}

static void off(void** state) {
  (void)state;
  nothing("admin", "off");
}

static void user_who_may_read_nothing(void** state) {
  (void)state;
  nothing("quiet", "on");
}

/* The rights of the user stay the upper bound of the mask. */
static void user_with_few_classes(void** state) {
  (void)state;
  recorder_t* all;
  ami_t* client = client_with_mask("limited", "on", &all);
  set_variable("few");
  user_event("FewClasses");
  await_field(all, "UserEvent", "FewClasses");
  assert_int_equal(count_named(all, "VarSet"), 0);
  assert_int_equal(count_named(all, "FullyBooted"), 0);
  client_end(client);
}

/* A change is an action like any other: it holds for what the server does behind it. */
static void live_change(void** state) {
  (void)state;
  recorder_t* all;
  ami_t* client = client_with_mask("admin", "user", &all);
  user_event("Live1");
  await_field(all, "UserEvent", "Live1");

  client_set(client, "events", "off");
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  user_event("Live2");
  client_set(client, "events", "dialplan");
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  user_event("Live3");
  set_variable("live");
  await_field(all, "Value", "live");

  client_set(client, "events", "on");
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  user_event("Live4");
  await_field(all, "UserEvent", "Live4");
  assert_int_equal(count_named(all, "UserEvent"), 2);

  char mask[32];
  assert_true(ami_get(client, "events", mask, sizeof mask) > 0);
  assert_string_equal(mask, "on");
  client_end(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_classes),
      cmocka_unit_test(one_class),
      cmocka_unit_test(two_classes),
      cmocka_unit_test(off),
      cmocka_unit_test(user_who_may_read_nothing),
      cmocka_unit_test(user_with_few_classes),
      cmocka_unit_test(live_change),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
