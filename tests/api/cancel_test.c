/* ami_cancel(): the reply comes now, and what comes later is swallowed. */
#include "api_client.h"

/* Everything that the server says from here on waits for ami_mock_release(). */
static sink_t* send_held(world_t* world, ami_t* client) {
  ami_mock_fault(world->mock, "hold", 1);
  const int64_t before = ami_mock_count(world->mock, "action:Ping");
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", before + 1);
  return sent;
}

static void a_pending_action(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* responses = listen_to(world, client, "response");
  sink_t* first = send_held(world, client);
  sink_t* second = send_action(world, client, action("Ping", NULL));
  assert_error(ami_cancel(client, first->id), 0);
  assert_error(ami_cancel(client, first->id), AMI_ENOENT); /* though its reply may not have come yet */
  until_reply(world, first);
  assert_reply(first->reply, AMI_ECANCELED, AMI_MAYBE_RUN);
  assert_null(ami_reply_response(first->reply));
  assert_int_equal(ami_reply_id(first->reply), first->id);
  until_released(world, first);
  assert_error(ami_cancel(client, first->id), AMI_ENOENT);
  assert_int_equal(second->replies, 0);
  /* The late answer is nobody's, and the next one's is its own. */
  ami_mock_release(world->mock);
  until_reply(world, second);
  assert_reply(second->reply, 0, AMI_ANSWERED);
  assert_string_not_equal(field(message_at(responses, 0), "ActionID"),
                          field(ami_reply_response(second->reply), "ActionID"));
  settle(world, client);
  assert_int_equal(first->replies, 1);
  world_end(world);
}

static void ids_without_an_outstanding_reply(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  assert_error(ami_cancel(client, 0), AMI_ENOENT);
  assert_error(ami_cancel(client, 12345678), AMI_ENOENT);
  assert_contains(detail(client), "12345678");
  assert_int_equal(client_connect(world, client), 0);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_reply(world, sent);
  assert_error(ami_cancel(client, sent->id), AMI_ENOENT);
  sink_t* on = listen_to(world, client, "Hello");
  assert_error(ami_cancel(client, on->id), AMI_ENOENT);
  /* Nor is it another client's business. */
  ami_t* other = client_ready(world, NULL);
  sent = send_held(world, client);
  assert_error(ami_cancel(other, sent->id), AMI_ENOENT);
  ami_mock_release(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  world_end(world);
}

/* No byte of it leaves. */
static void an_unsent_action(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent[5];
  for (int i = 0; i < 5; ++i)
    sent[i] = send_action(world, client, action(i % 2 == 0 ? "Ping" : "Status", NULL));
  for (int i = 1; i < 5; i += 2) assert_error(ami_cancel(client, sent[i]->id), 0);
  for (int i = 0; i < 5; ++i) {
    until_reply(world, sent[i]);
    if (i % 2 == 0) {
      assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
    } else {
      assert_reply(sent[i]->reply, AMI_ECANCELED, AMI_NOT_SENT);
    }
  }
  settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 4);
  world_end(world);
}

static void an_action_that_waits_offline(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  ami_mock_fault(world->mock, "hold", 1);
  assert_int_equal(ami_connect(client), 0);
  until_mock(world, "action:Challenge", 1);
  sink_t* first = send_action(world, client, action("Status", NULL));
  sink_t* second = send_action(world, client, action("Ping", NULL));
  assert_error(ami_cancel(client, first->id), 0);
  until_reply(world, first);
  assert_reply(first->reply, AMI_ECANCELED, AMI_NOT_SENT);
  ami_mock_release(world->mock);
  until_reply(world, second);
  assert_reply(second->reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
  world_end(world);
}

/* -------------------------------------------------------------------------------------------- in a list */

/* With stall_write, the second half waits for ami_mock_release(). */
static void answer_list(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  (void)user;
  const char* rest =
      "Event: Thing\r\nActionID: the-list\r\nNumber: 2\r\n\r\n"
      "Event: ThingsComplete\r\nActionID: the-list\r\nEventList: Complete\r\n\r\n";
  ami_mock_answer(session, request,
                  "Response: Success\r\n{id}EventList: start\r\n\r\nEvent: Thing\r\n{id}Number: 1\r\n\r\n");
  ami_mock_write(session, rest, strlen(rest));
}

static void an_open_list(void** state) {
  for (int streamed = 0; streamed < 2; ++streamed) {
    world_t* world = world_new(state, NULL);
    ami_mock_on(world->mock, "Things", answer_list, NULL);
    ami_t* client = client_ready(world, NULL);
    ami_mock_fault(world->mock, "stall_write", 1);
    sink_t* data = listen_to(world, client, "data");
    sink_t* events = listen_to(world, client, "Thing*");
    ami_action_t* things = action("Things", "ActionID", "the-list", NULL);
    sink_t* sent = streamed == 1 ? send_each(world, client, things) : send_action(world, client, things);
    until_field(world, data, "Number", "1");
    assert_error(ami_cancel(client, sent->id), 0);
    until_reply(world, sent);
    assert_reply(sent->reply, AMI_ECANCELED, AMI_ANSWERED);
    assert_non_null(ami_reply_response(sent->reply));
    assert_int_equal(ami_reply_count(sent->reply), 1 - streamed);
    assert_int_equal(count_of(sent), streamed);
    assert_null(ami_reply_end(sent->reply));
    /* The rest of it is still no event of the stream. */
    ami_mock_release(world->mock);
    until_field(world, data, "Number", "2");
    settle(world, client);
    assert_int_equal(count_of(events), 0);
    assert_int_equal(count_of(sent), streamed);
    world_end(world);
  }
}

static void an_awaited_event(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* call = action("Originate", "Channel", "Local/105@test", "Application", "Wait", "Async",
                              "true", "Timeout", "60000", NULL);
  assert_int_equal(ami_action_until(call, "OriginateResponse"), 0);
  sink_t* sent = send_action(world, client, call);
  settle(world, client);
  assert_int_equal(sent->replies, 0);
  assert_error(ami_cancel(client, sent->id), 0);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ECANCELED, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(sent->reply), "Message"), "Originate successfully queued");
  settle(world, client);
  world_end(world);
}

