/* ami_call(): the reply is waited for, where that is possible. */
#include <stdatomic.h>

#include "api_client.h"

/* ami_call() as an application may use it: on this thread, but beside the loop in loop delivery. */
typedef struct {
  ami_t* client;
  ami_action_t* action;
  ami_reply_t* reply;
  int result;
  atomic_bool done;
} call_t;

static void* run_call(void* data) {
  call_t* call = data;
  call->result = ami_call(call->client, call->action, &call->reply);
  ami_action_free(call->action);
  call->done = true;
  return NULL;
}

static bool is_done(void* call) {
  return ((call_t*)call)->done;
}

static call_t call_action(world_t* world, ami_t* client, ami_action_t* made) {
  call_t call = {.client = client, .action = made, .reply = (ami_reply_t*)&call};
  if (world->way != BY_LOOP) {
    run_call(&call);
    return call;
  }
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, run_call, &call), 0);
  until(world, is_done, &call);
  pthread_join(thread, NULL);
  return call;
}

static void a_call(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  call_t call = call_action(world, client, action("CoreShowChannels", "Items", "3", NULL));
  assert_error(call.result, 0);
  assert_reply(call.reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(call.reply), 3);
  assert_true(ami_reply_id(call.reply) > 0);
  ami_reply_unref(call.reply);
  /* A reply is a reply, whatever it says. */
  call = call_action(world, client, action("NoSuchAction", NULL));
  assert_error(call.result, 0);
  assert_reply(call.reply, AMI_EREPLY, AMI_ANSWERED);
  ami_reply_unref(call.reply);
  ami_mock_fault(world->mock, "cut_on_action", 1);
  call = call_action(world, client, action("Ping", NULL));
  assert_error(call.result, 0);
  assert_reply(call.reply, AMI_ELOST, AMI_MAYBE_RUN);
  ami_reply_unref(call.reply);
  /* And without one there is none. */
  until_state(world, client, AMI_STATE_IDLE);
  call = call_action(world, client, action("Ping", NULL));
  assert_error(call.result, AMI_ESTATE);
  assert_null(call.reply);
  world_end(world);
}

/* The application's queue is not emptied meanwhile. */
static void a_call_does_not_pass_the_queue(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* hellos = listen_to(world, client, "Hello");
  emit(world, "Hello");
  call_t call = call_action(world, client, action("Ping", NULL));
  assert_error(call.result, 0);
  assert_reply(call.reply, 0, AMI_ANSWERED);
  ami_reply_unref(call.reply);
  assert_int_equal(count_of(hellos), 0);
  until_count(world, hellos, 1);
  world_end(world);
}

static void block(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  int* results = sink->data;
  ami_reply_t* none = NULL;
  ami_action_t* ping = action("Ping", NULL);
  results[0] = ami_call(client, ping, &none);
  results[1] = ami_wait(client, -1);
  results[2] = none == NULL;
  ami_action_free(ping);
}

static void no_call_inside_a_callback(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  int results[3] = {0};
  sink_t* sent = send_with(world, client, action("Ping", NULL), block, results);
  until_released(world, sent);
  assert_error(results[0], AMI_ETHREAD);
  assert_error(results[1], AMI_ETHREAD);
  assert_true(results[2]);
  int again[3] = {0};
  sink_t* hellos = listen_with(world, client, "Hello", block, again);
  emit(world, "Hello");
  until_count(world, hellos, 1);
  settle(world, client);
  assert_error(again[0], AMI_ETHREAD);
  assert_error(again[1], AMI_ETHREAD);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 2);
  world_end(world);
}

static void no_call_on_the_loops_thread(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* ping = action("Ping", NULL);
  ami_reply_t* reply = NULL;
  assert_error(ami_call(client, ping, &reply), AMI_ETHREAD);
  assert_null(reply);
  assert_error(ami_wait(client, -1), AMI_ETHREAD);
  assert_error(ami_wait(client, 0), AMI_ETHREAD);
  ami_action_free(ping);
  world_end(world);
}

enum { CALLERS = 4, CALLS = 50 };

typedef struct {
  ami_t* client;
  int failures;
} caller_t;

static void* call_often(void* data) {
  caller_t* caller = data;
  for (int i = 0; i < CALLS; ++i) {
    char text[32];
    snprintf(text, sizeof text, "%p.%d", data, i);
    ami_action_t* set = action("Getvar", "Variable", text, NULL);
    ami_reply_t* reply = NULL;
    if (ami_call(caller->client, set, &reply) != 0 || ami_reply_status(reply) != 0 ||
        strcmp(field(ami_reply_response(reply), "Variable"), text) != 0)
      ++caller->failures;
    ami_reply_unref(reply);
    ami_action_free(set);
  }
  return NULL;
}

static bool all_called(void* client) {
  return ami_stat(client, AMI_STAT_REPLIES) == CALLERS * CALLS;
}

static void calls_of_many_threads(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  caller_t callers[CALLERS];
  pthread_t threads[CALLERS];
  for (int i = 0; i < CALLERS; ++i) {
    callers[i] = (caller_t){client, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
  }
  until(world, all_called, client);
  for (int i = 0; i < CALLERS; ++i) {
    pthread_join(threads[i], NULL);
    assert_int_equal(callers[i].failures, 0);
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_call),
    IN_QUEUES(a_call_does_not_pass_the_queue),
    IN_CALLBACKS(no_call_inside_a_callback),
    IN(no_call_on_the_loops_thread, BY_LOOP),
    IN_ALL(calls_of_many_threads),
};
RUN(tests)
