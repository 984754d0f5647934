/* Peers that are no AMI, or a broken one: what is seen is said, what can be skipped is counted, and every
   buffer has its bound. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api_client.h"

/* --------------------------------------------------------------------------------------------- greetings */

static void check_failed(world_t* world, ami_t* client, int error, const char* says) {
  sink_t* ends = listen_to(world, client, "connection-*");
  sink_t* logins = listen_to(world, client, "login");
  assert_error(client_connect(world, client), error);
  const ami_msg_t* last = until_field(world, ends, "Final", "true");
  assert_contains(detail(client), says);
  assert_contains(field(last, "Reason"), says);
  assert_string_equal(field(last, "Error"), ami_err_name(error));
  assert_string_equal(ami_msg_name(message_at(ends, 0)), "connection-connect");
  const ami_msg_t* told = message_at(ends, count_of(ends) - 2);
  assert_string_equal(ami_msg_name(told), error == AMI_ETIMEDOUT ? "connection-timeout" : "connection-error");
  assert_contains(field(told, "Reason"), says);
  assert_int_equal(count_of(logins), 0);
  assert_int_equal(ami_state(client), AMI_STATE_IDLE);
}

static void a_greeting_that_is_none(void** state) {
  static const struct {
    const char *fault, *says;
    int error;
  } greetings[] = {
      {"greet_http", "an HTTP server: it greeted with \"HTTP/1.1 400 Bad Request\"", AMI_EPROTO},
      {"greet_ssh", "an SSH server: it greeted with \"SSH-2.0-OpenSSH", AMI_EPROTO},
      {"greet_endless", "no line of at most 256 bytes at the beginning, but AAAA", AMI_EPROTO},
      {"greet_silence", "no greeting within 300 ms: is this an AMI port, and one without TLS?",
       AMI_ETIMEDOUT},
      {"greet_none", "no greeting within 300 ms: is this an AMI port, and one without TLS?", AMI_ETIMEDOUT},
      {"greet_close", "before any greeting", AMI_ELOST},
      {"greet_cut", "before any greeting", AMI_ELOST},
      {"greet_eof", "during the login", AMI_ELOST},
  };
  for (size_t i = 0; i < sizeof greetings / sizeof *greetings; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    if (greetings[i].error == AMI_ETIMEDOUT) client_set(client, "login.timeout_ms", "300");
    ami_mock_fault(world->mock, greetings[i].fault, 0);
    check_failed(world, client, greetings[i].error, greetings[i].says);
    client_set(client, "login.timeout_ms", "10000");
    assert_error(client_connect(world, client), 0); /* the next one is sound */
    world_end(world);
  }
}

/* A server that says what it is told to, whatever it hears. */
typedef struct {
  int fd;
  char port[16];
  const char* bytes;
  bool resets;
  pthread_t thread;
} peer_t;

static void* serve(void* data) {
  peer_t* peer = data;
  const int fd = accept(peer->fd, NULL, NULL);
  if (fd < 0) return NULL;
  const struct linger none = {.l_onoff = 1, .l_linger = 0};
  size_t size = strlen(peer->bytes);
  while (size > 0) {
    const ssize_t sent = send(fd, peer->bytes + (strlen(peer->bytes) - size), size, MSG_NOSIGNAL);
    if (sent <= 0) break;
    size -= (size_t)sent;
  }
  char scrap[1024];
  if (peer->resets) {
    recv(fd, scrap, sizeof scrap, 0); /* the Challenge: it is connected by then */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  } else {
    while (recv(fd, scrap, sizeof scrap, 0) > 0) {
    }
  }
  close(fd);
  return NULL;
}

static void peer_open(peer_t* peer) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(peer->fd, (struct sockaddr*)&address, size), 0);
  assert_int_equal(listen(peer->fd, 1), 0);
  assert_int_equal(getsockname(peer->fd, (struct sockaddr*)&address, &size), 0);
  snprintf(peer->port, sizeof peer->port, "%d", ntohs(address.sin_port));
  assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void peer_close(peer_t* peer) {
  shutdown(peer->fd, SHUT_RDWR);
  pthread_join(peer->thread, NULL);
  close(peer->fd);
}

