/* A client within its process: fork(), SIGPIPE, signals, descriptors, threads, and how often it writes. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_client.h"

/* -------------------------------------------------------------------------------------------------- fork */

static int sockets(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode)) ++count;
  }
  return count;
}

static void never_event(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  _exit(100);
}

static void never_reply(ami_t* client, const ami_reply_t* reply, void* user) {
  (void)client;
  (void)reply;
  (void)user;
  _exit(101);
}

static void count_release(void* user) {
  ++*(int*)user;
}

/* All but the two that end. The number of the first that is not refused, or 0. */
static int first_allowed(world_t* world, ami_t* client, uint64_t sub) {
  int releases = 0;
  char text[16];
  ami_reply_t* reply = NULL;
  ami_action_t* ping = ami_action_new("Ping"); /* belongs to nobody */
  const int results[] = {
      ami_set(client, "events", "off"),
      ami_get(client, "host", text, sizeof text),
      ami_detail(client, text, sizeof text),
      ami_on_log(client, 3, NULL, &releases, count_release),
      ami_connect(client),
      ami_wait(client, 0),
      ami_disconnect(client),
      ami_state(client),
      (int)ami_stat(client, AMI_STAT_EVENTS),
      ami_on(client, "*", never_event, &releases, count_release, NULL),
      ami_off(client, sub),
      ami_send(client, ping, never_reply, &releases, count_release, NULL),
      ami_send_each(client, ping, never_event, never_reply, &releases, count_release, NULL),
      ami_call(client, ping, &reply),
      ami_cancel(client, 1),
      world->queue == NULL ? AMI_EFORK : ami_queue_fd(world->queue),
      world->queue == NULL ? AMI_EFORK : ami_queue_poll(world->queue, NULL, 0, 0),
      world->queue == NULL ? AMI_EFORK : ami_queue_dispatch(world->queue, 1, 0),
      world->queue == NULL ? AMI_EFORK : ami_queue_on_wake(world->queue, NULL, NULL, NULL),
  };
  ami_action_free(ping);
  for (int i = 0; i < (int)(sizeof results / sizeof *results); ++i) {
    if (results[i] != AMI_EFORK) return i + 1;
  }
  return releases == 4 && reply == NULL ? 0 : 99;
}

/* In the child nothing may fail by longjmp(): its exit code tells. */
static int child_of_fork(world_t* world, ami_t* client, uint64_t sub) {
  const int allowed = first_allowed(world, client, sub);
  if (allowed != 0) return allowed;
  const int before = sockets();
  ami_destroy(client);
  if (sockets() != before - 1) return 50; /* its own copy of the connection */
  if (world->queue != NULL && ami_queue_free(world->queue) != 0) return 51;
  return 0;
}

static void a_child_may_only_destroy(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* hellos = listen_to(world, client, "Hello");
  if (world->queue != NULL) assert_true(ami_queue_fd(world->queue) >= 0);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(child_of_fork(world, client, hellos->id));
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  /* The parent has lost nothing by it. */
  ami_mock_release(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  emit(world, "Hello");
  until_count(world, hellos, 1);
  assert_int_equal(ami_mock_count(world->mock, "open"), 1);
  assert_int_equal(ami_mock_count(world->mock, "action:Logoff"), 0);
  world_end(world);
}

/* ----------------------------------------------------------------------------------------------- signals */

static ami_action_t* big_action(void) {
  char value[1000];
  memset(value, 'x', sizeof value);
  value[sizeof value - 1] = '\0';
  ami_action_t* big = action("UserEvent", "UserEvent", "Big", NULL);
  for (int line = 0; line < 100; ++line) assert_int_equal(ami_action_add(big, "Text", value), 0);
  return big;
}

static void a_peer_that_closes_in_mid_write_kills_nobody(void** state) {
  struct sigaction disposition = {.sa_handler = SIG_DFL};
  assert_int_equal(sigaction(SIGPIPE, &disposition, NULL), 0);
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  ami_action_t* big = big_action();
  for (int round = 0; round < 6; ++round) {
    assert_error(client_connect(world, client), 0);
    ami_mock_fault(world->mock, "cut_on_action", round + 1);
    if (round % 2 == 1) ami_mock_fault(world->mock, "reset", 1);
    sink_t* last = NULL;
    for (int i = 0; i < 50; ++i) {
      sink_t* sent = sink_new(world, client);
      if (ami_send(client, big, on_reply, sent, on_release, NULL) != 0) break; /* it is noticed already */
      sent->is_action = true;
      last = sent;
    }
    assert_non_null(last);
    until_reply(world, last);
    until_state(world, client, AMI_STATE_IDLE);
    ami_mock_clear(world->mock);
  }
  ami_action_free(big);
  assert_int_equal(sigaction(SIGPIPE, NULL, &disposition), 0);
  assert_true(disposition.sa_handler == SIG_DFL); /* and nobody has changed it */
  sigset_t pending;
  assert_int_equal(sigpending(&pending), 0);
  assert_false(sigismember(&pending, SIGPIPE));
  world_end(world);
}

/* The ids of this process's threads, or descriptors but for the folder's own: 0 ends them. */
static void numbers_in(const char* path, int* out, size_t capacity) {
  DIR* folder = opendir(path);
  assert_non_null(folder);
  size_t count = 0;
  for (const struct dirent* entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    const int number = atoi(entry->d_name);
    if (number > 0 && number != dirfd(folder) && count + 1 < capacity) out[count++] = number;
  }
  out[count] = 0;
  closedir(folder);
}

static bool contains(const int* numbers, int number) {
  while (*numbers != 0 && *numbers != number) ++numbers;
  return *numbers != 0;
}

static uint64_t blocked_signals(int thread) {
  char path[64];
  char line[256];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
  FILE* file = fopen(path, "re");
  if (file == NULL) return UINT64_MAX; /* it has ended meanwhile */
  uint64_t blocked = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "SigBlk:", 7) == 0) blocked = strtoull(line + 7, NULL, 16);
  }
  fclose(file);
  return blocked;
}

