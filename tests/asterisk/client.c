#include "client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char* server_value(const char* name) {
  const char* value = getenv(name);
  if (value == NULL) fail_msg("%s is not set: start this program by tests/asterisk/run", name);
  return value;
}

int server_version(void) {
  return atoi(server_value("ASTERISK_VERSION"));
}

void client_set(ami_t* client, const char* name, const char* value) {
  int result = ami_set(client, name, value);
  if (result == 0) return;
  char detail[512];
  ami_detail(client, detail, sizeof detail);
  fail_msg("%s = %s: %s: %s", name, value, ami_err_name(result), detail);
}

ami_t* client_new(const char* user) {
  ami_t* client = ami_new();
  assert_non_null(client);
  client_set(client, "host", server_value("ASTERISK_HOST"));
  client_set(client, "port", server_value("ASTERISK_PORT"));
  client_set(client, "username", user);
  client_set(client, "password", "secret");
  return client;
}

void client_connect(ami_t* client) {
  assert_int_equal(ami_connect(client), 0);
  int result = ami_wait(client, WAIT_MS);
  if (result == 0) return;
  char detail[512];
  ami_detail(client, detail, sizeof detail);
  fail_msg("not ready: %s: %s", ami_err_name(result), detail);
}

void client_refused(ami_t* client, int error) {
  assert_int_equal(ami_connect(client), 0);
  assert_string_equal(ami_err_name(ami_wait(client, WAIT_MS)), ami_err_name(error));
}

ami_t* client_ready(const char* user) {
  ami_t* client = client_new(user);
  client_connect(client);
  return client;
}

void client_end(ami_t* client) {
  ami_destroy(client);
}

static ami_action_t* action_of(const char* name, va_list fields) {
  ami_action_t* made = ami_action_new(name);
  assert_non_null(made);
  for (const char* key = va_arg(fields, const char*); key != NULL; key = va_arg(fields, const char*)) {
    const char* value = va_arg(fields, const char*);
    if (ami_action_add(made, key, value) != 0) fail_msg("%s: %s: %s", name, key, ami_action_detail(made));
  }
  return made;
}

ami_action_t* action(const char* name, ...) {
  va_list fields;
  va_start(fields, name);
  ami_action_t* made = action_of(name, fields);
  va_end(fields);
  return made;
}

ami_reply_t* call_action(ami_t* client, ami_action_t* made) {
  ami_reply_t* reply = NULL;
  int result = ami_call(client, made, &reply);
  ami_action_free(made);
  if (result != 0) {
    char detail[512];
    ami_detail(client, detail, sizeof detail);
    fail_msg("no reply: %s: %s", ami_err_name(result), detail);
  }
  assert_non_null(reply);
  return reply;
}

ami_reply_t* call(ami_t* client, const char* name, ...) {
  va_list fields;
  va_start(fields, name);
  ami_action_t* made = action_of(name, fields);
  va_end(fields);
  return call_action(client, made);
}

int call_status(ami_t* client, const char* name, ...) {
  va_list fields;
  va_start(fields, name);
  ami_action_t* made = action_of(name, fields);
  va_end(fields);
  ami_reply_t* reply = call_action(client, made);
  int status = ami_reply_status(reply);
  ami_reply_unref(reply);
  return status;
}

const char* response_field(const ami_reply_t* reply, const char* key) {
  const char* value = ami_msg_get(ami_reply_response(reply), key, NULL);
  return value != NULL ? value : "";
}

