/* Where events may have been missed: the notice "gap" of cause reconnect. */
#include "api_client.h"

static const char hello[] = "Event: Hello\r\nPrivilege: user,all\r\n\r\n";

/* What happens between a disconnect of its own and the next login is missed, too. */
static void a_gap_behind_a_disconnect(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* all = listen_to(world, client, "*");
  sink_t* gaps = listen_to(world, client, "gap");
  double before = 0;
  for (size_t round = 0; round < 3; ++round) {
    assert_error(client_connect(world, client), 0);
    settle(world, client);
    until_count(world, gaps, round);
    if (round > 0) {
      assert_string_equal(field(last_of(gaps), "Cause"), "reconnect");
      assert_int_equal((int)number(last_of(gaps), "Generation"), round + 1);
      assert_true(number(last_of(gaps), "From") >= before);
      assert_true(number(last_of(gaps), "To") >= number(last_of(gaps), "From"));
    }
    emit(world, "Hello");
    settle(world, client);
    before = (double)(ami_msg_time(last_of(all)) / 1000000) / 1e3;
    assert_string_equal(ami_msg_name(last_of(all)), "Hello");
    client_disconnect(world, client);
  }
  assert_int_equal(count_of(gaps), 2);
  world_end(world);
}

static void event_before_pong(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  (void)user;
  ami_mock_write(session, hello, sizeof hello - 1);
  ami_mock_builtin(session, request);
}

/* With filters the mask is in force a little before that is known. */
static void a_gap_stands_before_the_first_event(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "filter", "Event: Hello");
  sink_t* all = listen_to(world, client, "*");
  sink_t* ready = listen_to(world, client, "ready");
  ami_mock_on(world->mock, "Ping", event_before_pong, NULL);
  assert_error(client_connect(world, client), 0);
  until_count(world, ready, 1);
  assert_string_equal(names(all), "connection-connect login Hello ready");
  ami_mock_kick(world->mock);
  until_count(world, ready, 2);
  assert_string_equal(strstr(names(all), "connection-reconnecting"),
                      "connection-reconnecting connection-connect login gap Hello ready");
  uint64_t before = 0;
  for (size_t i = 0; i < count_of(all); ++i) {
    assert_true(ami_msg_seq(message_at(all, i)) > before);
    before = ami_msg_seq(message_at(all, i));
    if (strcmp(ami_msg_name(message_at(all, i)), "gap") != 0) continue;
    assert_string_equal(field(message_at(all, i), "Generation"), "2");
  }
  world_end(world);
}

/* The second connection ends in its login, the third as well, but behind an event. */
static void cut_in_the_login(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  (void)user;
  const uint64_t connection = ami_mock_session_id(session);
  if (connection == 3) ami_mock_write(session, hello, sizeof hello - 1);
  if (connection == 2 || connection == 3) {
    ami_mock_close(session);
  } else {
    ami_mock_builtin(session, request);
  }
}

static const char* without_connections(sink_t* sink) {
  static char text[1024];
  text[0] = '\0';
  for (size_t i = 0; i < count_of(sink); ++i) {
    const char* name = ami_msg_name(message_at(sink, i));
    if (strncmp(name, "connection-", 11) == 0) continue;
    strncat(text, name, sizeof text - strlen(text) - 1);
    strncat(text, " ", sizeof text - strlen(text) - 1);
  }
  return text;
}

static void a_gap_stands_behind_events_of_a_login_that_failed(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "filter", "Event: Hello");
  sink_t* all = listen_to(world, client, "*");
  sink_t* gaps = listen_to(world, client, "gap");
  sink_t* ready = listen_to(world, client, "ready");
  ami_mock_on(world->mock, "Ping", cut_in_the_login, NULL);
  assert_error(client_connect(world, client), 0);
  until_count(world, ready, 1);
  ami_mock_kick(world->mock);
  until_count(world, ready, 2);
  assert_string_equal(without_connections(all), "login ready login login gap Hello login gap ready ");
  double end = 0;
  for (size_t i = 0; i < 2; ++i) {
    const ami_msg_t* gap = message_at(gaps, i);
    assert_string_equal(field(gap, "Cause"), "reconnect");
    assert_string_equal(field(gap, "Generation"), "2"); /* of the ready that is to come */
    assert_true(number(gap, "From") >= end);
    end = number(gap, "To");
    assert_true(end >= number(gap, "From"));
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_gap_behind_a_disconnect),
    IN_ALL(a_gap_stands_before_the_first_event),
    IN_ALL(a_gap_stands_behind_events_of_a_login_that_failed),
};
RUN(tests)
