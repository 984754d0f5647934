/* A client whose delivery is chosen, and which connects for the first time, while other threads use it
   already. Each accepted action gets one reply, and each user is released once. */
#include "threads.h"

enum { CLIENTS = 25, USERS = 2 };

typedef struct {
  ami_t* client;
  atomic_bool started;
  atomic_int accepted, replies, users, releases, wrong;
} choice_t;

static void count_reply(ami_t* client, const ami_reply_t* reply, void* data) {
  (void)client;
  (void)reply;
  choice_t* choice = data;
  atomic_fetch_add(&choice->replies, 1);
}

static void count_release(void* data) {
  choice_t* choice = data;
  atomic_fetch_add(&choice->releases, 1);
}

static void* use(void* data) {
  choice_t* choice = data;
  ami_action_t* ping = action("Ping", NULL);
  ami_reply_t* reply = NULL;
  int result = AMI_ESTATE;
  while (result == AMI_ESTATE) {
    atomic_fetch_add(&choice->users, 1);
    result = ami_send(choice->client, ping, count_reply, choice, count_release, NULL);
    choice->started = true;
    if (ami_stat(choice->client, AMI_STAT_DROPPED) != 0) atomic_fetch_add(&choice->wrong, 1);
    ami_wait(choice->client, 0);
  }
  if (result != 0 || ami_call(choice->client, ping, &reply) != 0) atomic_fetch_add(&choice->wrong, 1);
  ami_reply_unref(reply);
  atomic_fetch_add(&choice->accepted, 1);
  ami_action_free(ping);
  return NULL;
}

static void take(world_t* world) {
  ami_item_t items[16];
  if (world->way != BY_POLL) return step(world);
  const int count = ami_queue_poll(world->queue, items, 16, 1);
  assert_true(count >= 0);
  for (int i = 0; i < count; ++i) {
    if (items[i].kind == AMI_ITEM_REPLY) count_reply(NULL, items[i].reply, items[i].user);
  }
  ami_queue_release(items, (size_t)count);
}

static void one_choice(world_t* world) {
  pthread_t threads[USERS];
  choice_t choice = {.client = client_without_delivery(world)};
  client_set(choice.client, "offline", "queue");
  for (int i = 0; i < USERS; ++i) assert_int_equal(pthread_create(&threads[i], NULL, use, &choice), 0);
  while (!choice.started) sched_yield();
  choose_delivery(world, choice.client);
  assert_error(ami_connect(choice.client), 0);
  for (int i = 0; choice.accepted < USERS || choice.replies < USERS || choice.releases < choice.users; ++i) {
    if (i > WAIT_MS) fail_msg("%d replies, %d of %d released", choice.replies, choice.releases, choice.users);
    take(world);
  }
  for (int i = 0; i < USERS; ++i) pthread_join(threads[i], NULL);
  assert_int_equal(choice.replies, USERS);
  assert_int_equal(choice.wrong, 0);
  client_destroy(world, choice.client);
}

static void used_before_it_is_chosen(void** state) {
  world_t* world = world_new(state, NULL);
  for (int i = 0; i < CLIENTS * rounds; ++i) one_choice(world);
  world_end(world);
}

static const struct CMUnitTest tests[] = {IN_ALL(used_before_it_is_chosen)};
RUN_ROUNDS(tests)