static void its_threads_take_no_signals(void** state) {
  static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE, SIGIO};
  world_t* world = world_new(state, NULL);
  int before[64];
  int after[64];
  numbers_in("/proc/self/task", before, 64);
  client_ready(world, NULL);
  numbers_in("/proc/self/task", after, 64);
  int found = 0;
  for (const int* thread = after; *thread != 0; ++thread) {
    if (contains(before, *thread)) continue;
    ++found;
    const uint64_t blocked = blocked_signals(*thread);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
      assert_true((blocked & (UINT64_C(1) << (signals[i] - 1))) != 0);
    }
  }
  assert_int_equal(found, world->way == BY_THREAD ? 2 : world->way == BY_LOOP ? 0 : 1);
  world_end(world);
}

static void its_descriptors_close_on_exec(void** state) {
  world_t* world = world_new(state, NULL);
  int before[256];
  int after[256];
  numbers_in("/proc/self/fd", before, 256);
  client_ready(world, NULL);
  if (world->queue != NULL) assert_true(ami_queue_fd(world->queue) >= 0);
  numbers_in("/proc/self/fd", after, 256);
  int found = 0;
  for (const int* fd = after; *fd != 0; ++fd) {
    if (contains(before, *fd)) continue;
    ++found;
    assert_true((fcntl(*fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  assert_true(found >= 2); /* its socket and the mock's */
  world_end(world);
}

/* ----------------------------------------------------------------------------------------------- threads */

static void try_to_block(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  ami_t* other = ((ami_t**)sink->data)[0];
  intptr_t* wrong = ((intptr_t**)sink->data)[1];
  ami_action_t* ping = ami_action_new("Ping");
  ami_t* const targets[] = {client, other};
  for (int i = 0; i < 2; ++i) {
    ami_reply_t* answer = (ami_reply_t*)sink; /* to be overwritten */
    if (ami_call(targets[i], ping, &answer) != AMI_ETHREAD || answer != NULL) ++*wrong;
    if (ami_wait(targets[i], -1) != AMI_ETHREAD) ++*wrong;
    char text[200];
    ami_detail(targets[i], text, sizeof text);
    if (strstr(text, "this thread delivers messages") == NULL) ++*wrong;
  }
  ami_action_free(ping);
}

/* Of this client or of another: the thread is what counts. */
static void who_delivers_cannot_block(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_t* other = client_ready(world, NULL);
  intptr_t wrong = 0;
  void* data[] = {other, &wrong};
  sink_t* event = listen_with(world, client, "Hello", try_to_block, data);
  sink_t* sent = send_with(world, client, action("Ping", NULL), try_to_block, data);
  emit(world, "Hello");
  until_count(world, event, 1);
  until_released(world, sent);
  client_disconnect(world, client);
  client_destroy(world, client); /* the hooks have run */
  assert_int_equal(wrong, 0);
  world_end(world);
}

enum { THREADS = 8, EACH = 100 };

typedef struct {
  world_t* world;
  ami_t* client;
  int number;
  sink_t* sent[EACH];
  int failed;
} sender_t;

static void* send_many(void* data) {
  sender_t* sender = data;
  for (int i = 0; i < EACH; ++i) {
    char id[32];
    snprintf(id, sizeof id, "t%d-%d", sender->number, i);
    ami_action_t* ping = ami_action_new("Ping");
    ami_action_add(ping, "ActionID", id);
    sender->sent[i] = sink_new(sender->world, sender->client);
    sender->sent[i]->is_action = true;
    if (ami_send(sender->client, ping, on_reply, sender->sent[i], on_release, &sender->sent[i]->id) != 0) {
      ++sender->failed;
    }
    ami_action_free(ping);
  }
  return NULL;
}

static void many_threads_send_at_once(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  static sender_t senders[THREADS];
  memset(senders, 0, sizeof senders);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i) {
    senders[i] = (sender_t){.world = world, .client = client, .number = i};
    assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
  }
  for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; ++i) {
    assert_int_equal(senders[i].failed, 0);
    for (int n = 0; n < EACH; ++n) {
      until_reply(world, senders[i].sent[n]);
      assert_reply(senders[i].sent[n]->reply, 0, AMI_ANSWERED);
      char id[32];
      snprintf(id, sizeof id, "t%d-%d", i, n);
      assert_string_equal(field(ami_reply_response(senders[i].sent[n]->reply), "ActionID"), id);
      assert_int_equal(ami_mock_saw(world->mock, id), 1);
    }
  }
  /* On the wire the actions of one thread are in its order. */
  int next[THREADS] = {0};
  for (size_t i = 2; i < 2 + THREADS * EACH; ++i) {
    char id[80];
    int thread = -1;
    int number = -1;
    assert_true(ami_mock_action_id(world->mock, i, id, sizeof id) > 0);
    assert_int_equal(sscanf(id, "t%d-%d", &thread, &number), 2);
    assert_int_equal(number, next[thread]++);
  }
  world_end(world);
}

static void* call_many(void* data) {
  sender_t* sender = data;
  for (int i = 0; i < EACH / 4; ++i) {
    ami_action_t* ping = ami_action_new("Ping");
    ami_reply_t* reply = NULL;
    if (ami_call(sender->client, ping, &reply) != 0 || ami_reply_status(reply) != 0) ++sender->failed;
    ami_reply_unref(reply);
    ami_action_free(ping);
  }
  return NULL;
}

/* No thread but theirs takes part: the reply does not pass the queue. */
static void many_threads_call_at_once(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sender_t senders[THREADS];
  memset(senders, 0, sizeof senders);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i) {
    senders[i].client = client;
    assert_int_equal(pthread_create(&threads[i], NULL, call_many, &senders[i]), 0);
  }
  for (int i = 0; i < THREADS; ++i) {
    pthread_join(threads[i], NULL);
    assert_int_equal(senders[i].failed, 0);
  }
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), THREADS * (EACH / 4));
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------ writes */

