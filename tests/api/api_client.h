/* What the tests of ami.h share: a mock PBX, clients of it in one of the ways of delivery, and sinks that
   keep what the callbacks got. A test is one body that runs in each way; world_end() checks what holds for
   all of them: every reply came once, every user was released once. */
#pragma once

#define _GNU_SOURCE
/* clang-format off */
#include <setjmp.h> /* cmocka.h takes these four for granted */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ami/ami.h"
#include "mock.h"

enum { WAIT_MS = 30000 };

typedef enum { BY_THREAD, BY_POLL, BY_DISPATCH, BY_LOOP } way_t;

/* A test in one way of delivery; in all that run callbacks; in all. */
#define IN(test, way) \
  { #test " (" #way ")", test, NULL, NULL, (void*)(intptr_t)(way) }
#define IN_CALLBACKS(test) IN(test, BY_THREAD), IN(test, BY_DISPATCH), IN(test, BY_LOOP)
#define IN_QUEUES(test) IN(test, BY_POLL), IN(test, BY_DISPATCH)
#define IN_ALL(test) IN_CALLBACKS(test), IN(test, BY_POLL)
/* The only argument that a program of tests takes is a glob of tests. */
#define RUN(tests)                                    \
  int main(int argc, char** argv) {                   \
    if (argc > 1) cmocka_set_test_filter(argv[1]);    \
    return cmocka_run_group_tests(tests, NULL, NULL); \
  }

struct uv_loop_s;
typedef struct world world_t;
typedef struct sink sink_t;

/* What one handler, or one action, was given. */
struct sink {
  world_t* world;
  sink_t* next;
  ami_t* client;
  uint64_t id; /* of the subscription or the action */
  ami_msg_t** messages;
  size_t count, capacity;
  ami_reply_t* reply; /* the first */
  int replies;
  int releases;
  pthread_t thread; /* of the last callback */
  bool is_action;
  /* Called with what came, before it is kept, so that who waits for the count finds what the hook has done;
     the reply is NULL for a message. Not under a lock. */
  void (*hook)(sink_t*, ami_t*, const ami_msg_t*, const ami_reply_t*);
  void* data; /* of the hook */
};
typedef void (*hook_t)(sink_t*, ami_t*, const ami_msg_t*, const ami_reply_t*);

struct world {
  way_t way;
  ami_mock_t* mock;
  ami_queue_t* queue;
  struct uv_loop_s* loop;
  sink_t* sinks;
  ami_t* clients[16];
  uint64_t ids[16];
};

/* With options of the mock: name, value, ..., NULL. */
world_t* world_new(void** state, ...) __attribute__((sentinel));
void world_end(world_t*);

/* An idle client with the mock's address, user admin, and this way of delivery. */
ami_t* client_new(world_t*);
/* The same in two steps. */
ami_t* client_without_delivery(world_t*);
void choose_delivery(world_t*, ami_t*);
/* The same with options: name, value, ..., NULL; and ready. */
ami_t* client_ready(world_t*, ...) __attribute__((sentinel));
void client_set(ami_t*, const char* name, const char* value);
/* Starts to connect and waits until the client is ready, or finally failed: what ami_wait() says. */
int client_connect(world_t*, ami_t*);
/* The same for one that is connecting already. */
int client_wait(world_t*, ami_t*);
void client_disconnect(world_t*, ami_t*); /* and waits until it is idle */
void client_destroy(world_t*, ami_t*);
/* It was destroyed, or is as good as: for hooks. */
void client_gone(world_t*, ami_t*);
/* ami_detail(), kept until the next call. */
const char* detail(ami_t*);
/* An option's value, likewise. */
const char* option(ami_t*, const char* name);

sink_t* sink_new(world_t*, ami_t*);
sink_t* listen_to(world_t*, ami_t*, const char* name);
sink_t* listen_with(world_t*, ami_t*, const char* name, hook_t, void* data);
/* The triple that every sink is registered with. */
void on_event(ami_t*, const ami_msg_t*, void* user);
void on_reply(ami_t*, const ami_reply_t*, void* user);
void on_release(void* user);

/* Keys and values in turn, then NULL. */
ami_action_t* action(const char* name, ...) __attribute__((sentinel));
/* Sends, and frees the action. */
sink_t* send_action(world_t*, ami_t*, ami_action_t*);
sink_t* send_with(world_t*, ami_t*, ami_action_t*, hook_t, void* data);
sink_t* send_each(world_t*, ami_t*, ami_action_t*);
/* Sends and waits for the reply, which the world keeps. */
const ami_reply_t* reply_to(world_t*, ami_t*, ami_action_t*);
/* The result of an ami_send() that is refused; its user must have been released. */
int refused(world_t*, ami_t*, ami_action_t*);

/* The mock raises an event of that name, of class user; returns to how many sessions. */
int emit(world_t*, const char* name);

/* Lets things happen until the condition holds; a failure after WAIT_MS. */
typedef bool (*condition_t)(void* what);
void until_named(world_t*, condition_t, void* what, const char* name);
#define until(world, condition, what) until_named(world, condition, what, #condition)
void until_count(world_t*, sink_t*, size_t count);
void until_reply(world_t*, sink_t*);
void until_released(world_t*, sink_t*);
/* The first message whose field has this value. */
const ami_msg_t* until_field(world_t*, sink_t*, const char* key, const char* value);
/* A counter of the mock's has reached n (open: is n). */
void until_mock(world_t*, const char* counter, int64_t n);
void until_state(world_t*, ami_t*, int state);
/* Waits until a counter has reached n; takes nothing from a queue, runs no loop. */
void until_stat(ami_t*, int which, int64_t n);
/* Everything that the server said before is delivered. */
void settle(world_t*, ami_t*);
/* One short wait for something to happen. */
void step(world_t*);

size_t count_of(sink_t*);
const ami_msg_t* message_at(sink_t*, size_t index);
const ami_msg_t* last_of(sink_t*);
/* A field of a message; "" where it lacks it. */
const char* field(const ami_msg_t*, const char* key);
/* One that holds a number, and has to be there. */
double number(const ami_msg_t*, const char* key);
/* Takes what is in the world's queue now: how many items. */
int drain(world_t*);
/* The names of a sink's messages, with spaces between; kept until the next call. */
const char* names(sink_t*);

#define assert_error(result, expected) \
  assert_string_equal(ami_err_name((int)(result)), ami_err_name((int)(expected)))
#define assert_contains(text, part)                                              \
  do {                                                                           \
    if (strstr(text, part) == NULL) fail_msg("\"%s\" lacks \"%s\"", text, part); \
  } while (0)
#define assert_reply(reply_, status_, fate_)         \
  do {                                               \
    const ami_reply_t* given_ = (reply_);            \
    assert_error(ami_reply_status(given_), status_); \
    assert_int_equal(ami_reply_fate(given_), fate_); \
  } while (0)
