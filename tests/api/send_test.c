/* ami_send() and ami_send_each(): one reply each, in order, with the right id. */
#include <stdatomic.h>

#include "api_client.h"

/* ----------------------------------------------------------------------------------- replies and users */

/* The id is known before any callback can run. */
static void look_at_the_id(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  int* seen = sink->data;
  if (msg != NULL) return;
  seen[0] += ami_reply_id(reply) == sink->id && sink->id > 0;
  seen[1] += client == sink->client;
  seen[2] += sink->releases; /* not before the last use */
}

static void the_id_comes_first(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  int seen[3] = {0};
  uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    sink_t* sent = send_with(world, client, action("Ping", NULL), look_at_the_id, seen);
    assert_true(sent->id > last);
    last = sent->id;
    until_released(world, sent);
  }
  assert_int_equal(seen[0], 50);
  assert_int_equal(seen[1], 50);
  assert_int_equal(seen[2], 0);
  world_end(world);
}

static void nobody_need_listen(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* list = action("CoreShowChannels", "Items", "3", NULL);
  sink_t* sink = sink_new(world, client);
  assert_error(ami_send(client, list, NULL, NULL, NULL, NULL), 0);
  assert_error(ami_send_each(client, list, NULL, NULL, NULL, NULL, NULL), 0);
  assert_error(ami_send(client, list, NULL, sink, on_release, NULL), 0);
  ami_action_free(list);
  until_released(world, sink);
  settle(world, client);
  until_stat(client, AMI_STAT_REPLIES, 4);
  assert_int_equal(ami_mock_count(world->mock, "action:CoreShowChannels"), 3);
  world_end(world);
}

static void a_refused_user_is_released_at_once(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* sink = sink_new(world, client);
  uint64_t id = 77;
  ami_action_t* ping = action("Ping", NULL);
  assert_error(ami_send_each(client, ping, on_event, on_reply, sink, on_release, &id), AMI_ESTATE);
  ami_action_free(ping);
  assert_int_equal(sink->releases, 1);
  assert_int_equal(id, 0); /* which is no id */
  world_end(world);
}

/* A reply, and what is in it, may be kept for longer than its client. */
static void a_reply_that_is_kept(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "identifier", "pbx1", NULL);
  sink_t* sent = send_action(world, client, action("CoreShowChannels", "Items", "2", NULL));
  until_reply(world, sent);
  ami_reply_t* reply = ami_reply_ref(sent->reply);
  ami_msg_t* item = ami_msg_ref(ami_reply_at(reply, 1));
  client_destroy(world, client);
  until_released(world, sent);
  assert_int_equal(ami_reply_count(reply), 2);
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), "CoreShowChannelsComplete");
  ami_reply_unref(reply);
  assert_string_equal(field(item, "Uniqueid"), "1700000000.1");
  assert_string_equal(ami_msg_label(item), "pbx1");
  ami_msg_unref(item);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------ order */

typedef struct {
  pthread_mutex_t mutex;
  uint64_t last;
  int disorders, count;
} order_t;

static void note_order(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)client;
  (void)msg;
  order_t* order = sink->data;
  pthread_mutex_lock(&order->mutex);
  if (ami_reply_id(reply) <= order->last) ++order->disorders;
  order->last = ami_reply_id(reply);
  ++order->count;
  pthread_mutex_unlock(&order->mutex);
}

static void replies_come_in_order(void** state) {
  enum { N = 1000 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  order_t order = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  sink_t* sent[N];
  ami_mock_fault(world->mock, "hold", 1);
  for (int i = 0; i < N; ++i) {
    char text[32];
    snprintf(text, sizeof text, "var%d", i);
    sent[i] = send_with(world, client,
                        i % 10 == 0 ? action("CoreShowChannels", "Items", "2", NULL)
                                    : action(i % 7 == 0 ? "NoSuch" : "Getvar", "Variable", text, NULL),
                        note_order, &order);
  }
  until_mock(world, "action:CoreShowChannels", N / 10);
  until_mock(world, "actions", N + 2);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), N);
  ami_mock_release(world->mock);
  for (int i = 0; i < N; ++i) {
    until_reply(world, sent[i]);
    if (i % 10 == 0) {
      assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
      assert_int_equal(ami_reply_count(sent[i]->reply), 2);
    } else if (i % 7 == 0) {
      assert_reply(sent[i]->reply, AMI_EREPLY, AMI_ANSWERED);
    } else {
      char text[32];
      snprintf(text, sizeof text, "var%d", i);
      assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
      assert_string_equal(field(ami_reply_response(sent[i]->reply), "Variable"), text);
    }
  }
  assert_int_equal(order.count, N);
  assert_int_equal(order.disorders, 0);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), N);
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), N);
  world_end(world);
}

