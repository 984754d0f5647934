/* A host that exits while callbacks of the library run, and while its threads are in the midst of their work:
   it ends at once, with its own code. The host is this program again, as a process of its own. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "host.h"
#include "threads.h"

#define HELLO "Event: Hello\r\nPrivilege: user,all\r\n\r\n"
enum { HOSTS = 5 };

/* ---------------------------------------------------------------------------------------- the host */

static gate_t busy = GATE; /* opens when callbacks run */
static atomic_int events;

static void count_event(ami_t* client, const ami_msg_t* msg, void* user) {
  char host[16];
  (void)msg;
  (void)user;
  if (ami_get(client, "host", host, sizeof host) != (int)strlen(host)) _exit(4);
  if (atomic_fetch_add(&events, 1) == 10) gate_open(&busy);
}

/* Exit handlers that take their time: the client goes on, though other libraries may have cleaned up. */
static ami_t* watched;
static void until_more_is_read(void) {
  const int64_t before = ami_stat(watched, AMI_STAT_EVENTS);
  while (ami_stat(watched, AMI_STAT_EVENTS) < before + 500) sched_yield();
}
static void until_it_reconnects(void) {
  const int before = events;
  while (events < before + 10) sched_yield();
}

static void block_for_ever(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  static gate_t never = GATE;
  gate_open(&busy);
  gate_pass(&never);
}

static void exit_in_event(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  exit(HOST_CODE);
}

static void exit_in_log(int level, const char* line, void* user) {
  (void)level;
  (void)user;
  if (strncmp(line, "ready", 5) == 0) exit(HOST_CODE);
}

static ami_t* host_client(const char* port, const char* tls) {
  ami_t* client = ami_new();
  if (client == NULL || ami_set(client, "port", port) != 0 || ami_set(client, "username", "admin") != 0 ||
      ami_set(client, "password", "secret") != 0 || ami_set(client, "tls", tls) != 0 ||
      ami_set(client, "tls.verify", "none") != 0 || ami_set(client, "reconnect", "1") != 0 ||
      ami_set(client, "reconnect.max_ms", "1") != 0) {
    _exit(2);
  }
  return client;
}

static void need(int result) {
  if (result != 0) _exit(3);
}

/* host MODE PORT TLS */
static int host(char** arguments) {
  static const struct {
    const char *mode, *event;
    ami_event_cb handler;
  } handlers[] = {
      {"flood", "Hello", count_event},
      {"blocked", "Hello", block_for_ever},
      {"handler", "Hello", exit_in_event},
      {"dispatch", "Hello", exit_in_event},
      {"reconnect", "connection-connect", count_event},
  };
  const char* mode = arguments[0];
  alarm(HUNG_S);
  /* The first, and so the last to run. */
  if (strcmp(mode, "flood") == 0) need(atexit(until_more_is_read));
  if (strcmp(mode, "reconnect") == 0) need(atexit(until_it_reconnects));
  ami_t* client = watched = host_client(arguments[1], arguments[2]);
  ami_queue_t* queue = strcmp(mode, "dispatch") == 0 ? ami_queue_new() : NULL;
  if (queue != NULL) need(ami_set_queue(client, queue));
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; ++i) {
    if (strcmp(handlers[i].mode, mode) != 0) continue;
    need(ami_on(client, handlers[i].event, handlers[i].handler, NULL, NULL, NULL));
  }
  if (strcmp(mode, "log") == 0) need(ami_on_log(client, 2, exit_in_log, NULL, NULL));
  need(ami_connect(client));
  while (queue != NULL) ami_queue_dispatch(queue, 16, -1);
  gate_pass(&busy);
  return HOST_CODE;
}

/* ----------------------------------------------------------------------------------------- tests */

typedef struct {
  ami_mock_t* mock;
  atomic_bool over;
} flood_t;

static void* flood(void* data) {
  flood_t* flood = data;
  while (!flood->over) {
    if (ami_mock_emit_many(flood->mock, HELLO, 50) == 0) ami_mock_wait(flood->mock, "open", 1000, 1);
  }
  return NULL;
}

/* In each mode some hosts, under a flood of events. */
static void under_a_flood(void** state) {
  char* modes[] = {"flood", "blocked", "handler", "dispatch", "log"};
  char* tls = *state;
  flood_t flooding = {.mock = mock_start(strcmp(tls, "true") == 0)};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, flood, &flooding), 0);
  for (int i = 0; i < HOSTS * rounds; ++i) {
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; ++mode) {
      run_host(flooding.mock, modes[mode], tls);
    }
  }
  flooding.over = true;
  pthread_join(thread, NULL);
  ami_mock_free(flooding.mock);
}

/* Names are looked up on threads of libuv's; a login makes an MD5, a handshake much more. */
static void while_it_reconnects(void** state) {
  char* tls = *state;
  ami_mock_t* mock = mock_start(strcmp(tls, "true") == 0);
  ami_mock_fault_with(mock, "cut_in_login", 1, AMI_MOCK_EVERY);
  for (int i = 0; i < HOSTS * rounds; ++i) run_host(mock, "reconnect", tls);
  ami_mock_free(mock);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      {"under_a_flood", under_a_flood, NULL, NULL, "false"},
      {"under_a_flood (TLS)", under_a_flood, NULL, NULL, "true"},
      {"while_it_reconnects", while_it_reconnects, NULL, NULL, "false"},
      {"while_it_reconnects (TLS)", while_it_reconnects, NULL, NULL, "true"},
  };
  if (strcmp(argv[0], "host") == 0) return argc == 4 ? host(argv + 1) : 2;
  if (argc > 1) rounds = atoi(argv[1]);
  if (rounds < 1) return 2;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
