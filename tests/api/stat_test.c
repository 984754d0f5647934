/* ami_stat(): every number moves as ami.h says, and stays over reconnects. */
#include "api_client.h"

#define HELLO "Event: Hello\r\nPrivilege: user,all\r\n\r\n"

enum { FIRST = AMI_STAT_EVENTS, LAST = AMI_STAT_WRITES };

/* A counter is told at the end of the turn in which it moved, so perhaps just after what was delivered. */
static void check_stat(ami_t* client, int which, int64_t expected) {
  until_stat(client, which, expected);
  assert_int_equal(ami_stat(client, which), expected);
}

static void a_new_client_has_done_nothing(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  for (int which = FIRST; which <= LAST; ++which) assert_int_equal(ami_stat(client, which), 0);
  world_end(world);
}

static void an_unknown_number_is_refused(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  assert_error(ami_stat(client, FIRST - 1), AMI_EINVAL);
  assert_error(ami_stat(client, LAST + 1), AMI_EINVAL);
  assert_contains(detail(client), "17");
  assert_error(ami_stat(client, -1), AMI_EINVAL);
  assert_error(ami_stat(NULL, FIRST), AMI_EINVAL);
  world_end(world);
}

static void events_and_responses_are_told_apart(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  check_stat(client, AMI_STAT_RESPONSES, 3); /* Challenge, Login, Ping */
  const int64_t events = ami_stat(client, AMI_STAT_EVENTS);
  ami_mock_emit_many(world->mock, HELLO, 7); /* nobody listens: they count all the same */
  settle(world, client);
  check_stat(client, AMI_STAT_EVENTS, events + 7);
  check_stat(client, AMI_STAT_RESPONSES, 4);
  assert_int_equal(ami_reply_count(reply_to(world, client, action("CoreShowChannels", "Items", "5", NULL))),
                   5);
  check_stat(client, AMI_STAT_EVENTS, events + 7);
  check_stat(client, AMI_STAT_RESPONSES, 5);
  world_end(world);
}

typedef struct {
  world_t* world;
  ami_t* client;
} both_t;

static bool bytes_agree(void* what) {
  const both_t* both = what;
  return ami_stat(both->client, AMI_STAT_BYTES_IN) == ami_mock_count(both->world->mock, "bytes_out") &&
         ami_stat(both->client, AMI_STAT_BYTES_OUT) == ami_mock_count(both->world->mock, "bytes_in");
}

static void bytes_are_those_of_the_wire(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  both_t both = {world, client};
  settle(world, client);
  until(world, bytes_agree, &both);
  const int64_t in = ami_stat(client, AMI_STAT_BYTES_IN);
  const int64_t out = ami_stat(client, AMI_STAT_BYTES_OUT);
  assert_true(in > 100 && out > 100);
  emit(world, "Hello");
  settle(world, client);
  until(world, bytes_agree, &both);
  assert_true(ami_stat(client, AMI_STAT_BYTES_IN) > in + 40);
  assert_true(ami_stat(client, AMI_STAT_BYTES_OUT) > out + 20);
  world_end(world);
}

static void actions_are_accepted_in_flight_and_replied(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent[5];
  for (int i = 0; i < 5; ++i) {
    sent[i] = send_action(world, client, action("Ping", NULL));
    assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), i + 1);
    assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), i + 1);
  }
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), 0);
  assert_int_equal(ami_cancel(client, sent[4]->id), 0);
  until_reply(world, sent[4]);
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), 1);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 4);
  ami_mock_release(world->mock);
  for (int i = 0; i < 4; ++i) until_reply(world, sent[i]);
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), 5);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 0);
  client_disconnect(world, client);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), 5); /* refused is not accepted */
  world_end(world);
}

static void the_queue_has_levels(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_items", "10", NULL);
  settle(world, client);
  sink_t* hellos = listen_to(world, client, "Hello");
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 1);
  const int64_t bytes = ami_stat(client, AMI_STAT_QUEUED_BYTES);
  assert_true(bytes >= (int64_t)strlen(HELLO));
  until_stat(client, AMI_STAT_QUEUE_AGE_MS, 10);
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 2);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED_BYTES), 2 * bytes);
  assert_true(ami_stat(client, AMI_STAT_QUEUE_AGE_MS) >= 10); /* of the oldest */
  ami_mock_emit_many(world->mock, HELLO, 20);
  until_stat(client, AMI_STAT_DROPPED, 12);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 12);
  until_count(world, hellos, 10);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED_BYTES), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUE_AGE_MS), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 12); /* a counter, no level */
  /* A reply that waits is an item, too. */
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_stat(client, AMI_STAT_QUEUED, 1);
  until_stat(client, AMI_STAT_QUEUE_AGE_MS, 10);
  until_reply(world, sent);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), 0);
  world_end(world);
}

