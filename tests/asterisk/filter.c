/* Event filters: those of the option `filter`, and the server's own for a user. */
#include <string.h>

#include "client.h"

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

static void user_event(const char* name, const char* drop) {
  assert_int_equal(call_status(sender, "UserEvent", "UserEvent", name, "Drop", drop, NULL), 0);
}

/* All events that came, up to the last of these three of which only the first and the last pass. */
static void expect_only(recorder_t* all, const char* first, const char* second) {
  user_event(first, "no");
  user_event("Dropped", "yes");
  assert_int_equal(call_status(sender, "Setvar", "Variable", "FILTERED", "Value", "x", NULL), 0);
  user_event(second, "no");
  await_field(all, "UserEvent", second);
  size_t events = 0;
  for (size_t i = 0; i < recorded(all); i++) {
    const ami_msg_t* msg = recorded_at(all, i);
    if (ami_msg_kind(msg) != AMI_MSG_EVENT) continue;
    events++;
    assert_string_equal(ami_msg_name(msg), "UserEvent");
    assert_string_equal(ami_msg_get(msg, "Drop", NULL), "no");
  }
  assert_int_equal(events, 2);
}

/* Not one event passes before the filters are in force, not even those that every login brings. */
static void own_filters(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "filter", "Event: UserEvent");
  client_set(client, "filter", "!Drop: yes");
  recorder_t* all = record(client, "*");
  client_connect(client);
  expect_only(all, "Own1", "Own2");
  client_end(client);
}

static void own_filters_and_mask(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "events", "user,dialplan");
  client_set(client, "filter", "!Drop: yes");
  client_set(client, "filter", "!Event: VarSet");
  recorder_t* all = record(client, "*");
  client_connect(client);
  expect_only(all, "Mask1", "Mask2");
  client_end(client);
}

static void cleared(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "filter", "Event: Nothing");
  client_set(client, "filter", "");
  recorder_t* all = record(client, "UserEvent");
  client_connect(client);
  user_event("Cleared", "yes");
  await_field(all, "UserEvent", "Cleared");
  client_end(client);
}

/* A live change of the mask leaves the filters alone. */
static void stay_when_the_mask_changes(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  client_set(client, "events", "off");
  client_set(client, "filter", "Event: UserEvent");
  client_set(client, "filter", "!Drop: yes");
  recorder_t* all = record(client, "*");
  client_connect(client);
  client_set(client, "events", "on");
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  expect_only(all, "Stay1", "Stay2");
  client_end(client);
}

static void filters_of_the_user(void** state) {
  (void)state;
  ami_t* client = client_new("filtered");
  client_set(client, "events", "user,dialplan");
  recorder_t* all = record(client, "*");
  client_connect(client);
  expect_only(all, "User1", "User2");
  client_end(client);
}

static void refused(const char* user, const char* good, const char* bad) {
  ami_t* client = client_new(user);
  if (good != NULL) client_set(client, "filter", good);
  client_set(client, "filter", bad);
  recorder_t *events = record(client, "UserEvent"), *closed = record(client, "connection-close");
  client_refused(client, AMI_EFILTER);
  await_field(closed, "Final", "true");
  char detail[512];
  ami_detail(client, detail, sizeof detail);
  assert_non_null(strstr(detail, bad));
  assert_int_equal(recorded(events), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_EVENTS), 0);
  client_end(client);
}

static void that_does_not_compile(void** state) {
  (void)state;
  refused("admin", NULL, "Event: (");
  refused("admin", "Event: UserEvent", "Event: (");
}

static void by_a_user_who_may_not(void** state) {
  (void)state;
  refused("limited", NULL, "Event: UserEvent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_filters),
      cmocka_unit_test(own_filters_and_mask),
      cmocka_unit_test(cleared),
      cmocka_unit_test(stay_when_the_mask_changes),
      cmocka_unit_test(filters_of_the_user),
      cmocka_unit_test(that_does_not_compile),
      cmocka_unit_test(by_a_user_who_may_not),
  };
  return cmocka_run_group_tests(tests, connect_once, end);
}
