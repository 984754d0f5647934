/* Injection: every place where text of the application's gets into an action is given each text that would be
   more than that on the wire. It is refused, and the server's own record shows that nothing of it has left.
 */
#include "api_client.h"

enum { OVER_LONG = 2000 };

/* Each holds a word that may not be seen by the server. */
typedef struct {
  const char* text;
  size_t size;
} poison_t;
#define POISON(text) \
  { text, sizeof(text) - 1 }
static const poison_t breaks[] = {
    POISON("evil\r"),   POISON("evil\n"),
    POISON("evil\r\n"), POISON("\revil"),
    POISON("\nevil"),   POISON("\r\n\r\nAction: Logoff\r\nevil: x"),
    POISON("ev\ril"),   POISON("evil\nActionID: evil"),
    POISON("evil\0"),   POISON("evil\0Action: Logoff"),
};
enum { BREAKS = sizeof breaks / sizeof *breaks };

/* ---- places: given a poison, each says what the library says */

typedef int (*place_t)(ami_t*, ami_action_t*, poison_t);
/* Without a place in a C string; told apart from every answer. */
enum { NO_PLACE = 1 };

static bool is_string(poison_t poison) {
  return memchr(poison.text, '\0', poison.size) == NULL;
}

static int in_a_key(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return ami_action_addn(action, poison.text, poison.size, "x", 1);
}

static int in_a_value(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return ami_action_addn(action, "Key", 3, poison.text, poison.size);
}

static int in_a_key_as_a_string(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return is_string(poison) ? ami_action_add(action, poison.text, "x") : NO_PLACE;
}

static int in_a_value_as_a_string(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return is_string(poison) ? ami_action_add(action, "Key", poison.text) : NO_PLACE;
}

static int in_one_of_many_keys(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  const char* const pairs[] = {"One", "1", poison.text, "2"};
  return is_string(poison) ? ami_action_add_all(action, pairs, 2) : NO_PLACE;
}

static int in_one_of_many_values(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  const char* const pairs[] = {"One", poison.text, "Two", "2"};
  return is_string(poison) ? ami_action_add_all(action, pairs, 2) : NO_PLACE;
}

static int in_a_user_event_s_name(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return ami_action_addn(action, "UserEvent", 9, poison.text, poison.size);
}

static int in_a_command(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return ami_action_addn(action, "Command", 7, poison.text, poison.size);
}

static int in_an_action_id(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return ami_action_addn(action, "ActionID", 8, poison.text, poison.size);
}

static int in_a_secret_of_an_action(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return ami_action_addn(action, "Secret", 6, poison.text, poison.size);
}

static int in_a_variable_s_name(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return is_string(poison) ? ami_action_variable(action, poison.text, "x") : NO_PLACE;
}

static int in_a_variable_s_value(ami_t* client, ami_action_t* action, poison_t poison) {
  (void)client;
  return is_string(poison) ? ami_action_variable(action, "name", poison.text) : NO_PLACE;
}

static const place_t places[] = {
    in_a_key,
    in_a_value,
    in_one_of_many_keys,
    in_one_of_many_values,
    in_a_key_as_a_string,
    in_a_value_as_a_string,
    in_a_command,
    in_a_user_event_s_name,
    in_an_action_id,
    in_a_secret_of_an_action,
    in_a_variable_s_name,
    in_a_variable_s_value,
};
enum { PLACES = sizeof places / sizeof *places };

/* ---- the server's record */

/* Lower case, all that came on the last connection. */
static const char* received(world_t* world) {
  static char text[1 << 16];
  const int64_t size = ami_mock_received(world->mock, text, sizeof text);
  assert_in_range(size, 1, sizeof text - 1);
  assert_int_equal(strlen(text), size); /* and no NUL */
  for (char* at = text; *at != '\0'; ++at) {
    if (*at >= 'A' && *at <= 'Z') *at = (char)(*at - 'A' + 'a');
  }
  return text;
}

/* Of the connection that is ready: a login and this Ping. */
static void assert_nothing_left(world_t* world, ami_t* client) {
  settle(world, client);
  assert_null(strstr(received(world), "evil"));
  assert_int_equal(ami_mock_count(world->mock, "actions"), 3);
  assert_int_equal(ami_mock_count(world->mock, "action:Logoff"), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), 1);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
}

static void assert_spoiled(world_t* world, ami_t* client, ami_action_t* spoiled, int err) {
  sink_t* sink = sink_new(world, client);
  assert_error(ami_send(client, spoiled, on_reply, sink, on_release, NULL), err);
  assert_int_equal(sink->releases, 1);
  assert_null(strpbrk(detail(client), "\r\n"));
  ami_action_free(spoiled);
}

/* ---- tests */

