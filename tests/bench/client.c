/* A client of libami for load harnesses.

     bench_client HOST PORT MODE ARGUMENTS... [--delivery loop|thread|queue] [OPTION...]

   logs in as bench/bench, and prints one line of JSON:
     flood SPEC    sends Action: UserEvent with UserEvent: bench and Flood: SPEC, and counts what comes until
                   Event: FloodDone: events, evlen (summed length of their names), uid and uidlen (events with
                   a Uniqueid and their summed length), wall_ns
     verify SPEC   the same, and reads CallerIDName, Value and AppData: vlen
     paced SPEC    each event carries BenchTs, the monotonic ns of the server's write: p50_ns, p99_ns, max_ns
     ping K W      K pings, at most W in flight: ok, wall_ns, p50_ns, p99_ns
     list K N      K times Action: CoreShowChannels with Items: N: items, wall_ns
   and for this project's own benchmark:
     build K       K actions of ten fields, never sent: ok
     idle          is ready, and at rest
     restart MS    has the load server go away and come back so much later, and waits until all clients are
                   ready again: p50_ns, p99_ns, max_ns since it went, and how many came back in_10_ms at most
   cpu_ns is the processor time of all threads in the same span. Ends with 1 and a message when the connection
   is lost or an action is refused, with 2 when the arguments are none of these.

   --only NAME       one handler, on this event alone; the others go uncounted
   --handlers N      so many further handlers, on names that do not come
   --globs N         the same with globs
   --connections N   so many clients; every one does the same: not pings, lists or actions that are built, and
                     not in thread delivery, where each would count on a thread of its own
   --each            list: items one by one as they come, not collected
   --set NAME=VALUE  an option of the client
   --tls             without verification */
#include <ami/ami.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "measure.h"

enum { MOST_CONNECTIONS = 10000, MOST_SETS = 16, BATCH = 256 };
typedef enum delivery { BY_LOOP, BY_THREAD, BY_QUEUE } delivery_t;

static const char* mode;
static const char *first, *second;
static const char* only = "*";
static delivery_t delivery = BY_LOOP;
static size_t connections = 1, handlers, globs;
static int each, tls;
static const char* sets[MOST_SETS];
static int set_count;
static ami_t* clients[MOST_CONNECTIONS];
static uv_loop_t loop;
static ami_queue_t* queue;

/* What ends it: as many "done" as connections. Thread delivery waits for it; the others look after each
 * batch. */
static uv_mutex_t mutex;
static uv_cond_t ended;
static size_t done, ready;

static uint64_t* sent_at;  /* of each ping in flight, which hands its place on to the next */
static atomic_size_t sent; /* by the main thread and by the one that has the answers */
static size_t pings, window, lists;
static atomic_int restarted; /* whether the server went away by our will */

static void fail(const char* what, ami_t* client, int err) {
  char detail[512] = "";
  ami_detail(client, detail, sizeof detail);
  fprintf(stderr, "bench_client: %s: %s: %s\n", what, ami_strerror(err), detail);
  exit(1);
}

static void tell(size_t* count) {
  uv_mutex_lock(&mutex);
  if (++*count == connections) {
    if (count == &done) measure_stop();
    uv_cond_signal(&ended);
    if (delivery == BY_LOOP) uv_stop(&loop);
  }
  uv_mutex_unlock(&mutex);
}

/* Until all connections have told. */
static void run_until(const size_t* count) {
  if (delivery == BY_LOOP) {
    while (*count < connections) uv_run(&loop, UV_RUN_DEFAULT);
    return;
  }
  if (delivery == BY_QUEUE) {
    while (*count < connections) ami_queue_dispatch(queue, BATCH, -1);
    return;
  }
  uv_mutex_lock(&mutex);
  while (*count < connections) uv_cond_wait(&ended, &mutex);
  uv_mutex_unlock(&mutex);
}

/* ---------------------------------------------------------------------------------------------- events */

