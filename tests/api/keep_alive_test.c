/* Pings, and peers that have stalled. What is counted in time is only ever waited for; that nothing happens
   is looked at after a multiple of the time in which it would. */
#include "api_client.h"

static void let_pass(world_t* world, int ms) {
  ami_mock_wait(world->mock, "open", 77, ms); /* never so many */
}

static void silence_is_broken_by_pings(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "ping.interval_ms", "5");
  sink_t* pongs = listen_to(world, client, "pong");
  sink_t* responses = listen_to(world, client, "response");
  assert_error(client_connect(world, client), 0);
  until_count(world, pongs, 3);
  until_mock(world, "action:Ping", 3);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_string_equal(field(message_at(pongs, 0), "Ping"), "Pong");
  assert_true(count_of(responses) >= count_of(pongs));
  /* They are the library's, not the application's. */
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 0);
  world_end(world);
}

static void without_an_interval_there_are_none(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "ping.interval_ms", "0", "ping.timeout_ms", "1", NULL);
  for (int i = 0; i < 20; ++i) {
    step(world);
    let_pass(world, 2);
  }
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 0);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  world_end(world);
}

/* The pings begin with ready: so the server stalls behind the login. */
static void a_stalled_peer_is_found(void** state) {
  static const char* const faults[] = {"stall_write", "stall_read"};
  for (size_t i = 0; i < 2; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    client_set(client, "ping.interval_ms", "20");
    client_set(client, "ping.timeout_ms", "40");
    sink_t* all = listen_to(world, client, "connection-*");
    sink_t* ready = listen_to(world, client, "ready");
    ami_mock_fault(world->mock, faults[i], 2);
    assert_int_equal(ami_connect(client), 0);
    until_field(world, all, "Final", "true");
    until_state(world, client, AMI_STATE_IDLE);
    assert_int_equal(count_of(ready), 1);
    assert_string_equal(names(all), "connection-connect connection-timeout connection-close");
    assert_string_equal(field(message_at(all, 1), "Phase"), "keep-alive");
    assert_string_equal(field(message_at(all, 1), "Error"), "AMI_ETIMEDOUT");
    assert_string_equal(field(message_at(all, 2), "Error"), "AMI_ETIMEDOUT");
    assert_error(client_wait(world, client), AMI_ETIMEDOUT);
    assert_contains(detail(client), "no answer to a Ping for 40 ms");
    world_end(world);
  }
}

static void a_stalled_peer_is_left_for_a_new_connection(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "ping.interval_ms", "10");
  client_set(client, "ping.timeout_ms", "40");
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* gaps = listen_to(world, client, "gap");
  ami_mock_fault(world->mock, "stall_write", 2);
  assert_int_equal(ami_connect(client), 0);
  until_count(world, ready, 2);
  assert_true(count_of(gaps) >= 1);
  world_end(world);
}

static void hold_this_answer(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  ami_mock_fault(user, "hold", 1);
  ami_mock_builtin(session, request);
}

