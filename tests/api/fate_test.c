/* What became of an action when something went wrong: not sent, maybe run, or answered; and actions that are
   refused or wait because there is no login, or because there are too many. */
#include "api_client.h"

/* ------------------------------------------------------------------------- connections that are cut */

static void a_cut_at_each_stage(void** state) {
  const struct {
    const char* fault;
    int64_t n;
    int fate;
    size_t items;
  } cuts[] = {{"cut_on_action", 1, AMI_MAYBE_RUN, 0},     {"cut_in_response", 1, AMI_MAYBE_RUN, 0},
              {"cut_after_response", 1, AMI_ANSWERED, 0}, {"cut_in_list", 1, AMI_ANSWERED, 0},
              {"cut_in_list", 3, AMI_ANSWERED, 2},        {"half_close", 1, AMI_ANSWERED, 0}};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; ++i) {
    for (int reset = 0; reset < 2; ++reset) {
      world_t* world = world_new(state, NULL);
      ami_t* client = client_ready(world, NULL);
      /* Unread input makes the kernel throw away what was written, so that a reset may take more. */
      const bool tells = reset == 0 || i == 0;
      if (reset == 1) ami_mock_fault(world->mock, "reset", 0);
      ami_mock_fault(world->mock, cuts[i].fault, cuts[i].n);
      const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "5", NULL));
      assert_error(ami_reply_status(reply), AMI_ELOST);
      assert_int_equal(ami_mock_count(world->mock, "action:CoreShowChannels"), 1);
      if (tells) {
        assert_int_equal(ami_reply_fate(reply), cuts[i].fate);
        assert_int_equal(ami_reply_count(reply), cuts[i].items);
      }
      assert_int_equal(ami_reply_response(reply) != NULL, ami_reply_fate(reply) == AMI_ANSWERED);
      assert_null(ami_reply_end(reply));
      until_state(world, client, AMI_STATE_IDLE);
      assert_true(strlen(detail(client)) > 0);
      world_end(world);
    }
  }
}

/* Answered by the last byte of the response, and not before. */
static void a_cut_at_each_byte(void** state) {
  const int whole = (int)strlen("Response: Success\r\nActionID: x000\r\nMessage: Variable Set\r\n\r\n");
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "1", "reconnect.max_ms", "1", "events", "off", NULL);
  int64_t logins = 1;
  for (int n = 0; n <= whole; n += n < whole - 6 ? 5 : 1) {
    char id[16];
    snprintf(id, sizeof id, "x%03d", n);
    settle(world, client);
    ami_mock_fault(world->mock, "cut_at", n);
    const ami_reply_t* reply =
        reply_to(world, client, action("Setvar", "Variable", "x", "ActionID", id, NULL));
    if (n == whole) {
      assert_reply(reply, 0, AMI_ANSWERED);
    } else {
      assert_reply(reply, AMI_ELOST, AMI_MAYBE_RUN);
    }
    assert_int_equal(ami_mock_saw(world->mock, id), 1);
    until_mock(world, "logins", ++logins);
    until_state(world, client, AMI_STATE_READY);
  }
  world_end(world);
}