typedef struct texts {
  size_t name_len, uid_len, values_len;
  int has_uid;
  const char *name, *stamp;
} texts_t;

static void count_event(ami_t* client, const texts_t* texts) {
  (void)client;
  if (strcmp(texts->name, "FullyBooted") == 0) return;
  if (strcmp(texts->name, "FloodDone") == 0) {
    tell(&done);
    return;
  }
  sums.events++;
  sums.evlen += texts->name_len;
  sums.uid += (uint64_t)texts->has_uid;
  sums.uidlen += texts->uid_len;
  sums.vlen += texts->values_len;
  if (texts->stamp != NULL) sample(now_ns() - strtoull(texts->stamp, NULL, 10));
}

static size_t length_of(const ami_msg_t* msg, const char* key) {
  size_t length = 0;
  return ami_msg_get(msg, key, &length) == NULL ? 0 : length;
}

static void on_event(ami_t* client, const ami_msg_t* msg, void* user) {
  texts_t texts = {0};
  (void)user;
  if (ami_msg_kind(msg) != AMI_MSG_EVENT) return;
  texts.name = ami_msg_get(msg, "Event", &texts.name_len);
  texts.has_uid = ami_msg_get(msg, "Uniqueid", &texts.uid_len) != NULL;
  if (strcmp(mode, "verify") == 0) {
    texts.values_len = length_of(msg, "CallerIDName") + length_of(msg, "Value") + length_of(msg, "AppData");
  } else if (strcmp(mode, "paced") == 0) {
    texts.stamp = ami_msg_get(msg, "BenchTs", NULL);
  }
  count_event(client, &texts);
}

static void on_close(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)user;
  if (restarted) return;
  const char* reason = ami_msg_get(msg, "Reason", NULL);
  fprintf(stderr, "bench_client: connection lost: %s\n", reason == NULL ? "" : reason);
  exit(1);
}

/* The answer to the action that asks for the flood. A server that goes away need not give it. */
static void on_asked(ami_t* client, const ami_reply_t* reply, void* user) {
  (void)client;
  (void)user;
  if (restarted || ami_reply_status(reply) == 0) return;
  const char* message = ami_msg_get(ami_reply_response(reply), "Message", NULL);
  fprintf(stderr, "bench_client: UserEvent: %s: %s\n", ami_strerror(ami_reply_status(reply)),
          message == NULL ? "" : message);
  exit(1);
}

/* What is no event: notices go by their handlers, which poll does not call. */
static void on_other(const ami_item_t* item) {
  if (item->kind == AMI_ITEM_REPLY)
    on_asked(NULL, item->reply, NULL);
  else if (strcmp(ami_msg_name(item->msg), "connection-close") == 0)
    on_close(NULL, item->msg, NULL);
}

/* Queue delivery: many items, and of each what is wanted, in one call. */
static void poll_until_done(void) {
  static const char* const keys[] = {"Event", "Uniqueid", "CallerIDName", "Value", "AppData", "BenchTs"};
  const int verify = strcmp(mode, "verify") == 0;
  const size_t nkeys = verify ? 5 : strcmp(mode, "paced") == 0 ? 6 : 2;
  static ami_item_t items[BATCH];
  static ami_field_t found[BATCH * 6];
  while (done < connections) {
    const int count = ami_queue_poll(queue, items, BATCH, -1);
    if (count < 0) fail("ami_queue_poll", NULL, count);
    ami_items_get(items, (size_t)count, keys, nkeys, found);
    for (int i = 0; i < count; i++) {
      const ami_field_t* field = &found[(size_t)i * nkeys];
      if (items[i].kind != AMI_ITEM_EVENT || ami_msg_kind(items[i].msg) != AMI_MSG_EVENT) {
        on_other(&items[i]);
        continue;
      }
      texts_t texts = {field[0].value_len,     field[1].value_len, 0,
                       field[1].value != NULL, field[0].value,     NULL};
      if (verify) texts.values_len = (size_t)field[2].value_len + field[3].value_len + field[4].value_len;
      if (nkeys == 6) texts.stamp = field[5].value;
      count_event(NULL, &texts);
    }
    ami_queue_release(items, (size_t)count);
  }
}

