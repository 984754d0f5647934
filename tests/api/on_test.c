/* ami_on(), ami_off(): which handlers get what, in which order, and what handlers may do. */
#include "api_client.h"

static void a_name_gets_its_event_alone(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* exact = listen_to(world, client, "Hello");
  sink_t* lower = listen_to(world, client, "hello");
  sink_t* upper = listen_to(world, client, "HELLO");
  sink_t* other = listen_to(world, client, "Hell");
  sink_t* longer = listen_to(world, client, "HelloThere");
  assert_int_equal(emit(world, "Hello"), 1);
  assert_int_equal(emit(world, "World"), 1);
  assert_int_equal(emit(world, "hELLO"), 1);
  settle(world, client);
  until_count(world, upper, 2);
  until_count(world, exact, 2);
  until_count(world, lower, 2);
  assert_string_equal(names(exact), "Hello hELLO");
  assert_string_equal(names(lower), "Hello hELLO");
  assert_string_equal(names(upper), "Hello hELLO");
  assert_int_equal(count_of(other), 0);
  assert_int_equal(count_of(longer), 0);
  world_end(world);
}

static void a_glob_gets_what_it_matches(void** state) {
  static const struct {
    const char *glob, *matches;
  } globs[] = {
      {"Queue*", "QueueMemberAdded QueueMemberPaused"},
      {"queue*", "QueueMemberAdded QueueMemberPaused"},
      {"*Added", "QueueMemberAdded"},
      {"*Member*", "QueueMemberAdded MeetmeMember QueueMemberPaused"},
      {"Meetme??mber", "MeetmeMember"},
      {"Meetme?mber", ""},
      {"?*", "QueueMemberAdded MeetmeMember QueueMemberPaused"},
      {"*", "QueueMemberAdded MeetmeMember QueueMemberPaused"},
      {"**r", "MeetmeMember"},
      {"Queue[MP]*", ""},
  };
  enum { GLOBS = sizeof globs / sizeof *globs };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* sinks[GLOBS];
  for (size_t i = 0; i < GLOBS; ++i) sinks[i] = listen_to(world, client, globs[i].glob);
  sink_t* last = listen_to(world, client, "*");
  emit(world, "QueueMemberAdded");
  emit(world, "MeetmeMember");
  emit(world, "QueueMemberPaused");
  until_count(world, last, 3);
  for (size_t i = 0; i < GLOBS; ++i) assert_string_equal(names(sinks[i]), globs[i].matches);
  world_end(world);
}

/* ---------------------------------------------------------------------------------- the library's names */

static void the_notices_are_names(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  sink_t* connection = listen_to(world, client, "Connection-*");
  sink_t* connect = listen_to(world, client, "connection-CONNECT");
  sink_t* login = listen_to(world, client, "Login");
  sink_t* ready = listen_to(world, client, "READY");
  sink_t* all = listen_to(world, client, "*");
  sink_t* data = listen_to(world, client, "data");
  assert_error(client_connect(world, client), 0);
  settle(world, client);
  until_count(world, all, 5);
  client_disconnect(world, client);
  until_field(world, all, "Final", "true");
  assert_string_equal(names(connection), "connection-connect connection-close");
  assert_string_equal(names(connect), "connection-connect");
  assert_string_equal(names(login), "login");
  assert_string_equal(names(ready), "ready");
  assert_string_equal(names(all),
                      "connection-connect login ready FullyBooted SuccessfulAuth connection-close");
  for (size_t i = 0; i < count_of(data); ++i) {
    assert_int_not_equal(ami_msg_kind(message_at(data, i)), AMI_MSG_NOTICE);
  }
  for (size_t i = 0; i < count_of(connection); ++i) {
    const ami_msg_t* msg = message_at(connection, i);
    assert_int_equal(ami_msg_kind(msg), AMI_MSG_NOTICE);
    assert_string_equal(field(msg, "Event"), ami_msg_name(msg));
  }
  world_end(world);
}

