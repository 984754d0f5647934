/* A handler that blocks while events flood, with a server that cuts those who do not read, as Asterisk does.
   The library goes on reading; what was dropped at the bound is told. tests/asterisk/blocked.c shows it with
   real ones. */
#include "threads.h"

#define HELLO "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\nText: %0400d\r\n\r\n"
enum { FLOOD = 20000, BOUND = 1000, TAKEN = 256 }; /* TAKEN: what a consumer has in its hands at most */

static world_t* world_that_cuts(void** state) {
  /* Small buffers, so that who does not read is noticed soon; and for "patient" a time-out that no loaded
     machine brings about. */
  return world_new(state, "sndbuf", "8192", "user", "hasty:secret:all:all:writetimeout=100", "user",
                   "patient:secret:all:all:writetimeout=60000", NULL);
}

/* The same server cuts a client that does not read: loop delivery, whose handler stops the loop. */
static void without_a_thread_it_is_cut(void** state) {
  world_t* world = world_that_cuts(state);
  ami_t* client = client_ready(world, "username", "hasty", NULL);
  sink_t* ends = listen_to(world, client, "connection-close");
  char event[1024];
  snprintf(event, sizeof event, HELLO, 0);
  settle(world, client);
  /* The loop is not run here: that is what a handler that blocks comes to. */
  char* many = malloc((size_t)FLOOD * 500);
  size_t size = 0;
  for (int i = 0; i < FLOOD; ++i) {
    memcpy(many + size, event, strlen(event));
    size += strlen(event);
  }
  ami_mock_emit_raw(world->mock, many, size);
  free(many);
  assert_int_equal(ami_mock_wait(world->mock, "slow", 1, WAIT_MS), 0);
  until_count(world, ends, 1);
  assert_string_equal(field(message_at(ends, 0), "Error"), "AMI_ELOST");
  world_end(world);
}

static void a_blocked_handler_stops_no_reading(void** state) {
  char event[1024];
  snprintf(event, sizeof event, HELLO, 0);
  world_t* world = world_that_cuts(state);
  gate_t gate = GATE;
  ami_t* client = client_ready(world, "username", "patient", "queue.max_items", "1000", NULL);
  settle(world, client);
  sink_t* gaps = listen_to(world, client, "gap");
  sink_t* lost = listen_to(world, client, "connection-*");
  sink_t* hellos = listen_with(world, client, "Hello", pass_gate, &gate);
  const int64_t before = ami_stat(client, AMI_STAT_EVENTS);
  emit(world, "Hello");
  gate_until_entered(&gate);
  for (int round = 0; round < rounds; ++round) {
    ami_mock_emit_many(world->mock, event, FLOOD);
    const int64_t sent = 1 + (int64_t)FLOOD * (round + 1);
    until_stat(client, AMI_STAT_EVENTS, before + sent);
    /* Replies that pass the queue are given meanwhile. */
    ami_action_t* ping = action("Ping", NULL);
    ami_reply_t* reply = NULL;
    assert_error(ami_call(client, ping, &reply), 0);
    assert_reply(reply, 0, AMI_ANSWERED);
    ami_reply_unref(reply);
    ami_action_free(ping);
    /* All are accounted for: the one that blocks, those that wait, those that were dropped; a gap waits, too.
     */
    assert_int_equal(1 + ami_stat(client, AMI_STAT_QUEUED) - 1 + ami_stat(client, AMI_STAT_DROPPED), sent);
    assert_true(ami_stat(client, AMI_STAT_QUEUED) <= BOUND + TAKEN + 1);
  }
  until_stat(client, AMI_STAT_QUEUE_AGE_MS, 10);
  assert_int_equal(count_of(hellos), 0); /* its hook has not returned */
  gate_open(&gate);
  const int64_t dropped = ami_stat(client, AMI_STAT_DROPPED);
  until_count(world, hellos, (size_t)(1 + (int64_t)FLOOD * rounds - dropped));
  assert_int_equal(count_of(gaps), 1);
  assert_int_equal(atoi(field(message_at(gaps, 0), "Dropped")), dropped);
  assert_int_equal(count_of(lost), 0);
  assert_int_equal(ami_mock_count(world->mock, "slow"), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUE_AGE_MS), 0);
  world_end(world);
}

/* One that blocks harms no other client. */
static void a_blocked_handler_is_its_own_client_s(void** state) {
  world_t* world = world_new(state, NULL);
  gate_t gate = GATE;
  ami_t* one = client_ready(world, NULL);
  ami_t* two = client_ready(world, NULL);
  listen_with(world, one, "Hello", pass_gate, &gate);
  sink_t* hellos = listen_to(world, two, "Hello");
  emit(world, "Hello");
  gate_until_entered(&gate);
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 999);
  until_count(world, hellos, 1000);
  settle(world, two);
  gate_open(&gate);
  settle(world, one);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN(without_a_thread_it_is_cut, BY_LOOP),
    IN(a_blocked_handler_stops_no_reading, BY_THREAD),
    IN(a_blocked_handler_is_its_own_client_s, BY_THREAD),
};
RUN_ROUNDS(tests)
