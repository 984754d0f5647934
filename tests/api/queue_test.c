/* Queue delivery: ami_queue_*(), its descriptor, and many clients of one queue. */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "api_client.h"

#define HELLO "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n"

static bool is_readable(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  assert_true(poll(&entry, 1, 0) >= 0);
  return (entry.revents & POLLIN) != 0;
}

/* Polls one item, which has to be there. */
static ami_item_t poll_one(world_t* world) {
  ami_item_t item;
  memset(&item, 0xff, sizeof item);
  assert_int_equal(ami_queue_poll(world->queue, &item, 1, WAIT_MS), 1);
  return item;
}

/* ------------------------------------------------------------------------------------------------ items */

static void an_item_tells_whose_it_is(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "identifier", "pbx1", NULL);
  settle(world, client);
  int user = 0;
  uint64_t sub = 0;
  assert_int_equal(ami_on(client, "Hello", NULL, &user, NULL, &sub), 0);
  emit(world, "Hello");
  ami_item_t item = poll_one(world);
  assert_int_equal(item.kind, AMI_ITEM_EVENT);
  assert_int_equal(item.client, ami_id(client));
  assert_int_equal(item.id, sub);
  assert_ptr_equal(item.user, &user);
  assert_null(item.reply);
  assert_string_equal(ami_msg_name(item.msg), "Hello");
  assert_string_equal(ami_msg_label(item.msg), "pbx1");
  ami_queue_release(&item, 1);

  uint64_t id = 0;
  int other = 0;
  ami_action_t* list = action("CoreShowChannels", "Items", "1", NULL);
  assert_int_equal(ami_send_each(client, list, NULL, NULL, &other, NULL, &id), 0);
  ami_action_free(list);
  item = poll_one(world);
  assert_int_equal(item.kind, AMI_ITEM_LISTITEM);
  assert_int_equal(item.id, id);
  assert_ptr_equal(item.user, &other);
  assert_null(item.reply);
  assert_string_equal(ami_msg_name(item.msg), "CoreShowChannel");
  ami_queue_release(&item, 1);
  item = poll_one(world);
  assert_int_equal(item.kind, AMI_ITEM_REPLY);
  assert_int_equal(item.client, ami_id(client));
  assert_int_equal(item.id, id);
  assert_ptr_equal(item.user, &other);
  assert_null(item.msg);
  assert_int_equal(ami_reply_id(item.reply), id);
  ami_queue_release(&item, 1);
  world_end(world);
}

static void there_is_one_item_for_each_subscription(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  uint64_t subs[3];
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, &subs[0]), 0);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, &subs[1]), 0);
  assert_int_equal(ami_on(client, "H*", NULL, NULL, NULL, &subs[2]), 0);
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 3);
  ami_item_t items[4];
  assert_int_equal(ami_queue_poll(world->queue, items, 4, 0), 3);
  for (int i = 0; i < 3; ++i) {
    assert_int_equal(items[i].id, subs[i]);
    assert_ptr_equal(items[i].msg, items[0].msg); /* one message, counted */
  }
  ami_queue_release(items, 3);
  world_end(world);
}

static void polling_takes_no_more_than_asked_for(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  ami_item_t items[1000];
  assert_int_equal(ami_queue_poll(world->queue, items, 1000, 0), 0);
  ami_mock_emit_many(world->mock, HELLO, 700);
  until_stat(client, AMI_STAT_QUEUED, 700);
  assert_int_equal(ami_queue_poll(world->queue, items, 0, 0), 0);
  assert_int_equal(ami_queue_poll(world->queue, NULL, 0, 0), 0);
  assert_error(ami_queue_poll(world->queue, NULL, 1, 0), AMI_EINVAL);
  assert_error(ami_queue_poll(NULL, items, 1, 0), AMI_EINVAL);
  assert_error(ami_queue_dispatch(NULL, 1, 0), AMI_EINVAL);
  assert_int_equal(ami_queue_poll(world->queue, items, 5, 0), 5);
  assert_int_equal(ami_queue_poll(world->queue, items + 5, 995, 0), 695);
  for (int i = 0; i < 700; ++i) assert_int_equal(atoi(field(items[i].msg, "N")), i);
  assert_int_equal(ami_queue_poll(world->queue, items, 1, 0), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), 0);
  ami_queue_release(items, 700);
  ami_queue_release(NULL, 0);
  world_end(world);
}

