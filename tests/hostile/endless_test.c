/* Servers that find no end: of the greeting, the login, a line, a message, a list, of logins. The client
   does, at a bound that the error names, and needs no more memory than the bound lets it. */
#include "hostile.h"

/* The connection ends for good, by this error and with these words. */
static void check_end(world_t* world, ami_t* client, int error, const char* says) {
  sink_t* ends = listen_to(world, client, "connection-close");
  assert_error(ami_connect(client), 0);
  const ami_msg_t* last = until_field(world, ends, "Final", "true");
  assert_string_equal(field(last, "Error"), ami_err_name(error));
  assert_contains(field(last, "Reason"), says);
  assert_contains(detail(client), says);
}

/* --------------------------------------------------------------------------------------------- the login */

static void say_for_ever(peer_t* peer, void* text) {
  peer_repeat(peer, text, PLENTY);
}

static void a_greeting(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_for_ever, "A");
  ami_t* client = client_of(world, peer);
  watch(client);
  check_end(world, client, AMI_EPROTO, "no line of at most 256 bytes at the beginning, but AAAA");
  assert_bounded(client, 4);
  world_end(world);
  peer_free(peer);
}

static void lines_of_greeting(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_for_ever, "220 mail.test\r\n");
  ami_t* client = client_of(world, peer);
  client_set(client, "message.max_bytes", "1048576");
  watch(client);
  check_end(world, client, AMI_ELIMIT, "message.max_bytes");
  assert_bounded(client, 8);
  world_end(world);
  peer_free(peer);
}

/* States of a login, over and over, where % is the ActionID of the Challenge; the Login is never answered. */
static void go_round(peer_t* peer, void* states) {
  char text[4096];
  size_t size = 0;
  if (!peer_say(peer, "Asterisk Call Manager/11.0.0\r\n")) return;
  const char* id = peer_hear(peer);
  for (const char* at = states; id != NULL && *at != '\0'; ++at) {
    if (*at == '%') {
      size += (size_t)snprintf(text + size, sizeof text - size, "%s", id);
    } else {
      text[size++] = *at;
      text[size] = '\0';
    }
  }
  while (id != NULL && peer_repeat(peer, text, PLENTY) > 0) {
  }
}

#define TEXT_50 "01234567890123456789012345678901234567890123456789"
#define TEXT_500 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50

static void states_of_a_login(void** state) {
  static char* const states[] = {
      "Response: Success\r\nActionID: %\r\nChallenge: 12345\r\n\r\n",
      "Response: Success\r\nActionID: %\r\nChallenge: 1\r\n\r\nResponse: Error\r\nActionID: nobody\r\n"
      "Message: Authentication Required\r\n\r\nEvent: FullyBooted\r\nPrivilege: system,all\r\n\r\n"
      "Event: Shutdown\r\nPrivilege: system,all\r\n\r\nResponse: Goodbye\r\nActionID: nobody\r\n\r\n"
      "Asterisk Call Manager/11.0.0\r\n\r\n",
      "Response: Success\r\nActionID: %\r\nEventList: start\r\nChallenge: 1\r\n\r\n"
      "Event: Item\r\nActionID: %\r\nText: " TEXT_500 TEXT_500 "\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof states / sizeof *states; ++i) {
    world_t* world = world_new(state, NULL);
    peer_t* peer = peer_new(go_round, states[i]);
    ami_t* client = client_of(world, peer);
    client_set(client, "login.timeout_ms", "1000");
    sink_t* ready = listen_to(world, client, "ready");
    watch(client);
    check_end(world, client, AMI_ETIMEDOUT,
              "login not complete within 1000 ms; login.timeout_ms is the bound");
    assert_bounded(client, 4);
    assert_int_equal(count_of(ready), 0);
    assert_true(ami_stat(client, AMI_STAT_BYTES_OUT) < 1000); /* a Challenge and a Login, whatever was said */
    world_end(world);
    peer_free(peer);
  }
}

