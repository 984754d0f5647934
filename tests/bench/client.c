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
   cpu_ns is the processor time of all threads in the same span.

   --only NAME       one handler, on this event alone; the others go uncounted
   --handlers N      so many further handlers, on names that do not come
   --connections N   so many clients; every one does the same
   --each            list: items one by one as they come, not collected
   --set NAME=VALUE  an option of the client
   --tls             without verification */
#include <ami/ami.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "measure.h"

enum { MOST_CONNECTIONS = 10000, BATCH = 256 };
typedef enum delivery { BY_LOOP, BY_THREAD, BY_QUEUE } delivery_t;

static const char* mode;
static const char *first, *second;
static const char* only = "*";
static delivery_t delivery = BY_LOOP;
static size_t connections = 1, handlers;
static int each;
static ami_t* clients[MOST_CONNECTIONS];
static uv_loop_t loop;
static ami_queue_t* queue;

/* What ends it: as many "done" as connections. Thread delivery waits for it; the others look after each
 * batch. */
static uv_mutex_t mutex;
static uv_cond_t ended;
static size_t done, ready;

static uint64_t* sent_at;
static size_t pings, lists;
static size_t next_ping; /* of one dispatcher or one loop */

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
      if (items[i].kind != AMI_ITEM_EVENT || ami_msg_kind(items[i].msg) != AMI_MSG_EVENT) continue;
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
  const int err = ami_send(client, action, NULL, NULL, NULL, NULL);
  if (err != 0) fail("ami_send", client, err);
  ami_action_free(action);
}

/* --------------------------------------------------------------------------------------------- actions */

static ami_action_t* ping;

static void on_pong(ami_t* client, const ami_reply_t* reply, void* user);

static void send_ping(ami_t* client) {
  uint64_t* const mine = &sent_at[next_ping++];
  *mine = now_ns();
  const int err = ami_send(client, ping, on_pong, mine, NULL, NULL);
  if (err != 0) fail("ami_send", client, err);
}

static void on_pong(ami_t* client, const ami_reply_t* reply, void* user) {
  if (ami_reply_status(reply) != 0) fail("Ping", client, ami_reply_status(reply));
  sample(now_ns() - *(uint64_t*)user);
  if (++sums.ok == pings)
    tell(&done);
  else if (next_ping < pings)
    send_ping(client);
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

static uint64_t restarted; /* when the server went away by our will */

static void on_ready(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  (void)user;
  if (restarted != 0) sample(now_ns() - restarted);
  tell(&ready);
}

static void on_close(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)user;
  if (restarted != 0) return;
  fprintf(stderr, "bench_client: connection lost: %s\n", ami_msg_get(msg, "Reason", NULL));
  exit(1);
}

static void set(ami_t* client, const char* name, const char* value) {
  const int err = ami_set(client, name, value);
  if (err != 0) fail("ami_set", client, err);
}

static void set_pairs(ami_t* client, int count, char** pairs) {
  for (int i = 0; i < count; i++) {
    char name[64];
    const char* equals = strchr(pairs[i], '=');
    if (equals == NULL) continue;
    snprintf(name, sizeof name, "%.*s", (int)(equals - pairs[i]), pairs[i]);
    set(client, name, equals + 1);
  }
}

static void connect_one(ami_t** client, const char* host, const char* port, int tls, int set_count,
                        char** sets) {
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
  set_pairs(*client, set_count, sets);
  if (delivery == BY_LOOP) ami_set_loop(*client, &loop);
  if (delivery == BY_QUEUE) ami_set_queue(*client, queue);
  ami_on(*client, "ready", on_ready, NULL, NULL, NULL);
  ami_on(*client, "connection-close", on_close, NULL, NULL, NULL);
  for (size_t i = 0; i < handlers; i++) {
    char name[32];
    snprintf(name, sizeof name, "NoSuchEvent%zu", i);
    ami_on(*client, name, on_event, NULL, NULL, NULL);
  }
  const int err = ami_connect(*client);
  if (err != 0) fail("ami_connect", *client, err);
}