static void those_behind_a_cut(void** state) {
  enum { N = 20 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  ami_mock_fault(world->mock, "cut_after_response", N / 2);
  sink_t* sent[N];
  for (int i = 0; i < N; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", N / 2);
  ami_mock_release(world->mock);
  for (int i = 0; i < N; ++i) {
    until_reply(world, sent[i]);
    if (i < N / 2) {
      assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
    } else {
      assert_error(ami_reply_status(sent[i]->reply), AMI_ELOST);
      assert_true(ami_reply_fate(sent[i]->reply) != AMI_ANSWERED);
    }
  }
  world_end(world);
}

static void an_awaited_event_that_is_lost(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* call = action("Originate", "Channel", "Local/105@test", "Application", "Wait", "Async",
                              "true", "Timeout", "600000", NULL);
  assert_error(ami_action_until(call, "OriginateResponse"), 0);
  sink_t* sent = send_action(world, client, call);
  settle(world, client);
  ami_mock_kick(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ELOST, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(sent->reply), "Message"), "Originate successfully queued");
  world_end(world);
}

/* ------------------------------------------------------------------------------- a peer that reads nothing
 */

enum { BIG = 1200, BIG_HEADERS = 16 }; /* together more than the kernel takes */

static ami_action_t* big_action(int number) {
  char id[16];
  char value[1000];
  memset(value, 'x', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  snprintf(id, sizeof id, "big%d", number);
  ami_action_t* big = action("Getvar", "ActionID", id, "Variable", "none", NULL);
  for (int i = 0; i < BIG_HEADERS; ++i) assert_error(ami_action_add(big, "Ballast", value), 0);
  return big;
}

static int saw_big(world_t* world, int number) {
  char id[16];
  snprintf(id, sizeof id, "big%d", number);
  return ami_mock_saw(world->mock, id);
}

static void what_the_kernel_did_not_take(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "stall_read", 1);
  settle(world, client);
  sink_t* sent[BIG];
  for (int i = 0; i < BIG; ++i) sent[i] = send_action(world, client, big_action(i));
  step(world); /* the loop is to write */
  until_stat(client, AMI_STAT_BYTES_OUT, 100000);
  ami_mock_kick(world->mock);
  int not_sent = 0;
  for (int i = 0; i < BIG; ++i) {
    until_reply(world, sent[i]);
    assert_error(ami_reply_status(sent[i]->reply), AMI_ELOST);
    const int fate = ami_reply_fate(sent[i]->reply);
    if (fate == AMI_NOT_SENT) {
      ++not_sent;
      assert_int_equal(saw_big(world, i), 0);
    } else {
      assert_int_equal(fate, AMI_MAYBE_RUN);
      assert_int_equal(not_sent, 0); /* they leave in order */
    }
  }
  assert_in_range(not_sent, 1, BIG - 1);
  world_end(world);
}

static void the_unsent_wait_for_the_next_connection(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "offline", "queue", "reconnect", "1", "offline.max", "10000", NULL);
  ami_mock_fault(world->mock, "stall_read", 1);
  settle(world, client);
  sink_t* sent[BIG];
  for (int i = 0; i < BIG; ++i) sent[i] = send_action(world, client, big_action(i));
  step(world);
  until_stat(client, AMI_STAT_BYTES_OUT, 100000);
  ami_mock_kick(world->mock);
  int answered = 0;
  for (int i = 0; i < BIG; ++i) {
    until_reply(world, sent[i]);
    if (ami_reply_status(sent[i]->reply) == 0) {
      ++answered;
      assert_int_equal(saw_big(world, i), 1);
    } else {
      assert_reply(sent[i]->reply, AMI_ELOST, AMI_MAYBE_RUN);
      assert_int_equal(answered, 0);
    }
  }
  assert_in_range(answered, 1, BIG - 1);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------- offline */

static void refused_without_a_login(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* notices = listen_to(world, client, "connection-unwritable");
  assert_error(refused(world, client, action("Status", NULL)), AMI_ESTATE);
  assert_contains(detail(client), "Status");
  assert_contains(detail(client), "offline=queue");
  client_set(client, "reconnect", "600000");
  client_set(client, "reconnect.max_ms", "600000");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_error(ami_connect(client), 0);
  until_mock(world, "connections", 1);
  assert_error(refused(world, client, action("Status", NULL)), AMI_ESTATE);
  until_count(world, notices, 1);
  assert_string_equal(field(message_at(notices, 0), "Action"), "Status");
  assert_string_equal(field(message_at(notices, 0), "Reason"), "not logged in");
  ami_mock_kick(world->mock);
  until_state(world, client, AMI_STATE_BACKOFF);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  until_count(world, notices, 2);
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), 0);
  client_disconnect(world, client);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  client_set(client, "offline", "queue");
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE); /* nothing is under way */
  ami_mock_clear(world->mock);
  assert_error(client_connect(world, client), 0);
  assert_error(ami_disconnect(client), 0);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  until_state(world, client, AMI_STATE_IDLE);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 0);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
  world_end(world);
}

