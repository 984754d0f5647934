/* fork() in a host whose threads are busy with the library: the child ends what it has inherited, whatever
   those threads were doing at that moment, and the parent notices nothing. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "threads.h"
#include "usage.h" /* USAGE_TELLS: no sanitizer */

enum { HUNG_S = 60 }; /* a child that takes so long hangs */

static void count_nothing(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
}

static void check_child(pid_t child) {
  int status = 0;
  assert_true(child > 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) fail_msg("the child was ended by signal %d", WTERMSIG(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

#if USAGE_TELLS /* else the locks of a sanitizer's allocator may be held at the fork, and stay so in the \
                   child */

enum { SENDERS = 2, FORKS = 20, BURST = 200 };

typedef struct {
  world_t* world;
  ami_t* client;
  atomic_bool over;
  atomic_long accepted, replies;
} busy_t;

static void count_reply(ami_t* client, const ami_reply_t* reply, void* user) {
  (void)client;
  (void)reply;
  atomic_fetch_add(&((busy_t*)user)->replies, 1);
}

static void* flood(void* data) {
  busy_t* busy = data;
  int64_t written = ami_stat(busy->client, AMI_STAT_EVENTS);
  while (!busy->over) {
    ami_mock_emit_many(busy->world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", BURST);
    written += BURST;
    /* Answers shall not be late for all the events before them. */
    while (!busy->over && ami_stat(busy->client, AMI_STAT_EVENTS) + BURST < written) {
      ami_mock_wait(busy->world->mock, "open", 1000, 1);
    }
  }
  return NULL;
}

static void* send_on(void* data) {
  busy_t* busy = data;
  ami_action_t* ping = ami_action_new("Ping");
  while (!busy->over) {
    uint64_t sub = 0;
    ami_on(busy->client, "Hello", count_nothing, NULL, NULL, &sub);
    if (ami_send(busy->client, ping, count_reply, busy, NULL, NULL) == 0)
      atomic_fetch_add(&busy->accepted, 1);
    if (sub != 0) ami_off(busy->client, sub);
    if (busy->world->queue != NULL) ami_queue_dispatch(busy->world->queue, 8, 1);
  }
  ami_action_free(ping);
  return NULL;
}

/* The child may not return into cmocka: its end tells. */
static void end_child(busy_t* busy) {
  alarm(HUNG_S);
  if (ami_state(busy->client) != AMI_EFORK) _exit(2);
  ami_destroy(busy->client);
  if (busy->world->queue != NULL && ami_queue_free(busy->world->queue) != 0) _exit(3);
  _exit(0);
}

static bool all_replied(void* data) {
  const busy_t* busy = data;
  return busy->replies == busy->accepted;
}

static void while_threads_are_busy(void** state) {
  /* Under load a fork may take longer than a server, or a client, has patience. */
  world_t* world = world_new(state, "writetimeout_ms", "600000", NULL);
  ami_t* client = client_ready(world, "queue.max_items", "100", "ping.timeout_ms", "600000", NULL);
  busy_t busy = {.world = world, .client = client};
  pthread_t threads[1 + SENDERS];
  assert_int_equal(pthread_create(&threads[0], NULL, flood, &busy), 0);
  for (int i = 1; i <= SENDERS; ++i) assert_int_equal(pthread_create(&threads[i], NULL, send_on, &busy), 0);
  for (int i = 0; i < FORKS * rounds; ++i) {
    const long before = busy.accepted;
    const pid_t child = fork();
    if (child == 0) end_child(&busy);
    check_child(child);
    while (busy.accepted == before) {
      ami_mock_wait(world->mock, "open", 1000, 1);
      if (ami_state(client) != AMI_STATE_READY) fail_msg("no longer ready: %s", detail(client));
    }
  }
  busy.over = true;
  for (int i = 0; i <= SENDERS; ++i) pthread_join(threads[i], NULL);
  until(world, all_replied, &busy);
  settle(world, busy.client);
  assert_int_equal(ami_stat(busy.client, AMI_STAT_CONNECTS), 1);
  world_end(world);
}

/* What the children do while the client connects and is cut, again and again. */
static void while_it_reconnects(void** state) {
  world_t* world = world_new(state, NULL);
  busy_t busy = {.world = world, .client = client_new(world)};
  client_set(busy.client, "host", "localhost"); /* which is looked up, on threads of libuv's */
  client_set(busy.client, "reconnect", "1");
  client_set(busy.client, "reconnect.max_ms", "2");
  ami_mock_fault_with(world->mock, "greet_eof", 1, AMI_MOCK_EVERY);
  assert_error(ami_connect(busy.client), 0);
  for (int i = 0; i < FORKS * rounds; ++i) {
    until_mock(world, "connections", i + 1);
    const pid_t child = fork();
    if (child == 0) end_child(&busy);
    check_child(child);
  }
  ami_mock_clear(world->mock);
  assert_error(client_wait(world, busy.client), 0);
  settle(world, busy.client);
  world_end(world);
}

#endif

static void* poll_once(void* queue) {
  ami_item_t item;
  const int count = ami_queue_poll(queue, &item, 1, -1);
  if (count == 1) ami_queue_release(&item, 1);
  return (void*)(intptr_t)count;
}

/* A condition variable cannot be destroyed as long as someone waits, and in the child nobody wakes him. */
static void while_a_thread_waits_at_an_unused_queue(void** state) {
  world_t* world = world_new(state, NULL);
  pthread_t thread;
  void* count = NULL;
  assert_int_equal(pthread_create(&thread, NULL, poll_once, world->queue), 0);
  for (int i = 0; i < 5; ++i) {
    for (int n = 0; n < 5; ++n) ami_mock_wait(world->mock, "open", 1000, 1); /* likely it waits by now */
    const pid_t child = fork();
    if (child == 0) {
      alarm(HUNG_S);
      _exit(ami_queue_free(world->queue) == 0 ? 0 : 3);
    }
    check_child(child);
  }
  ami_t* client = client_new(world);
  assert_error(ami_on(client, "ready", count_nothing, NULL, NULL, NULL), 0);
  assert_error(client_connect(world, client), 0);
  pthread_join(thread, &count);
  assert_int_equal((intptr_t)count, 1);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
#if USAGE_TELLS
    IN(while_threads_are_busy, BY_THREAD),
    IN(while_threads_are_busy, BY_DISPATCH),
    IN(while_it_reconnects, BY_THREAD),
#endif
    IN(while_a_thread_waits_at_an_unused_queue, BY_POLL),
};
RUN_ROUNDS(tests)