/* After the login, no word of logins, logoffs and restarts means anything. */
static void go_round_later(peer_t* peer, void* data) {
  (void)data;
  if (!peer_log_in(peer)) return;
  const char* id = peer_hear(peer);
  if (id == NULL) return;
  peer_repeat(peer,
              "Response: Goodbye\r\nMessage: Thanks for all the fish.\r\nActionID: nobody\r\n\r\n"
              "Response: Success\r\nChallenge: 1\r\nActionID: nobody\r\n\r\n"
              "Response: Error\r\nMessage: Authentication failed\r\nActionID: nobody\r\n\r\n"
              "Asterisk Call Manager/11.0.0\r\n\r\n"
              "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
              "Event: Shutdown\r\nPrivilege: system,all\r\nRestart: False\r\n\r\n",
              4 << 20);
  peer_say(peer, "Response: Success\r\nActionID: %s\r\nMine: yes\r\n\r\n", id);
  peer_ignore(peer);
}

static void states_of_a_session(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(go_round_later, NULL);
  ami_t* client = client_of(world, peer);
  sink_t* notices = listen_to(world, client, "connection-*");
  assert_error(client_connect(world, client), 0);
  watch(client);
  const ami_reply_t* reply = reply_to(world, client, action("CoreStatus", NULL));
  assert_bounded(client, 4);
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(reply), "Mine"), "yes");
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_int_equal(ami_stat(client, AMI_STAT_GENERATION), 1);
  assert_string_equal(names(notices), "connection-connect");
  world_end(world);
  peer_free(peer);
}

/* Logs every client in and closes at once. */
static void log_in_and_out(peer_t* peer, void* data) {
  (void)data;
  if (peer_log_in(peer)) peer_say(peer, "Response: Goodbye\r\n\r\n");
}

static void logins(void** state) {
  enum { COUNT = 12 };
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(log_in_and_out, NULL);
  ami_t* client = client_of(world, peer);
  client_set(client, "reconnect", "1");
  client_set(client, "reconnect.max_ms", "50");
  sink_t* attempts = listen_to(world, client, "connection-reconnecting");
  watch(client);
  assert_error(ami_connect(client), 0);
  until_count(world, attempts, COUNT);
  assert_bounded(client, 4);
  /* A login that does not last takes nothing off the delay. */
  for (int i = 0; i < COUNT; ++i)
    assert_int_equal(atoi(field(message_at(attempts, (size_t)i), "Attempt")), i + 1);
  client_disconnect(world, client);
  world_end(world);
  peer_free(peer);
}

/* --------------------------------------------------------------------------------- lines, messages, keys */

typedef struct {
  const char *begin, *then; /* then: for ever */
  const char* says;
  int peak_mib;
} endless_t;

static void say_endless(peer_t* peer, void* data) {
  const endless_t* endless = data;
  if (!peer_log_in(peer)) return;
  if (peer_hear(peer) != NULL && peer_say(peer, "%s", endless->begin))
    peer_repeat(peer, endless->then, PLENTY);
}

/* By the default bounds. What is held grows by doubling, so that it needs twice its size while it moves. */
static void a_line_or_a_message(void** state) {
  static endless_t all[] = {
      {"Event: X\r\nText: ", "x",
       "a line of more than 1048576 bytes came from the server; line.max_bytes is its bound", 6},
      {"Event: X\r\n", "Key: value\r\n",
       "a message of more than 16777216 bytes came from the server; message.max_bytes is its bound", 56},
      {"Event: X\r\n", "a:\r\n", "message.max_bytes", 56}, /* keys */
      {"Event: X\r\n", "rubbish\n", "line.max_bytes", 6},  /* LF ends no line */
      {"Response: Success\r\nActionID: nobody\r\n", "Output: x\r\n", "message.max_bytes", 56},
      {"Response: Follows\r\n", "a: b\r\n\r\n--END COMMAND--\r\n", "message.max_bytes", 56},
      {"", "rubbish without a colon\r\n", "message.max_bytes", 56},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
    world_t* world = world_new(state, NULL);
    peer_t* peer = peer_new(say_endless, &all[i]);
    ami_t* client = client_of(world, peer);
    sink_t* ends = listen_to(world, client, "connection-close");
    sink_t* data = listen_to(world, client, "data");
    assert_error(client_connect(world, client), 0);
    watch(client);
    sink_t* sent = send_action(world, client, action("Ping", NULL));
    const ami_msg_t* last = until_field(world, ends, "Final", "true");
    assert_bounded(client, all[i].peak_mib);
    assert_string_equal(field(last, "Error"), "AMI_ELIMIT");
    assert_contains(field(last, "Reason"), all[i].says);
    assert_contains(detail(client), all[i].says);
    until_reply(world, sent);
    assert_reply(sent->reply, AMI_ELIMIT, AMI_MAYBE_RUN);
    assert_int_equal(count_of(data), 2); /* of the login */
    world_end(world);
    peer_free(peer);
  }
}

