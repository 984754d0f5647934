#include "api_client.h"

#include <errno.h>
#include <time.h>
#include <uv.h>

enum { STEP_MS = 2, BATCH = 16 };

/* What callbacks write, on whatever thread, and tests read. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* ------------------------------------------------------------------------------------------- worlds */

world_t* world_new(void** state, ...) {
  world_t* world = calloc(1, sizeof *world);
  world->way = (way_t)(intptr_t)*state;
  world->mock = ami_mock_new();
  va_list rest;
  va_start(rest, state);
  for (const char* name = va_arg(rest, const char*); name != NULL; name = va_arg(rest, const char*)) {
    if (ami_mock_set(world->mock, name, va_arg(rest, const char*)) != 0) {
      va_end(rest);
      fail_msg("%s", ami_mock_error(world->mock));
    }
  }
  va_end(rest);
  if (ami_mock_start(world->mock) != 0) fail_msg("%s", ami_mock_error(world->mock));
  if (world->way == BY_POLL || world->way == BY_DISPATCH) world->queue = ami_queue_new();
  if (world->way == BY_LOOP) {
    world->loop = malloc(sizeof *world->loop);
    assert_int_equal(uv_loop_init(world->loop), 0);
  }
  return world;
}

static void sink_check(const sink_t* sink) {
  if (sink->releases != 1) fail_msg("a user was released %d times", sink->releases);
  if (sink->is_action && sink->replies != 1) fail_msg("an action had %d replies", sink->replies);
}

static bool all_released(void* what) {
  pthread_mutex_lock(&mutex);
  const sink_t* sink = ((world_t*)what)->sinks;
  while (sink != NULL && sink->releases > 0) sink = sink->next;
  pthread_mutex_unlock(&mutex);
  return sink == NULL;
}

void world_end(world_t* world) {
  for (size_t i = 0; i < 16; ++i) {
    if (world->clients[i] != NULL) ami_destroy(world->clients[i]);
  }
  until(world, all_released, world);
  if (world->queue != NULL) assert_int_equal(ami_queue_free(world->queue), 0);
  if (world->loop != NULL) {
    uv_run(world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(world->loop), 0);
    free(world->loop);
  }
  ami_mock_free(world->mock);
  for (sink_t* sink = world->sinks; sink != NULL;) {
    sink_check(sink);
    for (size_t i = 0; i < sink->count; ++i) ami_msg_unref(sink->messages[i]);
    ami_reply_unref(sink->reply);
    sink_t* next = sink->next;
    free(sink->messages);
    free(sink);
    sink = next;
  }
  free(world);
}

/* ------------------------------------------------------------------------------------------ clients */

void client_set(ami_t* client, const char* name, const char* value) {
  const int result = ami_set(client, name, value);
  if (result != 0) fail_msg("%s = %s: %s: %s", name, value, ami_err_name(result), detail(client));
}

ami_t* client_without_delivery(world_t* world) {
  ami_t* client = ami_new();
  assert_non_null(client);
  char port[16];
  snprintf(port, sizeof port, "%d", ami_mock_port(world->mock));
  client_set(client, "host", "127.0.0.1");
  client_set(client, "port", port);
  client_set(client, "username", "admin");
  client_set(client, "password", "secret");
  size_t i = 0;
  while (world->clients[i] != NULL) ++i;
  assert_true(i < 16);
  world->clients[i] = client;
  world->ids[i] = ami_id(client);
  return client;
}

void choose_delivery(world_t* world, ami_t* client) {
  if (world->queue != NULL) assert_int_equal(ami_set_queue(client, world->queue), 0);
  if (world->loop != NULL) assert_int_equal(ami_set_loop(client, world->loop), 0);
}

ami_t* client_new(world_t* world) {
  ami_t* client = client_without_delivery(world);
  choose_delivery(world, client);
  return client;
}

ami_t* client_ready(world_t* world, ...) {
  ami_t* client = client_new(world);
  va_list rest;
  va_start(rest, world);
  for (const char* name = va_arg(rest, const char*); name != NULL; name = va_arg(rest, const char*)) {
    client_set(client, name, va_arg(rest, const char*));
  }
  va_end(rest);
  const int result = client_connect(world, client);
  if (result != 0) fail_msg("not ready: %s: %s", ami_err_name(result), detail(client));
  return client;
}