static void a_loss_in_between(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "600000", "reconnect.max_ms", "600000", NULL);
  ami_mock_kick(world->mock);
  until_state(world, client, AMI_STATE_BACKOFF);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  world_end(world);
}

static void what_waits_goes_out_in_order(void** state) {
  enum { N = 50 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  client_set(client, "reconnect", "1");
  ami_mock_fault(world->mock, "hold", 1);
  assert_error(ami_connect(client), 0);
  until_mock(world, "action:Challenge", 1);
  sink_t* sent[N];
  for (int i = 0; i < N; ++i) {
    char id[16];
    snprintf(id, sizeof id, "waits-%d", i); /* unlike any that is made */
    sent[i] = send_action(world, client, action("Ping", "ActionID", id, NULL));
    /* They outlast attempts that fail. */
    if (i == N / 2) ami_mock_kick(world->mock);
  }
  for (int i = 0; i < N; ++i) {
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
  }
  int next = 0;
  char id[96];
  for (size_t i = 0; ami_mock_action_id(world->mock, i, id, sizeof id) > 0; ++i) {
    int number = 0;
    if (sscanf(id, "waits-%d", &number) == 1) assert_int_equal(number, next++);
  }
  assert_int_equal(next, N);
  world_end(world);
}

static void what_waits_in_vain(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  client_set(client, "password", "wrong");
  ami_mock_fault(world->mock, "hold", 1);
  assert_error(ami_connect(client), 0);
  until_mock(world, "action:Challenge", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  ami_mock_release(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_EAUTH, AMI_NOT_SENT);
  until_state(world, client, AMI_STATE_IDLE);
  ami_mock_set_down(world->mock, 1);
  client_set(client, "reconnect", "1");
  assert_error(ami_connect(client), 0);
  sent = send_action(world, client, action("Ping", NULL));
  client_disconnect(world, client);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_NOT_SENT);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 0);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------- bounds */

static void too_many_wait(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  client_set(client, "offline.max", "3");
  ami_mock_fault(world->mock, "hold", 1);
  assert_error(ami_connect(client), 0);
  until_mock(world, "action:Challenge", 1);
  sink_t* sent[3];
  for (int i = 0; i < 3; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
  assert_error(refused(world, client, action("Status", NULL)), AMI_EFULL);
  assert_contains(detail(client), "offline.max");
  assert_contains(detail(client), "3");
  assert_error(ami_cancel(client, sent[1]->id), 0);
  until_reply(world, sent[1]);
  sink_t* fourth = send_action(world, client, action("Ping", NULL));
  ami_mock_release(world->mock);
  until_reply(world, fourth);
  assert_reply(fourth->reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 3);
  /* With a login it is no bound. */
  ami_mock_fault(world->mock, "hold", 1);
  for (int i = 0; i < 5; ++i) send_action(world, client, action("Ping", NULL));
  ami_mock_release(world->mock);
  settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
  world_end(world);
}

static void too_many_in_flight(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "inflight.max", "4", NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent[4];
  for (int i = 0; i < 4; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
  assert_error(refused(world, client, action("Status", NULL)), AMI_EFULL);
  assert_contains(detail(client), "inflight.max");
  assert_contains(detail(client), "4");
  ami_mock_release(world->mock);
  for (int i = 0; i < 4; ++i) until_reply(world, sent[i]);
  for (int i = 0; i < 10; ++i) settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_cut_at_each_stage),
    IN_ALL(a_cut_at_each_byte),
    IN_ALL(those_behind_a_cut),
    IN_ALL(an_awaited_event_that_is_lost),
    IN(what_the_kernel_did_not_take, BY_THREAD),
    IN(what_the_kernel_did_not_take, BY_LOOP),
    IN(the_unsent_wait_for_the_next_connection, BY_THREAD),
    IN(the_unsent_wait_for_the_next_connection, BY_LOOP),
    IN_ALL(refused_without_a_login),
    IN_ALL(a_loss_in_between),
    IN_ALL(what_waits_goes_out_in_order),
    IN_ALL(what_waits_in_vain),
    IN_ALL(too_many_wait),
    IN_ALL(too_many_in_flight),
};
RUN(tests)
