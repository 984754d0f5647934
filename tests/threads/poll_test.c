/* ami_destroy() while other threads wait at the queue, take from it, and hold what they took. */
#include "threads.h"

#define HELLO "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n"
enum { CONSUMERS = 3, CLIENTS = 10 };

typedef struct {
  world_t* world;
  atomic_bool over;
  atomic_long taken, wrong;
} consumers_t;

/* Takes, and looks at what it took when the client may be gone. */
static void* take_and_hold(void* data) {
  consumers_t* consumers = data;
  ami_item_t items[64];
  while (!consumers->over) {
    int count = 0;
    for (int more = 1; more > 0 && count < 48; count += more) {
      more = ami_queue_poll(consumers->world->queue, items + count, 16, 1);
      if (more < 0) atomic_fetch_add(&consumers->wrong, 1);
    }
    for (int i = 0; i < count; ++i) {
      if (items[i].kind == AMI_ITEM_REPLY) {
        on_reply(NULL, items[i].reply, items[i].user);
      } else if (strcmp(ami_msg_name(items[i].msg), "Hello") != 0) {
        atomic_fetch_add(&consumers->wrong, 1);
      }
      atomic_fetch_add(&consumers->taken, 1);
    }
    ami_queue_release(items, (size_t)count);
  }
  return NULL;
}

static void while_others_take(void** state) {
  world_t* world = world_new(state, NULL);
  consumers_t consumers = {.world = world};
  pthread_t threads[CONSUMERS];
  for (int i = 0; i < CONSUMERS; ++i) {
    assert_int_equal(pthread_create(&threads[i], NULL, take_and_hold, &consumers), 0);
  }
  for (int i = 0; i < CLIENTS * rounds; ++i) {
    ami_t* client = client_ready(world, NULL);
    sink_t* hellos = listen_to(world, client, "Hello");
    ami_mock_fault(world->mock, "no_response", 1);
    sink_t* sent = send_action(world, client, action("CoreStatus", NULL));
    ami_mock_emit_many(world->mock, HELLO, 200);
    if (i % 2 == 0) until_stat(client, AMI_STAT_EVENTS, 100);
    client_destroy(world, client);
    until_released(world, hellos);
    until_released(world, sent);
    ami_mock_clear(world->mock);
  }
  consumers.over = true;
  for (int i = 0; i < CONSUMERS; ++i) pthread_join(threads[i], NULL);
  assert_int_equal(consumers.wrong, 0);
  assert_true(consumers.taken > CLIENTS);
  world_end(world);
}

/* Who waits without end gets the replies, and goes on waiting until there are some. */
static void* wait_for_one(void* data) {
  ami_item_t item;
  const int count = ami_queue_poll(data, &item, 1, -1);
  if (count != 1 || item.kind != AMI_ITEM_REPLY) return NULL;
  const int status = ami_reply_status(item.reply);
  on_reply(NULL, item.reply, item.user);
  ami_queue_release(&item, 1);
  return (void*)(intptr_t)status;
}

static void while_others_wait(void** state) {
  for (int round = 0; round < 10 * rounds; ++round) {
    world_t* world = world_new(state, NULL);
    pthread_t thread;
    void* status = NULL;
    ami_t* client = client_ready(world, NULL);
    ami_mock_fault(world->mock, "no_response", 1);
    sink_t* sent = send_action(world, client, action("CoreStatus", NULL));
    until_mock(world, "action:CoreStatus", 1);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_one, world->queue), 0);
    client_destroy(world, client);
    pthread_join(thread, &status);
    assert_error((intptr_t)status, AMI_ECLOSED);
    assert_reply(sent->reply, AMI_ECLOSED, AMI_MAYBE_RUN);
    world_end(world);
  }
}

static const struct CMUnitTest tests[] = {
    IN(while_others_take, BY_POLL),
    IN(while_others_wait, BY_POLL),
};
RUN_ROUNDS(tests)