/* Actions of one thread leave in its order, and events keep their place between the replies. */
static void replies_and_events_in_wire_order(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* data = listen_to(world, client, "data");
  for (int i = 0; i < 20; ++i) {
    settle(world, client);
    emit(world, "Hello");
  }
  settle(world, client);
  uint64_t last = 0;
  size_t hellos = 0;
  for (size_t i = 0; i < count_of(data); ++i) {
    assert_true(ami_msg_seq(message_at(data, i)) > last);
    last = ami_msg_seq(message_at(data, i));
    if (strcmp(ami_msg_name(message_at(data, i)), "Hello") == 0) ++hellos;
  }
  assert_int_equal(hellos, 20);
  world_end(world);
}

enum { SENDERS = 4, SENDS = 200 };

typedef struct {
  world_t* world;
  ami_t* client;
  int number;
  order_t order;
  atomic_int failures;
} sender_t;

static void* send_often(void* data) {
  sender_t* sender = data;
  for (int i = 0; i < SENDS; ++i) {
    char id[32];
    snprintf(id, sizeof id, "t%d.%d", sender->number, i);
    ami_action_t* ping = action("Ping", "ActionID", id, NULL);
    sink_t* sink = sink_new(sender->world, sender->client);
    sink->is_action = true;
    sink->hook = note_order;
    sink->data = &sender->order;
    if (ami_send(sender->client, ping, on_reply, sink, on_release, &sink->id) != 0) ++sender->failures;
    ami_action_free(ping);
  }
  return NULL;
}

static bool all_sent(void* client) {
  return ami_stat(client, AMI_STAT_REPLIES) == SENDERS * SENDS && ami_stat(client, AMI_STAT_QUEUED) == 0;
}

static void many_threads_send(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  static sender_t senders[SENDERS];
  pthread_t threads[SENDERS];
  memset(senders, 0, sizeof senders);
  for (int i = 0; i < SENDERS; ++i) {
    senders[i] = (sender_t){.world = world, .client = client, .number = i};
    pthread_mutex_init(&senders[i].order.mutex, NULL);
    assert_int_equal(pthread_create(&threads[i], NULL, send_often, &senders[i]), 0);
  }
  until(world, all_sent, client);
  for (int i = 0; i < SENDERS; ++i) pthread_join(threads[i], NULL);
  /* On the wire each thread's actions stand in its order. */
  int next[SENDERS] = {0};
  for (size_t i = 0; i < SENDERS * SENDS + 2; ++i) {
    char id[96];
    assert_true(ami_mock_action_id(world->mock, i, id, sizeof id) > 0);
    int thread = 0;
    int number = 0;
    if (sscanf(id, "t%d.%d", &thread, &number) != 2) continue; /* of the login */
    assert_int_equal(number, next[thread]);
    ++next[thread];
  }
  client_destroy(world, client); /* the last callbacks have returned */
  for (int i = 0; i < SENDERS; ++i) {
    assert_int_equal(next[i], SENDS);
    assert_int_equal(senders[i].failures, 0);
    assert_int_equal(senders[i].order.count, SENDS);
    assert_int_equal(senders[i].order.disorders, 0);
  }
  world_end(world);
}

static void send_next(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  atomic_int* left = sink->data;
  if (--*left <= 0) return;
  sink_t* next = sink_new(sink->world, client);
  next->is_action = true;
  next->hook = send_next;
  next->data = left;
  ami_action_t* ping = action("Ping", NULL);
  if (ami_send(client, ping, on_reply, next, on_release, &next->id) != 0) *left = -1000;
  ami_action_free(ping);
}

static bool is_over(void* left) {
  return *(atomic_int*)left <= 0;
}

static void each_reply_sends_the_next(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  atomic_int left = 100;
  send_with(world, client, action("Ping", NULL), send_next, &left);
  until(world, is_over, &left);
  assert_int_equal(left, 0);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 100);
  world_end(world);
}