/* Keys cost more than their bytes: a field each. A message of nothing else is the dearest there is. */
enum { KEYS = 250000, KEY_BYTES = 4 };

static void say_keys(peer_t* peer, void* data) {
  (void)data;
  if (!peer_log_in(peer) || peer_hear(peer) == NULL) return;
  if (peer_say(peer, "Event: Keys\r\n") && peer_repeat(peer, "a:\r\n", KEYS * KEY_BYTES) > 0) {
    peer_say(peer, "\r\n");
  }
  peer_ignore(peer);
}

static void keys(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_keys, NULL);
  ami_t* client = client_of(world, peer);
  client_set(client, "message.max_bytes", "1048576");
  sink_t* events = listen_to(world, client, "Keys");
  assert_error(client_connect(world, client), 0);
  watch(client);
  send_action(world, client, action("Ping", NULL));
  until_count(world, events, 1);
  assert_bounded(client, 14); /* held, copied, and a field of 24 bytes for each 4 of the text */
  const ami_field_t* fields = NULL;
  assert_int_equal(ami_msg_fields(message_at(events, 0), &fields), 1 + KEYS);
  assert_string_equal(fields[KEYS].key, "a");
  client_destroy(world, client);
  world_end(world);
  peer_free(peer);
}

/* ------------------------------------------------------------------------------------------------- lists */

static void say_list(peer_t* peer, void* data) {
  char item[512];
  (void)data;
  if (!peer_log_in(peer)) return;
  const char* id = peer_hear(peer);
  if (id == NULL || !peer_say(peer, "Response: Success\r\nActionID: %s\r\nEventList: start\r\n\r\n", id))
    return;
  snprintf(item, sizeof item,
           "Event: CoreShowChannel\r\nActionID: %s\r\nChannel: Local/1@x-1\r\nText: %0100d\r\n\r\n", id, 0);
  while (peer_repeat(peer, item, PLENTY) > 0) {
  }
}

static void check_list(void** state, const char* bound, const char* value, const char* says) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_list, NULL);
  ami_t* client = client_of(world, peer);
  client_set(client, bound, value);
  client_set(client, "action.timeout_ms", "2000");
  client_set(client, "blocked.max_ms", "2000");
  sink_t* ends = listen_to(world, client, "connection-close");
  assert_error(client_connect(world, client), 0);
  watch(client);
  sink_t* list = send_action(world, client, action("CoreShowChannels", NULL));
  until_reply(world, list);
  assert_reply(list->reply, AMI_ELIMIT, AMI_ANSWERED);
  assert_string_equal(detail(client), says);
  /* The rest is swallowed, but who waits behind it does not wait for ever. */
  const int state_now = ami_state(client);
  assert_true(state_now == AMI_STATE_READY || state_now == AMI_STATE_IDLE);
  const ami_msg_t* last = until_field(world, ends, "Final", "true");
  assert_string_equal(field(last, "Error"), "AMI_ETIMEDOUT");
  assert_contains(field(last, "Reason"),
                  "action CoreShowChannels timed out and held up the connection for more than");
  assert_bounded(client, 6);
  world_end(world);
  peer_free(peer);
}

