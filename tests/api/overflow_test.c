/* The bounds of a queue: what stands where events were dropped, and a client that waits instead. */
#include "api_client.h"
#include "gate.h"

#define HELLO "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n"

/* Floods a client whose application takes nothing meanwhile: sinks[0] gets gaps, sinks[1] the events. */
static void flood(world_t* world, ami_t* client, int count, sink_t* sinks[2]) {
  gate_t stopped = GATE;
  settle(world, client);
  sinks[0] = listen_to(world, client, "gap");
  sinks[1] = listen_to(world, client, "Hello");
  sink_t* stopper = NULL;
  if (world->way == BY_THREAD) {
    stopper = listen_with(world, client, "Stop", pass_gate, &stopped);
    emit(world, "Stop");
    gate_until_entered(&stopped);
  }
  const int64_t before = ami_stat(client, AMI_STAT_EVENTS);
  ami_mock_emit_many(world->mock, HELLO, (size_t)count);
  until_stat(client, AMI_STAT_EVENTS, before + count);
  gate_open(&stopped);
  settle(world, client);
  if (stopper != NULL) until_count(world, stopper, 1);
}

static void over_the_bound_the_oldest_are_dropped(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_items", "10", "identifier", "pbx1", NULL);
  sink_t* sinks[2];
  flood(world, client, 100, sinks);
  until_count(world, sinks[0], 1);
  until_count(world, sinks[1], 10);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 90);
  assert_int_equal(count_of(sinks[0]), 1);
  const ami_msg_t* gap = message_at(sinks[0], 0);
  assert_int_equal(ami_msg_kind(gap), AMI_MSG_NOTICE);
  assert_string_equal(field(gap, "Event"), "gap");
  assert_string_equal(field(gap, "Cause"), "overflow");
  assert_string_equal(field(gap, "Dropped"), "90");
  assert_string_equal(field(gap, "Generation"), "1");
  assert_string_equal(ami_msg_label(gap), "pbx1");
  assert_true(number(gap, "From") > 1e9);
  assert_true(number(gap, "To") >= number(gap, "From"));
  for (size_t i = 0; i < 10; ++i) assert_int_equal(atoi(field(message_at(sinks[1], i), "N")), 90 + i);
  assert_true(ami_msg_seq(gap) < ami_msg_seq(message_at(sinks[1], 0)));
  /* And it goes on. */
  emit(world, "Hello");
  until_count(world, sinks[1], 11);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 90);
  world_end(world);
}

static void the_bound_may_be_of_bytes(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_bytes", "4096", NULL);
  sink_t* sinks[2];
  flood(world, client, 200, sinks);
  until_count(world, sinks[0], 1);
  const int64_t dropped = ami_stat(client, AMI_STAT_DROPPED);
  until_count(world, sinks[1], (size_t)(200 - dropped));
  assert_true(dropped > 100 && dropped < 200);
  assert_int_equal(atoi(field(message_at(sinks[0], 0), "Dropped")), dropped);
  assert_int_equal(atoi(field(message_at(sinks[1], 0), "N")), dropped);
  world_end(world);
}

/* g a gap, e an event, r a reply: what is in the queue; dropped gets the sum of the gaps. */
static const char* contents(world_t* world, ami_t* client, int* dropped) {
  static char text[256];
  ami_item_t items[sizeof text];
  const int count = ami_queue_poll(world->queue, items, sizeof text - 1, 0);
  assert_true(count >= 0);
  *dropped = 0;
  for (int i = 0; i < count; ++i) {
    const bool gap = items[i].msg != NULL && ami_msg_kind(items[i].msg) == AMI_MSG_NOTICE;
    text[i] = items[i].reply != NULL ? 'r' : gap ? 'g' : 'e';
    if (gap) *dropped += atoi(field(items[i].msg, "Dropped"));
    if (items[i].reply != NULL) on_reply(client, items[i].reply, items[i].user);
  }
  text[count] = '\0';
  ami_queue_release(items, (size_t)count);
  return text;
}

static void what_is_no_event_is_never_dropped(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_items", "5", NULL);
  settle(world, client);
  listen_to(world, client, "gap");
  listen_to(world, client, "Hello");
  int dropped = 0;
  const int64_t before = ami_stat(client, AMI_STAT_REPLIES);
  for (int i = 1; i <= 5; ++i) {
    ami_mock_emit_many(world->mock, HELLO, 10);
    sink_t* sent = send_action(world, client, action("Ping", NULL));
    until_stat(client, AMI_STAT_QUEUED, i + 1);
    until_stat(client, AMI_STAT_REPLIES, before + i);
    until_stat(client, AMI_STAT_RESPONSES, 3 + i);
    assert_int_equal(sent->replies, 0);
  }
  assert_string_equal(contents(world, client, &dropped), "grgrgrgrgeeeeer");
  assert_int_equal(dropped, 45);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 45);
  world_end(world);
}