static void start_flood(ami_t* client) {
  ami_action_t* action = ami_action_new("UserEvent");
  ami_action_add(action, "UserEvent", "bench");
  ami_action_add(action, "Flood", first);
  const int err = ami_send(client, action, on_asked, NULL, NULL, NULL);
  if (err != 0) fail("ami_send", client, err);
  ami_action_free(action);
}

/* --------------------------------------------------------------------------------------------- actions */

static ami_action_t* ping;

static void on_pong(ami_t* client, const ami_reply_t* reply, void* user);

static void send_ping(ami_t* client, uint64_t* mine) {
  if (atomic_fetch_add(&sent, 1) >= pings) return;
  *mine = now_ns();
  const int err = ami_send(client, ping, on_pong, mine, NULL, NULL);
  if (err != 0) fail("ami_send", client, err);
}

static void on_pong(ami_t* client, const ami_reply_t* reply, void* user) {
  if (ami_reply_status(reply) != 0) fail("Ping", client, ami_reply_status(reply));
  sample(now_ns() - *(uint64_t*)user);
  if (++sums.ok == pings)
    tell(&done);
  else
    send_ping(client, user);
}

static void on_item(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)user;
  sums.items++;
  sums.uidlen += length_of(msg, "Uniqueid");
}

static void send_list(ami_t* client);

static void on_list(ami_t* client, const ami_reply_t* reply, void* user) {
  (void)user;
  if (ami_reply_status(reply) != 0) fail("CoreShowChannels", client, ami_reply_status(reply));
  for (size_t i = 0; i < ami_reply_count(reply); i++) on_item(client, ami_reply_at(reply, i), NULL);
  if (--lists == 0)
    tell(&done);
  else
    send_list(client);
}

static void send_list(ami_t* client) {
  ami_action_t* action = ami_action_new("CoreShowChannels");
  ami_action_add(action, "Items", second);
  const int err = each ? ami_send_each(client, action, on_item, on_list, NULL, NULL, NULL)
                       : ami_send(client, action, on_list, NULL, NULL, NULL);
  if (err != 0) fail("ami_send", client, err);
  ami_action_free(action);
}

/* ------------------------------------------------------------------------------------------- the run */

static uint64_t restarted_at;

static void on_ready(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  if (restarted) sample(now_ns() - restarted_at);
  tell(&ready);
}

static void set(ami_t* client, const char* name, const char* value) {
  const int err = ami_set(client, name, value);
  if (err != 0) fail("ami_set", client, err);
}

static void set_pair(ami_t* client, const char* pair) {
  char name[64];
  const char* equals = strchr(pair, '=');
  snprintf(name, sizeof name, "%.*s", (int)(equals - pair), pair);
  set(client, name, equals + 1);
}

/* Handlers on what does not come. */
static void add_strangers(ami_t* client) {
  char name[32];
  for (size_t i = 0; i < handlers + globs; i++) {
    snprintf(name, sizeof name, i < handlers ? "NoSuchEvent%zu" : "*NoSuch*%zu", i);
    const int err = ami_on(client, name, on_event, NULL, NULL, NULL);
    if (err != 0) fail("ami_on", client, err);
  }
}