static void data_response_and_pong_get_what_the_server_says(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* data = listen_to(world, client, "Data");
  sink_t* response = listen_to(world, client, "Response");
  sink_t* pong = listen_to(world, client, "Pong");
  sink_t* all = listen_to(world, client, "*");
  sink_t* item = listen_to(world, client, "CoreShowChannel");
  emit(world, "Hello");
  reply_to(world, client, action("CoreShowChannels", "Items", "2", NULL));
  settle(world, client);
  until_count(world, pong, 1);
  until_count(world, data, 6);
  assert_string_equal(names(data),
                      "Hello Success CoreShowChannel CoreShowChannel CoreShowChannelsComplete Success");
  assert_string_equal(names(response), "Success Success");
  assert_string_equal(names(pong), "Success");
  assert_string_equal(field(message_at(pong, 0), "Ping"), "Pong");
  assert_string_equal(names(all), "Hello");
  assert_int_equal(count_of(item), 0); /* of an own list: they went to the action */
  assert_int_equal(ami_msg_kind(message_at(data, 0)), AMI_MSG_EVENT);
  assert_int_equal(ami_msg_kind(message_at(data, 1)), AMI_MSG_RESPONSE);
  assert_int_equal(ami_msg_kind(message_at(data, 2)), AMI_MSG_LISTITEM);
  assert_int_equal(ami_msg_kind(message_at(data, 4)), AMI_MSG_LISTITEM);
  for (size_t i = 1; i < 6; ++i) {
    assert_true(ami_msg_seq(message_at(data, i)) > ami_msg_seq(message_at(data, i - 1)));
  }
  world_end(world);
}

static void list_items_go_to_names_when_asked_for(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "list.events", "true", NULL);
  settle(world, client);
  sink_t* item = listen_to(world, client, "coreshowchannel");
  sink_t* glob = listen_to(world, client, "CoreShow*");
  sink_t* sent = send_action(world, client, action("CoreShowChannels", "Items", "2", NULL));
  until_reply(world, sent);
  until_count(world, glob, 3);
  assert_int_equal(ami_reply_count(sent->reply), 2);
  assert_string_equal(names(item), "CoreShowChannel CoreShowChannel");
  assert_string_equal(names(glob), "CoreShowChannel CoreShowChannel CoreShowChannelsComplete");
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------- order */

static void note_place(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)client;
  (void)msg;
  (void)reply;
  char* places = ((char**)sink->data)[0];
  const char* name = ((char**)sink->data)[1];
  strcat(places, name); /* callbacks of a client come one at a time */
}

static void handlers_are_called_in_the_order_of_their_making(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  char places[64] = "";
  const char* first[] = {places, "1"};
  const char* second[] = {places, "2"};
  const char* third[] = {places, "3"};
  listen_with(world, client, "*", note_place, first);
  listen_with(world, client, "Hello", note_place, second);
  sink_t* last = listen_with(world, client, "data", note_place, third);
  for (int i = 0; i < 3; ++i) emit(world, "Hello");
  until_count(world, last, 3);
  assert_string_equal(places, "123123123");
  world_end(world);
}

static void messages_come_in_the_order_of_the_wire(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* all = listen_to(world, client, "*");
  ami_mock_emit_many(world->mock, "Event: One\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n", 500);
  ami_mock_emit_many(world->mock, "Event: Two\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n", 500);
  until_count(world, all, 1000);
  for (size_t i = 0; i < 1000; ++i) {
    const ami_msg_t* msg = message_at(all, i);
    char number[16];
    snprintf(number, sizeof number, "%d", (int)(i % 500));
    assert_string_equal(ami_msg_name(msg), i < 500 ? "One" : "Two");
    assert_string_equal(field(msg, "N"), number);
    if (i > 0) assert_true(ami_msg_seq(msg) > ami_msg_seq(message_at(all, i - 1)));
  }
  world_end(world);
}

static void the_reply_comes_after_what_was_said_before_it(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  char places[64] = "";
  const char* event[] = {places, "e"};
  const char* answer[] = {places, "r"};
  const char* response[] = {places, "a"};
  listen_with(world, client, "Hello", note_place, event);
  listen_with(world, client, "response", note_place, response);
  ami_mock_fault(world->mock, "hold", 1);
  sink_t* sent = send_with(world, client, action("Ping", NULL), note_place, answer);
  until_mock(world, "action:Ping", 2);
  emit(world, "Hello");
  ami_mock_release(world->mock);
  until_reply(world, sent);
  sent = send_with(world, client, action("Ping", NULL), note_place, answer);
  until_reply(world, sent);
  assert_string_equal(places, "arear");
  world_end(world);
}

/* ----------------------------------------------------------------------------------------- inside handlers
 */

static void add_another(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  sink_t** added = sink->data;
  if (*added != NULL) return;
  sink_t* made = sink_new(sink->world, client);
  if (ami_on(client, "Hello", on_event, made, on_release, &made->id) == 0) *added = made;
}

