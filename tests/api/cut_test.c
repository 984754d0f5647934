/* Ten thousand actions over a connection that is cut again and again, anywhere: each has one reply, and what
   the reply says of its fate is what the mock saw. AMI_TEST_SEED=N plays one seed again. */
#include <time.h>

#include "api_client.h"

enum { ACTIONS = 10000, BURST = 40 };

static uint64_t seed;

static unsigned draw(unsigned below) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned)(seed >> 20) % below;
}

static void seed_from(const char* text) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)now.tv_sec * 1000000007U + (uint64_t)now.tv_nsec;
  if (seed == 0) seed = 1;
  print_message("AMI_TEST_SEED=%llu\n", (unsigned long long)seed);
}

static void cut_somewhere(ami_mock_t* mock) {
  static const struct {
    const char* fault;
    unsigned below;
  } cuts[] = {{"cut_at", 6000},           {"cut_on_action", BURST}, {"cut_after_response", BURST},
              {"cut_in_response", BURST}, {"cut_in_list", 5},       {"cut_in_login", 2},
              {"greet_cut", 20},          {"greet_close", 1},       {"half_close", BURST}};
  const unsigned choice = draw(sizeof cuts / sizeof *cuts + 1);
  if (draw(4) == 0) ami_mock_fault(mock, "reset", 0);
  if (choice == sizeof cuts / sizeof *cuts) {
    ami_mock_kick(mock);
  } else {
    ami_mock_fault(mock, cuts[choice].fault, draw(cuts[choice].below));
  }
}

/* Sent as soon as there is a login to send it on. */
static sink_t* send_somehow(world_t* world, ami_t* client, int number) {
  char id[16];
  snprintf(id, sizeof id, "cut-%d", number);
  ami_action_t* made = draw(10) == 0 ? action("CoreShowChannels", "Items", "3", "ActionID", id, NULL)
                                     : action("Ping", "ActionID", id, NULL);
  sink_t* sink = sink_new(world, client);
  sink->is_action = true;
  int result = 0;
  while ((result = ami_send(client, made, on_reply, sink, on_release, &sink->id)) == AMI_ESTATE) {
    assert_int_equal(sink->releases, 1);
    sink->releases = 0; /* to be used again */
    step(world);
  }
  assert_error(result, 0);
  ami_action_free(made);
  return sink;
}

/* What left, left once, in order. */
static void check_order(world_t* world) {
  int last = -1;
  char id[96];
  for (size_t i = 0; ami_mock_action_id(world->mock, i, id, sizeof id) > 0; ++i) {
    int number = 0;
    if (sscanf(id, "cut-%d", &number) != 1) continue;
    if (number <= last) fail_msg("%s came after cut-%d", id, last);
    last = number;
  }
}

static void check_fates(world_t* world, sink_t** sent, bool queues) {
  int fates[4] = {0};
  for (int i = 0; i < ACTIONS; ++i) {
    char id[16];
    snprintf(id, sizeof id, "cut-%d", i);
    const ami_reply_t* reply = sent[i]->reply;
    const int fate = ami_reply_fate(reply);
    const int seen = ami_mock_saw(world->mock, id);
    assert_in_range(fate, AMI_NOT_SENT, AMI_ANSWERED);
    ++fates[fate];
    if (fate == AMI_NOT_SENT && seen != 0) fail_msg("%s: not sent, but seen", id);
    if (fate == AMI_ANSWERED && seen != 1) fail_msg("%s: answered, but seen %d times", id, seen);
    if (seen > 1) fail_msg("%s: seen %d times", id, seen);
    if (ami_reply_status(reply) == 0) {
      assert_int_equal(fate, AMI_ANSWERED);
    } else {
      assert_error(ami_reply_status(reply), AMI_ELOST);
    }
    assert_int_equal(ami_reply_response(reply) != NULL, fate == AMI_ANSWERED);
  }
  print_message("not sent %d, maybe run %d, answered %d; %d connections\n", fates[AMI_NOT_SENT],
                fates[AMI_MAYBE_RUN], fates[AMI_ANSWERED], (int)ami_mock_count(world->mock, "connections"));
  assert_true(fates[AMI_MAYBE_RUN] > 0);
  assert_true(fates[AMI_ANSWERED] > 0);
  if (queues) assert_int_equal(fates[AMI_NOT_SENT], 0); /* they wait for the next connection */
}

static void cut(void** state, const char* offline) {
  static sink_t* sent[ACTIONS];
  world_t* world = world_new(state, NULL);
  seed_from(getenv("AMI_TEST_SEED"));
  ami_t* client = client_ready(world, "reconnect", "1", "reconnect.max_ms", "2", "offline", offline,
                               "offline.max", "10000", "events", "off", NULL);
  for (int i = 0; i < ACTIONS;) {
    if (draw(2) == 0) cut_somewhere(world->mock);
    for (unsigned burst = 1 + draw(BURST); burst > 0 && i < ACTIONS; --burst, ++i)
      sent[i] = send_somehow(world, client, i);
    if (draw(2) == 0) until_reply(world, sent[i - 1]);
    step(world);
  }
  ami_mock_clear(world->mock);
  for (int i = 0; i < ACTIONS; ++i) until_reply(world, sent[i]);
  check_fates(world, sent, strcmp(offline, "queue") == 0);
  check_order(world);
  assert_true(ami_mock_count(world->mock, "connections") > 20);
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), ACTIONS);
  assert_int_equal(ami_stat(client, AMI_STAT_REPLIES), ACTIONS);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 0);
  world_end(world); /* which sees that each reply came once */
}

static void refusing_without_a_login(void** state) {
  cut(state, "refuse");
}

static void waiting_for_a_login(void** state) {
  cut(state, "queue");
}

static const struct CMUnitTest tests[] = {
    IN(refusing_without_a_login, BY_THREAD), IN(refusing_without_a_login, BY_LOOP),
    IN(waiting_for_a_login, BY_THREAD),      IN(waiting_for_a_login, BY_LOOP),
    IN(waiting_for_a_login, BY_POLL),
};
RUN(tests)