static void connect_one(ami_t** client, const char* host, const char* port) {
  *client = ami_new();
  set(*client, "host", host);
  set(*client, "port", port);
  set(*client, "username", "bench");
  set(*client, "password", "bench");
  set(*client, "inflight.max", "1000000");
  if (delivery != BY_LOOP) set(*client, "queue.overflow", "wait");
  if (strcmp(mode, "restart") == 0) set(*client, "reconnect", "true");
  if (tls) {
    set(*client, "tls", "on");
    set(*client, "tls.verify", "none");
  }
  for (int i = 0; i < set_count; i++) set_pair(*client, sets[i]);
  if (delivery == BY_LOOP) ami_set_loop(*client, &loop);
  if (delivery == BY_QUEUE) ami_set_queue(*client, queue);
  ami_on(*client, "ready", on_ready, NULL, NULL, NULL);
  ami_on(*client, "connection-close", on_close, NULL, NULL, NULL);
  add_strangers(*client);
  const int err = ami_connect(*client);
  if (err != 0) fail("ami_connect", *client, err);
}

static void start(ami_t* client) {
  if (strcmp(mode, "ping") == 0) {
    for (size_t i = 0; i < window; i++) send_ping(client, &sent_at[i]);
  } else if (strcmp(mode, "list") == 0) {
    send_list(client);
  } else {
    start_flood(client);
  }
}

static void listen_to_events(ami_t* client) {
  ami_on(client, only, on_event, NULL, NULL, NULL);
  if (strcmp(only, "*") != 0) ami_on(client, "FloodDone", on_event, NULL, NULL, NULL);
}

static void build_actions(size_t count) {
  static const char* const fields[] = {"Channel",  "PJSIP/100", "Context", "default",    "Exten",
                                       "200",      "Priority",  "1",       "Timeout",    "30000",
                                       "CallerID", "Bob <200>", "Account", "sales",      "Async",
                                       "true",     "Codecs",    "ulaw",    "EarlyMedia", "false"};
  for (size_t i = 0; i < count; i++) {
    ami_action_t* action = ami_action_new("Originate");
    for (size_t at = 0; at < sizeof fields / sizeof *fields; at += 2)
      ami_action_add(action, fields[at], fields[at + 1]);
    sums.ok += ami_action_detail(action)[0] == '\0';
    ami_action_free(action);
  }
}

static void restart(void) {
  static char spec[64];
  snprintf(spec, sizeof spec, "0,restart=%s", first);
  first = spec;
  samples_reserve(connections);
  ready = 0;
  measure_start();
  restarted_at = now_ns();
  restarted = 1;
  start_flood(clients[0]);
  run_until(&ready);
}

static void prepare(void) {
  if (strcmp(mode, "ping") == 0) {
    pings = strtoull(first, NULL, 10);
    window = strtoull(second, NULL, 10);
    if (window > pings) window = pings;
    sent_at = calloc(window, sizeof *sent_at);
    if (sent_at == NULL) fail("ping", NULL, AMI_ENOMEM);
    ping = ami_action_new("Ping");
    samples_reserve(pings);
  } else if (strcmp(mode, "list") == 0) {
    lists = strtoull(first, NULL, 10);
  } else if (strcmp(mode, "paced") == 0) {
    samples_reserve(strtoull(first, NULL, 10));
  }
}

static void ask_and_count(void) {
  const int events = strcmp(mode, "flood") == 0 || strcmp(mode, "verify") == 0 || strcmp(mode, "paced") == 0;
  prepare();
  for (size_t i = 0; events && i < connections; i++) listen_to_events(clients[i]);
  measure_start();
  for (size_t i = 0; i < connections; i++) start(clients[i]);
  if (delivery == BY_QUEUE && events)
    poll_until_done();
  else
    run_until(&done);
}

static void run(void) {
  run_until(&ready);
  if (strcmp(mode, "restart") == 0) {
    restart();
  } else if (strcmp(mode, "idle") == 0) {
    measure_start();
  } else if (strcmp(mode, "build") == 0) {
    measure_start();
    build_actions(strtoull(first, NULL, 10));
  } else {
    ask_and_count();
  }
  measure_print(mode);
}

/* ----------------------------------------------------------------------------------------- arguments */

static const char* const kinds[] = {"loop", "thread", "queue"};

