/* ami_destroy(): in every state, from every place; every reply comes, every user is released, once
   (world_end() looks). */
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api_client.h"
#include "gate.h"

static void an_idle_client(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* sink = listen_to(world, client, "*");
  sink_t* logs = sink_new(world, client);
  assert_int_equal(ami_on_log(client, 3, NULL, logs, on_release), 0);
  assert_int_equal(logs->releases, 1);
  client_destroy(world, client);
  until_released(world, sink);
  ami_destroy(NULL);
  world_end(world);
}

static void a_connected_client(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sink = listen_to(world, client, "*");
  client_destroy(world, client);
  until_released(world, sink);
  until_mock(world, "open", 0);
  assert_int_equal(ami_mock_count(world->mock, "action:Logoff"), 0);
  world_end(world);
}

static void a_client_that_connects(void** state) {
  world_t* world = world_new(state, NULL);
  for (int fault = 0; fault < 2; ++fault) {
    ami_t* client = client_new(world);
    sink_t* sink = listen_to(world, client, "*");
    ami_mock_fault(world->mock, "greet_silence", 0);
    assert_int_equal(ami_connect(client), 0);
    if (fault == 1) until_mock(world, "connections", 1);
    client_destroy(world, client);
    until_released(world, sink);
    ami_mock_clear(world->mock);
  }
  world_end(world);
}

static void a_client_in_back_off(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "600000");
  client_set(client, "reconnect.max_ms", "600000");
  ami_mock_set_down(world->mock, 1);
  assert_int_equal(ami_connect(client), 0);
  until_state(world, client, AMI_STATE_BACKOFF);
  client_destroy(world, client);
  world_end(world);
}

static void a_client_that_failed(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  listen_to(world, client, "*");
  ami_mock_set_down(world->mock, 1);
  assert_error(client_connect(world, client), AMI_ECONNECT);
  client_destroy(world, client);
  world_end(world);
}

static void pending_actions_end_closed(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent[20];
  for (int i = 0; i < 20; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 20);
  client_destroy(world, client);
  /* In thread delivery, and in loop delivery on the loop's thread, they are here already. */
  for (int i = 0; i < 20; ++i) {
    if (world->queue == NULL) assert_int_equal(sent[i]->replies, 1);
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, AMI_ECLOSED, AMI_MAYBE_RUN);
    assert_null(ami_reply_response(sent[i]->reply));
  }
  if (world->way == BY_THREAD) assert_true(pthread_equal(sent[0]->thread, pthread_self()));
  world_end(world);
}

static void actions_that_never_left_were_not_sent(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_int_equal(ami_connect(client), 0);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  client_destroy(world, client);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_NOT_SENT);
  world_end(world);
}

static void undelivered_events_are_discarded(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* hellos = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 100);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_stat(client, AMI_STAT_QUEUED, 101);
  client_destroy(world, client);
  until_reply(world, sent); /* it was answered, and stays */
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  assert_int_equal(count_of(hellos), 0);
  world_end(world);
}

/* ------------------------------------------------------------------------------------ inside callbacks */

static void destroy_own(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  client_destroy(sink->world, client);
  *(int*)sink->data += sink->releases; /* of oneself: not before the callback has returned */
}

static void inside_its_own_event_handler(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  int early = 0;
  sink_t* sink = listen_with(world, client, "Hello", destroy_own, &early);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  ami_mock_release(world->mock);
  until_reply(world, sent);
  ami_mock_fault(world->mock, "no_response", 1);
  sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 2);
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 5);
  until_released(world, sink);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_MAYBE_RUN);
  assert_int_equal(count_of(sink), 1);
  assert_int_equal(early, 0);
  world_end(world);
}

static void inside_its_own_notice(void** state) {
  const char* notices[] = {
      "connection-connect",     "login", "ready", "connection-end", "connection-error", "connection-close",
      "connection-reconnecting"};
  for (size_t i = 0; i < sizeof notices / sizeof *notices; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    client_set(client, "reconnect", "600000");
    client_set(client, "reconnect.max_ms", "600000");
    int early = 0;
    sink_t* sink = listen_with(world, client, notices[i], destroy_own, &early);
    sink_t* all = listen_to(world, client, "*");
    ami_mock_fault(world->mock, "greet_eof", 0);
    if (i >= 1 && i <= 2) ami_mock_clear(world->mock);
    assert_int_equal(ami_connect(client), 0);
    until_released(world, sink);
    until_released(world, all);
    assert_int_equal(count_of(sink), 1);
    assert_int_equal(early, 0);
    world_end(world);
  }
}