static void items_of_a_list(void** state) {
  check_list(state, "list.max_items", "5000",
             "CoreShowChannels: more than 5000 items came; list.max_items is the bound");
}

static void bytes_of_a_list(void** state) {
  check_list(state, "list.max_bytes", "1000000",
             "CoreShowChannels: more than 1000000 bytes of items came; list.max_bytes is the bound");
}

enum { LISTS = 4 };

static void say_lists(peer_t* peer, void* data) {
  char ids[LISTS][80];
  char items[LISTS * 512];
  size_t size = 0;
  (void)data;
  if (!peer_log_in(peer)) return;
  for (int i = 0; i < LISTS; ++i) {
    const char* id = peer_hear(peer);
    if (id == NULL) return;
    snprintf(ids[i], sizeof ids[i], "%s", id);
  }
  for (int i = 0; i < LISTS; ++i) {
    if (!peer_say(peer, "Response: Success\r\nActionID: %s\r\nEventList: start\r\n\r\n", ids[i])) return;
    size += (size_t)snprintf(items + size, sizeof items - size,
                             "Event: CoreShowChannel\r\nActionID: %s\r\nText: %0100d\r\n\r\n", ids[i], 0);
  }
  while (peer_repeat(peer, items, PLENTY) > 0) {
  }
}

/* The bounds are of each list: so many at once may take so many times as much, and no more. */
static void several_lists(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_lists, NULL);
  ami_t* client = client_of(world, peer);
  /* A list that another one follows has a second to get to its bound, and a sanitizer takes its time. */
  client_set(client, "list.max_bytes", USAGE_TELLS ? "1000000" : "50000");
  client_set(client, "blocked.max_ms", "60000");
  assert_error(client_connect(world, client), 0);
  watch(client);
  sink_t* lists[LISTS];
  for (int i = 0; i < LISTS; ++i) lists[i] = send_action(world, client, action("CoreShowChannels", NULL));
  for (int i = 0; i < LISTS; ++i) {
    until_reply(world, lists[i]);
    assert_reply(lists[i]->reply, AMI_ELIMIT, AMI_ANSWERED);
  }
  assert_bounded(client, 3 + LISTS);
  client_destroy(world, client);
  world_end(world);
  peer_free(peer);
}

/* Items that are given as they come wait in the queue and are never dropped: the list's bound is theirs. */
static void items_that_nobody_takes(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_list, NULL);
  ami_t* client = client_of(world, peer);
  client_set(client, "list.max_items", "5000");
  client_set(client, "blocked.max_ms", "60000");
  assert_error(client_connect(world, client), 0);
  watch(client);
  sink_t* list = send_each(world, client, action("CoreShowChannels", NULL));
  const int64_t before = ami_stat(client, AMI_STAT_REPLIES);
  until_stat(client, AMI_STAT_REPLIES, before + 1);
  until_stat(client, AMI_STAT_BYTES_IN, 16 << 20);
  assert_int_equal(ami_stat(client, AMI_STAT_QUEUED), 5001);
  assert_bounded(client, 6);
  until_reply(world, list);
  assert_reply(list->reply, AMI_ELIMIT, AMI_ANSWERED);
  assert_int_equal(count_of(list), 5000);
  world_end(world);
  peer_free(peer);
}

static const struct CMUnitTest tests[] = {
    IN(a_greeting, BY_THREAD),
    IN(a_greeting, BY_LOOP),
    IN(lines_of_greeting, BY_THREAD),
    IN(states_of_a_login, BY_THREAD),
    IN(states_of_a_session, BY_THREAD),
    IN(states_of_a_session, BY_LOOP),
    IN(logins, BY_THREAD),
    IN(a_line_or_a_message, BY_THREAD),
    IN(keys, BY_THREAD),
    IN(items_of_a_list, BY_THREAD),
    IN(items_of_a_list, BY_LOOP),
    IN(bytes_of_a_list, BY_THREAD),
    IN(several_lists, BY_THREAD),
    IN(items_that_nobody_takes, BY_POLL),
};
RUN(tests)