/* Of each mode how many arguments it takes, the least that each may be (-1: no number), and whether many
 * clients can do it. */
static const struct {
  const char* name;
  int arguments, least[2], by_many;
} modes[] = {{"flood", 1, {-1, 0}, 1}, {"verify", 1, {-1, 0}, 1}, {"paced", 1, {-1, 0}, 1},
             {"ping", 2, {1, 1}, 0},   {"list", 2, {1, 0}, 0},    {"build", 1, {1, 0}, 0},
             {"idle", 0, {0, 0}, 1},   {"restart", 1, {1, 0}, 1}};

static int number_of(const char* text, long least, size_t* number) {
  char* end = NULL;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < least) return 0;
  *number = (size_t)value;
  return 1;
}

/* An option with its value; 0: there is none such. */
static int option(const char* name, const char* value) {
  if (strcmp(name, "--only") == 0) {
    only = value;
  } else if (strcmp(name, "--handlers") == 0) {
    return number_of(value, 0, &handlers);
  } else if (strcmp(name, "--globs") == 0) {
    return number_of(value, 0, &globs);
  } else if (strcmp(name, "--connections") == 0) {
    return number_of(value, 1, &connections) && connections <= MOST_CONNECTIONS;
  } else if (strcmp(name, "--set") == 0 && set_count < MOST_SETS) {
    sets[set_count++] = value;
    return strchr(value, '=') != NULL;
  } else if (strcmp(name, "--delivery") == 0) {
    for (delivery = BY_LOOP; delivery <= BY_QUEUE; delivery++)
      if (strcmp(value, kinds[delivery]) == 0) return 1;
    return 0;
  } else {
    return 0;
  }
  return 1;
}

/* MODE and its arguments, after the options; 0: there is no such mode, or it takes others. */
static int choose_mode(const char** plain, int count) {
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (count == 0 || strcmp(plain[0], modes[i].name) != 0) continue;
    size_t scrap = 0;
    if (count != 1 + modes[i].arguments) return 0;
    for (int at = 0; at < modes[i].arguments; at++)
      if (modes[i].least[at] >= 0 && !number_of(plain[1 + at], modes[i].least[at], &scrap)) return 0;
    mode = plain[0];
    first = plain[1];
    second = plain[2];
    return connections == 1 || (modes[i].by_many && (delivery != BY_THREAD || strcmp(mode, "idle") == 0));
  }
  return 0;
}

static int read_arguments(int count, char** arguments, const char** plain) {
  int plain_count = 0;
  for (int i = 1; i < count; i++) {
    const char* name = arguments[i];
    if (strcmp(name, "--each") == 0)
      each = 1;
    else if (strcmp(name, "--tls") == 0)
      tls = 1;
    else if (strncmp(name, "--", 2) == 0 && i + 1 < count) {
      if (!option(name, arguments[++i])) return 0;
    } else if (plain_count < 5 && strncmp(name, "--", 2) != 0)
      plain[plain_count++] = name;
    else
      return 0;
  }
  return plain_count >= 3 && choose_mode(plain + 2, plain_count - 2);
}

int main(int count, char** arguments) {
  const char* plain[5] = {NULL};
  if (!read_arguments(count, arguments, plain)) {
    fputs(
        "usage: bench_client HOST PORT MODE ARGUMENTS... [--delivery loop|thread|queue] [OPTION...]\n"
        "MODE: flood SPEC, verify SPEC, paced SPEC, ping K W, list K N, build K, idle, restart MS;\n"
        "see the head of its source\n",
        stderr);
    return 2;
  }
  uv_mutex_init(&mutex);
  uv_cond_init(&ended);
  uv_loop_init(&loop);
  if (delivery == BY_QUEUE) queue = ami_queue_new();
  for (size_t i = 0; i < connections; i++) connect_one(&clients[i], plain[0], plain[1]);
  run();
  return 0;
}