static void inside_a_reply(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  int early = 0;
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* first = send_with(world, client, action("Ping", NULL), destroy_own, &early);
  sink_t* second = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 2);
  ami_mock_release(world->mock);
  until_reply(world, first);
  until_reply(world, second);
  assert_reply(first->reply, 0, AMI_ANSWERED);
  const int status = ami_reply_status(second->reply); /* it may have been read together with the first */
  assert_true(status == 0 || status == AMI_ECLOSED);
  assert_int_equal(early, 0);
  world_end(world);
}

static void inside_a_list_item(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  int early = 0;
  sink_t* sink = sink_new(world, client);
  sink->is_action = true;
  sink->hook = destroy_own;
  sink->data = &early;
  ami_action_t* list = action("CoreShowChannels", "Items", "50", NULL);
  /* Only the first item destroys: the hook would be called by the reply, too. */
  assert_int_equal(ami_send_each(client, list, on_event, on_reply, sink, on_release, NULL), 0);
  ami_action_free(list);
  while (count_of(sink) == 0) step(world);
  sink->hook = NULL;
  until_reply(world, sink);
  assert_int_equal(count_of(sink), 1);
  assert_int_equal(early, 0);
  world_end(world);
}

static void destroy_other(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)client;
  (void)msg;
  (void)reply;
  client_destroy(sink->world, sink->data);
}

static void inside_a_callback_of_another_client(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* one = client_ready(world, NULL);
  ami_t* two = client_ready(world, NULL);
  sink_t* hellos = listen_to(world, two, "Hello");
  ami_mock_fault(world->mock, "no_response", 1);
  sink_t* sent = send_action(world, two, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  sink_t* killer = listen_with(world, one, "Bang", destroy_other, two);
  ami_mock_emit(world->mock, "Event: Bang\r\nPrivilege: user,all\r\n\r\n");
  until_count(world, killer, 1);
  until_reply(world, sent);
  until_released(world, hellos);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_MAYBE_RUN);
  settle(world, one);
  world_end(world);
}

/* Both have deliveries in the same batch. */
static void the_other_client_of_a_batch(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* one = client_ready(world, NULL);
  ami_t* two = client_ready(world, NULL);
  settle(world, one);
  settle(world, two);
  sink_t* killer = listen_with(world, one, "Hello", destroy_other, two);
  sink_t* victim = listen_to(world, two, "Hello");
  ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n");
  while (ami_stat(one, AMI_STAT_QUEUED) == 0 || ami_stat(two, AMI_STAT_QUEUED) == 0) {
  }
  const uint64_t id = ami_id(two);
  assert_int_equal(ami_queue_dispatch(world->queue, 10, 0), 2);
  assert_int_equal(count_of(killer), 1);
  assert_true(count_of(victim) <= 1);
  if (count_of(victim) == 1) assert_true(id != 0); /* it came first */
  assert_int_equal(victim->releases, 1);
  world_end(world);
}

/* ------------------------------------------------------------------------------------- other threads */

static void* destroy_elsewhere(void* client) {
  ami_destroy(client);
  return NULL;
}

static void from_another_thread(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sink = listen_to(world, client, "*");
  ami_mock_fault(world->mock, "no_response", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  pthread_t thread;
  client_gone(world, client);
  assert_int_equal(pthread_create(&thread, NULL, destroy_elsewhere, client), 0);
  until_reply(world, sent);
  until_released(world, sink);
  pthread_join(thread, NULL);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_MAYBE_RUN);
  world_end(world);
}

static void* destroy_and_look(void* data) {
  void** arguments = data;
  ami_destroy(arguments[0]);
  return (void*)(intptr_t)count_of(arguments[1]);
}