/* A server that works on one action answers no Ping meanwhile, and is not dead. */
static void a_busy_peer_is_not_a_stalled_one(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  client_set(client, "ping.interval_ms", "5");
  client_set(client, "ping.timeout_ms", "10");
  ami_mock_on(world->mock, "CoreStatus", hold_this_answer, world->mock);
  ami_mock_fault(world->mock, "hold", 1);
  assert_int_equal(ami_connect(client), 0);
  until_mock(world, "action:Challenge", 1);
  sink_t* sent = send_action(world, client, action("CoreStatus", NULL)); /* goes out before any Ping */
  ami_mock_release(world->mock);
  until_mock(world, "action:Ping", 1);
  for (int i = 0; i < 20; ++i) {
    let_pass(world, 5);
    step(world);
  }
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_int_equal(sent->replies, 0);
  ami_mock_release(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  world_end(world);
}

/* Until an action that timed out holds up the connection for too long. */
static void a_peer_that_is_busy_for_ever_is_found(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "action.timeout_ms", "10", "blocked.max_ms", "1000", NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* first = send_action(world, client, action("CoreStatus", NULL));
  sink_t* second = send_action(world, client, action("CoreSettings", NULL));
  until_reply(world, first);
  until_reply(world, second);
  assert_reply(first->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  assert_reply(second->reply, AMI_ETIMEDOUT, AMI_MAYBE_RUN);
  until_state(world, client, AMI_STATE_IDLE);
  assert_error(client_wait(world, client), AMI_ETIMEDOUT);
  assert_contains(detail(client), "CoreStatus");
  assert_contains(detail(client), "1000 ms");
  world_end(world);
}

static ami_action_t* big_action(void) {
  char value[1000];
  memset(value, 'x', sizeof value);
  value[sizeof value - 1] = '\0';
  ami_action_t* big = action("UserEvent", "UserEvent", "Big", NULL);
  for (int line = 0; line < 100; ++line) assert_int_equal(ami_action_add(big, "Text", value), 0);
  return big;
}

/* Its buffers are full, and it reads no more: of what is at the end no byte has left. */
static void a_peer_that_reads_nothing_is_found(void** state) {
  enum { ACTIONS = 200 };
  world_t* world = world_new(state, NULL);
  ami_t* client =
      client_ready(world, "ping.interval_ms", "0", "action.timeout_ms", "0", "blocked.max_ms", "500", NULL);
  sink_t* ends = listen_to(world, client, "connection-timeout");
  ami_mock_fault(world->mock, "stall_read", 1);
  settle(world, client);
  ami_action_t* big = big_action();
  sink_t* sent[ACTIONS];
  int count = 0;
  for (; count < ACTIONS; ++count) {
    sent[count] = sink_new(world, client);
    const int result = ami_send(client, big, on_reply, sent[count], on_release, NULL);
    if (result == 0) {
      sent[count]->is_action = true;
      continue;
    }
    assert_error(result, AMI_ESTATE); /* on a slow machine it is found before all was said */
    break;
  }
  ami_action_free(big);
  for (int i = 0; i < count; ++i) {
    until_reply(world, sent[i]);
    assert_error(ami_reply_status(sent[i]->reply), AMI_ETIMEDOUT);
    assert_int_equal(
        ami_reply_fate(sent[i]->reply) == AMI_NOT_SENT || ami_reply_fate(sent[i]->reply) == AMI_MAYBE_RUN, 1);
    if (i > 0) assert_true(ami_reply_fate(sent[i]->reply) <= ami_reply_fate(sent[i - 1]->reply));
  }
  assert_int_equal(ami_reply_fate(sent[0]->reply), AMI_MAYBE_RUN);
  if (count == ACTIONS) assert_int_equal(ami_reply_fate(sent[ACTIONS - 1]->reply), AMI_NOT_SENT);
  until_count(world, ends, 1);
  assert_string_equal(field(message_at(ends, 0), "Phase"), "keep-alive");
  assert_contains(field(message_at(ends, 0), "Reason"), "read nothing for 500 ms");
  world_end(world);
}

/* Each farewell to a peer that has stalled takes a part of a second: not in every way of delivery. */
static const struct CMUnitTest tests[] = {
    IN_ALL(silence_is_broken_by_pings),
    IN_ALL(without_an_interval_there_are_none),
    IN(a_stalled_peer_is_found, BY_THREAD),
    IN(a_stalled_peer_is_found, BY_LOOP),
    IN_ALL(a_stalled_peer_is_left_for_a_new_connection),
    IN_ALL(a_busy_peer_is_not_a_stalled_one),
    IN_ALL(a_peer_that_is_busy_for_ever_is_found),
    IN(a_peer_that_reads_nothing_is_found, BY_THREAD),
    IN(a_peer_that_reads_nothing_is_found, BY_LOOP),
};
RUN(tests)
