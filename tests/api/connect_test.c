/* Connecting, logging in, disconnecting: states, results and notices. */
#include "api_client.h"

static void a_login_tells_connect_login_ready(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  assert_int_equal(ami_state(client), AMI_STATE_IDLE);
  sink_t* connects = listen_to(world, client, "connection-*");
  sink_t* logins = listen_to(world, client, "login");
  sink_t* readies = listen_to(world, client, "ready");
  sink_t* all = listen_to(world, client, "*");
  assert_error(client_connect(world, client), 0);
  until_count(world, readies, 1);
  until_count(world, all, 3);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_memory_equal(names(all), "connection-connect login ready", 30);

  const ami_msg_t* msg = message_at(connects, 0);
  char port[16];
  snprintf(port, sizeof port, "%d", ami_mock_port(world->mock));
  assert_int_equal(ami_msg_kind(msg), AMI_MSG_NOTICE);
  assert_string_equal(ami_msg_name(msg), "connection-connect");
  assert_string_equal(field(msg, "Event"), "connection-connect");
  assert_string_equal(field(msg, "Host"), "127.0.0.1");
  assert_string_equal(field(msg, "Address"), "127.0.0.1");
  assert_string_equal(field(msg, "Port"), port);
  assert_null(ami_msg_get(msg, "TLS", NULL));
  msg = message_at(logins, 0);
  assert_string_equal(field(msg, "Status"), "Success");
  assert_string_equal(field(msg, "Reason"), "Authentication accepted");
  assert_null(ami_msg_get(msg, "Error", NULL));
  msg = message_at(readies, 0);
  assert_string_equal(field(msg, "Generation"), "1");
  assert_string_equal(field(msg, "Banner"), "Asterisk Call Manager/11.0.0");
  assert_string_equal(option(client, "server.banner"), "Asterisk Call Manager/11.0.0");
  assert_string_equal(option(client, "server.version"), "11.0.0");
  assert_int_equal(ami_msg_seq(message_at(connects, 0)), 1);
  assert_true(ami_msg_seq(msg) > ami_msg_seq(message_at(logins, 0)));
  world_end(world);
}

static void fully_booted_follows_the_login(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* booted = listen_to(world, client, "FullyBooted");
  assert_error(client_connect(world, client), 0);
  until_count(world, booted, 1);
  assert_int_equal(ami_msg_kind(message_at(booted, 0)), AMI_MSG_EVENT);
  world_end(world);
}

static void a_refused_login_is_final(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "password", "wrong-password");
  client_set(client, "reconnect", "1");
  sink_t* logins = listen_to(world, client, "login");
  sink_t* ends = listen_to(world, client, "connection-*");
  assert_error(client_connect(world, client), AMI_EAUTH);
  assert_int_equal(ami_state(client), AMI_STATE_IDLE);
  assert_contains(detail(client), "admin");
  assert_contains(detail(client), "Authentication failed");
  assert_null(strstr(detail(client), "wrong-password"));
  until_field(world, ends, "Final", "true");
  assert_string_equal(names(ends), "connection-connect connection-error connection-close");
  const ami_msg_t* msg = message_at(logins, 0);
  assert_string_equal(field(msg, "Status"), "Error");
  assert_string_equal(field(msg, "Error"), "AMI_EAUTH");
  assert_string_equal(field(msg, "Reason"), "Authentication failed");
  assert_string_equal(field(message_at(ends, 1), "Error"), "AMI_EAUTH");
  assert_string_equal(field(message_at(ends, 2), "Error"), "AMI_EAUTH");
  assert_contains(field(message_at(ends, 2), "Reason"), "Authentication failed");
  assert_int_equal(ami_mock_count(world->mock, "connections"), 1);
  /* It may be tried again by hand. */
  client_set(client, "password", "secret");
  assert_error(client_connect(world, client), 0);
  world_end(world);
}

static void no_server_is_told(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* ends = listen_to(world, client, "connection-*");
  ami_mock_set_down(world->mock, 1);
  assert_error(client_connect(world, client), AMI_ECONNECT);
  until_count(world, ends, 2);
  assert_string_equal(names(ends), "connection-error connection-close");
  assert_string_equal(field(message_at(ends, 1), "Final"), "true");
  assert_string_equal(field(message_at(ends, 1), "Error"), "AMI_ECONNECT");
  assert_contains(detail(client), "refused");
  world_end(world);
}

static void no_such_host_is_told(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "host", "no-such-host.invalid");
  client_set(client, "connect.timeout_ms", "25000"); /* a resolver may ask a second time */
  assert_error(client_connect(world, client), AMI_ERESOLVE);
  assert_contains(detail(client), "no-such-host.invalid");
  world_end(world);
}

static void connecting_twice_is_refused(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  assert_error(ami_connect(client), AMI_ESTATE);
  assert_true(strlen(detail(client)) > 0);
  assert_error(ami_set(client, "host", "localhost"), AMI_ESTATE);
  assert_contains(detail(client), "host");
  assert_string_equal(option(client, "host"), "127.0.0.1");
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  world_end(world);
}

static void waiting_knows_its_limits(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  assert_error(client_wait(world, client), AMI_ESTATE);
  if (world->way != BY_LOOP) {
    ami_mock_fault(world->mock, "greet_silence", 0);
    assert_int_equal(ami_connect(client), 0);
    assert_error(ami_wait(client, 20), AMI_ETIMEDOUT);
    assert_error(ami_wait(client, 0), AMI_ETIMEDOUT);
    assert_true(strlen(detail(client)) > 0);
  }
  world_end(world);
}