static void a_greeting_of_another_kind(void** state) {
  static const struct {
    const char *bytes, *says;
    int error;
    bool resets;
  } greetings[] = {
      {"\x15\x03\x01\x01\x02\x02\n", "a TLS server (set tls=on)", AMI_EPROTO, false},
      {"\x01\x02\x03\r\n", "not a text protocol", AMI_EPROTO, false},
      {"RFB 003.008\n", "login not complete within 1000 ms", AMI_ETIMEDOUT, false},
      {"220 mail.test ESMTP\r\n500 unknown command\r\n\r\n", "login not complete within 1000 ms",
       AMI_ETIMEDOUT, false},
      {"no line", "no greeting within 1000 ms: is this an AMI port, and one without TLS?", AMI_ETIMEDOUT,
       false},
      {"Asterisk Call Manager/11.0.0\r\n", "onnection reset by peer during the login", AMI_ELOST, true},
  };
  for (size_t i = 0; i < sizeof greetings / sizeof *greetings; ++i) {
    world_t* world = world_new(state, NULL);
    peer_t peer = {.bytes = greetings[i].bytes, .resets = greetings[i].resets};
    peer_open(&peer);
    ami_t* client = client_new(world);
    client_set(client, "port", peer.port);
    if (greetings[i].error == AMI_ETIMEDOUT) client_set(client, "login.timeout_ms", "1000");
    check_failed(world, client, greetings[i].error, greetings[i].says);
    world_end(world); /* first: the peer waits for our end */
    peer_close(&peer);
  }
}

static void no_challenge(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  (void)user;
  ami_mock_answer(session, request, "Response: Success\r\n{id}\r\n");
}

static void a_challenge_that_is_none(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  ami_mock_on(world->mock, "Challenge", no_challenge, NULL);
  assert_error(client_connect(world, client), AMI_EPROTO);
  assert_contains(detail(client), "Challenge");
  assert_int_equal(ami_mock_count(world->mock, "action:Login"), 0);
  world_end(world);
}

/* --------------------------------------------------------------------------------------------- in between */

static void garbage_is_skipped_and_counted(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* hellos = listen_to(world, client, "Hello");
  assert_int_equal(ami_stat(client, AMI_STAT_RESYNCS), 0);
  for (int i = 1; i <= 5; ++i) {
    static const char garbage[] = "\001\002 half: a message\r\n";
    ami_mock_emit_raw(world->mock, garbage, sizeof garbage - 1);
    emit(world, "Hello");
    until_count(world, hellos, (size_t)i);
    settle(world, client);
    assert_int_equal(ami_stat(client, AMI_STAT_RESYNCS), i);
  }
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  for (size_t i = 0; i < 5; ++i) assert_string_equal(field(message_at(hellos, i), "Event"), "Hello");
  world_end(world);
}

static void noise_ends_nothing(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault_with(world->mock, "garbage", 200, AMI_MOCK_EVERY);
  for (int i = 0; i < 20; ++i) settle(world, client);
  assert_true(ami_stat(client, AMI_STAT_RESYNCS) + ami_stat(client, AMI_STAT_STRAYS) > 0);
  world_end(world);
}

static void single_bytes_are_enough(void** state) {
  world_t* world = world_new(state, NULL);
  ami_mock_fault_with(world->mock, "one_byte", 1, AMI_MOCK_EVERY);
  ami_t* client = client_ready(world, "filter", "Event: Hello", NULL);
  sink_t* hellos = listen_to(world, client, "Hello");
  emit(world, "Hello");
  const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "3", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 3);
  until_count(world, hellos, 1);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------- bounds */

static void check_limit(world_t* world, ami_t* client, const char* fault, const char* says) {
  sink_t* ends = listen_to(world, client, "connection-*");
  ami_mock_fault(world->mock, fault, 1);
  sink_t* answered = send_action(world, client, action("Ping", NULL));
  until_reply(world, answered);
  until_field(world, ends, "Final", "true");
  assert_string_equal(names(ends), "connection-error connection-close");
  assert_string_equal(field(message_at(ends, 0), "Error"), "AMI_ELIMIT");
  assert_contains(field(message_at(ends, 0), "Reason"), says);
  assert_error(client_wait(world, client), AMI_ELIMIT);
  assert_contains(detail(client), says);
}

static void a_line_without_an_end(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "line.max_bytes", "5000", NULL);
  check_limit(world, client, "endless_line",
              "a line of more than 5000 bytes came from the server; line.max_bytes is its bound");
  world_end(world);
}

static void a_message_without_an_end(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "message.max_bytes", "300000", NULL);
  check_limit(world, client, "endless_message",
              "a message of more than 300000 bytes came from the server; message.max_bytes is its bound");
  world_end(world);
}

/* An event whose line, or which as a whole, has so many bytes, with CRLF; and what the client says of it. */
static const char* after_event(world_t* world, ami_t* client, size_t size) {
  static const char begin[] = "Event: Hello\r\nText: ";
  char* event = malloc(size + 1);
  memset(event, 'x', size);
  memcpy(event, begin, sizeof begin - 1);
  memcpy(event + size - 4, "\r\n\r\n", 5);
  sink_t* hellos = listen_to(world, client, "Hello");
  sink_t* ends = listen_to(world, client, "connection-error");
  ami_mock_emit_raw(world->mock, event, size);
  while (count_of(hellos) == 0 && count_of(ends) == 0) step(world);
  free(event);
  return count_of(hellos) > 0 ? "" : field(message_at(ends, 0), "Error");
}

