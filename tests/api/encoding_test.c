/* The option "encoding": what goes over the wire for what the application says, and the other way round. */
#include "api_client.h"

#define E_ACUTE "\xc3\xa9" /* in UTF-8; one byte, E9, in Latin-1 */
#define EURO "\xe2\x82\xac"
#define REPLACED "\xef\xbf\xbd"

static int position(const char* bytes, int64_t length, const char* part) {
  const char* found = memmem(bytes, (size_t)length, part, strlen(part));
  return found != NULL ? (int)(found - bytes) : -1;
}

static void check_received(world_t* world, const char* part) {
  static char received[1 << 16];
  const int64_t length = ami_mock_received(world->mock, received, sizeof received);
  if (position(received, length, part) < 0) fail_msg("the server did not get %s", part);
}

/* Says the text in a UserEvent, as which the server sends it back. */
static const ami_msg_t* echo(world_t* world, ami_t* client, sink_t* events, const char* text) {
  const size_t before = count_of(events);
  const ami_reply_t* reply =
      reply_to(world, client, action("UserEvent", "UserEvent", "Echo", "Text", text, NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  until_count(world, events, before + 1);
  return message_at(events, before);
}

static void check_echo(const char* encoding, void** state, const char* text, const char* wire,
                       const char* back) {
  char line[256];
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "encoding", encoding, NULL);
  sink_t* events = listen_to(world, client, "UserEvent");
  const ami_msg_t* msg = echo(world, client, events, text);
  snprintf(line, sizeof line, "\r\nText: %s\r\n", wire);
  check_received(world, line);
  size_t len = 0;
  assert_string_equal(ami_msg_get(msg, "Text", &len), back);
  assert_int_equal(len, strlen(back));
  assert_string_equal(ami_msg_find(msg, "text", 0)->value, back);
  /* The message as it came is in bytes of the wire. */
  const char* raw = ami_msg_raw(msg, &len);
  assert_true(position(raw, (int64_t)len, line) > 0);
  world_end(world);
}

static void bytes_pass_untouched(void** state) {
  const char* text = "caf\xe9 \xff\x80\x01\x7f\t" E_ACUTE EURO;
  check_echo("ascii", state, text, text, text);
  check_echo("binary", state, text, text, text);
}

static void utf8_passes(void** state) {
  check_echo("utf-8", state, E_ACUTE " " EURO " \xf0\x9f\x98\x80", E_ACUTE " " EURO " \xf0\x9f\x98\x80",
             E_ACUTE " " EURO " \xf0\x9f\x98\x80");
}

static void latin1_is_converted(void** state) {
  check_echo("latin1", state, "caf" E_ACUTE " \xc2\x80 \xc3\xbf", "caf\xe9 \x80 \xff",
             "caf" E_ACUTE " \xc2\x80 \xc3\xbf");
}

static void invalid_utf8_from_the_server(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "encoding", "utf-8", NULL);
  sink_t* events = listen_to(world, client, "Odd");
  ami_mock_emit(world->mock, "Event: Odd\r\nPrivilege: user,all\r\nText: a\xe9 b\xff\xfe " E_ACUTE
                             " c\xe2\x82\r\nLast: x\r\n\r\n");
  until_count(world, events, 1);
  const ami_msg_t* msg = message_at(events, 0);
  assert_string_equal(field(msg, "Text"), "a" REPLACED " b" REPLACED REPLACED " " E_ACUTE " c" REPLACED);
  assert_string_equal(field(msg, "Last"), "x");
  assert_string_equal(ami_msg_name(msg), "Odd");
  world_end(world);
}

/* A NUL is a byte as any other. */
static void a_nul_from_the_server(void** state) {
  const char* const encodings[] = {"ascii", "utf-8", "latin1"};
  const char bytes[] = "Event: Odd\r\nPrivilege: user,all\r\nText: a\0b\xe9\r\n\r\n";
  for (size_t i = 0; i < 3; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_ready(world, "encoding", encodings[i], NULL);
    sink_t* events = listen_to(world, client, "Odd");
    ami_mock_emit_raw(world->mock, bytes, sizeof bytes - 1);
    until_count(world, events, 1);
    const char* const last[] = {"\xe9", REPLACED, E_ACUTE};
    size_t len = 0;
    const char* text = ami_msg_get(message_at(events, 0), "Text", &len);
    assert_int_equal(len, 3 + strlen(last[i]));
    assert_memory_equal(text, "a\0b", 3);
    assert_string_equal(text + 3, last[i]);
    world_end(world);
  }
}

/* -------------------------------------------------------------------------------------- what cannot be said
 */