static void an_item_keeps_its_user(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* sink = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, HELLO, 2);
  ami_item_t items[2] = {poll_one(world), poll_one(world)};
  assert_int_equal(ami_off(client, sink->id), 0);
  assert_int_equal(sink->releases, 0); /* the application has it in its hands */
  ami_queue_release(items, 1);
  assert_int_equal(sink->releases, 0);
  ami_msg_t* kept = ami_msg_ref(items[1].msg);
  ami_queue_release(items + 1, 1);
  assert_int_equal(sink->releases, 1);
  assert_string_equal(field(kept, "N"), "1"); /* a message may be kept for longer */
  ami_msg_unref(kept);
  world_end(world);
}

static void an_item_outlives_its_client(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* sink = listen_to(world, client, "Hello");
  emit(world, "Hello");
  ami_item_t held = poll_one(world);
  ami_mock_fault(world->mock, "no_response", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  const uint64_t id = ami_id(client);
  client_destroy(world, client);
  assert_int_equal(sink->releases, 0);
  assert_string_equal(ami_msg_name(held.msg), "Hello");
  ami_queue_release(&held, 1);
  assert_int_equal(sink->releases, 1);
  ami_item_t item = poll_one(world);
  assert_int_equal(item.client, id);
  assert_int_equal(item.id, sent->id);
  assert_error(ami_reply_status(item.reply), AMI_ECLOSED);
  on_reply(NULL, item.reply, item.user);
  assert_int_equal(sent->releases, 0);
  ami_queue_release(&item, 1);
  assert_int_equal(sent->releases, 1);
  world_end(world);
}

static void dispatching_runs_the_callbacks_here(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* sink = listen_to(world, client, "Hello");
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0); /* nothing to call, but an item */
  ami_mock_emit_many(world->mock, HELLO, 10);
  until_stat(client, AMI_STAT_QUEUED, 20);
  assert_int_equal(count_of(sink), 0);
  assert_int_equal(ami_queue_dispatch(world->queue, 0, 0), 0);
  assert_int_equal(ami_queue_dispatch(world->queue, 3, 0), 3);
  assert_int_equal(count_of(sink), 2);
  assert_true(pthread_equal(sink->thread, pthread_self()));
  assert_int_equal(ami_queue_dispatch(world->queue, 100, 0), 17);
  assert_int_equal(count_of(sink), 10);
  assert_int_equal(ami_queue_dispatch(world->queue, 100, 0), 0);
  world_end(world);
}

static void* poll_for_ever(void* data) {
  world_t* world = data;
  ami_item_t item;
  const int count = ami_queue_poll(world->queue, &item, 1, -1);
  if (count == 1) ami_queue_release(&item, 1);
  return (void*)(intptr_t)count;
}

static void polling_waits_for_the_first(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) assert_int_equal(pthread_create(&threads[i], NULL, poll_for_ever, world), 0);
  ami_mock_emit_many(world->mock, HELLO, 3);
  for (int i = 0; i < 3; ++i) {
    void* count = NULL;
    pthread_join(threads[i], &count);
    assert_int_equal((intptr_t)count, 1);
  }
  assert_int_equal(drain(world), 0); /* each was taken once */
  world_end(world);
}

static void chosen_fields_come_in_one_call(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  ami_mock_emit_many(world->mock, HELLO, 2);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  ami_item_t items[3] = {poll_one(world), poll_one(world), poll_one(world)};
  const char* keys[] = {"n", "EVENT", "Ping", "Missing"};
  ami_field_t out[12];
  assert_int_equal(ami_items_get(items, 3, keys, 4, out), 0);
  assert_string_equal(out[0].value, "0");
  assert_string_equal(out[0].key, "N");
  assert_int_equal(out[0].value_len, 1);
  assert_string_equal(out[1].value, "Hello");
  assert_null(out[2].key);
  assert_null(out[3].value);
  assert_string_equal(out[4].value, "1");
  assert_null(out[8].value); /* of a reply the response is looked at */
  assert_string_equal(out[10].value, "Pong");
  assert_int_equal(ami_items_get(NULL, 0, keys, 4, NULL), 0);
  assert_int_equal(ami_items_get(items, 3, NULL, 0, NULL), 0);
  assert_error(ami_items_get(items, 3, keys, 4, NULL), AMI_EINVAL);
  assert_error(ami_items_get(NULL, 3, keys, 4, out), AMI_EINVAL);
  assert_error(ami_items_get(items, 3, NULL, 4, out), AMI_EINVAL);
  on_reply(client, items[2].reply, sent);
  ami_queue_release(items, 3);
  world_end(world);
}