/* The callback runs in the dispatcher thread; ami_destroy(), on another, waits until it has returned. */
static void a_running_callback_is_waited_for(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  gate_t gate = GATE;
  sink_t* sink = listen_with(world, client, "Hello", pass_gate, &gate);
  ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n");
  gate_until_entered(&gate);
  void* arguments[] = {client, sink};
  pthread_t thread;
  client_gone(world, client);
  assert_int_equal(pthread_create(&thread, NULL, destroy_and_look, arguments), 0);
  until_mock(world, "open", 1); /* it holds the connection until the callback is over */
  assert_int_equal(sink->releases, 0);
  gate_open(&gate);
  void* returned = NULL;
  pthread_join(thread, &returned);
  assert_int_equal((intptr_t)returned, 1);
  assert_int_equal(sink->releases, 1);
  world_end(world);
}

typedef struct {
  ami_t* client;
  atomic_long thread; /* 0 until it is about to wait */
} waiter_t;

static void* wait_for_ever(void* user) {
  waiter_t* waiter = user;
  waiter->thread = syscall(SYS_gettid);
  return (void*)(intptr_t)ami_wait(waiter->client, -1);
}

/* Until the thread sleeps, which it does nowhere but in ami_wait(): before that the client may not go. */
static void until_it_sleeps(const waiter_t* waiter) {
  char state = 'R';
  while (waiter->thread == 0) sched_yield();
  while (state != 'S') {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", (long)waiter->thread);
    FILE* file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    if (state != 'S') sched_yield();
  }
}

static void* call_for_ever(void* client) {
  ami_action_t* ping = action("Ping", NULL);
  ami_reply_t* reply = NULL;
  const int result = ami_call(client, ping, &reply);
  const int status = result != 0 ? result : ami_reply_status(reply);
  ami_reply_unref(reply);
  ami_action_free(ping);
  return (void*)(intptr_t)status;
}

static void blocking_calls_of_other_threads_end(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "no_response", 1);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, call_for_ever, client), 0);
  until_mock(world, "action:Ping", 1);
  client_destroy(world, client);
  void* result = NULL;
  pthread_join(thread, &result);
  assert_error((intptr_t)result, AMI_ECLOSED);

  client = client_new(world);
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_int_equal(ami_connect(client), 0);
  until_mock(world, "connections", 2);
  waiter_t waiter = {.client = client};
  assert_int_equal(pthread_create(&thread, NULL, wait_for_ever, &waiter), 0);
  until_it_sleeps(&waiter);
  client_destroy(world, client);
  pthread_join(thread, &result);
  assert_error((intptr_t)result, AMI_ECLOSED);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------ many */

static void one_of_two_clients(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* one = client_ready(world, NULL);
  ami_t* two = client_ready(world, NULL);
  sink_t* hellos = listen_to(world, two, "Hello");
  settle(world, two);
  client_destroy(world, one);
  ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n");
  until_count(world, hellos, 1);
  settle(world, two);
  world_end(world);
}

static void many_times(void** state) {
  world_t* world = world_new(state, NULL);
  for (int i = 0; i < 60; ++i) {
    ami_t* client = client_new(world);
    listen_to(world, client, "*");
    assert_int_equal(ami_connect(client), 0);
    if (i % 3 == 0) assert_error(client_wait(world, client), 0);
    if (i % 3 == 1) step(world);
    if (i % 2 == 0) ami_disconnect(client);
    client_destroy(world, client);
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(an_idle_client),
    IN_ALL(a_connected_client),
    IN_ALL(a_client_that_connects),
    IN_ALL(a_client_in_back_off),
    IN_ALL(a_client_that_failed),
    IN_ALL(pending_actions_end_closed),
    IN_ALL(actions_that_never_left_were_not_sent),
    IN_QUEUES(undelivered_events_are_discarded),
    IN_CALLBACKS(inside_its_own_event_handler),
    IN_CALLBACKS(inside_its_own_notice),
    IN_CALLBACKS(inside_a_reply),
    IN(inside_a_list_item, BY_LOOP),
    IN_CALLBACKS(inside_a_callback_of_another_client),
    IN(the_other_client_of_a_batch, BY_DISPATCH),
    IN_ALL(from_another_thread),
    IN(a_running_callback_is_waited_for, BY_THREAD),
    IN(blocking_calls_of_other_threads_end, BY_THREAD),
    IN(blocking_calls_of_other_threads_end, BY_POLL),
    IN_ALL(one_of_two_clients),
    IN_ALL(many_times),
};
RUN(tests)