/* What callbacks of the library's threads write and the test waits for. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static struct timespec deadline(void) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += WAIT_MS / 1000;
  return end;
}

struct pending {
  ami_reply_t* reply;
  int replies, released;
};

static void on_reply(ami_t* client, const ami_reply_t* reply, void* user) {
  (void)client;
  pending_t* pending = user;
  pthread_mutex_lock(&mutex);
  if (pending->replies++ == 0) pending->reply = ami_reply_ref(reply);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void on_release(void* user) {
  pending_t* pending = user;
  pthread_mutex_lock(&mutex);
  pending->released++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

pending_t* send_action(ami_t* client, ami_action_t* made) {
  pending_t* pending = calloc(1, sizeof *pending);
  assert_non_null(pending);
  assert_string_equal(ami_err_name(ami_send(client, made, on_reply, pending, on_release, NULL)), "AMI_OK");
  ami_action_free(made);
  return pending;
}

const ami_reply_t* pending_wait(pending_t* pending) {
  struct timespec end = deadline();
  int late = 0;
  pthread_mutex_lock(&mutex);
  while (pending->released == 0 && late == 0) late = pthread_cond_timedwait(&changed, &mutex, &end);
  pthread_mutex_unlock(&mutex);
  if (late != 0) fail_msg("an action has no reply after %d s", WAIT_MS / 1000);
  return pending->reply;
}

int pending_is_over(pending_t* pending) {
  pthread_mutex_lock(&mutex);
  int over = pending->released > 0;
  pthread_mutex_unlock(&mutex);
  return over;
}

int pending_free(pending_t* pending) {
  pending_wait(pending);
  int replies = pending->replies;
  assert_int_equal(pending->released, 1);
  ami_reply_unref(pending->reply);
  free(pending);
  return replies;
}

struct recorder {
  char* name;
  ami_msg_t** messages;
  size_t count, capacity;
};

static void on_message(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  recorder_t* recorder = user;
  pthread_mutex_lock(&mutex);
  if (recorder->count == recorder->capacity) {
    recorder->capacity = recorder->capacity * 2 + 64;
    recorder->messages = realloc(recorder->messages, recorder->capacity * sizeof *recorder->messages);
    if (recorder->messages == NULL) abort();
  }
  recorder->messages[recorder->count++] = ami_msg_ref(msg);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void recorder_free(void* user) {
  recorder_t* recorder = user;
  for (size_t i = 0; i < recorder->count; i++) ami_msg_unref(recorder->messages[i]);
  free(recorder->messages);
  free(recorder->name);
  free(recorder);
}

recorder_t* record(ami_t* client, const char* name) {
  recorder_t* recorder = calloc(1, sizeof *recorder);
  assert_non_null(recorder);
  recorder->name = strdup(name);
  assert_int_equal(ami_on(client, name, on_message, recorder, recorder_free, NULL), 0);
  return recorder;
}

size_t recorded(recorder_t* recorder) {
  pthread_mutex_lock(&mutex);
  size_t count = recorder->count;
  pthread_mutex_unlock(&mutex);
  return count;
}

const ami_msg_t* recorded_at(recorder_t* recorder, size_t index) {
  pthread_mutex_lock(&mutex);
  const ami_msg_t* msg = index < recorder->count ? recorder->messages[index] : NULL;
  pthread_mutex_unlock(&mutex);
  assert_non_null(msg);
  return msg;
}

const ami_msg_t* await_field(recorder_t* recorder, const char* key, const char* value) {
  struct timespec end = deadline();
  const ami_msg_t* found = NULL;
  size_t next = 0;
  int late = 0;
  pthread_mutex_lock(&mutex);
  while (late == 0) {
    while (found == NULL && next < recorder->count) {
      const ami_msg_t* msg = recorder->messages[next++];
      const char* field = ami_msg_get(msg, key, NULL);
      if (field != NULL && strcmp(field, value) == 0) found = msg;
    }
    if (found != NULL) break;
    late = pthread_cond_timedwait(&changed, &mutex, &end);
  }
  pthread_mutex_unlock(&mutex);
  if (found == NULL) fail_msg("no %s with %s: %s after %d s", recorder->name, key, value, WAIT_MS / 1000);
  return found;
}

void await_count(recorder_t* recorder, size_t count) {
  struct timespec end = deadline();
  int late = 0;
  pthread_mutex_lock(&mutex);
  while (recorder->count < count && late == 0) late = pthread_cond_timedwait(&changed, &mutex, &end);
  size_t seen = recorder->count;
  pthread_mutex_unlock(&mutex);
  if (seen < count) fail_msg("%zu of %zu %s after %d s", seen, count, recorder->name, WAIT_MS / 1000);
}