/* Sends of one turn of the loop leave in one write. */
static void sends_of_one_turn(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  settle(world, client); /* the counter is told behind the first */
  const int64_t before = ami_stat(client, AMI_STAT_WRITES);
  sink_t* last = NULL;
  for (int i = 0; i < 100; ++i) last = send_action(world, client, action("Ping", NULL));
  until_reply(world, last);
  step(world);
  assert_int_equal(ami_stat(client, AMI_STAT_WRITES) - before, 1);
  world_end(world);
}

/* -------------------------------------------------------------------------------------------- ActionIDs */

static void the_last_action_id(world_t* world, char* id, size_t size) {
  size_t count = 0;
  while (ami_mock_action_id(world->mock, count, id, size) >= 0) ++count;
  assert_true(count > 0);
  ami_mock_action_id(world->mock, count - 1, id, size);
}

/* Unlike those of any other connection, since Asterisk shows them to everybody. */
static void generated_ids(void** state) {
  world_t* world = world_new(state, NULL);
  char ids[4][96];
  ami_t* client = client_ready(world, "identifier", "pbx1-", NULL);
  const ami_reply_t* reply = reply_to(world, client, action("Ping", NULL));
  the_last_action_id(world, ids[0], sizeof ids[0]);
  assert_string_equal(field(ami_reply_response(reply), "ActionID"), ids[0]);
  settle(world, client);
  the_last_action_id(world, ids[1], sizeof ids[1]);
  client_disconnect(world, client);
  assert_int_equal(client_connect(world, client), 0);
  settle(world, client);
  the_last_action_id(world, ids[2], sizeof ids[2]);
  settle(world, client_ready(world, "identifier", "pbx1-", NULL));
  the_last_action_id(world, ids[3], sizeof ids[3]);
  for (int i = 0; i < 4; ++i) {
    assert_memory_equal(ids[i], "pbx1-", 5);
    assert_in_range(strlen(ids[i]), 16, 64);
    assert_int_equal(strspn(ids[i] + 5, "abcdefghijklmnopqrstuvwxyz0123456789"), strlen(ids[i]) - 5);
    assert_int_equal(ami_mock_saw(world->mock, ids[i]), 1);
  }
  assert_memory_equal(ids[0], ids[1], 15);
  assert_memory_not_equal(ids[0], ids[2], 15);
  assert_memory_not_equal(ids[2], ids[3], 15);
  world_end(world);
}

static void the_callers_id(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Ping", "ActionID", "my own id", NULL));
  until_mock(world, "action:Ping", 1);
  assert_int_equal(ami_mock_saw(world->mock, "my own id"), 1);
  assert_error(refused(world, client, action("Ping", "actionid", "my own id", NULL)), AMI_EEXIST);
  assert_contains(detail(client), "my own id");
  ami_mock_release(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(sent->reply), "ActionID"), "my own id");
  /* For a while it could still be answered a second time. */
  assert_error(refused(world, client, action("Ping", "ActionID", "my own id", NULL)), AMI_EEXIST);
  settle(world, client);
  assert_int_equal(ami_mock_saw(world->mock, "my own id"), 1);
  /* Another client knows nothing of it. */
  ami_t* other = client_ready(world, NULL);
  assert_reply(reply_to(world, other, action("Ping", "ActionID", "my own id", NULL)), 0, AMI_ANSWERED);
  world_end(world);
}

static void the_callers_id_behind_the_identifier(void** state) {
  char long_id[65];
  memset(long_id, 'x', 64);
  long_id[64] = '\0';
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "identifier", "pbx1-", NULL);
  assert_reply(reply_to(world, client, action("Ping", "ActionID", "mine", NULL)), 0, AMI_ANSWERED);
  assert_int_equal(ami_mock_saw(world->mock, "pbx1-mine"), 1);
  assert_error(refused(world, client, action("Ping", "ActionID", long_id, NULL)), AMI_ETOOBIG);
  assert_contains(detail(client), long_id);
  long_id[59] = '\0';
  assert_reply(reply_to(world, client, action("Ping", "ActionID", long_id, NULL)), 0, AMI_ANSWERED);
  settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 3);
  world_end(world);
}

/* --------------------------------------------------------------------------------------------- actions */