static void without_a_handler_of_gaps_drops_are_counted(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_items", "3", NULL);
  settle(world, client);
  listen_to(world, client, "Hello");
  int dropped = 0;
  ami_mock_emit_many(world->mock, HELLO, 10);
  until_stat(client, AMI_STAT_EVENTS, 12);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 7);
  assert_string_equal(contents(world, client, &dropped), "eee");
  world_end(world);
}

static void notices_pass_a_full_queue(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_items", "6", NULL); /* both handlers' notices */
  settle(world, client);
  sink_t* ends = listen_to(world, client, "connection-*");
  sink_t* all = listen_to(world, client, "*");
  ami_mock_emit_many(world->mock, HELLO, 100);
  until_stat(client, AMI_STAT_EVENTS, 102);
  ami_mock_kick(world->mock);
  const ami_msg_t* last = until_field(world, ends, "Final", "true");
  assert_string_equal(names(ends), "connection-end connection-error connection-close");
  assert_string_equal(
      names(all), "gap Hello Hello Hello Hello Hello Hello connection-end connection-error connection-close");
  assert_string_equal(field(last, "Error"), "AMI_ELOST");
  world_end(world);
}

/* An application that has stopped, and a client that goes on trying. */
static void notices_have_a_bound_of_their_own(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "queue.max_items", "10");
  client_set(client, "reconnect", "1");
  client_set(client, "reconnect.max_ms", "1");
  sink_t* gaps = listen_to(world, client, "gap");
  sink_t* ends = listen_to(world, client, "connection-*");
  ami_mock_set_down(world->mock, 1);
  assert_error(ami_connect(client), 0);
  until_stat(client, AMI_STAT_DROPPED, 100);
  assert_in_range(ami_stat(client, AMI_STAT_QUEUED), 10, 11);
  client_disconnect(world, client);
  until_field(world, ends, "Final", "true");
  assert_true(atoi(field(message_at(gaps, 0), "Dropped")) >= 100);
  assert_string_equal(field(message_at(gaps, 0), "Cause"), "overflow");
  world_end(world);
}

static void the_bounds_are_of_one_client(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* one = client_ready(world, "queue.max_items", "5", NULL);
  ami_t* two = client_ready(world, "queue.max_items", "1000", NULL);
  settle(world, one);
  settle(world, two);
  sink_t* ones = listen_to(world, one, "Hello");
  sink_t* twos = listen_to(world, two, "Hello");
  const int64_t before_one = ami_stat(one, AMI_STAT_EVENTS);
  const int64_t before_two = ami_stat(two, AMI_STAT_EVENTS);
  ami_mock_emit_many(world->mock, HELLO, 100);
  until_stat(one, AMI_STAT_EVENTS, before_one + 100);
  until_stat(two, AMI_STAT_EVENTS, before_two + 100);
  until_count(world, twos, 100);
  until_count(world, ones, 5);
  assert_int_equal(drain(world), 0);
  assert_int_equal(ami_stat(one, AMI_STAT_DROPPED), 95);
  assert_int_equal(ami_stat(two, AMI_STAT_DROPPED), 0);
  world_end(world);
}

/* Reading stops at the bound and goes on when there is room; nothing is lost. */
static void with_overflow_wait_nothing_is_dropped(void** state) {
  enum { COUNT = 20000 };
  world_t* world = world_new(state, "writetimeout_ms", "60000", NULL);
  ami_t* client = client_ready(world, "queue.max_items", "100", "queue.overflow", "wait", NULL);
  settle(world, client);
  gate_t stopped = GATE;
  sink_t* gaps = listen_to(world, client, "gap");
  sink_t* hellos = listen_with(world, client, "Hello", pass_gate, &stopped);
  ami_mock_emit_many(world->mock, HELLO, COUNT);
  until_stat(client, AMI_STAT_QUEUED, 101);
  for (int i = 0; i < 20; ++i) {
    assert_true(ami_stat(client, AMI_STAT_QUEUED) < COUNT / 4);
    assert_true(ami_stat(client, AMI_STAT_EVENTS) < COUNT / 2);
    ami_mock_wait(world->mock, "open", 7, 1); /* lets time pass */
  }
  gate_open(&stopped);
  until_count(world, hellos, COUNT);
  for (size_t i = 0; i < COUNT; ++i) assert_int_equal(atoi(field(message_at(hellos, i), "N")), i);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), 0);
  settle(world, client);
  assert_int_equal(count_of(gaps), 0);
  world_end(world);
}