/* ------------------------------------------------------------------------------------------ disconnect */

static void disconnecting_says_goodbye(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  assert_error(ami_disconnect(client), 0); /* idle */
  sink_t* all = listen_to(world, client, "connection-*");
  assert_error(client_connect(world, client), 0);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  assert_error(ami_disconnect(client), 0);
  assert_error(ami_disconnect(client), 0);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  ami_mock_release(world->mock);
  until_reply(world, sent);
  const ami_msg_t* last = until_field(world, all, "Final", "true");
  assert_string_equal(field(last, "Error"), "AMI_ECLOSED");
  until_state(world, client, AMI_STATE_IDLE);
  until_mock(world, "action:Logoff", 1);
  until_mock(world, "open", 0);
  assert_string_equal(ami_msg_name(message_at(all, count_of(all) - 1)), "connection-close");
  assert_int_equal(ami_mock_count(world->mock, "logins"), 1);
  world_end(world);
}

static void after_disconnecting_it_connects_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* readies = listen_to(world, client, "ready");
  sink_t* hellos = listen_to(world, client, "Hello");
  for (int round = 1; round <= 3; ++round) {
    assert_error(client_connect(world, client), 0);
    settle(world, client);
    ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n");
    until_count(world, hellos, (size_t)round);
    until_count(world, readies, (size_t)round);
    client_disconnect(world, client);
  }
  assert_string_equal(field(message_at(readies, 2), "Generation"), "3");
  world_end(world);
}

static void disconnecting_while_connecting_ends_at_once(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* all = listen_to(world, client, "connection-*");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_int_equal(ami_connect(client), 0);
  until_mock(world, "connections", 1);
  assert_int_equal(ami_disconnect(client), 0);
  assert_string_equal(field(until_field(world, all, "Final", "true"), "Error"), "AMI_ECLOSED");
  until_state(world, client, AMI_STATE_IDLE);
  assert_error(client_wait(world, client), AMI_ECLOSED);
  assert_error(client_connect(world, client), 0);
  world_end(world);
}

static void disconnecting_in_back_off_ends_at_once(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* all = listen_to(world, client, "connection-*");
  client_set(client, "reconnect", "600000");
  client_set(client, "reconnect.max_ms", "600000");
  ami_mock_set_down(world->mock, 1);
  assert_int_equal(ami_connect(client), 0);
  until_state(world, client, AMI_STATE_BACKOFF);
  assert_int_equal(ami_disconnect(client), 0);
  until_field(world, all, "Final", "true");
  until_state(world, client, AMI_STATE_IDLE);
  ami_mock_set_down(world->mock, 0);
  assert_error(client_connect(world, client), 0);
  world_end(world);
}

static void what_is_in_flight_may_finish(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 1);
  assert_int_equal(ami_disconnect(client), 0);
  assert_int_equal(ami_state(client), AMI_STATE_CLOSING);
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  ami_mock_release(world->mock);
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  until_state(world, client, AMI_STATE_IDLE);
  until_mock(world, "action:Logoff", 1);
  world_end(world);
}

static void what_does_not_finish_in_time_is_closed(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "disconnect.grace_ms", "20", NULL);
  ami_mock_fault(world->mock, "stall_write", 1);
  sink_t* answered = send_action(world, client, action("Ping", NULL));
  until_reply(world, answered);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_mock(world, "action:Ping", 2);
  assert_int_equal(ami_disconnect(client), 0);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_MAYBE_RUN);
  until_state(world, client, AMI_STATE_IDLE);
  world_end(world);
}

static void what_waits_offline_was_not_sent(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_int_equal(ami_connect(client), 0);
  until_mock(world, "connections", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  assert_int_equal(ami_disconnect(client), 0);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ECLOSED, AMI_NOT_SENT);
  world_end(world);
}

static void reconnect(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)reply;
  if (strcmp(field(msg, "Final"), "true") != 0 || count_of(sink) > 5) return;
  if (ami_connect(client) != 0) *(int*)sink->data = 1;
}

static void a_handler_of_the_last_notice_may_connect_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  int failed = 0;
  sink_t* readies = listen_to(world, client, "ready");
  listen_with(world, client, "connection-close", reconnect, &failed);
  assert_error(client_connect(world, client), 0);
  assert_int_equal(ami_disconnect(client), 0);
  until_count(world, readies, 2);
  assert_int_equal(failed, 0);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_login_tells_connect_login_ready),
    IN_ALL(fully_booted_follows_the_login),
    IN_ALL(a_refused_login_is_final),
    IN_ALL(no_server_is_told),
    IN(no_such_host_is_told, BY_THREAD),
    IN(no_such_host_is_told, BY_LOOP),
    IN_ALL(connecting_twice_is_refused),
    IN_ALL(waiting_knows_its_limits),
    IN_ALL(disconnecting_says_goodbye),
    IN_ALL(after_disconnecting_it_connects_again),
    IN_ALL(disconnecting_while_connecting_ends_at_once),
    IN_ALL(disconnecting_in_back_off_ends_at_once),
    IN_ALL(what_is_in_flight_may_finish),
    IN_ALL(what_does_not_finish_in_time_is_closed),
    IN_ALL(what_waits_offline_was_not_sent),
    IN_ALL(a_handler_of_the_last_notice_may_connect_again),
};
RUN(tests)
