/* Threads that empty a queue while clients fill it, and end. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core_delivery.h"

static core_queue_t* queue;

static int setup(void** state) {
  (void)state;
  queue = core_queue_new();
  return 0;
}

static int teardown(void** state) {
  (void)state;
  core_queue_free(queue);
  return 0;
}

static void* dispatch_until_interrupted(void* user) {
  size_t* count = user;
  while (!core_queue_interrupted(queue)) {
    const int done = core_queue_dispatch(queue, 256, -1);
    if (count != NULL) *count += (size_t)done;
  }
  return NULL;
}

static pthread_t start(void* (*run)(void*), void* user) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, run, user), 0);
  return thread;
}

static void close_lane(core_lane_t* lane) {
  core_lane_close(lane, NULL, NULL);
  core_lane_forget_client(lane);
  core_lane_free(lane);
}

static void interrupt_ends_the_waiting(void** state) {
  (void)state;
  const pthread_t threads[] = {start(dispatch_until_interrupted, NULL),
                               start(dispatch_until_interrupted, NULL)};
  core_queue_interrupt(queue);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

/* ------------------------------------------------------------------------- everything exactly once */

enum { PRODUCERS = 3, EVENTS = 3000, REPLIES = 300 };

typedef struct client {
  core_lane_t* lane;
  core_handler_t* handler;
  atomic_int events, replies, released, gone;
  uint64_t last;
  int disorder;
} client_t;

static void take_event(ami_t* ami, const ami_msg_t* msg, void* user) {
  client_t* client = user;
  (void)ami;
  client->disorder += core_number(msg) <= client->last;
  client->last = core_number(msg);
  atomic_fetch_add(&client->events, 1);
}

static void take_reply(ami_t* ami, const ami_reply_t* reply, void* user) {
  client_t* client = user;
  (void)ami;
  (void)reply;
  atomic_fetch_add(&client->replies, 1);
}

static void reply_released(void* user) {
  atomic_fetch_add(&((client_t*)user)->released, 1);
}

static void* produce(void* user) {
  client_t* client = user;
  for (uint64_t i = 1; i <= EVENTS; i++) {
    core_lane_event(client->lane, client->handler, i);
    if (i % (EVENTS / REPLIES) == 0) {
      core_handler_t* replies = core_handler_new(i, NULL, take_reply, NULL, client, reply_released);
      core_lane_reserve_reply(client->lane);
      core_lane_reply(client->lane, replies, i);
      core_handler_free(replies);
    }
    if (i % 7 == 0 || i == EVENTS) core_lane_commit(client->lane);
  }
  return NULL;
}

/* One consumer a queue keeps each client's order; several may not, but lose and double nothing. */
static void each_delivery_once(int consumers) {
  client_t clients[PRODUCERS] = {0};
  pthread_t producers[PRODUCERS];
  pthread_t dispatchers[2];
  size_t counts[2] = {0};
  for (uint64_t i = 0; i < PRODUCERS; i++) {
    clients[i].lane = core_lane_new(queue, i + 1);
    clients[i].handler =
        core_handler_new(i + 1, consumers == 1 ? take_event : NULL, NULL, NULL, &clients[i], NULL);
    producers[i] = start(produce, &clients[i]);
  }
  for (int i = 0; i < consumers; i++) dispatchers[i] = start(dispatch_until_interrupted, &counts[i]);
  for (int i = 0; i < PRODUCERS; i++) pthread_join(producers[i], NULL);
  core_queue_interrupt(queue);
  for (int i = 0; i < consumers; i++) pthread_join(dispatchers[i], NULL);
  counts[0] += (size_t)core_queue_dispatch(queue, SIZE_MAX, 0);
  assert_int_equal(counts[0] + counts[1], PRODUCERS * (EVENTS + REPLIES));
  for (int i = 0; i < PRODUCERS; i++) {
    assert_int_equal(clients[i].replies, REPLIES);
    assert_int_equal(clients[i].released, REPLIES);
    assert_int_equal(clients[i].disorder, 0);
    if (consumers == 1) assert_int_equal(clients[i].events, EVENTS);
    close_lane(clients[i].lane);
    core_handler_free(clients[i].handler);
  }
}

static void one_consumer(void** state) {
  (void)state;
  each_delivery_once(1);
}

static void two_consumers(void** state) {
  (void)state;
  each_delivery_once(2);
}

static void* dispatch_once(void* user) {
  (void)user;
  core_queue_dispatch(queue, 1, -1);
  return NULL;
}

/* A commit wakes one thread, which may leave something for the others. */
static void all_who_wait_are_served(void** state) {
  (void)state;
  core_lane_t* lane = core_lane_new(queue, 1);
  core_handler_t* handler = core_handler_new(1, NULL, NULL, NULL, NULL, NULL);
  for (int round = 0; round < 200; round++) {
    const pthread_t threads[] = {start(dispatch_once, NULL), start(dispatch_once, NULL)};
    if (round % 2 == 0) sched_yield();
    core_lane_event(lane, handler, 1);
    core_lane_event(lane, handler, 2);
    core_lane_commit(lane);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(core_lane_items(lane), 0);
  }
  close_lane(lane);
  core_handler_free(handler);
}