static bool is_decided(void* what) {
  const int state = ami_state(what);
  return state == AMI_STATE_READY || state == AMI_STATE_IDLE;
}

static void* wait_elsewhere(void* client) {
  return (void*)(intptr_t)ami_wait(client, 0);
}

int client_wait(world_t* world, ami_t* client) {
  if (world->loop == NULL) return ami_wait(client, WAIT_MS);
  until(world, is_decided, client);
  pthread_t thread;
  void* result = NULL;
  assert_int_equal(pthread_create(&thread, NULL, wait_elsewhere, client), 0);
  pthread_join(thread, &result);
  return (int)(intptr_t)result;
}

int client_connect(world_t* world, ami_t* client) {
  assert_error(ami_connect(client), 0);
  return client_wait(world, client);
}

void client_disconnect(world_t* world, ami_t* client) {
  assert_error(ami_disconnect(client), 0);
  until_state(world, client, AMI_STATE_IDLE);
}

void client_gone(world_t* world, ami_t* client) {
  pthread_mutex_lock(&mutex);
  for (size_t i = 0; i < 16; ++i) {
    if (world->clients[i] == client) world->clients[i] = NULL;
  }
  pthread_mutex_unlock(&mutex);
}

void client_destroy(world_t* world, ami_t* client) {
  client_gone(world, client);
  ami_destroy(client);
}

static ami_t* client_by_id(world_t* world, uint64_t id) {
  for (size_t i = 0; i < 16; ++i) {
    if (world->ids[i] == id && world->clients[i] != NULL) return world->clients[i];
  }
  return NULL;
}

const char* detail(ami_t* client) {
  static char text[4096];
  ami_detail(client, text, sizeof text);
  return text;
}

const char* option(ami_t* client, const char* name) {
  static char text[4096];
  const int result = ami_get(client, name, text, sizeof text);
  if (result < 0) fail_msg("%s: %s", name, ami_err_name(result));
  return text;
}

/* -------------------------------------------------------------------------------------------- sinks */

sink_t* sink_new(world_t* world, ami_t* client) {
  sink_t* sink = calloc(1, sizeof *sink);
  sink->world = world;
  sink->client = client;
  pthread_mutex_lock(&mutex);
  sink->next = world->sinks;
  world->sinks = sink;
  pthread_mutex_unlock(&mutex);
  return sink;
}