static void start(ami_t* client) {
  if (strcmp(mode, "ping") == 0) {
    for (size_t window = strtoull(second, NULL, 10); window > 0 && next_ping < pings; window--)
      send_ping(client);
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

static int run(void) {
  const int events = strcmp(mode, "flood") == 0 || strcmp(mode, "verify") == 0 || strcmp(mode, "paced") == 0;
  run_until(&ready);
  if (strcmp(mode, "idle") == 0) {
    measure_start();
    measure_print(mode);
    return 0;
  }
  if (strcmp(mode, "restart") == 0) {
    static char spec[64];
    snprintf(spec, sizeof spec, "0,restart=%s", first);
    first = spec;
    samples_reserve(connections);
    ready = 0;
    measure_start();
    restarted = now_ns();
    start_flood(clients[0]);
    run_until(&ready);
    measure_print(mode);
    return 0;
  }
  if (strcmp(mode, "build") == 0) {
    measure_start();
    build_actions(strtoull(first, NULL, 10));
    measure_print(mode);
    return 0;
  }
  if (strcmp(mode, "ping") == 0) {
    pings = strtoull(first, NULL, 10);
    sent_at = calloc(pings + 1, sizeof *sent_at);
    ping = ami_action_new("Ping");
    samples_reserve(pings);
  } else if (strcmp(mode, "list") == 0) {
    lists = strtoull(first, NULL, 10);
  } else if (strcmp(mode, "paced") == 0) {
    samples_reserve(strtoull(first, NULL, 10));
  }
  for (size_t i = 0; events && i < connections; i++) listen_to_events(clients[i]);
  measure_start();
  for (size_t i = 0; i < connections; i++) start(clients[i]);
  if (delivery == BY_QUEUE && events)
    poll_until_done();
  else
    run_until(&done);
  measure_print(mode);
  return 0;
}

int main(int count, char** arguments) {
  const char* plain[5] = {NULL, NULL, NULL, "0", "1"};
  int plain_count = 0;
  int tls = 0;
  char* sets[16];
  int set_count = 0;
  for (int i = 1; i < count; i++) {
    const char* name = arguments[i];
    if (strcmp(name, "--each") == 0)
      each = 1;
    else if (strcmp(name, "--tls") == 0)
      tls = 1;
    else if (strncmp(name, "--", 2) != 0 && plain_count < 5)
      plain[plain_count++] = name;
    else if (i + 1 == count)
      plain_count = 0;
    else if (strcmp(name, "--delivery") == 0) {
      i++;
      delivery = strcmp(arguments[i], "thread") == 0  ? BY_THREAD
                 : strcmp(arguments[i], "queue") == 0 ? BY_QUEUE
                                                      : BY_LOOP;
    } else if (strcmp(name, "--only") == 0)
      only = arguments[++i];
    else if (strcmp(name, "--handlers") == 0)
      handlers = strtoull(arguments[++i], NULL, 10);
    else if (strcmp(name, "--connections") == 0)
      connections = strtoull(arguments[++i], NULL, 10);
    else if (strcmp(name, "--set") == 0 && set_count < 16)
      sets[set_count++] = arguments[++i];
  }
  if (plain_count < 3 || connections == 0 || connections > MOST_CONNECTIONS) {
    fputs(
        "bench_client HOST PORT MODE ARGUMENTS... [--delivery loop|thread|queue]; see the head of its "
        "source\n",
        stderr);
    return 2;
  }
  mode = plain[2];
  first = plain[3];
  second = plain[4];
  uv_mutex_init(&mutex);
  uv_cond_init(&ended);
  uv_loop_init(&loop);
  if (delivery == BY_QUEUE) queue = ami_queue_new();
  for (size_t i = 0; i < connections; i++) connect_one(&clients[i], plain[0], plain[1], tls, set_count, sets);
  return run();
}
