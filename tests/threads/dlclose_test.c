/* A host that loads the library with dlopen(), and calls dlclose() with all, with some, or with none of its
   clients destroyed: their threads' code stays where it is. Or it exits. This program is not linked with the
   library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ami/ami.h"
#include "host.h"

enum { WAIT_MS = 30000, ROUNDS = 10, HOSTS = 5 };
static int rounds = 1;

/* ------------------------------------------------------------------------------------------ the library */

/* clang-format off */
#define FUNCTIONS(X) \
  X(ami_new) X(ami_set) X(ami_on) X(ami_connect) X(ami_wait) X(ami_call) X(ami_destroy) X(ami_state) \
  X(ami_action_new) X(ami_action_free) X(ami_reply_status) X(ami_reply_unref) X(ami_msg_get)
/* clang-format on */
typedef struct {
  void* handle;
#define MEMBER(name) __typeof__(name)* name;
  FUNCTIONS(MEMBER)
#undef MEMBER
} library_t;

static void find(void* handle, const char* name, void* out) {
  void* symbol = dlsym(handle, name);
  if (symbol == NULL) fail_msg("%s", dlerror());
  memcpy(out, &symbol, sizeof symbol); /* ISO C has no cast from an object's pointer to a function's */
}

static library_t library_open(void) {
  library_t library = {.handle = dlopen(AMI_LIBRARY, RTLD_NOW | RTLD_LOCAL)};
  if (library.handle == NULL) fail_msg("%s", dlerror());
#define FIND(name) find(library.handle, #name, &library.name);
  FUNCTIONS(FIND)
#undef FIND
  return library;
}

/* ------------------------------------------------------------------------------------------ its use */

static const char* (*msg_get)(const ami_msg_t*, const char*, size_t*);
static atomic_long handled;

static void on_hello(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)user;
  if (strcmp(msg_get(msg, "Event", NULL), "Hello") == 0) atomic_fetch_add(&handled, 1);
}

static void on_release(void* user) {
  atomic_fetch_add((atomic_long*)user, 1);
}

static void flood(ami_mock_t* mock) {
  assert_int_equal(ami_mock_emit_many(mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 100) >= 0, 1);
}

static ami_t* connect_to(const library_t* library, ami_mock_t* mock, atomic_long* releases) {
  char url[128];
  snprintf(url, sizeof url, "ami://admin:secret@127.0.0.1:%d", ami_mock_port(mock));
  ami_t* client = library->ami_new();
  msg_get = library->ami_msg_get;
  assert_int_equal(library->ami_set(client, "url", url), 0);
  assert_int_equal(library->ami_on(client, "Hello", on_hello, releases, on_release, NULL), 0);
  assert_int_equal(library->ami_connect(client), 0);
  assert_int_equal(library->ami_wait(client, WAIT_MS), 0);
  return client;
}

static void call(const library_t* library, ami_t* client) {
  ami_action_t* ping = library->ami_action_new("Ping");
  ami_reply_t* reply = NULL;
  assert_int_equal(library->ami_call(client, ping, &reply), 0);
  assert_int_equal(library->ami_reply_status(reply), 0);
  library->ami_reply_unref(reply);
  library->ami_action_free(ping);
}

static void until_handled(ami_mock_t* mock, long count) {
  for (int i = 0; handled < count; ++i) {
    if (i > WAIT_MS) fail_msg("only %ld events", (long)handled);
    ami_mock_wait(mock, "open", 1000, 1); /* lets time pass */
  }
}

static ami_mock_t* mock_new(void) {
  ami_mock_t* mock = ami_mock_new();
  if (ami_mock_start(mock) != 0) fail_msg("%s", ami_mock_error(mock));
  handled = 0;
  return mock;
}

static size_t entries(const char* path) {
  DIR* folder = opendir(path);
  size_t count = 0;
  assert_non_null(folder);
  while (readdir(folder) != NULL) ++count;
  closedir(folder);
  return count;
}

/* ------------------------------------------------------------------------------------------ tests */

/* Loaded, used and closed, over and over: nothing is left over. */
static void in_good_order(void** state) {
  (void)state;
  ami_mock_t* mock = mock_new();
  size_t threads = SIZE_MAX; /* the least so far: one that was joined may stay listed for a moment */
  size_t descriptors = 0;
  for (int round = 0; round < ROUNDS * rounds; ++round) {
    atomic_long releases = 0;
    library_t library = library_open();
    ami_t* client = connect_to(&library, mock, &releases);
    flood(mock);
    call(&library, client);
    library.ami_destroy(client);
    assert_int_equal(releases, 1);
    assert_int_equal(dlclose(library.handle), 0);
    assert_int_equal(ami_mock_wait(mock, "open", 0, WAIT_MS), 0);
    if (round == 0) descriptors = entries("/proc/self/fd");
    size_t now = entries("/proc/self/task");
    for (int tries = 0; tries < 1000000 && now > threads; ++tries) now = entries("/proc/self/task");
    assert_true(now <= threads);
    threads = now;
    assert_int_equal(entries("/proc/self/fd"), descriptors);
  }
  ami_mock_free(mock);
}

