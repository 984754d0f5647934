/* A thousand connections that are cut leave nothing behind: neither memory nor descriptors. */
#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_client.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* A mock in a process of its own, so that its memory is not counted with ours: it cuts every connection
   behind the answer to the login. */
static pid_t cutting_server(char port[16]) {
  int pipe_fds[2];
  assert_int_equal(pipe(pipe_fds), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive a test that fails */
    ami_mock_t* mock = ami_mock_new();
    if (ami_mock_fault_with(mock, "cut_after_response", 2, AMI_MOCK_EVERY) < 0 || ami_mock_start(mock) < 0) {
      _exit(1);
    }
    char text[16] = {0};
    snprintf(text, sizeof text, "%d", ami_mock_port(mock));
    if (write(pipe_fds[1], text, sizeof text) != sizeof text) _exit(1);
    for (;;) pause(); /* until it is killed */
  }
  assert_int_equal(read(pipe_fds[0], port, 16), 16);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
  return child;
}

static int count_descriptors(void) {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  while (readdir(folder) != NULL) ++count;
  closedir(folder);
  return count;
}

typedef struct {
  ami_t* client;
  int64_t generation;
} goal_t;

static bool has_generation(void* what) {
  const goal_t* goal = what;
  return ami_stat(goal->client, AMI_STAT_GENERATION) >= goal->generation;
}

static bool is_between_connections(void* client) {
  return ami_state(client) == AMI_STATE_BACKOFF && ami_stat(client, AMI_STAT_QUEUED) == 0;
}

typedef struct {
  int descriptors;
  size_t memory;
} level_t;

static level_t level(void) {
  return (level_t){count_descriptors(), mallinfo2().uordblks};
}

/* What is in use goes up and down with what is under way; what is lost never comes back. */
static bool is_level_again(void* what) {
  enum { TOLERANCE = 16 * 1024 };
  const level_t* before = what;
  const level_t now = level();
  return now.descriptors <= before->descriptors && (SANITIZED || now.memory <= before->memory + TOLERANCE);
}

static void ignore(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
}

/* Under a sanitizer the memory is not looked at, since the sanitizer holds back what was freed, and a tenth
   of the connections has to do. */
static void many_reconnects_leave_nothing_behind(void** state) {
  enum { ROUNDS = SANITIZED ? 100 : 1000, WARM_UP = SANITIZED ? 10 : 100 };
  char port[16];
  const pid_t server = cutting_server(port);
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "port", port);
  client_set(client, "reconnect", "1");
  client_set(client, "reconnect.max_ms", "1");
  assert_int_equal(ami_on(client, "*", ignore, NULL, NULL, NULL), 0);
  assert_int_equal(ami_connect(client), 0);
  goal_t goal = {client, WARM_UP};
  until(world, has_generation, &goal);
  until(world, is_between_connections, client);
  level_t before = level();
  for (goal.generation += 50; goal.generation <= WARM_UP + ROUNDS; goal.generation += 50) {
    until(world, has_generation, &goal);
  }
  until(world, is_level_again, &before);
  kill(server, SIGKILL);
  assert_int_equal(waitpid(server, NULL, 0), server);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(many_reconnects_leave_nothing_behind),
};
RUN(tests)