static void an_action_goes_out_as_it_was_made(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const char* const pairs[] = {"Third", "3", "Fourth", ""};
  ami_action_t* made = action("UserEvent", "UserEvent", "Test", "Empty", "", NULL);
  assert_error(ami_action_addn(made, "Second-not", 6, "two, not", 3), 0);
  assert_error(ami_action_add_all(made, pairs, 2), 0);
  assert_error(ami_action_variable(made, "name", "a,b\"c\\d(e)"), 0);
  assert_error(ami_action_add(made, "Colon", " a: b "), 0);
  assert_error(ami_action_add(made, "ActionID", "x1"), 0);
  sink_t* first = sink_new(world, client);
  first->is_action = true;
  assert_error(ami_send(client, made, on_reply, first, on_release, NULL), 0);
  ami_action_free(made); /* it was copied */
  until_reply(world, first);
  assert_reply(first->reply, 0, AMI_ANSWERED);
  static char received[65536];
  assert_true(ami_mock_received(world->mock, received, sizeof received) > 0);
  assert_contains(received,
                  "\r\n\r\nAction: UserEvent\r\nActionID: x1\r\nUserEvent: Test\r\nEmpty: \r\nSecond: two\r\n"
                  "Third: 3\r\nFourth: \r\nVariable: name=a\\,b\\\"c\\\\d(e)\r\nColon:  a: b \r\n\r\n");
  world_end(world);
}

static void the_bytes_of_an_action(void** state) {
  (void)state;
  char bytes[128];
  ami_action_t* made = action("Originate", "Channel", "x", "channel", "caf\xe9", NULL);
  const char* expected = "Action: Originate\r\nChannel: x\r\nchannel: caf\xe9\r\n\r\n";
  assert_error(ami_action_bytes(made, bytes, sizeof bytes), (int)strlen(expected));
  assert_string_equal(bytes, expected);
  assert_error(ami_action_bytes(made, bytes, 8), (int)strlen(expected));
  assert_string_equal(bytes, "Action:");
  assert_error(ami_action_bytes(made, NULL, 8), AMI_EINVAL);
  assert_contains(ami_action_detail(made), "buf");
  /* What only the whole tells is told, and more headers may change it. */
  assert_error(ami_action_until(made, "OriginateResponse"), 0);
  assert_error(ami_action_bytes(made, bytes, sizeof bytes), AMI_EINVAL);
  assert_contains(ami_action_detail(made), "Async: true");
  assert_error(ami_action_add(made, "ActionID", "mine"), 0);
  assert_error(ami_action_add(made, "Async", "true"), 0);
  assert_in_range(ami_action_bytes(made, bytes, sizeof bytes), 1, sizeof bytes - 1);
  assert_string_equal(bytes,
                      "Action: Originate\r\nActionID: mine\r\nChannel: x\r\nchannel: caf\xe9\r\n"
                      "Async: true\r\n\r\n");
  ami_action_free(made);
}

static void an_action_may_be_sent_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_t* other = client_ready(world, NULL);
  ami_action_t* ping = action("Ping", NULL);
  sink_t* sinks[6];
  for (int i = 0; i < 6; ++i) {
    sinks[i] = sink_new(world, i % 2 == 0 ? client : other);
    sinks[i]->is_action = true;
    assert_error(ami_send(sinks[i]->client, ping, on_reply, sinks[i], on_release, &sinks[i]->id), 0);
  }
  ami_action_free(ping);
  for (int i = 0; i < 6; ++i) {
    until_reply(world, sinks[i]);
    assert_reply(sinks[i]->reply, 0, AMI_ANSWERED);
    assert_int_equal(ami_reply_id(sinks[i]->reply), sinks[i]->id);
  }
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 6);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(the_id_comes_first),
    IN_ALL(nobody_need_listen),
    IN_ALL(a_refused_user_is_released_at_once),
    IN_ALL(a_reply_that_is_kept),
    IN_ALL(replies_come_in_order),
    IN_ALL(replies_and_events_in_wire_order),
    IN_ALL(many_threads_send),
    IN_ALL(each_reply_sends_the_next),
    IN(sends_of_one_turn, BY_LOOP),
    IN_ALL(generated_ids),
    IN_ALL(the_callers_id),
    IN_ALL(the_callers_id_behind_the_identifier),
    IN_ALL(an_action_goes_out_as_it_was_made),
    IN(the_bytes_of_an_action, BY_LOOP),
    IN_ALL(an_action_may_be_sent_again),
};
RUN(tests)
