/* Every option: its default, what it takes and what it refuses; URLs; and when options may be set. */
#include "api_client.h"

#define PIN "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define LONG_TEXT \
  "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define WEEK_MS "604800000"

/* Lists end with NULL. good: value, and what is read back, in turn. says: part of the detail for each bad. */
typedef struct {
  const char *name, *is, *says;
  const char* good[20];
  const char* bad[12];
} option_t;

static const option_t options[] = {
    {"host", "localhost", "a host name or an address", {"pbx.test", "pbx.test", "::1", "::1"}, {""}},
    {"port",
     "5038",
     "a number from 1 to 65535",
     {"1", "1", "65535", "65535", "05038", "5038"},
     {"0", "65536", "-1", "+1", "", " 1", "1 ", "1x", "ami", "99999999999999999999"}},
    {"username", "username", "fits into one line", {"joe", "joe", "a b", "a b"}, {NULL}},
    {"password", NULL, NULL, {NULL}, {NULL}},
    {"url", NULL, "begins with ami:// or amis://", {NULL}, {"", "pbx", "http://pbx"}},
    {"auth", "md5", "md5 or plain", {"plain", "plain", "MD5", "md5", "Plain", "plain"}, {"", "sha", "none"}},
    {"events",
     "on",
     "call",
     {"off", "off", "true", "on", "False", "off", "yes", "on", "no", "off", "call,agent", "call,agent",
      "USER", "user", "system", "system"},
     {"", "1", "0", "3", "calls", "call,", ",call", "call agent", "call, agent", "all", "none"}},
    {"filter",
     "",
     "fits into one line",
     {"Event: Hello", "Event: Hello", "!Event: Bye", "Event: Hello\n!Event: Bye", "", ""},
     {NULL}},
    {"reconnect",
     "false",
     "true, false, or the first delay in ms",
     {"true", "1000", "off", "false", "250", "250", "0", "false", "1", "1", "Yes", "1000", WEEK_MS, WEEK_MS},
     {"", "-1", "soon", "604800001", "1.5"}},
    {"reconnect.max_ms", "30000", "from 1 to", {"1", "1", WEEK_MS, WEEK_MS}, {"0", "", "-1", "604800001"}},
    {"reconnect.jitter",
     "full",
     "full or none",
     {"none", "none", "FULL", "full", "None", "none"},
     {"", "true", "half", "0"}},
    {"identifier",
     "",
     "at most 24 printable",
     {"pbx1-", "pbx1-", "123456789012345678901234", "123456789012345678901234", "", ""},
     {"1234567890123456789012345", "a b", "a\tb", "\303\266", "\177"}},
    {"encoding",
     "ascii",
     "ascii, binary, utf-8 or latin1",
     {"utf-8", "utf-8", "UTF8", "utf-8", "latin1", "latin1", "binary", "ascii", "ASCII", "ascii"},
     {"", "utf-16", "iso-8859-1"}},
    {"debug",
     "false",
     "true or false",
     {"true", "true", "off", "false", "YES", "true", "0", "false"},
     {"", "2", "maybe"}},
    {"tls", "false", "true or false", {"on", "true", "no", "false", "1", "true"}, {"", "starttls"}},
    {"tls.ca", "", NULL, {"/etc/ca.pem", "/etc/ca.pem", "", ""}, {NULL}},
    {"tls.cert", "", NULL, {"/etc/me.pem", "/etc/me.pem", "", ""}, {NULL}},
    {"tls.key", "", NULL, {"/etc/me.key", "/etc/me.key", "", ""}, {NULL}},
    {"tls.verify",
     "full",
     "full, ca or none",
     {"ca", "ca", "NONE", "none", "full", "full"},
     {"", "yes", "peer"}},
    {"tls.server_name", "", NULL, {"pbx.test", "pbx.test", "", ""}, {NULL}},
    {"tls.pin",
     "",
     "sha256// and the 44 characters",
     {PIN, PIN, "", ""},
     {"sha256//", "sha256//abc", "md5//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", PIN "="}},
    {"connect.timeout_ms", "10000", "from 1 to", {"1", "1", WEEK_MS, WEEK_MS}, {"0", "", "-1", "604800001"}},
    {"login.timeout_ms", "10000", "from 1 to", {"1", "1", WEEK_MS, WEEK_MS}, {"0", "", "never"}},
    {"action.timeout_ms", "30000", "from 0 to", {"0", "0", WEEK_MS, WEEK_MS}, {"", "-1", "never"}},
    {"ping.interval_ms", "30000", "from 0 to", {"0", "0", WEEK_MS, WEEK_MS}, {"", "-1", "never"}},
    {"ping.timeout_ms", "10000", "from 1 to", {"1", "1", WEEK_MS, WEEK_MS}, {"0", "", "-1"}},
    {"blocked.max_ms", "120000", "from 1 to", {"1", "1", WEEK_MS, WEEK_MS}, {"0", "", "-1"}},
    {"offline", "refuse", "refuse or queue", {"queue", "queue", "REFUSE", "refuse"}, {"", "true", "wait"}},
    {"offline.max", "1000", "from 1 to", {"1", "1", "1073741824", "1073741824"}, {"0", "", "1073741825"}},
    {"inflight.max", "65536", "from 1 to", {"1", "1", "1073741824", "1073741824"}, {"0", "", "1073741825"}},
    {"queue.overflow", "drop", "drop or wait", {"wait", "wait", "Drop", "drop"}, {"", "block"}},
    {"queue.max_items",
     "65536",
     "from 1 to",
     {"1", "1", "1073741824", "1073741824"},
     {"0", "", "1073741825"}},
    {"queue.max_bytes",
     "67108864",
     "from 1024 to",
     {"1024", "1024", "4294967296", "4294967296"},
     {"1023", ""}},
    {"message.max_bytes",
     "16777216",
     "from 1024 to",
     {"1024", "1024", "1073741824", "1073741824"},
     {"1023", "", "1073741825"}},
    {"line.max_bytes",
     "1048576",
     "from 1024 to",
     {"1024", "1024", "1073741824", "1073741824"},
     {"1023", "", "1073741825"}},
    {"list.max_items", "1000000", "from 1 to", {"1", "1", "1073741824", "1073741824"}, {"0", ""}},
    {"list.max_bytes",
     "268435456",
     "from 1024 to",
     {"1024", "1024", "4294967296", "4294967296"},
     {"1023", ""}},
    {"list.events", "false", "true or false", {"true", "true", "no", "false"}, {"", "all"}},
    {"disconnect.grace_ms", "5000", "from 0 to", {"0", "0", WEEK_MS, WEEK_MS}, {"", "-1"}},
};
enum { OPTIONS = sizeof options / sizeof *options };

