/* ami_on_log() and debug=true; and that no secret, key or challenge gets into a log or a detail. */
#include <unistd.h>

#include "api_client.h"

enum { DEBUG = 3 };

/* What a log callback was given; the user of ami_on_log() is the sink, and this its data. */
typedef struct {
  pthread_mutex_t mutex;
  char* text; /* all lines, each with its level before it and LF behind it */
  size_t size;
  int lines, bad, least, most;
} log_t;

static void on_log(int level, const char* line, void* user) {
  log_t* log = ((sink_t*)user)->data;
  pthread_mutex_lock(&log->mutex);
  const size_t length = strlen(line);
  if (length == 0 || strpbrk(line, "\r\n") != NULL || level < 0 || level > DEBUG) ++log->bad;
  log->text = realloc(log->text, log->size + length + 4);
  log->size += (size_t)sprintf(log->text + log->size, "%d %s\n", level, line);
  if (log->lines++ == 0 || level < log->least) log->least = level;
  if (log->lines == 1 || level > log->most) log->most = level;
  pthread_mutex_unlock(&log->mutex);
}

static sink_t* log_to(world_t* world, ami_t* client, int level, log_t* log) {
  memset(log, 0, sizeof *log);
  pthread_mutex_init(&log->mutex, NULL);
  sink_t* sink = sink_new(world, client);
  sink->data = log;
  assert_error(ami_on_log(client, level, on_log, sink, on_release), 0);
  return sink;
}

/* When the last callback has returned. */
static void log_end(log_t* log) {
  assert_int_equal(log->bad, 0);
  free(log->text);
}

static void lines_tell_the_course(void** state) {
  log_t log;
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* sink = log_to(world, client, DEBUG, &log);
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  char port[16];
  snprintf(port, sizeof port, "%d", ami_mock_port(world->mock));
  ami_mock_set_down(world->mock, 1);
  assert_error(client_connect(world, client), AMI_ECONNECT);
  client_destroy(world, client);
  until_released(world, sink);
  assert_contains(log.text, "2 connecting to 127.0.0.1 port ");
  assert_contains(log.text, port);
  assert_contains(log.text, "2 connected to 127.0.0.1:");
  assert_contains(log.text, "2 ready: Asterisk Call Manager/11.0.0");
  assert_contains(log.text, "2 connection ended: AMI_ECLOSED");
  assert_contains(log.text, "1 connection ended: AMI_ECONNECT");
  log_end(&log);
  world_end(world);
}

static void only_of_the_level_and_below(void** state) {
  for (int level = -1; level <= DEBUG; ++level) {
    log_t log;
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    sink_t* sink = log_to(world, client, level, &log);
    assert_error(client_connect(world, client), 0);
    ami_mock_fault(world->mock, "cut_on_action", 1);
    reply_to(world, client, action("Ping", NULL));
    until_state(world, client, AMI_STATE_IDLE);
    client_destroy(world, client);
    until_released(world, sink);
    assert_int_equal(log.lines > 0, level >= 1);
    if (level >= 1) assert_true(log.most <= level && log.least == 1);
    if (level >= 2) assert_int_equal(log.most, 2);
    log_end(&log);
    world_end(world);
  }
}

/* One callback a client: another takes its place, NULL ends it. */
static void one_callback_a_client(void** state) {
  log_t first;
  log_t second;
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* one = log_to(world, client, DEBUG, &first);
  assert_error(client_connect(world, client), 0);
  sink_t* two = log_to(world, client, DEBUG, &second);
  until_released(world, one);
  const int lines = first.lines;
  assert_true(lines > 0);
  client_disconnect(world, client);
  assert_int_equal(first.lines, lines);
  assert_int_equal(two->releases, 0);
  sink_t* none = sink_new(world, client);
  assert_error(ami_on_log(client, DEBUG, NULL, none, on_release), 0);
  until_released(world, two);
  until_released(world, none);
  assert_true(second.lines > 0);
  const int last = second.lines;
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  assert_int_equal(second.lines, last);
  log_end(&first);
  log_end(&second);
  world_end(world);
}