/* --------------------------------------------------------------------------------- descriptor and wake-up */

static void the_descriptor_is_readable_while_there_is_something(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  const int fd = ami_queue_fd(world->queue);
  assert_true(fd >= 0);
  assert_int_equal(ami_queue_fd(world->queue), fd);
  assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  assert_error(ami_queue_fd(NULL), AMI_EINVAL);
  assert_false(is_readable(fd));
  sink_t* sink = listen_to(world, client, "Hello");
  for (int round = 0; round < 5; ++round) {
    ami_mock_emit_many(world->mock, HELLO, 3);
    until_stat(client, AMI_STAT_QUEUED, 3);
    assert_true(is_readable(fd));
    assert_true(is_readable(fd)); /* and stays so: level-triggered */
    ami_item_t item = poll_one(world);
    ami_queue_release(&item, 1);
    assert_true(is_readable(fd));
    if (round % 2 == 0) {
      assert_int_equal(drain(world), 2);
    } else {
      assert_int_equal(ami_queue_dispatch(world->queue, 10, 0), 2);
    }
    assert_false(is_readable(fd));
  }
  /* What is left is nothing when its handler has gone. */
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 1);
  assert_int_equal(ami_off(client, sink->id), 0);
  assert_int_equal(drain(world), 0);
  assert_false(is_readable(fd));
  /* Nor when the client has. */
  listen_to(world, client, "Hello");
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 1);
  assert_true(is_readable(fd));
  client_destroy(world, client);
  assert_false(is_readable(fd));
  world_end(world);
}

static void the_descriptor_may_be_asked_for_late(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  listen_to(world, client, "Hello");
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 1);
  const int fd = ami_queue_fd(world->queue);
  assert_true(is_readable(fd));
  assert_int_equal(drain(world), 1);
  assert_false(is_readable(fd));
  world_end(world);
}

static pthread_mutex_t wake_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

static void on_wake(void* user) {
  pthread_mutex_lock(&wake_mutex);
  ++*(int*)user;
  pthread_cond_broadcast(&woken);
  pthread_mutex_unlock(&wake_mutex);
}

static void until_woken(const int* wakes, int count) {
  pthread_mutex_lock(&wake_mutex);
  while (*wakes < count) pthread_cond_wait(&woken, &wake_mutex);
  pthread_mutex_unlock(&wake_mutex);
}

static int wakes_of(const int* wakes) {
  pthread_mutex_lock(&wake_mutex);
  const int count = *wakes;
  pthread_mutex_unlock(&wake_mutex);
  return count;
}

static void count_release(void* user) {
  pthread_mutex_lock(&wake_mutex);
  *(int*)user += 1000;
  pthread_cond_broadcast(&woken);
  pthread_mutex_unlock(&wake_mutex);
}

/* How many bytes there are to read, waiting for the first; 0 when it has ended. */
static int rings(int fd) {
  char bytes[16];
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  assert_int_equal(poll(&entry, 1, WAIT_MS), 1);
  const ssize_t count = read(fd, bytes, sizeof bytes);
  assert_true(count >= 0);
  return (int)count;
}

static void the_stream_rings_when_the_queue_fills(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  const int fd = ami_queue_stream(world->queue);
  assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  assert_int_equal(rings(fd), 1); /* for what was there already */
  assert_false(is_readable(fd));
  emit(world, "Hello");
  assert_int_equal(rings(fd), 1);
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 2);
  assert_false(is_readable(fd)); /* it was not empty */
  assert_int_equal(drain(world), 2);
  emit(world, "Hello");
  assert_int_equal(rings(fd), 1);
  assert_int_equal(drain(world), 1);
  /* Nobody reads any more: that is no trouble. */
  close(fd);
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 1);
  assert_int_equal(drain(world), 1);
  world_end(world);
}