static void a_handler_may_add_another(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* added = NULL;
  sink_t* sink = listen_with(world, client, "Hello", add_another, &added);
  emit(world, "Hello");
  until_count(world, sink, 1);
  settle(world, client);
  assert_non_null(added);
  assert_int_equal(count_of(added), 0); /* it is for what is received from then on */
  emit(world, "Hello");
  until_count(world, added, 1);
  assert_int_equal(count_of(sink), 2);
  world_end(world);
}

static void remove_those(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  sink_t** victims = sink->data;
  for (int i = 0; victims[i] != NULL; ++i) {
    if (ami_off(client, victims[i]->id) != 0) continue;
    if (victims[i] == sink && sink->releases != 0) victims[i] = NULL; /* too early: told by a crash */
  }
}

static void a_handler_may_remove_itself(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* victims[2] = {NULL, NULL};
  sink_t* sink = listen_with(world, client, "Hello", remove_those, victims);
  victims[0] = sink;
  sink_t* other = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 5);
  until_count(world, other, 5);
  until_released(world, sink);
  assert_int_equal(count_of(sink), 1);
  assert_non_null(victims[0]);
  assert_error(ami_off(client, sink->id), AMI_ENOENT);
  world_end(world);
}

static void a_handler_may_remove_others(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* victims[3] = {NULL, NULL, NULL};
  sink_t* before = listen_to(world, client, "Hello");
  sink_t* killer = listen_with(world, client, "Hello", remove_those, victims);
  victims[0] = before;
  victims[1] = listen_to(world, client, "Hello");
  sink_t* last = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 5);
  until_count(world, last, 5);
  assert_int_equal(count_of(killer), 5);
  assert_int_equal(count_of(before), 1);
  assert_int_equal(count_of(victims[1]), 0); /* not even the message that was under way */
  assert_int_equal(before->releases, 1);
  assert_int_equal(victims[1]->releases, 1);
  world_end(world);
}

static void a_handler_may_remove_all(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* victims[12] = {NULL};
  for (int i = 0; i < 5; ++i) victims[i] = listen_to(world, client, "Hello");
  victims[5] = listen_with(world, client, "Hello", remove_those, victims);
  for (int i = 6; i < 11; ++i) victims[i] = listen_to(world, client, "*");
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 5);
  for (int i = 0; i < 11; ++i) until_released(world, victims[i]);
  settle(world, client);
  for (int i = 0; i < 11; ++i) assert_int_equal(count_of(victims[i]), i <= 5 ? 1 : 0);
  world_end(world);
}

static void send_ping(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)msg;
  (void)reply;
  __atomic_store_n((sink_t**)sink->data, send_action(sink->world, client, action("Ping", NULL)),
                   __ATOMIC_RELEASE);
}

static bool is_sent(void* sent) {
  return __atomic_load_n((sink_t**)sent, __ATOMIC_ACQUIRE) != NULL;
}

static void a_handler_may_send(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent = NULL;
  sink_t* sink = listen_with(world, client, "Hello", send_ping, &sent);
  emit(world, "Hello");
  until_count(world, sink, 1);
  until(world, is_sent, &sent);
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  world_end(world);
}

/* ----------------------------------------------------------------------------------------------- release */

static void a_refused_handler_is_released(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  uint64_t id = 77;
  sink_t* sink = sink_new(world, client);
  assert_error(ami_on(client, NULL, on_event, sink, on_release, &id), AMI_EINVAL);
  assert_int_equal(sink->releases, 1);
  assert_contains(detail(client), "name");
  sink = sink_new(world, client);
  assert_error(ami_on(client, "", on_event, sink, on_release, NULL), AMI_EINVAL);
  assert_int_equal(sink->releases, 1);
  assert_contains(detail(client), "empty");
  sink = sink_new(world, client);
  assert_error(ami_on(NULL, "Hello", on_event, sink, on_release, NULL), AMI_EINVAL);
  assert_int_equal(sink->releases, 1);
  world_end(world);
}

static void an_ended_handler_is_released(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sink = listen_to(world, client, "Hello");
  emit(world, "Hello");
  until_count(world, sink, 1);
  settle(world, client);
  assert_error(ami_off(client, sink->id), 0);
  until_released(world, sink);
  emit(world, "Hello");
  settle(world, client);
  assert_int_equal(count_of(sink), 1);
  world_end(world);
}

