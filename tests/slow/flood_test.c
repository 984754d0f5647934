/* A flood, and a consumer that takes one event of 250, or so many a second: the oldest are dropped and told,
   replies never are, memory stays under its bound, and when the flood is over everything is as before.
   Arguments: how many events, and how many a second are taken; "./dev torture" has a million and 1,000. */
#include "api_client.h"
#include "usage.h"

enum {
  BATCH_EVENTS = 1000, /* between two looks of the consumer's */
  TAKES = 4,           /* how many deliveries it takes then, without a clock */
  MOST_TAKES = 500,    /* and with one that stood still */
  BOUND = 1000,        /* queue.max_items */
  IN_HAND = 256,       /* what a dispatcher has taken and not yet handed over, at most */
  TEXT = 1000
};
static int batches = 20;
static int rate; /* deliveries a second by the clock; 0: TAKES for each batch */
static int every =
    1; /* so many batches have one action: a reply is never dropped, and has to be taken, too */

/* What the consumer was given, in order. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int64_t began_ms;
  long permits; /* deliveries that may still be taken; the dispatcher waits for one */
  long taken, events, dropped, gaps, replies;
  long next; /* the number of the event that is to come, but for a gap */
  long wrong;
} consumer_t;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How many it may take now. */
static long due(const consumer_t* consumer) {
  if (rate == 0) return TAKES;
  const int64_t count = (now_ms() - consumer->began_ms) * rate / 1000 - consumer->taken;
  return (long)(count < 0 ? 0 : count > MOST_TAKES ? MOST_TAKES : count);
}

static void take_event(consumer_t* consumer, const ami_msg_t* msg) {
  if (ami_msg_kind(msg) == AMI_MSG_NOTICE) {
    ++consumer->gaps;
    consumer->dropped += atol(field(msg, "Dropped"));
    consumer->next += atol(field(msg, "Dropped"));
    if (strcmp(field(msg, "Cause"), "overflow") != 0) ++consumer->wrong;
  } else {
    ++consumer->events;
    if (atol(field(msg, "N")) != consumer->next++ % BATCH_EVENTS) ++consumer->wrong; /* {n} is of the batch */
  }
}

/* A dispatcher waits here for its pace. */
static void begin_take(consumer_t* consumer) {
  pthread_mutex_lock(&consumer->mutex);
  while (consumer->permits == 0) pthread_cond_wait(&consumer->changed, &consumer->mutex);
  --consumer->permits;
  ++consumer->taken;
  pthread_cond_broadcast(&consumer->changed);
}

static void on_slow_event(ami_t* client, const ami_msg_t* msg, void* user) {
  consumer_t* consumer = user;
  (void)client;
  begin_take(consumer);
  take_event(consumer, msg);
  pthread_mutex_unlock(&consumer->mutex);
}

/* When an action was sent and its reply given: by the clock, and by the deliveries that were taken. */
typedef struct {
  consumer_t* consumer;
  int64_t sent_ms, given_ms;
  long sent_at, given_at;
} asked_t;

static void take_reply(asked_t* asked, const ami_reply_t* reply) {
  ++asked->consumer->replies;
  if (ami_reply_status(reply) != 0 || ami_reply_fate(reply) != AMI_ANSWERED) ++asked->consumer->wrong;
  asked->given_at = asked->consumer->taken;
  asked->given_ms = now_ms();
}

static void on_slow_reply(ami_t* client, const ami_reply_t* reply, void* user) {
  asked_t* asked = user;
  (void)client;
  begin_take(asked->consumer);
  take_reply(asked, reply);
  pthread_mutex_unlock(&asked->consumer->mutex);
}

/* Lets the consumer take so many; a queue's is this thread. */
static void take(world_t* world, consumer_t* consumer, long count) {
  pthread_mutex_lock(&consumer->mutex);
  if (world->way == BY_THREAD) {
    consumer->permits += count;
    pthread_cond_broadcast(&consumer->changed);
    while (consumer->permits > 0) pthread_cond_wait(&consumer->changed, &consumer->mutex);
  } else if (count > 0) {
    ami_item_t items[MOST_TAKES];
    const int got = ami_queue_poll(world->queue, items, (size_t)count, 0);
    for (int i = 0; i < got; ++i) {
      ++consumer->taken;
      if (items[i].kind == AMI_ITEM_REPLY) take_reply(items[i].user, items[i].reply);
      if (items[i].kind != AMI_ITEM_REPLY) take_event(consumer, items[i].msg);
    }
    ami_queue_release(items, (size_t)got);
  }
  pthread_mutex_unlock(&consumer->mutex);
}

static void call_once(ami_t* client) {
  ami_action_t* ping = action("Ping", NULL);
  ami_reply_t* reply = NULL;
  assert_error(ami_call(client, ping, &reply), 0);
  assert_reply(reply, 0, AMI_ANSWERED);
  ami_reply_unref(reply);
  ami_action_free(ping);
}

static void flood_once(world_t* world, ami_t* client, const char* event, int64_t before) {
  ami_mock_emit_many(world->mock, event, BATCH_EVENTS);
  until_stat(client, AMI_STAT_EVENTS, before);
}

static void ask(consumer_t* consumer, ami_t* client, asked_t* asked) {
  *asked = (asked_t){consumer, now_ms(), 0, consumer->taken, 0};
  ami_action_t* ping = action("Ping", NULL);
  assert_error(ami_send(client, ping, on_slow_reply, asked, NULL, NULL), 0);
  ami_action_free(ping);
}