static void the_stream_ends_with_the_queue(void** state) {
  (void)state;
  ami_queue_t* queue = ami_queue_new();
  const int first = ami_queue_stream(queue);
  assert_int_equal(rings(first), 1);
  const int second = ami_queue_stream(queue);
  assert_int_equal(rings(first), 0); /* the second has taken its place */
  assert_int_equal(rings(second), 1);
  assert_int_equal(ami_queue_free(queue), 0);
  assert_int_equal(rings(second), 0);
  close(first);
  close(second);
  assert_error(ami_queue_stream(NULL), AMI_EINVAL);
}

static void the_wake_up_tells_of_the_first_item(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  drain(world);
  int first = 0;
  int second = 0;
  assert_int_equal(ami_queue_on_wake(world->queue, on_wake, &first, count_release), 0);
  listen_to(world, client, "Hello");
  for (int round = 1; round <= 3; ++round) {
    emit(world, "Hello");
    until_woken(&first, round);
    emit(world, "Hello");
    emit(world, "Hello");
    until_stat(client, AMI_STAT_QUEUED, 3);
    assert_int_equal(wakes_of(&first), round); /* it was not empty */
    assert_int_equal(drain(world), 3);
  }
  assert_int_equal(ami_queue_on_wake(world->queue, on_wake, &second, count_release), 0);
  until_woken(&first, 1003); /* released, once, when no call is under way */
  emit(world, "Hello");
  until_woken(&second, 1);
  assert_int_equal(ami_queue_on_wake(world->queue, NULL, NULL, NULL), 0);
  until_woken(&second, 1001);
  assert_int_equal(drain(world), 1);
  emit(world, "Hello");
  until_stat(client, AMI_STAT_QUEUED, 1);
  assert_int_equal(wakes_of(&second), 1001);
  int third = 0;
  assert_error(ami_queue_on_wake(NULL, on_wake, &third, count_release), AMI_EINVAL);
  assert_int_equal(third, 1000);
  int last = 0;
  assert_int_equal(ami_queue_on_wake(world->queue, on_wake, &last, count_release), 0);
  assert_int_equal(wakes_of(&first), 1003);
  world_end(world);
  assert_true(last >= 1000 && last < 2000); /* the queue's end releases it */
}

/* ----------------------------------------------------------------------------------------- many clients */

static void many_clients_share_a_queue(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* clients[8];
  sink_t* sinks[8];
  for (int i = 0; i < 8; ++i) {
    clients[i] = client_ready(world, NULL);
    settle(world, clients[i]);
    sinks[i] = listen_to(world, clients[i], "Hello");
  }
  ami_mock_emit_many(world->mock, HELLO, 50);
  for (int i = 0; i < 8; ++i) until_count(world, sinks[i], 50);
  for (int i = 0; i < 8; ++i) {
    for (size_t n = 0; n < 50; ++n) assert_int_equal(atoi(field(message_at(sinks[i], n), "N")), n);
  }
  /* Some go; the others stay. */
  for (int i = 0; i < 4; ++i) client_destroy(world, clients[i]);
  emit(world, "Hello");
  for (int i = 4; i < 8; ++i) until_count(world, sinks[i], 51);
  for (int i = 0; i < 4; ++i) assert_int_equal(count_of(sinks[i]), 50);
  world_end(world);
}

static void a_flood_of_one_leaves_the_others_their_turn(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* one = client_ready(world, NULL);
  ami_t* two = client_ready(world, NULL);
  settle(world, one);
  settle(world, two);
  assert_int_equal(ami_on(one, "Hello", NULL, NULL, NULL, NULL), 0);
  ami_mock_emit_many(world->mock, HELLO, 2000);
  until_stat(one, AMI_STAT_QUEUED, 2000);
  assert_int_equal(ami_on(two, "Rare", NULL, NULL, NULL, NULL), 0);
  emit(world, "Rare");
  until_stat(two, AMI_STAT_QUEUED, 1);
  int place = 0;
  for (bool found = false; !found; ++place) {
    ami_item_t item = poll_one(world);
    found = item.client == ami_id(two);
    ami_queue_release(&item, 1);
  }
  assert_true(place < 500);
  drain(world);
  world_end(world);
}