static void ids_are_never_used_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  ami_t* other = client_new(world);
  uint64_t last = 0;
  for (int i = 0; i < 10; ++i) {
    sink_t* sink = listen_to(world, client, "Hello");
    assert_true(sink->id > last);
    last = sink->id;
    assert_error(ami_off(other, last), AMI_ENOENT); /* each client knows its own */
    assert_error(ami_off(client, last), 0);
    assert_int_equal(sink->releases, 1);
    assert_error(ami_off(client, last), AMI_ENOENT);
  }
  assert_error(ami_off(client, 0), AMI_ENOENT);
  assert_error(ami_off(client, UINT64_MAX), AMI_ENOENT);
  assert_contains(detail(client), "18446744073709551615");
  assert_error(ami_on(client, "Hello", on_event, sink_new(world, client), on_release, NULL), 0);
  world_end(world);
}

static void what_waits_in_the_queue_is_not_delivered_after_off(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  sink_t* sink = listen_to(world, client, "Hello");
  sink_t* other = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 10);
  while (ami_stat(client, AMI_STAT_QUEUED) < 20) {
  }
  assert_error(ami_off(client, sink->id), 0);
  assert_int_equal(sink->releases, 1);
  until_count(world, other, 10);
  assert_int_equal(count_of(sink), 0);
  world_end(world);
}

typedef struct {
  ami_t* client;
  uint64_t id;
} sub_t;

static void* off_elsewhere(void* data) {
  const sub_t* sub = data;
  return (void*)(intptr_t)ami_off(sub->client, sub->id);
}

/* While its events come: from another thread. */
static void a_handler_is_ended_in_the_midst(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* other = listen_to(world, client, "Hello");
  for (size_t round = 1; round <= 20; ++round) {
    sink_t* sink = listen_to(world, client, "Hello");
    sub_t sub = {client, sink->id};
    pthread_t thread;
    ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\n\r\n", 20);
    assert_int_equal(pthread_create(&thread, NULL, off_elsewhere, &sub), 0);
    until_count(world, other, 20 * round);
    void* result = NULL;
    pthread_join(thread, &result);
    assert_error((intptr_t)result, 0);
    until_released(world, sink);
    assert_true(count_of(sink) <= 20);
  }
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------ events */

static void the_mask_is_changed_while_connected(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  assert_int_equal(emit(world, "Hello"), 1);
  assert_error(ami_set(client, "events", "off"), 0);
  settle(world, client); /* goes out behind it */
  assert_int_equal(emit(world, "Hello"), 0);
  assert_string_equal(option(client, "events"), "off");
  assert_error(ami_set(client, "events", "call,user"), 0);
  settle(world, client);
  assert_int_equal(emit(world, "Hello"), 1);
  assert_int_equal(ami_mock_emit(world->mock, "Event: Bang\r\nPrivilege: agent,all\r\n\r\n"), 0);
  assert_error(ami_set(client, "events", "on"), 0);
  settle(world, client);
  assert_int_equal(ami_mock_emit(world->mock, "Event: Bang\r\nPrivilege: agent,all\r\n\r\n"), 1);
  const int64_t changes = ami_mock_count(world->mock, "action:Events");
  assert_int_equal(changes, 3);
  assert_error(ami_set(client, "events", "calls"), AMI_EOPTION);
  assert_contains(detail(client), "call");
  assert_error(ami_set(client, "events", "on"), 0); /* no change, nothing to send */
  settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "action:Events"), changes);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_name_gets_its_event_alone),
    IN_ALL(a_glob_gets_what_it_matches),
    IN_ALL(the_notices_are_names),
    IN_ALL(data_response_and_pong_get_what_the_server_says),
    IN_ALL(list_items_go_to_names_when_asked_for),
    IN_ALL(handlers_are_called_in_the_order_of_their_making),
    IN_ALL(messages_come_in_the_order_of_the_wire),
    IN_ALL(the_reply_comes_after_what_was_said_before_it),
    IN_CALLBACKS(a_handler_may_add_another),
    IN_CALLBACKS(a_handler_may_remove_itself),
    IN_CALLBACKS(a_handler_may_remove_others),
    IN_CALLBACKS(a_handler_may_remove_all),
    IN_CALLBACKS(a_handler_may_send),
    IN_ALL(a_refused_handler_is_released),
    IN_ALL(an_ended_handler_is_released),
    IN_ALL(ids_are_never_used_again),
    IN_QUEUES(what_waits_in_the_queue_is_not_delivered_after_off),
    IN_ALL(a_handler_is_ended_in_the_midst),
    IN_ALL(the_mask_is_changed_while_connected),
};
RUN(tests)