static void note_queued(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  int64_t* noted = sink->data;
  noted[2 * sink->count] = ami_stat(client, AMI_STAT_QUEUED);
  noted[2 * sink->count + 1] = ami_stat(client, AMI_STAT_QUEUED_BYTES);
}

/* A consumer takes many at once; what is behind the one it is at still waits. */
static void what_was_taken_waits_for_its_turn(void** state) {
  enum { COUNT = 20 };
  int64_t noted[2 * COUNT];
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  listen_with(world, client, "Hello", note_queued, noted);
  ami_mock_emit_many(world->mock, HELLO, COUNT);
  until_stat(client, AMI_STAT_QUEUED, COUNT);
  const int64_t bytes = ami_stat(client, AMI_STAT_QUEUED_BYTES) / COUNT;
  until_stat(client, AMI_STAT_QUEUE_AGE_MS, 5);
  assert_int_equal(ami_queue_dispatch(world->queue, 100, 0), COUNT);
  for (int64_t i = 0; i < COUNT; ++i) {
    assert_int_equal(noted[2 * i], COUNT - 1 - i);
    assert_int_equal(noted[2 * i + 1], bytes * (COUNT - 1 - i));
  }
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUE_AGE_MS), 0);
  world_end(world);
}

static void without_a_queue_nothing_waits(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* hellos = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, HELLO, 100);
  until_count(world, hellos, 100);
  for (int which = AMI_STAT_DROPPED; which <= AMI_STAT_QUEUE_AGE_MS; ++which) {
    assert_int_equal(ami_stat(client, which), 0);
  }
  world_end(world);
}

static void connections_and_logins_are_told_apart(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "password", "wrong");
  assert_error(client_connect(world, client), AMI_EAUTH);
  check_stat(client, AMI_STAT_CONNECTS, 1);
  check_stat(client, AMI_STAT_GENERATION, 0);
  client_set(client, "password", "secret");
  ami_mock_set_down(world->mock, 1);
  assert_error(client_connect(world, client), AMI_ECONNECT);
  check_stat(client, AMI_STAT_CONNECTS, 1);
  ami_mock_set_down(world->mock, 0);
  client_set(client, "reconnect", "1");
  sink_t* ready = listen_to(world, client, "ready");
  assert_error(client_connect(world, client), 0);
  check_stat(client, AMI_STAT_CONNECTS, 2);
  check_stat(client, AMI_STAT_GENERATION, 1);
  settle(world, client);
  const int64_t responses = 5; /* Challenge, Login; Challenge, Login, Ping */
  check_stat(client, AMI_STAT_RESPONSES, responses);
  ami_mock_kick(world->mock);
  until_count(world, ready, 2);
  settle(world, client);
  check_stat(client, AMI_STAT_CONNECTS, 3);
  check_stat(client, AMI_STAT_GENERATION, 2);
  check_stat(client, AMI_STAT_RESPONSES, responses + 3); /* nothing begins anew */
  world_end(world);
}

static void what_does_not_fit_is_counted(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  static const char garbage[] = "\001\002 rubbish\r\n";
  ami_mock_emit_raw(world->mock, garbage, sizeof garbage - 1);
  settle(world, client);
  check_stat(client, AMI_STAT_RESYNCS, 1);
  check_stat(client, AMI_STAT_STRAYS, 0);
  static const char stray[] = "Response: Success\r\nActionID: nobody\r\n\r\n";
  ami_mock_emit_raw(world->mock, stray, sizeof stray - 1);
  settle(world, client);
  check_stat(client, AMI_STAT_RESYNCS, 1);
  check_stat(client, AMI_STAT_STRAYS, 1);
  world_end(world);
}

static void writes_are_system_calls(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  check_stat(client, AMI_STAT_WRITES, 3); /* Challenge, Login, Ping */
  settle(world, client);
  check_stat(client, AMI_STAT_WRITES, 4);
  emit(world, "Hello");
  settle(world, client);
  check_stat(client, AMI_STAT_WRITES, 5);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_new_client_has_done_nothing),
    IN_ALL(an_unknown_number_is_refused),
    IN_ALL(events_and_responses_are_told_apart),
    IN_ALL(bytes_are_those_of_the_wire),
    IN_ALL(actions_are_accepted_in_flight_and_replied),
    IN_QUEUES(the_queue_has_levels),
    IN(what_was_taken_waits_for_its_turn, BY_DISPATCH),
    IN(without_a_queue_nothing_waits, BY_LOOP),
    IN_ALL(connections_and_logins_are_told_apart),
    IN_ALL(what_does_not_fit_is_counted),
    IN_ALL(writes_are_system_calls),
};
RUN(tests)