/* What a server says cannot break a line, nor pass for a line of its own. */
static void what_the_server_says_stays_in_its_line(void** state) {
  log_t log;
  world_t* world = world_new(state, "banner", "Strange\x1b[31m greeting\x01", NULL);
  ami_t* client = client_new(world);
  sink_t* sink = log_to(world, client, DEBUG, &log);
  client_connect(world, client);
  client_destroy(world, client);
  until_released(world, sink);
  assert_contains(log.text, "Strange\\x1b[31m greeting\\x01");
  assert_null(strchr(log.text, '\x1b'));
  log_end(&log);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------- secrets */

#define SECRET "Sec-ret-123456"

/* What may not be told, and all that was. */
typedef struct {
  char words[32][64];
  size_t count;
  char* told;
  size_t size;
} telltale_t;

static void add_word(telltale_t* tale, const char* word) {
  assert_in_range(strlen(word), 8, sizeof tale->words[0] - 1);
  assert_true(tale->count < sizeof tale->words / sizeof *tale->words);
  strcpy(tale->words[tale->count++], word);
}

static void add_told(telltale_t* tale, const char* text) {
  const size_t length = strlen(text);
  tale->told = realloc(tale->told, tale->size + length + 1);
  memcpy(tale->told + tale->size, text, length + 1);
  tale->size += length;
}

/* The keys that the server got. */
static void add_keys(telltale_t* tale, world_t* world) {
  static char received[1 << 16];
  ami_mock_received(world->mock, received, sizeof received);
  char* key = strstr(received, "\r\nKey: ");
  if (key == NULL) return;
  key[strlen("\r\nKey: ") + 32] = '\0';
  add_word(tale, key + strlen("\r\nKey: "));
}

static void add_challenges(telltale_t* tale, sink_t* data) {
  for (size_t i = 0; i < count_of(data); ++i) {
    const char* challenge = field(message_at(data, i), "Challenge");
    if (*challenge != '\0') add_word(tale, challenge);
  }
}

static void check_tale(telltale_t* tale) {
  for (size_t i = 0; i < tale->count; ++i) {
    if (strstr(tale->told, tale->words[i]) != NULL) fail_msg("%s is told: %s", tale->words[i], tale->told);
  }
  free(tale->told);
}

/* What an application may do with its secret, right or wrong. */
static void use_the_secret(world_t* world, ami_t* client, telltale_t* tale) {
  ami_action_t* spoiled = ami_action_new("Login");
  assert_error(ami_action_add(spoiled, "Secret", SECRET "\nx"), AMI_EINJECT);
  add_told(tale, ami_action_detail(spoiled));
  refused(world, client, spoiled);
  add_told(tale, detail(client));
  assert_true(ami_set(client, "password", SECRET "\r") < 0);
  add_told(tale, detail(client));
  /* The connection may be gone, now or meanwhile. */
  ami_action_t* login = action("Login", "Username", "joe", "Secret", SECRET, NULL);
  for (int i = 0; i < 2; ++i) ami_send(client, login, NULL, NULL, NULL, NULL);
  ami_action_free(login);
  add_told(tale, detail(client));
}

/* The fault strikes what the server says first, then what it says next, and so on. */
static void check_login(void** state, const char* auth, const char* fault, const char* user) {
  log_t log;
  telltale_t tale = {{SECRET}, 1, NULL, 0};
  world_t* world = world_new(state, "user", user, NULL);
  ami_t* client = client_new(world);
  client_set(client, "username", "joe");
  client_set(client, "password", SECRET);
  client_set(client, "auth", auth);
  if (strcmp(fault, "no_response") == 0) {
    client_set(client, "login.timeout_ms", "20");
    client_set(client, "disconnect.grace_ms", "20");
  }
  sink_t* sink = log_to(world, client, DEBUG, &log);
  sink_t* notices = listen_to(world, client, "*");
  sink_t* data = listen_to(world, client, "data");
  sink_t* closes = listen_to(world, client, "connection-close");
  for (int round = 1; round <= 3; ++round) {
    if (*fault != '\0') assert_int_equal(ami_mock_fault(world->mock, fault, round), 0);
    client_connect(world, client);
    add_told(&tale, detail(client));
    use_the_secret(world, client, &tale);
    assert_error(ami_disconnect(client), 0);
    until_state(world, client, AMI_STATE_IDLE);
    until_count(world, closes, (size_t)round); /* what is not delivered by then goes with the client */
    add_told(&tale, detail(client));
    add_keys(&tale, world);
    ami_mock_clear(world->mock);
  }
  client_destroy(world, client);
  until_released(world, sink);
  until_released(world, notices);
  until_released(world, data);
  until_released(world, closes);
  add_challenges(&tale, data);
  for (size_t i = 0; i < count_of(notices); ++i) {
    if (ami_msg_kind(message_at(notices, i)) == AMI_MSG_NOTICE)
      add_told(&tale, ami_msg_raw(message_at(notices, i), NULL));
  }
  add_told(&tale, log.text);
  assert_contains(tale.told, "2 connecting to");
  assert_contains(tale.told, "Event: connection-close");
  if (strcmp(auth, "md5") == 0 && strcmp(fault, "no_response") != 0) assert_true(tale.count >= 3);
  check_tale(&tale);
  log_end(&log);
  world_end(world);
}

static void no_secret_is_told(void** state) {
  static const char* const faults[] = {"",        "refuse_login",    "login_in_use", "cut_in_login", "no_id",
                                       "garbage", "cut_in_response", "no_response",  "shutting_down"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; ++i) {
    check_login(state, "md5", faults[i], "joe:" SECRET);
    check_login(state, "plain", faults[i], "joe:" SECRET);
  }
  check_login(state, "md5", "", "joe:another");
  check_login(state, "plain", "", "joe:another");
}

static void debug_writes_to_stderr(void** state) {
  static char text[1 << 16];
  for (int on = 0; on < 2; ++on) {
    FILE* file = tmpfile();
    assert_non_null(file);
    world_t* world = world_new(state, "user", "joe:" SECRET, NULL);
    ami_t* client = client_new(world);
    client_set(client, "username", "joe");
    client_set(client, "password", SECRET);
    client_set(client, "debug", on == 1 ? "true" : "false");
    fflush(stderr);
    const int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    const int md5 = client_connect(world, client);
    client_disconnect(world, client);
    ami_set(client, "auth", "plain");
    const int plain = client_connect(world, client);
    client_disconnect(world, client);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    assert_error(md5, 0);
    assert_error(plain, 0);
    rewind(file);
    const size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    assert_int_equal(length > 0, on);
    if (on == 1) assert_contains(text, "libami info: ready: Asterisk Call Manager/11.0.0\n");
    telltale_t tale = {{SECRET}, 1, NULL, 0};
    add_told(&tale, text);
    check_tale(&tale);
    world_end(world);
  }
}

static const struct CMUnitTest tests[] = {
    IN_ALL(lines_tell_the_course),         IN_ALL(only_of_the_level_and_below),
    IN_ALL(one_callback_a_client),         IN(what_the_server_says_stays_in_its_line, BY_THREAD),
    IN(no_secret_is_told, BY_THREAD),      IN(no_secret_is_told, BY_LOOP),
    IN(debug_writes_to_stderr, BY_THREAD),
};
RUN(tests)