static void sends_of_one_turn_leave_in_one_write(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  for (int round = 0; round < 5; ++round) {
    const int64_t writes = ami_stat(client, AMI_STAT_WRITES);
    sink_t* sent[50];
    for (int i = 0; i < 50; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
    assert_int_equal(ami_stat(client, AMI_STAT_WRITES), writes);
    for (int i = 0; i < 50; ++i) until_reply(world, sent[i]);
    assert_int_equal(ami_stat(client, AMI_STAT_WRITES), writes + 1);
  }
  world_end(world);
}

static void what_waited_offline_leaves_in_one_write(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  ami_mock_fault(world->mock, "hold", 1);
  assert_error(ami_connect(client), 0);
  sink_t* sent[50];
  for (int i = 0; i < 50; ++i) sent[i] = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Challenge", 1);
  ami_mock_release(world->mock);
  for (int i = 0; i < 50; ++i) {
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
  }
  until_stat(client, AMI_STAT_WRITES, 3);
  assert_int_equal(ami_stat(client, AMI_STAT_WRITES), 3); /* Challenge, Login, all of them */
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_child_may_only_destroy),
    IN_ALL(a_peer_that_closes_in_mid_write_kills_nobody),
    IN_ALL(its_threads_take_no_signals),
    IN_ALL(its_descriptors_close_on_exec),
    IN_CALLBACKS(who_delivers_cannot_block),
    IN_ALL(many_threads_send_at_once),
    IN(many_threads_call_at_once, BY_THREAD),
    IN(many_threads_call_at_once, BY_POLL),
    IN(sends_of_one_turn_leave_in_one_write, BY_LOOP),
    IN_ALL(what_waited_offline_leaves_in_one_write),
};
RUN(tests)