static void text_that_cannot_be_said(void** state) {
  const struct {
    const char *encoding, *text, *shown;
  } cases[] = {{"utf-8", "caf\xe9", "\"caf\\xe9\""},
               {"utf-8", "\xed\xa0\x80", "\"\\xed\\xa0\\x80\""}, /* a surrogate */
               {"utf-8", "cut\xe2\x82", "\"cut\\xe2\\x82\""},
               {"latin1", "caf\xe9", "\"caf\\xe9\""},
               {"latin1", "5 " EURO, "\"5 \\xe2\\x82\\xac\""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_ready(world, "encoding", cases[i].encoding, NULL);
    assert_error(refused(world, client, action("Status", "Good", "yes", "Bad", cases[i].text, NULL)),
                 AMI_EENCODING);
    assert_contains(detail(client), "\"Bad\"");
    assert_contains(detail(client), cases[i].shown);
    assert_contains(detail(client), "encoding");
    assert_error(refused(world, client, action("Status", "Secret", cases[i].text, NULL)), AMI_EENCODING);
    assert_null(strstr(detail(client), "\\x"));
    settle(world, client);
    assert_int_equal(ami_mock_count(world->mock, "action:Status"), 0);
    /* Another client may say it. */
    ami_t* other = client_ready(world, NULL);
    assert_reply(reply_to(world, other, action("Ping", "Bad", cases[i].text, NULL)), 0, AMI_ANSWERED);
    world_end(world);
  }
}

/* Asterisk counts bytes of the wire. */
static void limits_are_of_the_wire(void** state) {
  enum { MOST = 1022 - 6 }; /* beside "Text: " */
  char text[2 * MOST + 3];
  for (size_t i = 0; i < sizeof text - 1; i += 2) memcpy(text + i, E_ACUTE, 2);
  text[2 * (MOST + 1)] = '\0';
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "encoding", "latin1", NULL);
  ami_action_t* ping = ami_action_new("Ping");
  assert_error(ami_action_add(ping, "Text", text), AMI_ETOOBIG);
  ami_action_free(ping);
  text[2 * MOST] = '\0';
  assert_reply(reply_to(world, client, action("Ping", "Text", text, NULL)), 0, AMI_ANSWERED);
  /* In UTF-8 these are twice as many. */
  ami_t* other = client_ready(world, "encoding", "utf-8", NULL);
  assert_error(refused(world, other, action("Ping", "Text", text, NULL)), AMI_ETOOBIG);
  assert_contains(detail(other), "\"Text\"");
  settle(world, other);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 2);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------ other text */

static void answer_output(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  ami_mock_answer(session, request, user);
}

static void the_output_of_a_command(void** state) {
  const char* const answers[] = {
      "Response: Success\r\n{id}Message: Command output follows\r\nOutput: caf\xe9\r\nOutput: x\r\n\r\n",
      "Response: Follows\r\nPrivilege: Command\r\n{id}caf\xe9\nx\n--END COMMAND--\r\n\r\n"};
  for (size_t i = 0; i < 2; ++i) {
    world_t* world = world_new(state, NULL);
    ami_mock_on(world->mock, "Command", answer_output, (void*)(uintptr_t)answers[i]);
    ami_t* client = client_ready(world, "encoding", "latin1", NULL);
    const ami_reply_t* reply = reply_to(world, client, action("Command", "Command", "any", NULL));
    size_t len = 0;
    const char* output = ami_msg_output(ami_reply_response(reply), &len);
    assert_non_null(output);
    assert_memory_equal(output, "caf" E_ACUTE "\nx", 7);
    const char* raw = ami_msg_raw(ami_reply_response(reply), &len);
    assert_true(position(raw, (int64_t)len, "caf\xe9") > 0);
    world_end(world);
  }
}

/* The server has name and secret as bytes of a file, and these are what both ways of login are about. */
static void name_and_secret(void** state) {
  const struct {
    const char *encoding, *user, *name, *secret;
  } cases[] = {{"latin1",
                "j\xe9r:s\xe9"
                "cret",
                "j" E_ACUTE "r", "s" E_ACUTE "cret"},
               {"utf-8", "j" E_ACUTE "r:" EURO, "j" E_ACUTE "r", EURO},
               {"binary", "j\xe9r:\xff\x01", "j\xe9r", "\xff\x01"}};
  const char* const logins[] = {"plain", "md5"};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t l = 0; l < 2; ++l) {
      world_t* world = world_new(state, "user", cases[i].user, NULL);
      ami_t* client = client_ready(world, "encoding", cases[i].encoding, "auth", logins[l], "username",
                                   cases[i].name, "password", cases[i].secret, NULL);
      settle(world, client);
      world_end(world);
    }
  }
}

static void a_secret_that_cannot_be_said(void** state) {
  const char* const logins[] = {"plain", "md5"};
  for (size_t l = 0; l < 2; ++l) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    client_set(client, "encoding", "latin1");
    client_set(client, "auth", logins[l]);
    client_set(client, "password", "Zebra" EURO);
    assert_error(client_connect(world, client), AMI_EENCODING);
    assert_null(strstr(detail(client), "Zebra"));
    assert_contains(detail(client), "encoding");
    assert_int_equal(ami_mock_count(world->mock, "action:Login"), 0);
    world_end(world);
  }
}

static void filters(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "encoding", "latin1", "filter", "Text: caf" E_ACUTE, NULL);
  sink_t* events = listen_to(world, client, "UserEvent");
  check_received(world, "\r\nFilter: Text: caf\xe9\r\n");
  ami_mock_emit(world->mock, "Event: UserEvent\r\nPrivilege: user,all\r\nText: cafe\r\n\r\n");
  ami_mock_emit(world->mock, "Event: UserEvent\r\nPrivilege: user,all\r\nText: caf\xe9\r\n\r\n");
  until_count(world, events, 1);
  assert_string_equal(field(message_at(events, 0), "Text"), "caf" E_ACUTE);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(bytes_pass_untouched),   IN_ALL(utf8_passes),
    IN_ALL(latin1_is_converted),    IN_ALL(invalid_utf8_from_the_server),
    IN_ALL(a_nul_from_the_server),  IN_ALL(text_that_cannot_be_said),
    IN_ALL(limits_are_of_the_wire), IN(the_output_of_a_command, BY_THREAD),
    IN(name_and_secret, BY_THREAD), IN(a_secret_that_cannot_be_said, BY_THREAD),
    IN(filters, BY_THREAD),
};
RUN(tests)