void on_event(ami_t* client, const ami_msg_t* msg, void* user) {
  sink_t* sink = user;
  if (sink->hook != NULL) sink->hook(sink, client, msg, NULL);
  pthread_mutex_lock(&mutex);
  if (sink->count == sink->capacity) {
    sink->capacity = sink->capacity * 2 + 16;
    sink->messages = realloc(sink->messages, sink->capacity * sizeof *sink->messages);
  }
  sink->messages[sink->count++] = ami_msg_ref(msg);
  sink->thread = pthread_self();
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

void on_reply(ami_t* client, const ami_reply_t* reply, void* user) {
  sink_t* sink = user;
  if (sink->hook != NULL) sink->hook(sink, client, NULL, reply);
  pthread_mutex_lock(&mutex);
  if (sink->replies++ == 0) sink->reply = ami_reply_ref(reply);
  sink->thread = pthread_self();
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

void on_release(void* user) {
  sink_t* sink = user;
  pthread_mutex_lock(&mutex);
  ++sink->releases;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

sink_t* listen_with(world_t* world, ami_t* client, const char* name, hook_t hook, void* data) {
  sink_t* sink = sink_new(world, client);
  sink->hook = hook;
  sink->data = data;
  assert_error(ami_on(client, name, on_event, sink, on_release, &sink->id), 0);
  return sink;
}

sink_t* listen_to(world_t* world, ami_t* client, const char* name) {
  return listen_with(world, client, name, NULL, NULL);
}

/* ------------------------------------------------------------------------------------------ actions */

ami_action_t* action(const char* name, ...) {
  ami_action_t* made = ami_action_new(name);
  va_list fields;
  va_start(fields, name);
  for (const char* key = va_arg(fields, const char*); key != NULL; key = va_arg(fields, const char*)) {
    const char* value = va_arg(fields, const char*);
    if (ami_action_add(made, key, value) == 0) continue;
    va_end(fields);
    fail_msg("%s: %s: %s", name, key, ami_action_detail(made));
  }
  va_end(fields);
  return made;
}

sink_t* send_with(world_t* world, ami_t* client, ami_action_t* made, hook_t hook, void* data) {
  sink_t* sink = sink_new(world, client);
  sink->is_action = true;
  sink->hook = hook;
  sink->data = data;
  const int result = ami_send(client, made, on_reply, sink, on_release, &sink->id);
  if (result != 0) fail_msg("not sent: %s: %s", ami_err_name(result), detail(client));
  assert_true(sink->id > 0);
  ami_action_free(made);
  return sink;
}

sink_t* send_action(world_t* world, ami_t* client, ami_action_t* made) {
  return send_with(world, client, made, NULL, NULL);
}

sink_t* send_each(world_t* world, ami_t* client, ami_action_t* made) {
  sink_t* sink = sink_new(world, client);
  sink->is_action = true;
  assert_error(ami_send_each(client, made, on_event, on_reply, sink, on_release, &sink->id), 0);
  ami_action_free(made);
  return sink;
}

const ami_reply_t* reply_to(world_t* world, ami_t* client, ami_action_t* made) {
  sink_t* sink = send_action(world, client, made);
  until_reply(world, sink);
  return sink->reply;
}

int refused(world_t* world, ami_t* client, ami_action_t* made) {
  sink_t* sink = sink_new(world, client);
  uint64_t id = 77;
  const int result = ami_send(client, made, on_reply, sink, on_release, &id);
  ami_action_free(made);
  assert_true(result < 0);
  assert_int_equal(sink->releases, 1);
  return result;
}

int emit(world_t* world, const char* name) {
  char text[256];
  snprintf(text, sizeof text, "Event: %s\r\nPrivilege: user,all\r\n\r\n", name);
  return ami_mock_emit(world->mock, text);
}

/* ------------------------------------------------------------------------------------------ waiting */

/* What an application does with the items of ami_queue_poll(). */
static void take(world_t* world, const ami_item_t* item) {
  if (item->user == NULL) return;
  ami_t* client = client_by_id(world, item->client);
  if (item->kind == AMI_ITEM_REPLY) {
    on_reply(client, item->reply, item->user);
  } else {
    on_event(client, item->msg, item->user);
  }
}

static void no_more(uv_timer_t* timer) {
  (void)timer;
}

static void step_loop(uv_loop_t* loop) {
  uv_timer_t timer;
  uv_timer_init(loop, &timer);
  /* Repeated, since it may be due before the loop waits for the first time. */
  uv_timer_start(&timer, no_more, STEP_MS, STEP_MS);
  uv_run(loop, UV_RUN_ONCE);
  uv_close((uv_handle_t*)&timer, NULL);
  uv_run(loop, UV_RUN_NOWAIT); /* lets the timer close */
}

static void step_thread(void) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_nsec += STEP_MS * 1000000;
  end.tv_sec += end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  pthread_mutex_lock(&mutex);
  pthread_cond_timedwait(&changed, &mutex, &end);
  pthread_mutex_unlock(&mutex);
}

void step(world_t* world) {
  if (world->way == BY_LOOP) return step_loop(world->loop);
  if (world->way == BY_THREAD) return step_thread();
  if (world->way == BY_DISPATCH) {
    assert_true(ami_queue_dispatch(world->queue, BATCH, STEP_MS) >= 0);
    return;
  }
  ami_item_t items[BATCH];
  const int count = ami_queue_poll(world->queue, items, BATCH, STEP_MS);
  assert_true(count >= 0);
  for (int i = 0; i < count; ++i) take(world, &items[i]);
  ami_queue_release(items, (size_t)count);
}

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void until_named(world_t* world, condition_t condition, void* what, const char* name) {
  const int64_t end = milliseconds() + WAIT_MS;
  while (!condition(what)) {
    if (milliseconds() > end) fail_msg("not so after %d s: %s", WAIT_MS / 1000, name);
    step(world);
  }
}

typedef struct {
  sink_t* sink;
  ami_t* client;
  size_t next;
  const char *key, *value;
  const ami_msg_t* found;
  ami_mock_t* mock;
  int64_t n;
} goal_t;

static bool has_count(void* what) {
  const goal_t* goal = what;
  return count_of(goal->sink) >= (size_t)goal->n;
}
void until_count(world_t* world, sink_t* sink, size_t count) {
  goal_t goal = {.sink = sink, .n = (int64_t)count};
  until(world, has_count, &goal);
}

static bool has_reply(void* what) {
  pthread_mutex_lock(&mutex);
  const int replies = ((sink_t*)what)->replies;
  pthread_mutex_unlock(&mutex);
  return replies > 0;
}
void until_reply(world_t* world, sink_t* sink) {
  until(world, has_reply, sink);
}

static bool is_released(void* what) {
  pthread_mutex_lock(&mutex);
  const int releases = ((sink_t*)what)->releases;
  pthread_mutex_unlock(&mutex);
  return releases > 0;
}
void until_released(world_t* world, sink_t* sink) {
  until(world, is_released, sink);
}

static bool has_field(void* what) {
  goal_t* goal = what;
  for (; goal->found == NULL && goal->next < count_of(goal->sink); ++goal->next) {
    const ami_msg_t* msg = message_at(goal->sink, goal->next);
    if (strcmp(field(msg, goal->key), goal->value) == 0) goal->found = msg;
  }
  return goal->found != NULL;
}
const ami_msg_t* until_field(world_t* world, sink_t* sink, const char* key, const char* value) {
  goal_t goal = {.sink = sink, .key = key, .value = value};
  char name[128];
  snprintf(name, sizeof name, "%s is %s", key, value);
  until_named(world, has_field, &goal, name);
  return goal.found;
}

static bool mock_counts(void* what) {
  const goal_t* goal = what;
  const int64_t count = ami_mock_count(goal->mock, goal->key);
  return strncmp(goal->key, "open", 4) == 0 ? count == goal->n : count >= goal->n;
}
void until_mock(world_t* world, const char* counter, int64_t n) {
  goal_t goal = {.mock = world->mock, .key = counter, .n = n};
  until_named(world, mock_counts, &goal, counter);
}

static bool is_state(void* what) {
  const goal_t* goal = what;
  return ami_state(goal->client) == (int)goal->n;
}
void until_state(world_t* world, ami_t* client, int state) {
  goal_t goal = {.client = client, .n = state};
  until(world, is_state, &goal);
}

void until_stat(ami_t* client, int which, int64_t n) {
  const int64_t end = milliseconds() + WAIT_MS;
  int64_t value = 0;
  while ((value = ami_stat(client, which)) < n) {
    if (milliseconds() > end)
      fail_msg("statistic %d is %lld after %d s", which, (long long)value, WAIT_MS / 1000);
    step_thread();
  }
}

void settle(world_t* world, ami_t* client) {
  assert_reply(reply_to(world, client, action("Ping", NULL)), 0, AMI_ANSWERED);
}

/* -------------------------------------------------------------------------------- what sinks were given */

size_t count_of(sink_t* sink) {
  pthread_mutex_lock(&mutex);
  const size_t count = sink->count;
  pthread_mutex_unlock(&mutex);
  return count;
}

const ami_msg_t* message_at(sink_t* sink, size_t index) {
  pthread_mutex_lock(&mutex);
  const ami_msg_t* msg = index < sink->count ? sink->messages[index] : NULL;
  pthread_mutex_unlock(&mutex);
  assert_non_null(msg);
  return msg;
}

const char* field(const ami_msg_t* msg, const char* key) {
  const char* value = ami_msg_get(msg, key, NULL);
  return value != NULL ? value : "";
}

double number(const ami_msg_t* msg, const char* key) {
  assert_true(strlen(field(msg, key)) > 0);
  return strtod(field(msg, key), NULL);
}

int drain(world_t* world) {
  int count = 0;
  ami_item_t item;
  while (ami_queue_poll(world->queue, &item, 1, 0) == 1) {
    ami_queue_release(&item, 1);
    ++count;
  }
  return count;
}

const ami_msg_t* last_of(sink_t* sink) {
  return message_at(sink, count_of(sink) - 1);
}

const char* names(sink_t* sink) {
  static char text[8192];
  text[0] = '\0';
  const size_t count = count_of(sink);
  for (size_t i = 0; i < count; ++i) {
    const char* name = ami_msg_name(message_at(sink, i));
    if (strlen(text) + strlen(name) + 2 > sizeof text) fail_msg("more names than fit: %s", text);
    if (i > 0) strcat(text, " ");
    strcat(text, name);
  }
  return text;
}
