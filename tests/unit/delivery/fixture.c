#include "fixture.h"

#include <stdlib.h>

core_queue_t* queue;
core_lane_t* lane;
core_handler_t* handler;
core_handler_t* replies;
int released;
static char calls[16384];

static void note(const char* format, unsigned long long number) {
  const size_t length = strlen(calls);
  if (length > 0) strcat(calls, " ");
  snprintf(calls + strlen(calls), sizeof calls - length - 2, format, number);
}

static void on_event(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)user;
  note("e%llu", core_number(msg));
}

static void on_reply(ami_t* client, const ami_reply_t* given, void* user) {
  (void)client;
  (void)user;
  note("r%llu", core_reply_action(given));
}

static void on_release(void* user) {
  ++*(int*)user;
}

core_handler_t* new_handler(uint64_t id) {
  return core_handler_new(id, on_event, NULL, NULL, &released, on_release);
}

void new_replies(void) {
  core_handler_free(replies);
  replies = core_handler_new(9, NULL, on_reply, NULL, &released, on_release);
}

int setup(void** state) {
  (void)state;
  released = 0;
  calls[0] = '\0';
  queue = core_queue_new();
  lane = core_lane_new(queue, 1);
  handler = new_handler(5);
  replies = NULL;
  new_replies();
  return 0;
}

int teardown(void** state) {
  (void)state;
  if (lane != NULL) drop_lane(lane);
  lane = NULL;
  core_queue_free(queue);
  core_handler_free(handler);
  core_handler_free(replies);
  return 0;
}

void called_some(void) {
  assert_true(calls[0] != '\0');
  calls[0] = '\0';
}

void drop_lane(core_lane_t* of) {
  core_lane_close(of, NULL, NULL);
  core_lane_forget_client(of);
  core_lane_free(of);
}

void reply(core_lane_t* of, uint64_t action) {
  assert_int_equal(core_lane_reserve_reply(of), 0);
  core_lane_reply(of, replies, action);
}

void events(core_lane_t* of, uint64_t first, uint64_t last) {
  for (uint64_t number = first; number <= last; number++) core_lane_event(of, handler, number);
  core_lane_commit(of);
}

void holds(const char* words) {
  char found[4096];
  core_queue_poll(queue, 1000, 0, found, sizeof found);
  assert_string_equal(found, words);
}

void called(const char* words) {
  assert_string_equal(calls, words);
  calls[0] = '\0';
}