/* Closed while callbacks run: they go on, and a library that is opened again is the same one. */
static void in_the_midst_of_callbacks(void** state) {
  (void)state;
  ami_mock_t* mock = mock_new();
  for (int round = 0; round < ROUNDS * rounds; ++round) {
    atomic_long releases = 0;
    library_t library = library_open();
    ami_t* client = connect_to(&library, mock, &releases);
    const long before = handled;
    flood(mock);
    assert_int_equal(dlclose(library.handle), 0);
    flood(mock);
    until_handled(mock, before + 200);
    library_t again = library_open();
    assert_ptr_equal(again.handle, library.handle);
    call(&again, client);
    again.ami_destroy(client);
    assert_int_equal(releases, 1);
    assert_int_equal(dlclose(again.handle), 0);
  }
  ami_mock_free(mock);
}

/* A destroy that finishes by itself, when its callback has returned, may find the library closed. */
static void (*destroy)(ami_t*);
static atomic_long destroyed;

static void on_hello_destroy(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)msg;
  (void)user;
  destroy(client);
}

static void before_a_destroy_is_through(void** state) {
  (void)state;
  ami_mock_t* mock = mock_new();
  for (long round = 1; round <= ROUNDS * rounds; ++round) {
    atomic_long releases = 0;
    library_t library = library_open();
    ami_t* client = connect_to(&library, mock, &releases);
    destroy = library.ami_destroy;
    assert_int_equal(library.ami_on(client, "Bang", on_hello_destroy, &destroyed, on_release, NULL), 0);
    assert_int_equal(ami_mock_emit(mock, "Event: Bang\r\nPrivilege: user,all\r\n\r\n"), 1);
    assert_int_equal(dlclose(library.handle), 0);
    for (int i = 0; releases < 1 || destroyed < round; ++i) {
      if (i > WAIT_MS) fail_msg("not destroyed");
      ami_mock_wait(mock, "open", 1000, 1);
    }
  }
  ami_mock_free(mock);
}

/* A host that had used OpenSSL before it loaded the library, and exits while its client reconnects: without
   OpenSSL, which has cleaned up, the client can only give up, and be destroyed. */
static library_t of_host;
static ami_t* client_of_host;
static atomic_int connections;

static void count_connection(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  atomic_fetch_add(&connections, 1);
}

static void until_it_gives_up(void) {
  while (of_host.ami_state(client_of_host) != AMI_STATE_IDLE) sched_yield();
  of_host.ami_destroy(client_of_host);
}

static int host(const char* port, const char* tls) {
  const char* const options[][2] = {
      {"host", "127.0.0.1"}, {"port", port},         {"username", "admin"}, {"password", "secret"},
      {"tls", tls},          {"tls.verify", "none"}, {"reconnect", "1"},    {"reconnect.max_ms", "1"},
  };
  alarm(HUNG_S);
  if (atexit(until_it_gives_up) != 0 || OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_DIGESTS, NULL) != 1)
    return 2;
  of_host = library_open();
  client_of_host = of_host.ami_new();
  int failed = of_host.ami_on(client_of_host, "connection-connect", count_connection, NULL, NULL, NULL);
  for (size_t i = 0; i < sizeof options / sizeof *options; ++i) {
    failed |= of_host.ami_set(client_of_host, options[i][0], options[i][1]);
  }
  if (failed != 0 || of_host.ami_connect(client_of_host) != 0) _exit(3);
  while (connections < 10) sched_yield();
  return HOST_CODE;
}

static void exit_when_openssl_was_there_first(void** state) {
  char* tls = *state;
  /* OpenSSL, which ends while threads live, leaves behind what it kept for each of them. */
  setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
  ami_mock_t* mock = mock_start(strcmp(tls, "true") == 0);
  ami_mock_fault_with(mock, "cut_in_login", 1, AMI_MOCK_EVERY);
  for (int i = 0; i < HOSTS * rounds; ++i) run_host(mock, "exit", tls);
  ami_mock_free(mock);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(in_good_order),
    cmocka_unit_test(in_the_midst_of_callbacks),
    cmocka_unit_test(before_a_destroy_is_through),
    {"exit_when_openssl_was_there_first", exit_when_openssl_was_there_first, NULL, NULL, "false"},
    {"exit_when_openssl_was_there_first (TLS)", exit_when_openssl_was_there_first, NULL, NULL, "true"},
};

int main(int argc, char** argv) {
  if (strcmp(argv[0], "host") == 0) return argc == 4 ? host(argv[2], argv[3]) : 2;
  if (argc > 1) rounds = atoi(argv[1]);
  if (rounds < 1) return 2;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
