/* Many threads do everything at once with one client: send, cancel, call, add and remove handlers, ask,
   disconnect and connect, while events flood, the server hangs up now and then, and other clients come and
   are destroyed inside their own handlers. Each accepted action gets one reply, and each user is released
   once. */
#include "threads.h"

enum { WORKERS = 4, CONSUMERS = 2, OPERATIONS = 500 };
#define HELLO "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n"

typedef struct {
  world_t* world;
  ami_t* client;
  atomic_int working; /* workers that have not finished */
  atomic_bool over;   /* the consumers are to end */
  atomic_long accepted, replies, items, users, releases, wrong;
} storm_t;

/* The user of an action or a handler, freed when it is released. */
typedef struct {
  storm_t* storm;
  atomic_int replies;
  bool sends; /* a handler that sends an action with each event */
} user_t;

static void on_any_event(ami_t* client, const ami_msg_t* msg, void* data);

static user_t* user_new(storm_t* storm) {
  user_t* user = calloc(1, sizeof *user);
  user->storm = storm;
  atomic_fetch_add(&storm->users, 1);
  return user;
}

static void on_user_release(void* data) {
  user_t* user = data;
  atomic_fetch_add(&user->storm->releases, 1);
  free(user);
}

static void on_any_reply(ami_t* client, const ami_reply_t* reply, void* data) {
  (void)client;
  user_t* user = data;
  const int fate = ami_reply_fate(reply);
  const bool answered = ami_reply_status(reply) == 0 || ami_reply_status(reply) == AMI_EREPLY;
  atomic_fetch_add(&user->storm->replies, 1);
  if (atomic_fetch_add(&user->replies, 1) != 0) atomic_fetch_add(&user->storm->wrong, 1);
  if (fate < AMI_NOT_SENT || fate > AMI_ANSWERED) atomic_fetch_add(&user->storm->wrong, 1);
  if (answered && fate != AMI_ANSWERED) atomic_fetch_add(&user->storm->wrong, 1);
}

static uint64_t send_one(storm_t* storm, ami_t* client, const char* name, bool each) {
  ami_action_t* made = ami_action_new(name);
  if (each) ami_action_add(made, "Items", "3");
  uint64_t id = 0;
  user_t* user = user_new(storm);
  const int result = each
                         ? ami_send_each(client, made, on_any_event, on_any_reply, user, on_user_release, &id)
                         : ami_send(client, made, on_any_reply, user, on_user_release, &id);
  if (result == 0) atomic_fetch_add(&storm->accepted, 1);
  if (result != 0 && result != AMI_ESTATE && result != AMI_EFULL) atomic_fetch_add(&storm->wrong, 1);
  ami_action_free(made);
  return id;
}

static void on_any_event(ami_t* client, const ami_msg_t* msg, void* data) {
  user_t* user = data;
  atomic_fetch_add(&user->storm->items, 1);
  if (strlen(ami_msg_name(msg)) == 0) atomic_fetch_add(&user->storm->wrong, 1);
  /* Which client it is does not matter: in a handler, client is there. Of a poll it is NULL. */
  if (user->sends && client != NULL) send_one(user->storm, client, "Ping", false);
}

/* ----------------------------------------------------------------------------------------------- workers */

typedef struct {
  storm_t* storm;
  unsigned random;
  uint64_t subs[4];
} worker_t;

static unsigned draw(worker_t* worker, unsigned below) {
  worker->random = worker->random * 1103515245U + 12345U;
  return (worker->random >> 16U) % below;
}

static void change_handlers(worker_t* worker) {
  static const char* const names[] = {"Hello",    "*",   "H?llo",        "data",
                                      "response", "gap", "connection-*", "pong"};
  uint64_t* sub = &worker->subs[draw(worker, 4)];
  if (*sub != 0) {
    if (ami_off(worker->storm->client, *sub) != 0) atomic_fetch_add(&worker->storm->wrong, 1);
    *sub = 0;
    return;
  }
  user_t* user = user_new(worker->storm);
  user->sends = draw(worker, 8) == 0;
  const char* name = names[user->sends ? 0 : draw(worker, 8)]; /* not what the sending itself brings about */
  if (ami_on(worker->storm->client, name, on_any_event, user, on_user_release, sub) != 0) {
    atomic_fetch_add(&worker->storm->wrong, 1);
  }
}

