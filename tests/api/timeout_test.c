/* Time-outs of actions, by option and by action, and the answers that come too late. Times are short where
   the server never answers in time, and no test asks how long anything took. */
#include "api_client.h"

enum { SHORT_MS = 20 };

static ami_action_t* with_timeout(ami_action_t* made, int ms) {
  assert_error(ami_action_timeout(made, ms), 0);
  return made;
}

/* For what must not time out, however slow the machine is. */
static ami_action_t* patient(const char* name) {
  return with_timeout(action(name, NULL), 0);
}

static void by_option(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "action.timeout_ms", "20", NULL);
  sink_t* responses = listen_to(world, client, "response");
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Status", "ActionID", "late", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  assert_null(ami_reply_response(sent->reply));
  until_released(world, sent);
  assert_error(ami_cancel(client, sent->id), AMI_ENOENT);
  assert_error(refused(world, client, action("Ping", "ActionID", "late", NULL)), AMI_EEXIST);
  /* The answer that is too late is nobody's, and the connection goes on. */
  ami_mock_release(world->mock);
  until_field(world, responses, "ActionID", "late");
  assert_reply(reply_to(world, client, patient("Ping")), 0, AMI_ANSWERED);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_int_equal(ami_stat(client, AMI_STAT_GENERATION), 1);
  world_end(world);
}