static void a_queue_outlives_its_clients(void** state) {
  world_t* world = world_new(state, NULL);
  ami_queue_t* queue = ami_queue_new();
  assert_int_equal(ami_queue_free(NULL), 0);
  ami_t* client = ami_new();
  assert_int_equal(ami_set_queue(client, queue), 0);
  assert_error(ami_queue_free(queue), AMI_ESTATE); /* attached is attached, connected or not */
  assert_error(ami_set_queue(client, world->queue), AMI_ESTATE);
  assert_true(strlen(detail(client)) > 0);
  assert_error(ami_set_queue(client, NULL), AMI_EINVAL);
  ami_destroy(client);
  assert_int_equal(ami_queue_free(queue), 0);

  client = ami_new();
  assert_error(ami_set_queue(NULL, world->queue), AMI_EINVAL);
  client_set(client, "host", "127.0.0.1");
  assert_error(ami_connect(client), 0); /* thread delivery is chosen with it */
  assert_error(ami_set_queue(client, world->queue), AMI_ESTATE);
  ami_destroy(client);
  world_end(world);
}

/* Also what nobody took is released. */
static void freeing_a_queue_releases_what_is_left(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* hellos = listen_to(world, client, "Hello");
  emit(world, "Hello");
  sink_t* sent = sink_new(world, client);
  ami_action_t* ping = action("Ping", NULL);
  assert_int_equal(ami_send(client, ping, on_reply, sent, on_release, NULL), 0);
  ami_action_free(ping);
  until_stat(client, AMI_STAT_QUEUED, 2);
  client_destroy(world, client);
  assert_int_equal(hellos->releases, 1);
  assert_int_equal(sent->releases, 0);
  assert_int_equal(ami_queue_free(world->queue), 0);
  world->queue = NULL;
  assert_int_equal(sent->releases, 1);
  assert_int_equal(sent->replies, 0);
  world_end(world);
}

/* Consumers on many threads, with clients that come and go. */
typedef struct {
  world_t* world;
  bool over;
} consumer_t;

static pthread_mutex_t over_mutex = PTHREAD_MUTEX_INITIALIZER;

static void* consume(void* data) {
  consumer_t* consumer = data;
  for (bool over = false; !over;) {
    ami_queue_dispatch(consumer->world->queue, 16, 1);
    pthread_mutex_lock(&over_mutex);
    over = consumer->over;
    pthread_mutex_unlock(&over_mutex);
  }
  return NULL;
}

static void many_threads_dispatch(void** state) {
  world_t* world = world_new(state, NULL);
  consumer_t consumer = {world, false};
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) assert_int_equal(pthread_create(&threads[i], NULL, consume, &consumer), 0);
  for (int round = 0; round < 10; ++round) {
    ami_t* client = client_ready(world, NULL);
    sink_t* sink = listen_to(world, client, "Hello");
    settle(world, client);
    ami_mock_emit_many(world->mock, HELLO, 100);
    if (round % 2 == 0) until_count(world, sink, 100);
    client_destroy(world, client);
    assert_true(count_of(sink) <= 100);
    until_released(world, sink);
  }
  pthread_mutex_lock(&over_mutex);
  consumer.over = true;
  pthread_mutex_unlock(&over_mutex);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN(an_item_tells_whose_it_is, BY_POLL),
    IN(there_is_one_item_for_each_subscription, BY_POLL),
    IN(polling_takes_no_more_than_asked_for, BY_POLL),
    IN(an_item_keeps_its_user, BY_POLL),
    IN(an_item_outlives_its_client, BY_POLL),
    IN(dispatching_runs_the_callbacks_here, BY_DISPATCH),
    IN(polling_waits_for_the_first, BY_POLL),
    IN(chosen_fields_come_in_one_call, BY_POLL),
    IN(the_descriptor_is_readable_while_there_is_something, BY_POLL),
    IN(the_descriptor_may_be_asked_for_late, BY_POLL),
    IN(the_stream_rings_when_the_queue_fills, BY_POLL),
    cmocka_unit_test(the_stream_ends_with_the_queue),
    IN(the_wake_up_tells_of_the_first_item, BY_POLL),
    IN_QUEUES(many_clients_share_a_queue),
    IN(a_flood_of_one_leaves_the_others_their_turn, BY_POLL),
    IN(a_queue_outlives_its_clients, BY_POLL),
    IN(freeing_a_queue_releases_what_is_left, BY_POLL),
    IN(many_threads_dispatch, BY_DISPATCH),
};
RUN(tests)