static void the_bounds_are_exact(void** state) {
  enum { BOUND = 2000, BEFORE_LINE = 14, ENDS = 4 };
  for (size_t over = 0; over < 2; ++over) {
    const char* expected = over == 0 ? "" : "AMI_ELIMIT";
    world_t* world = world_new(state, NULL);
    ami_t* client = client_ready(world, "line.max_bytes", "2000", NULL);
    settle(world, client);
    assert_string_equal(after_event(world, client, BEFORE_LINE + BOUND + ENDS + over), expected);
    ami_t* other = client_ready(world, "message.max_bytes", "2000", NULL);
    settle(world, other);
    assert_string_equal(after_event(world, other, BOUND + over), expected);
    world_end(world);
  }
}

static void a_list_that_is_too_long(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "list.max_items", "10", NULL);
  sink_t* all = listen_to(world, client, "*");
  sink_t* sent = send_action(world, client, action("CoreShowChannels", "Items", "100", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ELIMIT, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(sent->reply), 10);
  assert_string_equal(field(ami_reply_response(sent->reply), "Response"), "Success");
  settle(world, client); /* the rest is swallowed */
  for (size_t i = 0; i < count_of(all); ++i) {
    assert_string_not_equal(ami_msg_name(message_at(all, i)), "CoreShowChannel");
  }
  sink_t* each = send_each(world, client, action("CoreShowChannels", "Items", "100", NULL));
  until_reply(world, each);
  assert_reply(each->reply, AMI_ELIMIT, AMI_ANSWERED);
  assert_int_equal(count_of(each), 10);
  const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "10", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 10);
  world_end(world);
}

static void a_list_that_is_too_large(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "list.max_bytes", "10000", NULL);
  sink_t* sent = send_action(world, client, action("CoreShowChannels", "Items", "100", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ELIMIT, AMI_ANSWERED);
  const size_t count = ami_reply_count(sent->reply);
  assert_true(count > 5 && count < 50);
  settle(world, client);
  world_end(world);
}

static void a_list_without_an_end(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "list.max_items", "5000", NULL);
  ami_mock_fault(world->mock, "endless_list", 1);
  sink_t* sent = send_action(world, client, action("CoreShowChannels", "Items", "10", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ELIMIT, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(sent->reply), 5000);
  world_end(world);
}

/* ---------------------------------------------------------------------------------------------- wrong ids */

static void a_response_of_nobody_s(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* responses = listen_to(world, client, "response");
  ami_mock_fault(world->mock, "wrong_id", 1);
  sink_t* first = send_action(world, client, action("CoreStatus", NULL));
  until_count(world, responses, 1);
  settle(world, client); /* its answer tells that there was none for the one before */
  until_reply(world, first);
  assert_reply(first->reply, AMI_ENORESPONSE, AMI_MAYBE_RUN);
  assert_null(ami_reply_response(first->reply));
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), 1);
  world_end(world);
}

static void a_response_without_an_id(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "no_id", 1);
  const ami_reply_t* reply = reply_to(world, client, action("CoreStatus", NULL));
  assert_reply(reply, 0, AMI_ANSWERED); /* the server answers in order: it is that of the oldest */
  assert_string_equal(field(ami_reply_response(reply), "ActionID"), "");
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), 0);
  world_end(world);
}

static void a_response_that_comes_twice(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* responses = listen_to(world, client, "response");
  ami_mock_fault(world->mock, "double_response", 1);
  settle(world, client);
  until_count(world, responses, 2);
  settle(world, client);
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), 1);
  world_end(world);
}

/* What takes its time is not done in every way of delivery: each end of a peer that never stops takes a
   second. */
static const struct CMUnitTest tests[] = {
    IN_ALL(a_greeting_that_is_none),         IN(a_greeting_of_another_kind, BY_THREAD),
    IN(a_greeting_of_another_kind, BY_LOOP), IN_ALL(a_challenge_that_is_none),
    IN_ALL(garbage_is_skipped_and_counted),  IN_ALL(noise_ends_nothing),
    IN_ALL(single_bytes_are_enough),         IN(a_line_without_an_end, BY_THREAD),
    IN(a_line_without_an_end, BY_LOOP),      IN(a_message_without_an_end, BY_THREAD),
    IN(a_message_without_an_end, BY_LOOP),   IN_ALL(the_bounds_are_exact),
    IN_ALL(a_list_that_is_too_long),         IN_ALL(a_list_that_is_too_large),
    IN(a_list_without_an_end, BY_THREAD),    IN(a_list_without_an_end, BY_LOOP),
    IN_ALL(a_response_of_nobody_s),          IN_ALL(a_response_without_an_id),
    IN_ALL(a_response_that_comes_twice),
};
RUN(tests)