/* What the flood drops makes way for the replies behind it; only the last has all that is left before it. */
static void check_replies(const asked_t* asked, int actions, long most_takes) {
  int64_t slowest_ms = 0;
  for (int i = 0; i < actions; ++i) {
    const long latest = IN_HAND + 4 * most_takes + (i == actions - 1 ? BOUND : 0);
    assert_in_range(asked[i].given_at - asked[i].sent_at, 1, latest);
    if (asked[i].given_ms - asked[i].sent_ms > slowest_ms) slowest_ms = asked[i].given_ms - asked[i].sent_ms;
  }
  print_message("the slowest reply took %lld ms\n", (long long)slowest_ms);
  if (rate != 0) assert_true(slowest_ms < 10000); /* all that may wait is taken in 1.3 s at 1,000 a second */
}

static void a_slow_consumer(void** state) {
  world_t* world = world_new(state, "writetimeout_ms", "60000", NULL);
  consumer_t consumer = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  char event[TEXT + 200];
  snprintf(event, sizeof event, "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\nText: %0*d\r\n\r\n", TEXT,
           0);
  ami_t* client = client_ready(world, "queue.max_items", "1000", "queue.max_bytes", "4194304", NULL);
  settle(world, client);
  assert_error(ami_on(client, "gap", on_slow_event, &consumer, NULL, NULL), 0);
  assert_error(ami_on(client, "Hello", on_slow_event, &consumer, NULL, NULL), 0);
  const int64_t events = ami_stat(client, AMI_STAT_EVENTS);
  const int actions = batches / every;
  asked_t* asked = calloc((size_t)actions, sizeof *asked);
  int64_t deepest = 0;
  int64_t most_bytes = 0;
  long most_takes = TAKES;
  usage_begin();
  consumer.began_ms = now_ms();
  for (int i = 0; i < batches; ++i) {
    flood_once(world, client, event, events + (int64_t)BATCH_EVENTS * (i + 1));
    if (i % every == 0) ask(&consumer, client, &asked[i / every]);
    call_once(client); /* passes the queue; and behind it the other is answered, too */
    const int64_t depth = ami_stat(client, AMI_STAT_QUEUED);
    const int64_t bytes = ami_stat(client, AMI_STAT_QUEUED_BYTES);
    if (depth > deepest) deepest = depth;
    if (bytes > most_bytes) most_bytes = bytes;
    /* Nothing is unaccounted for at any time: taken, waiting, dropped, and one that waits for its permit. */
    assert_true(ami_stat(client, AMI_STAT_DROPPED) + consumer.events + depth + 1 >=
                (int64_t)BATCH_EVENTS * (i + 1));
    const long takes = due(&consumer);
    if (takes > most_takes) most_takes = takes;
    take(world, &consumer, takes);
  }
  assert_true(deepest <=
              BOUND + IN_HAND + 2 * (IN_HAND / TAKES + 2)); /* and replies, with gaps between them */
  assert_true(deepest >= BOUND);
  assert_true(most_bytes <= (BOUND + IN_HAND) * 2 * TEXT);
  const size_t peak = usage_peak_kib();
  print_message(
      "%d events of %zu bytes, %ld taken meanwhile: depth %lld, %lld KiB queued, memory %zu KiB%s\n",
      batches * BATCH_EVENTS, strlen(event), consumer.taken, (long long)deepest, (long long)most_bytes / 1024,
      peak, USAGE_TELLS ? "" : " (of a sanitizer)");
  if (USAGE_TELLS) assert_true(peak < 8 * 1024);

  /* Recovery: what waits is taken, and then nothing is missing any more. */
  const int64_t age = ami_stat(client, AMI_STAT_QUEUE_AGE_MS);
  until_stat(client, AMI_STAT_QUEUE_AGE_MS, age + 5);
  const int64_t total = (int64_t)BATCH_EVENTS * batches;
  while (consumer.next < total || consumer.replies < actions) {
    if (due(&consumer) > 0) take(world, &consumer, 1);
  }
  const long gaps = consumer.gaps;
  assert_int_equal(consumer.next, total);
  assert_int_equal(consumer.events + consumer.dropped, total);
  assert_int_equal(ami_stat(client, AMI_STAT_DROPPED), consumer.dropped);
  assert_int_equal(consumer.replies, actions);
  check_replies(asked, actions, most_takes);
  assert_true(consumer.dropped > total / 2);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUE_AGE_MS), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED_BYTES), 0);
  flood_once(world, client, event, events + total + BATCH_EVENTS);
  while (consumer.next < total + BATCH_EVENTS) take(world, &consumer, 1);
  assert_int_equal(consumer.gaps, gaps);
  assert_int_equal(consumer.wrong, 0);
  client_destroy(world, client);
  free(asked);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN(a_slow_consumer, BY_POLL),
    IN(a_slow_consumer, BY_THREAD),
};

int main(int argc, char** argv) {
  if (argc > 1) batches = atoi(argv[1]) / BATCH_EVENTS;
  if (argc > 2) rate = atoi(argv[2]);
  if (rate != 0) every = 20;
  if (batches < 20 || batches % every != 0 || rate < 0) return 2;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