static const char* upper(const char* name) {
  static char text[64];
  size_t i = 0;
  for (; name[i] != '\0'; ++i) text[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
  text[i] = '\0';
  return text;
}

static void every_option_has_its_default(void** state) {
  (void)state;
  ami_t* client = ami_new();
  for (size_t i = 0; i < OPTIONS; ++i) {
    if (options[i].is != NULL) {
      assert_string_equal(option(client, options[i].name), options[i].is);
      assert_string_equal(option(client, upper(options[i].name)), options[i].is);
      continue;
    }
    char text[64] = "untouched";
    assert_error(ami_get(client, options[i].name, text, sizeof text), AMI_EOPTION);
    assert_string_equal(text, "untouched");
    assert_contains(detail(client), options[i].name);
    assert_contains(detail(client), "cannot be read");
  }
  assert_string_equal(option(client, "server.banner"), "");
  assert_string_equal(option(client, "server.version"), "");
  ami_destroy(client);
}

static void every_option_takes_what_is_good(void** state) {
  (void)state;
  ami_t* client = ami_new();
  for (size_t i = 0; i < OPTIONS; ++i) {
    for (const char* const* value = options[i].good; *value != NULL; value += 2) {
      client_set(client, upper(options[i].name), value[0]);
      assert_string_equal(option(client, options[i].name), value[1]);
    }
  }
  client_set(client, "password", "");
  client_set(client, "password", LONG_TEXT LONG_TEXT);
  ami_destroy(client);
}

static void every_option_refuses_what_is_bad(void** state) {
  (void)state;
  ami_t* client = ami_new();
  for (size_t i = 0; i < OPTIONS; ++i) {
    const option_t* tested = &options[i];
    const char* before = tested->good[0] != NULL ? tested->good[1] : NULL;
    if (before != NULL) client_set(client, tested->name, tested->good[0]);
    for (const char* const* value = tested->bad; *value != NULL; ++value) {
      const int result = ami_set(client, tested->name, *value);
      if (result != AMI_EOPTION) fail_msg("%s = \"%s\": %s", tested->name, *value, ami_err_name(result));
      assert_contains(detail(client), tested->name);
      assert_contains(detail(client), tested->says);
      if (before != NULL) assert_string_equal(option(client, tested->name), before);
    }
    /* What would be a line of its own on the wire. */
    assert_error(ami_set(client, tested->name, "1\r\nAction: Logoff"), AMI_EINJECT);
    assert_error(ami_set(client, tested->name, "on\n"), AMI_EINJECT);
    assert_error(ami_set(client, tested->name, "\r"), AMI_EINJECT);
    assert_contains(detail(client), tested->name);
    assert_contains(detail(client), "CR, LF");
    if (before != NULL) assert_string_equal(option(client, tested->name), before);
  }
  ami_destroy(client);
}

static void a_bad_value_is_named(void** state) {
  (void)state;
  ami_t* client = ami_new();
  assert_error(ami_set(client, "port", "99999"), AMI_EOPTION);
  assert_string_equal(detail(client),
                      "option port: \"99999\" is not allowed; it takes a number from 1 to 65535");
  assert_error(ami_set(client, "Tls.Verify", "per\033haps"), AMI_EOPTION);
  assert_contains(detail(client), "tls.verify");
  assert_null(strchr(detail(client), '\033'));
  ami_destroy(client);
}

static void lines_that_asterisk_cuts_are_refused(void** state) {
  (void)state;
  static char text[2000];
  memset(text, 'x', sizeof text - 1);
  ami_t* client = ami_new();
  assert_error(ami_set(client, "username", text), AMI_EOPTION);
  assert_contains(detail(client), "fits into one line");
  assert_string_equal(option(client, "username"), "username");
  assert_error(ami_set(client, "filter", text), AMI_EOPTION);
  assert_string_equal(option(client, "filter"), "");
  ami_destroy(client);
}

static void an_unknown_option_names_the_known(void** state) {
  (void)state;
  ami_t* client = ami_new();
  assert_error(ami_set(client, "prot", "5038"), AMI_EOPTION);
  assert_contains(detail(client), "\"prot\"");
  char known[4096];
  snprintf(known, sizeof known, "%s", detail(client));
  for (size_t i = 0; i < OPTIONS; ++i) assert_contains(known, options[i].name);
  /* And none that is not in the table above. */
  size_t count = 1;
  for (const char* at = strstr(known, "known are"); (at = strchr(at, ',')) != NULL; ++at) ++count;
  assert_int_equal(count, OPTIONS);

  char text[64];
  assert_error(ami_get(client, "prot", text, sizeof text), AMI_EOPTION);
  assert_contains(detail(client), "\"prot\"");
  assert_error(ami_set(client, "", "x"), AMI_EOPTION);
  assert_error(ami_set(client, "server.banner", "x"), AMI_EOPTION);
  ami_destroy(client);
}

static void null_is_refused(void** state) {
  (void)state;
  ami_t* client = ami_new();
  char text[8];
  assert_error(ami_set(NULL, "port", "1"), AMI_EINVAL);
  assert_error(ami_set(client, NULL, "1"), AMI_EINVAL);
  assert_error(ami_set(client, "port", NULL), AMI_EINVAL);
  assert_error(ami_get(NULL, "port", text, sizeof text), AMI_EINVAL);
  assert_error(ami_get(client, NULL, text, sizeof text), AMI_EINVAL);
  assert_error(ami_get(client, "port", NULL, 1), AMI_EINVAL);
  assert_error(ami_detail(NULL, text, sizeof text), AMI_EINVAL);
  ami_destroy(client);
}

static void a_small_buffer_cuts(void** state) {
  (void)state;
  ami_t* client = ami_new();
  client_set(client, "host", "pbx.example.test");
  char text[8] = "xxxxxxx";
  assert_int_equal(ami_get(client, "host", NULL, 0), 16);
  assert_int_equal(ami_get(client, "host", text, 0), 16);
  assert_string_equal(text, "xxxxxxx");
  assert_int_equal(ami_get(client, "host", text, 1), 16);
  assert_string_equal(text, "");
  assert_int_equal(ami_get(client, "host", text, sizeof text), 16);
  assert_string_equal(text, "pbx.exa");
  char exact[17];
  assert_int_equal(ami_get(client, "host", exact, sizeof exact), 16);
  assert_string_equal(exact, "pbx.example.test");
  assert_int_equal(ami_detail(client, text, sizeof text), 0); /* nothing failed yet */
  assert_string_equal(text, "");
  ami_destroy(client);
}

static void the_port_follows_tls(void** state) {
  (void)state;
  ami_t* client = ami_new();
  client_set(client, "tls", "on");
  assert_string_equal(option(client, "port"), "5039");
  client_set(client, "tls", "off");
  assert_string_equal(option(client, "port"), "5038");
  client_set(client, "port", "7");
  client_set(client, "tls", "on");
  assert_string_equal(option(client, "port"), "7");
  ami_destroy(client);
}

/* --------------------------------------------------------------------------------------------------- URL */

static void good_urls(void** state) {
  static const struct {
    const char *url, *host, *port, *username, *tls, *name, *value;
  } urls[] = {
      {"ami://pbx", "pbx", "5038", "username", "false", "events", "on"},
      {"AMI://pbx/", "pbx", "5038", "username", "false", "events", "on"},
      {"amis://pbx", "pbx", "5039", "username", "true", "tls.verify", "full"},
      {"Amis://pbx:5038", "pbx", "5038", "username", "true", "events", "on"},
      {"ami://joe@pbx", "pbx", "5038", "joe", "false", "events", "on"},
      {"ami://joe:secret@pbx:7", "pbx", "7", "joe", "false", "events", "on"},
      {"ami://joe:se:cr@t@pbx:7", "pbx", "7", "joe", "false", "events", "on"},
      {"ami://:@pbx", "pbx", "5038", "", "false", "events", "on"},
      {"ami://j%6Fe%3a:se%63ret@p%62x:50%339", "pbx", "5039", "joe:", "false", "events", "on"},
      {"ami://127.0.0.1:1", "127.0.0.1", "1", "username", "false", "events", "on"},
      {"ami://[::1]", "::1", "5038", "username", "false", "events", "on"},
      {"ami://joe@[::1]:65535/", "::1", "65535", "joe", "false", "events", "on"},
      {"ami://[fe80::1%25eth0]", "fe80::1%eth0", "5038", "username", "false", "events", "on"},
      {"ami://pbx?", "pbx", "5038", "username", "false", "events", "on"},
      {"ami://pbx/?events=off", "pbx", "5038", "username", "false", "events", "off"},
      {"ami://pbx?EVENTS=call%2Cagent&reconnect=5", "pbx", "5038", "username", "false", "reconnect", "5"},
      {"ami://pbx?identifier=a%26b%3D", "pbx", "5038", "username", "false", "identifier", "a&b="},
      {"ami://pbx?identifier=a=b", "pbx", "5038", "username", "false", "identifier", "a=b"},
      {"ami://pbx?tls=on&tls.verify=none", "pbx", "5039", "username", "true", "tls.verify", "none"},
      {"ami://pbx?port=9&host=other", "other", "9", "username", "false", "events", "on"},
      {"amis://pbx?tls.ca=/etc/ca.pem", "pbx", "5039", "username", "true", "tls.ca", "/etc/ca.pem"},
      {"ami://pbx?filter=Event:%20A&filter=Event:%20B", "pbx", "5038", "username", "false", "filter",
       "Event: A\nEvent: B"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof *urls; ++i) {
    ami_t* client = ami_new();
    client_set(client, "url", urls[i].url);
    assert_string_equal(option(client, "host"), urls[i].host);
    assert_string_equal(option(client, "port"), urls[i].port);
    assert_string_equal(option(client, "username"), urls[i].username);
    assert_string_equal(option(client, "tls"), urls[i].tls);
    assert_string_equal(option(client, urls[i].name), urls[i].value);
    ami_destroy(client);
  }
}

static void bad_urls(void** state) {
  static const struct {
    const char *url, *says;
    int result;
  } urls[] = {
      {"//pbx", "ami:// or amis://", AMI_EOPTION},
      {"ami:/pbx", "ami:// or amis://", AMI_EOPTION},
      {"amix://pbx", "ami:// or amis://", AMI_EOPTION},
      {"ami://", "host is missing", AMI_EOPTION},
      {"ami://joe:sesame@", "host is missing", AMI_EOPTION},
      {"ami://:5038", "host is missing", AMI_EOPTION},
      {"ami://[]:5038", "host is missing", AMI_EOPTION},
      {"ami://joe:sesame@pbx:0", "1 to 65535", AMI_EOPTION},
      {"ami://joe:sesame@pbx:65536", "1 to 65535", AMI_EOPTION},
      {"ami://pbx:", "1 to 65535", AMI_EOPTION},
      {"ami://pbx:5038x", "1 to 65535", AMI_EOPTION},
      {"ami://joe:sesame@pbx/path", "no path", AMI_EOPTION},
      {"ami://::1", "brackets", AMI_EOPTION},
      {"ami://::1:5038", "brackets", AMI_EOPTION},
      {"ami://[::1", "brackets", AMI_EOPTION},
      {"ami://[::1]5038", "brackets", AMI_EOPTION},
      {"ami://p%b", "bad %-escape in the host", AMI_EOPTION},
      {"ami://p%", "bad %-escape in the host", AMI_EOPTION},
      {"ami://p%xyz", "bad %-escape in the host", AMI_EOPTION},
      {"ami://j%@pbx", "bad %-escape in the user name", AMI_EOPTION},
      {"ami://joe:sesame%4@pbx", "bad %-escape in the password", AMI_EOPTION},
      {"ami://joe:sesame@pbx?events", "option=value", AMI_EOPTION},
      {"ami://pbx?%zz=1", "option=value", AMI_EOPTION},
      {"ami://pbx?events=%zz", "option=value", AMI_EOPTION},
      {"ami://joe:sesame@pbx?nosuch=1", "unknown option \"nosuch\"", AMI_EOPTION},
      {"ami://joe:sesame@pbx?events=calls", "\"calls\" is not allowed", AMI_EOPTION},
      {"ami://joe:sesame@pbx?events=off&port=0", "1 to 65535", AMI_EOPTION},
      {"ami://joe:sesame", "1 to 65535", AMI_EOPTION},
      {"ami://joe:5038?sesame@pbx", "%3F", AMI_EOPTION},
      {"ami://joe:5038?sesame=1@pbx", "%3F", AMI_EOPTION},
      {"ami://joe@pbx:5038?events=sesame@pbx", "%3F", AMI_EOPTION},
      {"ami://pbx?url=ami://other", "cannot be set in the query", AMI_EOPTION},
      {"amis://pbx?tls=off", "cannot be set in the query", AMI_EOPTION},
      {"amis://pbx?TLS=on", "cannot be set in the query", AMI_EOPTION},
      {"amis://pbx?tls.verify=none", "cannot be set in the query", AMI_EOPTION},
      {"amis://pbx?events=off&tls.verif%79=none", "cannot be set in the query", AMI_EOPTION},
      {"ami://joe:sesame%0D%0AAction:%20Logoff@pbx", "CR, LF", AMI_EINJECT},
      {"ami://joe:sesame@pb%00x", "CR, LF", AMI_EINJECT},
      {"ami://joe:sesame@pbx?identifier=a%0Ab", "CR, LF", AMI_EINJECT},
  };
  (void)state;
  ami_t* client = ami_new();
  client_set(client, "url", "ami://keep:it@kept.test:77?events=user&filter=Event:%20A");
  for (size_t i = 0; i < sizeof urls / sizeof *urls; ++i) {
    const int result = ami_set(client, "url", urls[i].url);
    if (result != urls[i].result) fail_msg("%s: %s", urls[i].url, ami_err_name(result));
    assert_memory_equal(detail(client), "option url: ", 12);
    assert_contains(detail(client), urls[i].says);
    assert_null(strstr(detail(client), "sesame"));
    /* All of it is taken or nothing. */
    assert_string_equal(option(client, "host"), "kept.test");
    assert_string_equal(option(client, "port"), "77");
    assert_string_equal(option(client, "username"), "keep");
    assert_string_equal(option(client, "tls"), "false");
    assert_string_equal(option(client, "events"), "user");
    assert_string_equal(option(client, "filter"), "Event: A");
  }
  ami_destroy(client);
}

static void a_url_logs_in(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  char url[128];
  snprintf(url, sizeof url, "ami://odd:p%%3Aw%%20%%20d%%3Dx%%3By%%22z'%%25%%23@127.0.0.1:%d",
           ami_mock_port(world->mock));
  client_set(client, "url", url);
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  client_set(client, "auth", "plain");
  assert_error(client_connect(world, client), 0);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------- when */

static void check_fixed(ami_t* client) {
  for (size_t i = 0; i < OPTIONS; ++i) {
    const option_t* fixed = &options[i];
    const char* value = fixed->good[0] != NULL ? fixed->good[0] : "ami://pbx";
    char before[256] = "";
    if (fixed->is != NULL) ami_get(client, fixed->name, before, sizeof before);
    if (strcmp(fixed->name, "events") == 0 || strcmp(fixed->name, "debug") == 0) {
      assert_error(ami_set(client, fixed->name, before), 0);
      continue;
    }
    assert_error(ami_set(client, fixed->name, value), AMI_ESTATE);
    assert_contains(detail(client), fixed->name);
    assert_contains(detail(client), "idle");
    if (fixed->is != NULL) assert_string_equal(option(client, fixed->name), before);
  }
}

static void while_not_idle_options_are_fixed(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "600000");
  client_set(client, "reconnect.max_ms", "600000");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_int_equal(ami_connect(client), 0);
  check_fixed(client); /* connecting */
  client_disconnect(world, client);
  ami_mock_clear(world->mock);
  assert_error(client_connect(world, client), 0);
  check_fixed(client); /* ready */
  ami_mock_set_down(world->mock, 1);
  until_state(world, client, AMI_STATE_BACKOFF);
  check_fixed(client);
  client_disconnect(world, client);
  client_set(client, "reconnect", "false");
  ami_mock_set_down(world->mock, 0);
  assert_error(client_connect(world, client), 0);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  assert_int_equal(ami_disconnect(client), 0);
  check_fixed(client); /* closing */
  ami_mock_release(world->mock);
  until_reply(world, sent);
  until_state(world, client, AMI_STATE_IDLE);
  for (size_t i = 0; i < OPTIONS; ++i) {
    if (options[i].good[0] != NULL) client_set(client, options[i].name, options[i].good[0]);
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_option_has_its_default),
    cmocka_unit_test(every_option_takes_what_is_good),
    cmocka_unit_test(every_option_refuses_what_is_bad),
    cmocka_unit_test(a_bad_value_is_named),
    cmocka_unit_test(lines_that_asterisk_cuts_are_refused),
    cmocka_unit_test(an_unknown_option_names_the_known),
    cmocka_unit_test(null_is_refused),
    cmocka_unit_test(a_small_buffer_cuts),
    cmocka_unit_test(the_port_follows_tls),
    cmocka_unit_test(good_urls),
    cmocka_unit_test(bad_urls),
    IN(a_url_logs_in, BY_THREAD),
    IN_ALL(while_not_idle_options_are_fixed),
};
RUN(tests)