static void by_action(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  /* It counts from ami_send(), and not from when the server can be working on it. */
  sink_t* first = send_action(world, client, action("Ping", NULL));
  sink_t* second = send_action(world, client, with_timeout(action("Ping", NULL), SHORT_MS));
  until_reply(world, second);
  assert_reply(second->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  assert_int_equal(first->replies, 0);
  ami_mock_release(world->mock);
  until_reply(world, first);
  assert_reply(first->reply, 0, AMI_ANSWERED);
  world_end(world);
}

/* Time passes for those behind it only when the oldest has been answered. */
static void the_option_counts_for_the_oldest(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "action.timeout_ms", "20", NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* oldest = send_action(world, client, patient("Ping"));
  sink_t* next = send_action(world, client, action("Status", NULL));
  sink_t* clock = send_action(world, client, with_timeout(action("Ping", NULL), 3 * SHORT_MS));
  until_reply(world, clock);
  assert_reply(clock->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  assert_int_equal(oldest->replies, 0);
  assert_int_equal(next->replies, 0);
  assert_error(ami_cancel(client, oldest->id), 0);
  until_reply(world, oldest);
  /* It is canceled, but Asterisk is still at it. */
  clock = send_action(world, client, with_timeout(action("Ping", NULL), 3 * SHORT_MS));
  until_reply(world, clock);
  assert_int_equal(next->replies, 0);
  ami_mock_release(world->mock);
  until_reply(world, next);
  world_end(world);
}

static void never(void** state) {
  const char* const options[][2] = {{"action.timeout_ms", "0"}, {"action.timeout_ms", "20"}};
  for (size_t i = 0; i < 2; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_ready(world, options[i][0], options[i][1], NULL);
    ami_mock_fault(world->mock, "hold", 1);
    sink_t* sent = send_action(world, client, i == 0 ? action("Ping", NULL) : patient("Ping"));
    sink_t* clock = send_action(world, client, with_timeout(action("Ping", NULL), 3 * SHORT_MS));
    until_reply(world, clock);
    assert_int_equal(sent->replies, 0);
    ami_mock_release(world->mock);
    until_reply(world, sent);
    assert_reply(sent->reply, 0, AMI_ANSWERED);
    world_end(world);
  }
}

/* One event behind the response, and then nothing. */
static void answer_list(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  (void)user;
  ami_mock_answer(session, request,
                  "Response: Success\r\n{id}EventList: start\r\n\r\nEvent: Thing\r\n{id}Number: 1\r\n\r\n");
}

/* A reply that timed out after the response had come: for a slow machine the time is doubled. */
static const ami_reply_t* timed_out_after_its_response(world_t* world, ami_t* client,
                                                       ami_action_t* (*make)(void)) {
  for (int ms = SHORT_MS;; ms *= 2) {
    const ami_reply_t* reply = reply_to(world, client, with_timeout(make(), ms));
    assert_error(ami_reply_status(reply), AMI_ETIMEDOUT);
    if (ami_reply_response(reply) != NULL) return reply;
    assert_int_equal(ami_reply_fate(reply), AMI_MAYBE_RUN);
    assert_true(ms < WAIT_MS);
    assert_reply(reply_to(world, client, patient("Ping")), 0, AMI_ANSWERED);
  }
}

static ami_action_t* make_list(void) {
  return action("Things", NULL);
}

static void within_a_list(void** state) {
  world_t* world = world_new(state, NULL);
  ami_mock_on(world->mock, "Things", answer_list, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = timed_out_after_its_response(world, client, make_list);
  assert_reply(reply, AMI_ETIMEDOUT, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 1);
  assert_null(ami_reply_end(reply));
  assert_reply(reply_to(world, client, patient("Ping")), 0, AMI_ANSWERED);
  world_end(world);
}

static ami_action_t* make_call(void) {
  ami_action_t* call = action("Originate", "Channel", "Local/105@test", "Application", "Wait", "Async",
                              "true", "Timeout", "600000", NULL);
  assert_error(ami_action_until(call, "OriginateResponse"), 0);
  return call;
}

static void while_an_event_is_awaited(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = timed_out_after_its_response(world, client, make_call);
  assert_reply(reply, AMI_ETIMEDOUT, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(reply), "Message"), "Originate successfully queued");
  assert_null(ami_reply_end(reply));
  world_end(world);
}

/* With its items and its end. */
static void a_list_that_is_too_late(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* events = listen_to(world, client, "CoreShowChannel*");
  sink_t* data = listen_to(world, client, "data");
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent =
      send_each(world, client, with_timeout(action("CoreShowChannels", "Items", "3", NULL), SHORT_MS));
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  ami_mock_release(world->mock);
  until_field(world, data, "ListItems", "3");
  settle(world, client);
  assert_int_equal(count_of(sent), 0);
  assert_int_equal(count_of(events), 0);
  world_end(world);
}

static void while_it_waits_offline(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  ami_mock_fault(world->mock, "hold", 1);
  assert_error(ami_connect(client), 0);
  until_mock(world, "action:Challenge", 1);
  sink_t* late = send_action(world, client, with_timeout(action("Status", NULL), SHORT_MS));
  sink_t* other = send_action(world, client, action("Ping", NULL));
  until_reply(world, late);
  assert_reply(late->reply, AMI_ETIMEDOUT, AMI_NOT_SENT);
  ami_mock_release(world->mock);
  until_reply(world, other);
  assert_reply(other->reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
  world_end(world);
}

/* Asterisk sits in the oldest, and nothing behind it will ever be answered. */
static void a_server_that_does_not_come_back(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "action.timeout_ms", "20", "blocked.max_ms", "1000", NULL);
  sink_t* notices = listen_to(world, client, "connection-*");
  ami_mock_fault(world->mock, "stall_read", 1);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* first = send_action(world, client, action("Status", NULL));
  sink_t* second = send_action(world, client, patient("Ping"));
  until_reply(world, first);
  assert_reply(first->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  until_reply(world, second);
  assert_reply(second->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  until_field(world, notices, "Final", "true");
  assert_string_equal(names(notices), "connection-timeout connection-close");
  assert_string_equal(field(message_at(notices, 0), "Phase"), "keep-alive");
  assert_contains(field(message_at(notices, 0), "Reason"), "Status");
  assert_string_equal(field(message_at(notices, 1), "Error"), "AMI_ETIMEDOUT");
  until_state(world, client, AMI_STATE_IDLE);
  assert_contains(detail(client), "Status");
  ami_mock_release(world->mock); /* or the socket would linger */
  world_end(world);
}

/* The server reads again: what it had not read until then is run, as MAYBE_RUN said. */
static void a_server_that_reads_late(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "stall_read", 1);
  settle(world, client);
  sink_t* sent[10];
  for (int i = 0; i < 10; ++i)
    sent[i] = send_action(world, client, with_timeout(action("Status", NULL), SHORT_MS));
  for (int i = 0; i < 10; ++i) {
    until_reply(world, sent[i]);
    assert_error(ami_reply_status(sent[i]->reply), AMI_ETIMEDOUT);
  }
  ami_mock_release(world->mock);
  settle(world, client);
  for (int i = 0; i < 10; ++i) assert_int_equal(ami_reply_fate(sent[i]->reply), AMI_MAYBE_RUN);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 10);
  world_end(world);
}

static void many_at_their_own_times(void** state) {
  enum { N = 200 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent[N];
  for (int i = 0; i < N; ++i)
    sent[i] = send_action(world, client, with_timeout(action("Ping", NULL), 1 + i * 37 % 40));
  sink_t* last = send_action(world, client, action("Ping", NULL));
  for (int i = 0; i < N; ++i) {
    until_reply(world, sent[i]);
    assert_error(ami_reply_status(sent[i]->reply), AMI_ETIMEDOUT);
  }
  ami_mock_release(world->mock);
  until_reply(world, last);
  assert_reply(last->reply, 0, AMI_ANSWERED);
  world_end(world);
}

static void of_a_blocking_call(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  ami_action_t* ping = with_timeout(action("Ping", NULL), SHORT_MS);
  ami_reply_t* reply = NULL;
  assert_error(ami_call(client, ping, &reply), 0);
  assert_reply(reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  ami_reply_unref(reply);
  ami_action_free(ping);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(by_option),
    IN_ALL(by_action),
    IN_ALL(the_option_counts_for_the_oldest),
    IN_ALL(never),
    IN_ALL(within_a_list),
    IN_ALL(while_an_event_is_awaited),
    IN_ALL(a_list_that_is_too_late),
    IN_ALL(while_it_waits_offline),
    IN_ALL(a_server_that_does_not_come_back),
    IN_ALL(a_server_that_reads_late),
    IN_ALL(many_at_their_own_times),
    IN(of_a_blocking_call, BY_THREAD),
    IN_QUEUES(of_a_blocking_call),
};
RUN(tests)