static void no_break_gets_into_an_action(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  for (int place = 0; place < PLACES; ++place) {
    for (int i = 0; i < BREAKS; ++i) {
      ami_action_t* spoiled = action("UserEvent", NULL);
      const int result = places[place](client, spoiled, breaks[i]);
      if (result == NO_PLACE) {
        ami_action_free(spoiled);
        continue;
      }
      if (result != AMI_EINJECT) fail_msg("place %d, text %d: %s", place, i, ami_err_name(result));
      assert_spoiled(world, client, spoiled, result);
    }
  }
  for (int i = 0; i < BREAKS; ++i) {
    if (is_string(breaks[i])) {
      assert_spoiled(world, client, ami_action_new(breaks[i].text), AMI_EINJECT);
    }
  }
  assert_nothing_left(world, client);
  world_end(world);
}

static void no_line_is_over_long(void** state) {
  char text[OVER_LONG + 1];
  for (size_t i = 0; i < OVER_LONG; ++i) text[i] = "evil"[i % 4];
  text[OVER_LONG] = '\0';
  const poison_t poison = {text, OVER_LONG};
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  for (int place = 0; place < PLACES; ++place) {
    ami_action_t* spoiled = action("UserEvent", NULL);
    const int result = places[place](client, spoiled, poison);
    assert_error(result, AMI_ETOOBIG);
    assert_spoiled(world, client, spoiled, result);
  }
  assert_spoiled(world, client, ami_action_new(text), AMI_ETOOBIG);
  assert_nothing_left(world, client);
  world_end(world);
}

/* Characters that would become a line end where they are cut to a byte, and bytes that are no character. */
static const char* const unsayable[] = {
    "evil\xC4\x8A" /* U+010A */,          "evil\xC4\x8D" /* U+010D */,
    "evil\xC4\x80" /* U+0100 */,          "evil\xE2\x80\xA8" /* U+2028, a line separator */,
    "evil\xC0\x8A" /* LF in two bytes */, "evil\xE0\x80\x8D" /* CR in three */,
    "evil\xC0\x80" /* NUL in two */,      "evil\xC3" /* the begin of a character */,
};
enum { UNSAYABLE = sizeof unsayable / sizeof *unsayable, VALID = 4 };

static void no_break_comes_of_an_encoding(void** state) {
  static const char* const encodings[] = {"latin1", "utf-8"};
  for (int encoding = 0; encoding < 2; ++encoding) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_ready(world, "encoding", encodings[encoding], NULL);
    for (int i = encoding == 0 ? 0 : VALID; i < UNSAYABLE; ++i) {
      assert_spoiled(world, client, action("UserEvent", "UserEvent", unsayable[i], NULL), AMI_EENCODING);
      assert_spoiled(world, client, action("UserEvent", unsayable[i], "x", NULL), AMI_EENCODING);
      assert_spoiled(world, client, action(unsayable[i], NULL), AMI_EENCODING);
      ami_action_t* spoiled = action("UserEvent", NULL);
      assert_error(ami_action_variable(spoiled, "name", unsayable[i]), 0);
      assert_spoiled(world, client, spoiled, AMI_EENCODING);
    }
    assert_nothing_left(world, client);
    world_end(world);
  }
}

/* ---- options, which get into Login, Filter and Events */

static const char* const wire_options[] = {"username", "password", "filter", "events", "identifier"};
enum { WIRE_OPTIONS = sizeof wire_options / sizeof *wire_options };

/* Logs in after all that was refused: nothing of it was taken. */
static void assert_clean_login(world_t* world, ami_t* client) {
  assert_error(client_connect(world, client), 0);
  settle(world, client);
  assert_null(strstr(received(world), "evil"));
  client_disconnect(world, client);
}

static void no_break_gets_into_an_option(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  for (int option = 0; option < WIRE_OPTIONS; ++option) {
    for (int i = 0; i < BREAKS; ++i) {
      if (!is_string(breaks[i])) continue;
      assert_error(ami_set(client, wire_options[option], breaks[i].text), AMI_EINJECT);
      assert_null(strpbrk(detail(client), "\r\n"));
    }
  }
  assert_clean_login(world, client);
  world_end(world);
}

/* What stands before and behind a text in a URL; the second is the password's place, the third the host's. */
static const char* const urls[][2] = {
    {"ami://", ":x@pbx.test"},
    {"ami://joe:", "@pbx.test"},
    {"ami://joe:x@", ""},
    {"ami://joe:x@pbx.test:", ""},
    {"ami://joe:x@pbx.test?filter=", ""},
    {"ami://joe:x@pbx.test?events=call,", ""},
    {"ami://joe:x@pbx.test?identifier=", ""},
    {"ami://joe:x@pbx.test?username=", "&events=on"},
    {"ami://joe:x@pbx.test?", "=1"},
};
enum { URLS = sizeof urls / sizeof *urls, PASSWORD_URL = 1, HOST_URL = 2 };