/* ------------------------------------------------------------------------------------ inside callbacks */

static void cancel_self(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  int* results = sink->data;
  if (reply != NULL) results[0] = ami_cancel(client, ami_reply_id(reply));
  if (msg != NULL && results[1] == 1) results[1] = ami_cancel(client, sink->id);
}

static void inside_its_own_reply(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  int results[] = {1, 1};
  sink_t* sent = send_with(world, client, action("Ping", NULL), cancel_self, results);
  until_released(world, sent);
  assert_error(results[0], AMI_ENOENT);
  world_end(world);
}

static void inside_its_own_items(void** state) {
  world_t* world = world_new(state, NULL);
  ami_mock_on(world->mock, "Things", answer_list, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "stall_write", 1);
  int results[] = {1, 1};
  ami_action_t* list = action("Things", "ActionID", "the-list", NULL);
  sink_t* sent = sink_new(world, client);
  sent->is_action = true;
  sent->hook = cancel_self;
  sent->data = results;
  assert_int_equal(ami_send_each(client, list, on_event, on_reply, sent, on_release, &sent->id), 0);
  ami_action_free(list);
  until_released(world, sent);
  assert_error(results[1], 0);
  assert_error(results[0], AMI_ENOENT);
  assert_reply(sent->reply, AMI_ECANCELED, AMI_ANSWERED);
  ami_mock_release(world->mock);
  settle(world, client);
  assert_int_equal(count_of(sent), 1);
  world_end(world);
}

static void cancel_other(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  sink_t* other = sink->data;
  other->data = (void*)(intptr_t)ami_cancel(client, other->id);
}

static void inside_an_event_handler(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "no_response", 1);
  sink_t* victim = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  ami_action_t* list = action("Status", "Items", "3", NULL);
  sink_t* killer = listen_with(world, client, "Hello", cancel_other, victim);
  emit(world, "Hello");
  until_count(world, killer, 1);
  until_released(world, victim);
  assert_error((intptr_t)victim->data, 0);
  assert_reply(victim->reply, AMI_ECANCELED, AMI_MAYBE_RUN);
  assert_reply(reply_to(world, client, list), 0, AMI_ANSWERED);
  world_end(world);
}

/* -------------------------------------------------------------------------------------------- many */

/* Every action is either canceled or not: what ami_cancel() says is what the reply says. */
static void as_fast_as_the_answer(void** state) {
  enum { N = 400 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent[N];
  int results[N];
  for (int i = 0; i < N; ++i) {
    sent[i] = send_action(world, client, action("Ping", NULL));
    if (i % 8 == 7) step(world);
    results[i] = i % 3 == 0 ? 1 : ami_cancel(client, sent[i]->id);
  }
  for (int i = 0; i < N; ++i) {
    until_reply(world, sent[i]);
    const int status = ami_reply_status(sent[i]->reply);
    if (results[i] == 0) {
      assert_error(status, AMI_ECANCELED);
    } else {
      if (results[i] < 0) assert_error(results[i], AMI_ENOENT);
      assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
    }
  }
  settle(world, client);
  world_end(world);
}

static void all_in_disorder(void** state) {
  enum { N = 500 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent[N];
  ami_mock_fault(world->mock, "hold", 1);
  for (int i = 0; i < N; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", N);
  for (int i = 0; i < N; ++i) assert_error(ami_cancel(client, sent[i * 7 % N]->id), 0);
  for (int i = 0; i < N; ++i) {
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, AMI_ECANCELED, AMI_MAYBE_RUN);
  }
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 0);
  ami_mock_release(world->mock);
  settle(world, client);
  world_end(world);
}

typedef struct {
  ami_t* client;
  uint64_t id;
  int result;
} canceler_t;

static void* cancel_elsewhere(void* data) {
  canceler_t* canceler = data;
  canceler->result = ami_cancel(canceler->client, canceler->id);
  return NULL;
}

/* One of them succeeds. */
static void from_two_threads_at_once(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  for (int i = 0; i < 20; ++i) {
    sink_t* sent = send_action(world, client, action("Ping", NULL));
    canceler_t cancelers[2] = {{client, sent->id, 1}, {client, sent->id, 1}};
    pthread_t threads[2];
    for (int t = 0; t < 2; ++t)
      assert_int_equal(pthread_create(&threads[t], NULL, cancel_elsewhere, &cancelers[t]), 0);
    for (int t = 0; t < 2; ++t) pthread_join(threads[t], NULL);
    assert_int_equal(cancelers[0].result + cancelers[1].result, AMI_ENOENT);
    until_reply(world, sent);
    assert_error(ami_reply_status(sent->reply), AMI_ECANCELED);
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_pending_action),
    IN_ALL(ids_without_an_outstanding_reply),
    IN(an_unsent_action, BY_LOOP),
    IN_ALL(an_action_that_waits_offline),
    IN_ALL(an_open_list),
    IN_ALL(an_awaited_event),
    IN_CALLBACKS(inside_its_own_reply),
    IN_CALLBACKS(inside_its_own_items),
    IN_CALLBACKS(inside_an_event_handler),
    IN_ALL(as_fast_as_the_answer),
    IN_ALL(all_in_disorder),
    IN_ALL(from_two_threads_at_once),
};
RUN(tests)