/* The next login does not wait for the application, whichever overflow it finds. */
static void a_paused_client_connects_again(void** state) {
  world_t* world = world_new(state, "writetimeout_ms", "60000", NULL);
  for (int drops = 0; drops < 2; ++drops) {
    ami_t* client = client_ready(world, "queue.max_items", "10", "queue.overflow", "wait",
                                 "disconnect.grace_ms", "10", NULL);
    settle(world, client);
    sink_t* hellos = listen_to(world, client, "Hello");
    listen_to(world, client, "connection-connect"); /* the first that is delivered of the next one */
    ami_mock_emit_many(world->mock, HELLO, 1000);
    until_stat(client, AMI_STAT_QUEUED, 11);
    assert_error(ami_disconnect(client), 0);
    while (ami_state(client) != AMI_STATE_IDLE) ami_mock_wait(world->mock, "open", 7, 1);
    const size_t waiting = drops ? 10 : (size_t)ami_stat(client, AMI_STAT_QUEUED);
    if (drops) client_set(client, "queue.overflow", "drop");
    assert_error(client_connect(world, client), 0);
    until_count(world, hellos, waiting);
    emit(world, "Hello");
    until_count(world, hellos, waiting + 1);
    client_destroy(world, client);
  }
  world_end(world);
}

/* What is cut for being paused comes back, as often as that happens, and its queue does not grow. */
static void a_paused_client_comes_back(void** state) {
  world_t* world = world_new(state, "writetimeout_ms", "60000", NULL);
  ami_t* client =
      client_ready(world, "queue.max_items", "10", "queue.overflow", "wait", "reconnect", "1",
                   "reconnect.max_ms", "1", "ping.interval_ms", "20", "ping.timeout_ms", "20", NULL);
  sink_t* hellos = listen_to(world, client, "Hello");
  /* On a busy machine it may have been cut before. */
  for (int i = 0; i < 1000 && ami_stat(client, AMI_STAT_QUEUED) < 11; ++i) {
    ami_mock_emit_many(world->mock, HELLO, 1000);
    ami_mock_wait(world->mock, "open", 7, 10);
  }
  until_stat(client, AMI_STAT_QUEUED, 11);
  const int64_t waiting = ami_stat(client, AMI_STAT_QUEUED);
  const int64_t before = ami_stat(client, AMI_STAT_GENERATION);
  until_stat(client, AMI_STAT_GENERATION, before + 5);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), waiting);
  while (count_of(hellos) <= (size_t)waiting) {
    emit(world, "Hello");
    step(world);
  }
  world_end(world);
}

/* A client that is paused can still be disconnected and destroyed. */
static void a_paused_client_ends(void** state) {
  world_t* world = world_new(state, "writetimeout_ms", "60000", NULL);
  for (int round = 0; round < 2; ++round) {
    ami_t* client = client_ready(world, "queue.max_items", "10", "queue.overflow", "wait",
                                 "disconnect.grace_ms", "10", NULL);
    settle(world, client);
    listen_to(world, client, "Hello");
    ami_mock_emit_many(world->mock, HELLO, 20000);
    until_stat(client, AMI_STAT_QUEUED, 11);
    if (round == 0) client_disconnect(world, client);
    client_destroy(world, client);
    drain(world);
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_QUEUES(over_the_bound_the_oldest_are_dropped),
    IN(over_the_bound_the_oldest_are_dropped, BY_THREAD),
    IN_QUEUES(the_bound_may_be_of_bytes),
    IN(the_bound_may_be_of_bytes, BY_THREAD),
    IN(what_is_no_event_is_never_dropped, BY_POLL),
    IN(without_a_handler_of_gaps_drops_are_counted, BY_POLL),
    IN_QUEUES(notices_pass_a_full_queue),
    IN(notices_have_a_bound_of_their_own, BY_POLL),
    IN_QUEUES(the_bounds_are_of_one_client),
    IN_QUEUES(with_overflow_wait_nothing_is_dropped),
    IN(with_overflow_wait_nothing_is_dropped, BY_THREAD),
    IN_QUEUES(a_paused_client_connects_again),
    IN_QUEUES(a_paused_client_comes_back),
    IN_QUEUES(a_paused_client_ends),
};
RUN(tests)
