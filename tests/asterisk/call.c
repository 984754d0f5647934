/* The events of whole calls, held against what a second observer on a bare socket saw. */
#include <string.h>

#include "client.h"
#include "observer.h"

enum { CALLS = 20 };

static void user_event(ami_t* client, const char* name) {
  assert_int_equal(call_status(client, "UserEvent", "UserEvent", name, NULL), 0);
}

static pending_t* start_call(ami_t* client) {
  ami_action_t* made = action("Originate", "Channel", "Local/short@test", "Application", "Wait", "Data",
                              "0.1", "Async", "true", NULL);
  assert_int_equal(ami_action_variable(made, "AMIVAR", "hello"), 0);
  assert_int_equal(ami_action_until(made, "OriginateResponse"), 0);
  return send_action(client, made);
}

static size_t index_of(recorder_t* all, const char* user_event_name) {
  const ami_msg_t* msg = await_field(all, "UserEvent", user_event_name);
  size_t index = 0;
  while (recorded_at(all, index) != msg) index++;
  return index;
}

static size_t named(recorder_t* all, size_t from, size_t to, const char* name) {
  size_t count = 0;
  for (size_t i = from; i < to; i++) count += strcmp(ami_msg_name(recorded_at(all, i)), name) == 0;
  return count;
}

/* Asterisk shows each event to every session in the same order and with the same bytes. So between two marks
   the library must have delivered exactly what the observer read. */
static size_t compare(recorder_t* all, observer_t* observer) {
  size_t begin = index_of(all, "Begin"), end = index_of(all, "End");
  const char* seen = observer_until(observer, "UserEvent: Begin\r\n");
  for (size_t i = begin; i <= end; i++) {
    size_t length;
    const char* raw = ami_msg_raw(recorded_at(all, i), &length);
    assert_int_equal(ami_msg_kind(recorded_at(all, i)), AMI_MSG_EVENT);
    assert_non_null(seen);
    assert_string_equal(raw, seen);
    assert_int_equal(length, strlen(seen));
    if (i > begin) assert_true(ami_msg_seq(recorded_at(all, i)) > ami_msg_seq(recorded_at(all, i - 1)));
    if (i < end) seen = observer_next(observer);
  }
  return begin;
}

static void same_events_as_observer(void** state) {
  (void)state;
  observer_t* observer = observer_new("admin");
  ami_t* client = client_new("admin");
  recorder_t *all = record(client, "*"), *hangups = record(client, "Hangup");
  client_connect(client);
  user_event(client, "Begin");
  pending_t* calls[CALLS];
  for (int i = 0; i < CALLS; i++) calls[i] = start_call(client);
  for (int i = 0; i < CALLS; i++) {
    assert_int_equal(ami_reply_status(pending_wait(calls[i])), 0);
    assert_int_equal(pending_free(calls[i]), 1);
  }
  await_count(hangups, 2 * CALLS);
  user_event(client, "End");
  size_t begin = compare(all, observer), end = index_of(all, "End");
  assert_int_equal(named(all, begin, end, "Newchannel"), 2 * CALLS);
  assert_int_equal(named(all, begin, end, "Hangup"), 2 * CALLS);
  assert_int_equal(named(all, begin, end, "OriginateResponse"), CALLS);
  client_end(client);
  observer_end(observer);
}

static void variables_of_channels(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  recorder_t* hangups = record(client, "Hangup");
  client_connect(client);
  pending_t* call = start_call(client);
  await_count(hangups, 2);
  assert_non_null(await_field(hangups, "ChanVariable", "AMIVAR=hello"));
  assert_int_equal(pending_free(call), 1);
  client_end(client);
}

/* The same through a queue, and by globs: each subscription gets its share, each share in order. */
static void through_a_queue(void** state) {
  (void)state;
  ami_t* client = client_new("admin");
  ami_queue_t* queue = ami_queue_new();
  assert_int_equal(ami_set_queue(client, queue), 0);
  uint64_t every, channels, hangups;
  assert_int_equal(ami_on(client, "*", NULL, NULL, NULL, &every), 0);
  assert_int_equal(ami_on(client, "New*", NULL, NULL, NULL, &channels), 0);
  assert_int_equal(ami_on(client, "hangup", NULL, NULL, NULL, &hangups), 0);
  client_connect(client);
  ami_action_t* made = action("Originate", "Channel", "Local/short@test", "Application", "Wait", "Data",
                              "0.1", "Async", "true", NULL);
  assert_int_equal(ami_send(client, made, NULL, NULL, NULL, NULL), 0);
  ami_action_free(made);
  size_t news = 0, news_in_all = 0, ended = 0, replies = 0;
  uint64_t last = 0;
  while (ended < 2) {
    ami_item_t items[32];
    int count = ami_queue_poll(queue, items, 32, WAIT_MS);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
      assert_int_equal(items[i].client, ami_id(client));
      replies += items[i].kind == AMI_ITEM_REPLY;
      if (items[i].kind != AMI_ITEM_EVENT) continue;
      if (items[i].id == every) {
        assert_true(ami_msg_seq(items[i].msg) > last);
        last = ami_msg_seq(items[i].msg);
        news_in_all += strncmp(ami_msg_name(items[i].msg), "New", 3) == 0;
      }
      if (items[i].id == channels) {
        assert_int_equal(strncmp(ami_msg_name(items[i].msg), "New", 3), 0);
        news++;
      }
      if (items[i].id == hangups) {
        assert_string_equal(ami_msg_name(items[i].msg), "Hangup");
        ended++;
      }
    }
    ami_queue_release(items, (size_t)count);
  }
  assert_int_equal(replies, 1);
  assert_true(news >= 4);
  assert_int_equal(news, news_in_all);
  client_end(client);
  assert_int_equal(ami_queue_free(queue), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_events_as_observer),
      cmocka_unit_test(variables_of_channels),
      cmocka_unit_test(through_a_queue),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