/* ---------------------------------------------------------------------------------- the client's end */

typedef struct gate {
  core_lane_t* lane;
  sem_t entered, leave;
  atomic_int inside, calls, finished, any, of;
} gate_t;

/* The first call only. */
static void wait_at_gate(ami_t* ami, const ami_msg_t* msg, void* user) {
  gate_t* gate = user;
  (void)msg;
  if (atomic_fetch_add(&gate->calls, 1) > 0) return;
  gate->any = core_delivering_any();
  gate->of = core_delivering_of(ami);
  atomic_store(&gate->inside, 1);
  sem_post(&gate->entered);
  sem_wait(&gate->leave);
  atomic_store(&gate->inside, 0);
}

static void* let_through(void* user) {
  gate_t* gate = user;
  sem_post(&gate->leave);
  return NULL;
}

static void gate_init(gate_t* gate) {
  gate->lane = core_lane_new(queue, 1);
  sem_init(&gate->entered, 0, 0);
  sem_init(&gate->leave, 0, 0);
}

static void gate_destroy(gate_t* gate) {
  sem_destroy(&gate->entered);
  sem_destroy(&gate->leave);
}

/* close() waits for the callback that runs, and none starts after it. */
static void close_waits_for_callbacks(void** state) {
  (void)state;
  for (int round = 0; round < 50; round++) {
    gate_t gate = {0};
    gate_init(&gate);
    core_handler_t* handler = core_handler_new(1, wait_at_gate, NULL, NULL, &gate, NULL);
    for (uint64_t i = 1; i <= 3; i++) core_lane_event(gate.lane, handler, i);
    core_lane_commit(gate.lane);
    const pthread_t consumer = start(dispatch_until_interrupted, NULL);
    sem_wait(&gate.entered);
    const pthread_t opener = start(let_through, &gate);
    core_lane_close(gate.lane, NULL, NULL);
    const int calls = gate.calls;
    assert_false(gate.inside);
    assert_true(gate.any && gate.of);
    core_queue_interrupt(queue);
    pthread_join(consumer, NULL);
    pthread_join(opener, NULL);
    assert_int_equal(gate.calls, calls);
    core_lane_forget_client(gate.lane);
    core_lane_free(gate.lane);
    core_handler_free(handler);
    gate_destroy(&gate);
    core_queue_free(queue);
    queue = core_queue_new();
  }
}

static void finish(void* user) {
  gate_t* gate = user;
  atomic_fetch_add(&gate->finished, core_delivering_any() ? 100 : 1);
}

static void close_inside(ami_t* ami, const ami_msg_t* msg, void* user) {
  gate_t* gate = user;
  (void)ami;
  (void)msg;
  atomic_fetch_add(&gate->calls, 1);
  core_lane_close(gate->lane, finish, gate);
  atomic_store(&gate->inside, atomic_load(&gate->finished));
}

/* Inside one of its callbacks it does not wait for itself: what is left to do is done behind it. */
static void close_inside_a_callback(void** state) {
  (void)state;
  gate_t gate = {0};
  gate_init(&gate);
  core_handler_t* handler = core_handler_new(1, close_inside, NULL, NULL, &gate, NULL);
  for (uint64_t i = 1; i <= 3; i++) core_lane_event(gate.lane, handler, i);
  core_lane_commit(gate.lane);
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 3);
  assert_int_equal(gate.calls, 1);
  assert_int_equal(gate.inside, 0);
  assert_int_equal(gate.finished, 1);
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 0);
  assert_int_equal(gate.finished, 1);
  core_lane_forget_client(gate.lane);
  core_lane_free(gate.lane);
  core_handler_free(handler);
  gate_destroy(&gate);
}

/* ... and behind the callbacks that other threads are in. */
static void finish_comes_after_all_callbacks(void** state) {
  (void)state;
  gate_t gate = {0};
  gate_init(&gate);
  core_handler_t* waiting = core_handler_new(1, wait_at_gate, NULL, NULL, &gate, NULL);
  core_handler_t* closing = core_handler_new(2, close_inside, NULL, NULL, &gate, NULL);
  core_lane_event(gate.lane, waiting, 1);
  core_lane_commit(gate.lane);
  const pthread_t other = start(dispatch_once, NULL);
  sem_wait(&gate.entered);
  core_lane_event(gate.lane, closing, 2);
  core_lane_commit(gate.lane);
  assert_int_equal(core_queue_dispatch(queue, 1, 0), 1);
  assert_int_equal(gate.calls, 2);
  assert_int_equal(gate.finished, 0);
  sem_post(&gate.leave);
  pthread_join(other, NULL);
  assert_int_equal(gate.finished, 1);
  core_lane_forget_client(gate.lane);
  core_lane_free(gate.lane);
  core_handler_free(waiting);
  core_handler_free(closing);
  gate_destroy(&gate);
}