static void call_one(worker_t* worker) {
  ami_reply_t* reply = NULL;
  ami_action_t* ping = ami_action_new("Ping");
  const int result = ami_call(worker->storm->client, ping, &reply);
  if (result != 0 && result != AMI_ESTATE && result != AMI_EFULL) atomic_fetch_add(&worker->storm->wrong, 1);
  if ((result == 0) != (reply != NULL)) atomic_fetch_add(&worker->storm->wrong, 1);
  ami_reply_unref(reply);
  ami_action_free(ping);
}

static void ask(worker_t* worker) {
  ami_t* client = worker->storm->client;
  char text[256];
  ami_detail(client, text, sizeof text);
  ami_get(client, "server.banner", text, sizeof text);
  ami_state(client);
  for (int which = AMI_STAT_EVENTS; which <= AMI_STAT_WRITES; ++which) ami_stat(client, which);
  ami_wait(client, 0);
}

static void operate(worker_t* worker) {
  storm_t* storm = worker->storm;
  const int state = ami_state(storm->client);
  /* Much of what is done without a login is refused at once: not all is to be spent on that. */
  if (state != AMI_STATE_READY && draw(worker, 4) != 0) {
    if (state == AMI_STATE_IDLE) ami_connect(storm->client);
    ami_wait(storm->client, 50);
  }
  switch (draw(worker, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      send_one(storm, storm->client, "Ping", false);
      return;
    case 4:
      send_one(storm, storm->client, "CoreShowChannels", true);
      return;
    case 5:
    case 6: {
      const uint64_t id = send_one(storm, storm->client, "CoreStatus", false);
      if (id != 0) ami_cancel(storm->client, id); /* perhaps too late */
      return;
    }
    case 7:
    case 8:
      return call_one(worker);
    case 9:
    case 10:
    case 11:
      return change_handlers(worker);
    case 12:
      ami_set(storm->client, "events", draw(worker, 2) == 0 ? "on" : "user");
      return;
    case 13:
      if (draw(worker, 4) == 0) ami_disconnect(storm->client);
      return;
    case 14:
      ami_connect(storm->client); /* AMI_ESTATE unless idle */
      return;
    default:
      return ask(worker);
  }
}

static void* work(void* data) {
  worker_t* worker = data;
  for (int i = 0; i < OPERATIONS; ++i) operate(worker);
  for (int i = 0; i < 4; ++i) {
    if (worker->subs[i] != 0) ami_off(worker->storm->client, worker->subs[i]);
  }
  atomic_fetch_sub(&worker->storm->working, 1);
  return NULL;
}

/* --------------------------------------------------------------------------------------------- consumers */

static void consume_items(storm_t* storm) {
  ami_item_t items[16];
  const int count = ami_queue_poll(storm->world->queue, items, 16, 1);
  for (int i = 0; i < count; ++i) {
    if (items[i].kind == AMI_ITEM_REPLY) on_any_reply(NULL, items[i].reply, items[i].user);
    if (items[i].kind != AMI_ITEM_REPLY) on_any_event(NULL, items[i].msg, items[i].user);
  }
  ami_queue_release(items, count < 0 ? 0 : (size_t)count);
}

static void* consume(void* data) {
  storm_t* storm = data;
  while (!storm->over) {
    if (storm->world->way == BY_POLL) {
      consume_items(storm);
    } else {
      ami_queue_dispatch(storm->world->queue, 16, 1);
    }
  }
  return NULL;
}

/* ----------------------------------------------------------------------------------------------- mayflies */

/* A client that is destroyed inside one of its own handlers, or, where no handlers run, by the main thread.
 */
typedef struct {
  storm_t* storm;
  ami_t* client;
  atomic_bool destroyed, gone;
  atomic_int handlers; /* not released */
} mayfly_t;

static void on_last_word(ami_t* client, const ami_msg_t* msg, void* data) {
  mayfly_t* mayfly = data;
  (void)msg;
  if (atomic_exchange(&mayfly->destroyed, true)) return; /* two consumers may be in here */
  send_one(mayfly->storm, client, "Ping", false);
  ami_destroy(client);
}

static void on_gone(void* data) {
  mayfly_t* mayfly = data;
  if (atomic_fetch_sub(&mayfly->handlers, 1) == 1) mayfly->gone = true;
}

static void mayfly_begin(mayfly_t* mayfly, storm_t* storm) {
  *mayfly = (mayfly_t){.storm = storm, .client = client_new(storm->world)};
  client_gone(storm->world, mayfly->client); /* its end is its own affair */
  if (storm->world->way == BY_POLL) {
    user_t* user = user_new(storm);
    assert_error(ami_on(mayfly->client, "*", on_any_event, user, on_user_release, NULL), 0);
  } else {
    mayfly->handlers = 2; /* the server may hang up before there is an event */
    assert_error(ami_on(mayfly->client, "Hello", on_last_word, mayfly, on_gone, NULL), 0);
    assert_error(ami_on(mayfly->client, "connection-close", on_last_word, mayfly, on_gone, NULL), 0);
  }
  assert_error(ami_connect(mayfly->client), 0);
}

/* Where no handler does it: while other threads poll. */
static void mayfly_end(mayfly_t* mayfly) {
  ami_destroy(mayfly->client);
  mayfly->gone = true;
}

/* ------------------------------------------------------------------------------------------------ the storm
 */

/* Lets the main thread do its part: the loop, and what the server does. */
static void drive(storm_t* storm) {
  world_t* world = storm->world;
  ami_mock_emit_many(world->mock, HELLO, 20);
  if (world->way == BY_LOOP) step(world);
}

static void until_done(storm_t* storm, mayfly_t* mayfly) {
  for (int i = 1; storm->working > 0; ++i) {
    drive(storm);
    if (i % 200 == 0 && ami_state(storm->client) == AMI_STATE_READY) ami_mock_kick(storm->world->mock);
    if (storm->world->way == BY_POLL && i % 10 == 0) mayfly_end(mayfly);
    if (mayfly->gone) mayfly_begin(mayfly, storm);
  }
}

static bool mayfly_is_gone(void* data) {
  mayfly_t* mayfly = data;
  drive(mayfly->storm);
  return mayfly->gone;
}

static bool all_is_over(void* data) {
  storm_t* storm = data;
  return storm->replies == storm->accepted && storm->releases == storm->users;
}

/* Not step(): the queue is the consumers'. */
static void wait_for(storm_t* storm, condition_t condition, void* data) {
  if (storm->world->queue == NULL) return until(storm->world, condition, data);
  for (int i = 0; !condition(data); ++i) {
    if (i > WAIT_MS) fail_msg("the storm does not end");
    ami_mock_wait(storm->world->mock, "open", 1000, 1);
  }
}

static void one_storm(void** state, unsigned seed) {
  pthread_t consumers[CONSUMERS];
  pthread_t threads[WORKERS];
  worker_t workers[WORKERS];
  mayfly_t mayfly;
  world_t* world = world_new(state, NULL);
  storm_t storm = {.world = world, .client = client_new(world), .working = WORKERS};
  client_set(storm.client, "reconnect", "1");
  client_set(storm.client, "reconnect.max_ms", "20");
  client_set(storm.client, "queue.max_items", "200");
  client_set(storm.client, "disconnect.grace_ms", "20");
  client_set(storm.client, "inflight.max", "500");
  for (int i = 0; i < CONSUMERS && world->queue != NULL; ++i) {
    assert_int_equal(pthread_create(&consumers[i], NULL, consume, &storm), 0);
  }
  assert_error(client_connect(world, storm.client), 0);
  for (unsigned i = 0; i < WORKERS; ++i) {
    workers[i] = (worker_t){.storm = &storm, .random = seed * 7919 + i};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  mayfly_begin(&mayfly, &storm);
  until_done(&storm, &mayfly);
  for (int i = 0; i < WORKERS; ++i) pthread_join(threads[i], NULL);
  if (world->way == BY_POLL && !mayfly.gone) mayfly_end(&mayfly);
  wait_for(&storm, mayfly_is_gone, &mayfly);
  client_destroy(world, storm.client);
  wait_for(&storm, all_is_over, &storm);
  storm.over = true;
  for (int i = 0; i < CONSUMERS && world->queue != NULL; ++i) pthread_join(consumers[i], NULL);
  assert_int_equal(storm.wrong, 0);
  assert_true(storm.accepted > OPERATIONS / 2);
  world_end(world);
}

static void a_storm(void** state) {
  for (int round = 1; round <= rounds; ++round) one_storm(state, (unsigned)round);
}

static const struct CMUnitTest tests[] = {IN_ALL(a_storm)};
RUN_ROUNDS(tests)
