/* libami in one process with a library that exports some of the same names: each goes on with its own. The
   argument tells which of them is loaded first; LIBRARY and NEIGHBOUR are the files. */
#define _GNU_SOURCE
/* clang-format off */
#include <setjmp.h> /* cmocka.h takes these four for granted */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ami/ami.h"
#include "mock.h"

static void* library;
static void* neighbour;

/* The neighbour's names are there for everybody, as those of a library that the program was linked with. */
static void load(const char* first) {
  for (int turn = 0; turn < 2; ++turn) {
    if ((strcmp(first, "neighbour") == 0) == (turn == 0)) {
      neighbour = dlopen(getenv("NEIGHBOUR"), RTLD_LAZY | RTLD_GLOBAL);
    } else {
      library = dlopen(getenv("LIBRARY"), RTLD_LAZY | RTLD_LOCAL);
    }
  }
  if (library == NULL || neighbour == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
}

/* A function of libami's, as a language's foreign function interface finds it. */
#define AMI(name) ((__typeof__(&name))find(library, #name))

static void* find(void* from, const char* name) {
  void* found = dlsym(from, name);
  assert_non_null(found);
  return found;
}

static ami_t* client_of(ami_mock_t* mock) {
  char port[16];
  snprintf(port, sizeof port, "%d", ami_mock_port(mock));
  ami_t* client = AMI(ami_new)();
  assert_non_null(client);
  assert_int_equal(AMI(ami_set)(client, "host", "127.0.0.1"), 0);
  assert_int_equal(AMI(ami_set)(client, "port", port), 0);
  assert_int_equal(AMI(ami_set)(client, "username", "admin"), 0);
  assert_int_equal(AMI(ami_set)(client, "password", "secret"), 0);
  return client;
}

static void libami_keeps_its_own(void** state) {
  (void)state;
  ami_mock_t* mock = ami_mock_new();
  assert_int_equal(ami_mock_start(mock), 0);
  ami_t* client = client_of(mock);
  assert_int_equal(AMI(ami_connect)(client), 0);
  assert_int_equal(AMI(ami_wait)(client, 30000), 0);
  ami_action_t* ping = AMI(ami_action_new)("Ping");
  ami_reply_t* reply = NULL;
  assert_int_equal(AMI(ami_call)(client, ping, &reply), 0);
  assert_int_equal(AMI(ami_reply_status)(reply), 0);
  AMI(ami_reply_unref)(reply);
  AMI(ami_action_free)(ping);
  AMI(ami_destroy)(client);
  ami_mock_free(mock);
}

/* What it calls itself, on the way to a notice and back, is its own too. */
static void libami_calls_its_own(void** state) {
  (void)state;
  ami_mock_t* mock = ami_mock_new();
  assert_int_equal(ami_mock_start(mock), 0);
  ami_t* client = client_of(mock);
  ami_mock_set_down(mock, 1);
  ami_queue_t* queue = AMI(ami_queue_new)();
  assert_int_equal(AMI(ami_set_queue)(client, queue), 0);
  assert_int_equal(AMI(ami_on)(client, "connection-error", NULL, NULL, NULL, NULL), 0);
  assert_int_equal(AMI(ami_connect)(client), 0);
  ami_item_t item;
  assert_int_equal(AMI(ami_queue_poll)(queue, &item, 1, 30000), 1);
  assert_string_equal(AMI(ami_msg_get)(item.msg, "Error", NULL), "AMI_ECONNECT");
  AMI(ami_queue_release)(&item, 1);
  AMI(ami_destroy)(client);
  assert_int_equal(AMI(ami_queue_free)(queue), 0);
  ami_mock_free(mock);
}

static void the_neighbour_keeps_its_own(void** state) {
  (void)state;
  int (*connect)(void) = (int (*)(void))find(neighbour, "neighbour_connect");
  assert_int_equal(connect(), 4711);
  assert_ptr_not_equal(find(neighbour, "ami_connect"), find(library, "ami_connect"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(libami_keeps_its_own),
    cmocka_unit_test(libami_calls_its_own),
    cmocka_unit_test(the_neighbour_keeps_its_own),
};

int main(int argc, char** argv) {
  load(argc > 1 ? argv[1] : "neighbour");
  return cmocka_run_group_tests(tests, NULL, NULL);
}