typedef struct reply_gate {
  gate_t gate;
  ami_t* seen;
} reply_gate_t;

static void wait_in_reply(ami_t* ami, const ami_reply_t* reply, void* user) {
  reply_gate_t* gate = user;
  (void)reply;
  gate->seen = ami;
  sem_post(&gate->gate.entered);
  sem_wait(&gate->gate.leave);
  atomic_store(&gate->gate.finished, 1);
}

static void* let_reply_through(void* user) {
  return let_through(&((reply_gate_t*)user)->gate);
}

/* The handle may only be freed when no reply's callback has it any more. */
static void forgetting_waits_for_replies(void** state) {
  (void)state;
  reply_gate_t gate = {0};
  gate_init(&gate.gate);
  core_handler_t* replies = core_handler_new(1, NULL, wait_in_reply, NULL, &gate, NULL);
  core_lane_reserve_reply(gate.gate.lane);
  core_lane_reply(gate.gate.lane, replies, 1);
  core_lane_commit(gate.gate.lane);
  const pthread_t other = start(dispatch_once, NULL);
  sem_wait(&gate.gate.entered);
  const pthread_t opener = start(let_reply_through, &gate);
  core_lane_close(gate.gate.lane, NULL, NULL);
  core_lane_forget_client(gate.gate.lane);
  assert_int_equal(gate.gate.finished, 1);
  assert_ptr_equal(gate.seen, core_lane_client(gate.gate.lane));
  pthread_join(other, NULL);
  pthread_join(opener, NULL);
  core_lane_free(gate.gate.lane);
  core_handler_free(replies);
  gate_destroy(&gate.gate);
}

static void remember_client(ami_t* ami, const ami_reply_t* reply, void* user) {
  (void)reply;
  ((reply_gate_t*)user)->seen = ami;
}

static void a_forgotten_client_is_null(void** state) {
  (void)state;
  reply_gate_t gate = {0};
  core_lane_t* lane = core_lane_new(queue, 1);
  core_handler_t* replies = core_handler_new(1, NULL, remember_client, NULL, &gate, NULL);
  gate.seen = core_lane_client(lane);
  core_lane_reserve_reply(lane);
  core_lane_reply(lane, replies, 1);
  core_lane_commit(lane);
  close_lane(lane);
  assert_int_equal(core_queue_dispatch(queue, 10, 0), 1);
  assert_null(gate.seen);
  core_handler_free(replies);
}

/* ---------------------------------------------------------------------------- clients that come and go */

static void* live_and_die(void* user) {
  client_t* client = user;
  for (uint64_t round = 0; round < 100; round++) {
    core_lane_t* lane = core_lane_new(queue, round + 1);
    core_lane_set_bounds(lane, 20, SIZE_MAX, round % 2 == 0);
    for (uint64_t i = 1; i <= 30; i++) {
      core_lane_event(lane, client->handler, i);
      if (i % 5 == 0) core_lane_commit(lane);
    }
    core_lane_close(lane, NULL, NULL);
    const int calls = atomic_load(&client->events);
    core_lane_event(lane, client->handler, 31);
    core_lane_commit(lane);
    core_lane_forget_client(lane);
    client->disorder += calls != atomic_load(&client->events);
    core_lane_free(lane);
  }
  return NULL;
}

static void count_event(ami_t* ami, const ami_msg_t* msg, void* user) {
  (void)ami;
  (void)msg;
  atomic_fetch_add(&((client_t*)user)->events, 1);
}

static void clients_come_and_go(void** state) {
  client_t clients[2] = {0};
  pthread_t threads[2];
  (void)state;
  const pthread_t consumer = start(dispatch_until_interrupted, NULL);
  for (int i = 0; i < 2; i++) {
    clients[i].handler = core_handler_new(1, count_event, NULL, NULL, &clients[i], NULL);
    threads[i] = start(live_and_die, &clients[i]);
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  core_queue_interrupt(queue);
  pthread_join(consumer, NULL);
  assert_false(core_queue_attached(queue));
  for (int i = 0; i < 2; i++) {
    assert_int_equal(clients[i].disorder, 0);
    core_handler_free(clients[i].handler);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(interrupt_ends_the_waiting),
      TEST(one_consumer),
      TEST(two_consumers),
      TEST(all_who_wait_are_served),
      TEST(close_waits_for_callbacks),
      TEST(close_inside_a_callback),
      TEST(finish_comes_after_all_callbacks),
      TEST(forgetting_waits_for_replies),
      TEST(a_forgotten_client_is_null),
      TEST(clients_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