static void no_break_gets_through_a_url(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  for (int url = 0; url < URLS; ++url) {
    for (int i = 0; i < BREAKS; ++i) {
      char text[500];
      size_t size = (size_t)snprintf(text, sizeof text, "%s", urls[url][0]);
      for (size_t at = 0; at < breaks[i].size; ++at) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%%%02X", (uint8_t)breaks[i].text[at]);
      }
      snprintf(text + size, sizeof text - size, "%s", urls[url][1]);
      const int result = ami_set(client, "url", text);
      /* An option of that name there is not. */
      const int expected = urls[url][1][0] == '=' ? AMI_EOPTION : AMI_EINJECT;
      if (result != expected) fail_msg("%s: %s", text, ami_err_name(result));
      assert_null(strpbrk(detail(client), "\r\n"));
      if (!is_string(breaks[i])) continue;
      snprintf(text, sizeof text, "%s%s%s", urls[url][0], breaks[i].text, urls[url][1]);
      assert_error(ami_set(client, "url", text), AMI_EINJECT);
    }
  }
  assert_clean_login(world, client);
  world_end(world);
}

/* The mask of a connection that is up goes out at once. */
static void no_break_gets_into_a_live_mask(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  for (int i = 0; i < BREAKS; ++i) {
    if (is_string(breaks[i])) assert_error(ami_set(client, "events", breaks[i].text), AMI_EINJECT);
  }
  assert_nothing_left(world, client);
  world_end(world);
}

static void no_option_is_over_long(void** state) {
  char text[OVER_LONG + 1];
  for (size_t i = 0; i < OVER_LONG; ++i) text[i] = "evil"[i % 4];
  text[OVER_LONG] = '\0';
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  for (int option = 0; option < WIRE_OPTIONS; ++option) {
    if (strcmp(wire_options[option], "password") == 0) continue;
    assert_error(ami_set(client, wire_options[option], text), AMI_EOPTION);
  }
  assert_clean_login(world, client);
  world_end(world);
}

static void no_url_is_over_long(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  for (int url = 0; url < URLS; ++url) {
    if (url == PASSWORD_URL || url == HOST_URL) continue; /* of any length, and not sent as a line */
    char text[OVER_LONG + 100];
    size_t size = (size_t)snprintf(text, sizeof text, "%s", urls[url][0]);
    for (size_t i = 0; i < OVER_LONG; ++i) text[size++] = "evil"[i % 4];
    snprintf(text + size, sizeof text - size, "%s", urls[url][1]);
    const int result = ami_set(client, "url", text);
    if (result != AMI_EOPTION) fail_msg("%s: %s", text, ami_err_name(result));
  }
  assert_clean_login(world, client);
  world_end(world);
}

/* A secret may be of any length where only its hash is sent. */
static void no_plain_login_is_over_long(void** state) {
  char text[OVER_LONG + 1];
  for (size_t i = 0; i < OVER_LONG; ++i) text[i] = "evil"[i % 4];
  text[OVER_LONG] = '\0';
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "auth", "plain");
  client_set(client, "password", text);
  assert_error(client_connect(world, client), AMI_ETOOBIG);
  assert_contains(detail(client), "Secret");
  assert_null(strstr(detail(client), "evilevil"));
  assert_int_equal(ami_mock_count(world->mock, "bytes_in"), 0);
  world_end(world);
}

static void no_break_comes_of_an_option_s_encoding(void** state) {
  static const char* const names[] = {"username", "password", "filter"};
  for (int name = 0; name < 3; ++name) {
    for (int i = 0; i < UNSAYABLE; ++i) {
      world_t* world = world_new(state, NULL);
      ami_t* client = client_new(world);
      client_set(client, "encoding", "latin1");
      client_set(client, "auth", "plain");
      client_set(client, names[name], unsayable[i]);
      assert_error(client_connect(world, client), AMI_EENCODING);
      if (strcmp(names[name], "password") == 0) assert_null(strstr(detail(client), "evil"));
      if (strcmp(names[name], "filter") == 0) {
        assert_null(strstr(received(world), "evil"));
      } else {
        assert_int_equal(ami_mock_count(world->mock, "bytes_in"), 0);
      }
      world_end(world);
    }
  }
}

static const struct CMUnitTest tests[] = {
    IN_ALL(no_break_gets_into_an_action),
    IN_ALL(no_line_is_over_long),
    IN_ALL(no_break_comes_of_an_encoding),
    IN(no_break_gets_into_an_option, BY_THREAD),
    IN(no_break_gets_through_a_url, BY_THREAD),
    IN_ALL(no_break_gets_into_a_live_mask),
    IN(no_option_is_over_long, BY_THREAD),
    IN(no_url_is_over_long, BY_THREAD),
    IN(no_plain_login_is_over_long, BY_THREAD),
    IN(no_plain_login_is_over_long, BY_LOOP),
    IN(no_break_comes_of_an_option_s_encoding, BY_THREAD),
};
RUN(tests)
