/* What is refused here and never reaches the server: text that would break out of its line, what Asterisk
   would cut or misread, and NULL. */
#include <ctype.h>

#include "api_client.h"

/* One byte after another, so that a case may hold a NUL. */
#define BYTES(text) text, sizeof(text) - 1

typedef struct {
  const char* key;
  size_t key_len;
  const char* value;
  size_t value_len;
  int err;
  const char* says; /* part of the detail */
} bad_field_t;

static const bad_field_t bad_fields[] = {
    {BYTES("Evil"), BYTES("a\rb"), AMI_EINJECT, "\"a\\x0db\" holds CR at byte 1"},
    {BYTES("Evil"), BYTES("a\nb"), AMI_EINJECT, "\"a\\x0ab\" holds LF at byte 1"},
    {BYTES("Evil"), BYTES("a\0b"), AMI_EINJECT, "\"a\\x00b\" holds NUL at byte 1"},
    {BYTES("Evil"), BYTES("\r\n\r\nAction: Logoff"), AMI_EINJECT, "Action: Logoff\" holds CR at byte 0"},
    {BYTES("Evil"), BYTES("\n"), AMI_EINJECT, "\"Evil\""},
    {BYTES("Evil"), BYTES("end\r"), AMI_EINJECT, "byte 3"},
    {BYTES("Evil\r"), BYTES("x"), AMI_EINJECT, "\"Evil\\x0d\""},
    {BYTES("Evil\n"), BYTES("x"), AMI_EINJECT, "\"Evil\\x0a\""},
    {BYTES("Ev\0il"), BYTES("x"), AMI_EINJECT, "\"Ev\\x00il\""},
    {BYTES("Evil: x"), BYTES("x"), AMI_EINJECT, "\"Evil: x\""},
    {BYTES("Ev:il"), BYTES("x"), AMI_EINJECT, "\"Ev:il\""},
    {BYTES(":"), BYTES("x"), AMI_EINJECT, "\":\""},
    {BYTES("Ev il"), BYTES("x"), AMI_EINJECT, "\"Ev il\""},
    {BYTES(" Evil"), BYTES("x"), AMI_EINJECT, "\" Evil\""},
    {BYTES("Evil "), BYTES("x"), AMI_EINJECT, "\"Evil \""},
    {BYTES("Ev\til"), BYTES("x"), AMI_EINJECT, "\"Ev\\x09il\""},
    {BYTES(""), BYTES("x"), AMI_EINVAL, "name"},
    {BYTES("Secret"), BYTES("Evil\nsecret"), AMI_EINJECT, "(not shown)"},
    {BYTES("Action"), BYTES("Evil"), AMI_EINVAL, "\"Status\""},
    {BYTES("ActionID"), BYTES(""), AMI_EINVAL, "1 to 64"},
    {BYTES("ActionID"), BYTES(" Evil"), AMI_EINVAL, "\" Evil\""},
    {BYTES("ActionID"), BYTES("Ev\til"), AMI_EINVAL, "\"Ev\\x09il\""},
    {BYTES("actionid"), BYTES("Evil\x7f"), AMI_EINVAL, "\"Evil\\x7f\""},
    {BYTES("ActionID"), BYTES("Evil\xc3\xa9"), AMI_EINVAL, "\"Evil\\xc3\\xa9\""},
    {BYTES("ActionID"), BYTES("Evil\r\nx"), AMI_EINJECT, "\"Evil\\x0d\\x0ax\""},
    {BYTES("ActionID"), BYTES("Evil12345678901234567890123456789012345678901234567890123456789012"),
     AMI_EINVAL, "has 66 bytes"},
};

/* A spoiled action goes nowhere, whatever way it is sent, and stays what it is. */
static void check_spoiled(world_t* world, ami_t* client, ami_action_t* spoiled, int err, const char* says) {
  assert_contains(ami_action_detail(spoiled), says);
  assert_error(ami_action_add(spoiled, "Good", "yes"), err);
  assert_error(ami_action_variable(spoiled, "good", "yes"), err);
  assert_error(ami_action_timeout(spoiled, 1000), err);
  assert_error(ami_action_until(spoiled, "Good"), err);
  assert_error(ami_action_bytes(spoiled, NULL, 0), err);
  assert_contains(ami_action_detail(spoiled), says);
  for (int streamed = 0; streamed < 2; ++streamed) {
    sink_t* sink = sink_new(world, client);
    uint64_t id = 77;
    const int result = streamed == 1
                           ? ami_send_each(client, spoiled, on_event, on_reply, sink, on_release, &id)
                           : ami_send(client, spoiled, on_reply, sink, on_release, &id);
    assert_error(result, err);
    assert_contains(detail(client), says);
    assert_int_equal(sink->releases, 1);
    assert_int_equal(id, 0);
  }
  if (world->way != BY_LOOP) { /* on the loop's thread it is AMI_ETHREAD */
    ami_reply_t* reply = (ami_reply_t*)world;
    assert_error(ami_call(client, spoiled, &reply), err);
    assert_null(reply);
  }
  ami_action_free(spoiled);
}

/* Nothing of it has been sent: the mock saw the login and this Ping. */
static void check_nothing_sent(world_t* world, ami_t* client) {
  static char received[1 << 16];
  settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "actions"), 3);
  assert_int_equal(ami_mock_count(world->mock, "action:Ping"), 1);
  const int64_t length = ami_mock_received(world->mock, received, sizeof received);
  assert_in_range(length, 1, sizeof received - 1);
  assert_int_equal(strlen(received), length);
  for (int64_t i = 0; i < length; ++i) received[i] = (char)tolower((unsigned char)received[i]);
  assert_null(strstr(received, "evil"));
  assert_int_equal(ami_stat(client, AMI_STAT_ACTIONS), 1);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
}

static void bad_fields_spoil_an_action(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  for (size_t i = 0; i < sizeof bad_fields / sizeof *bad_fields; ++i) {
    const bad_field_t* bad = &bad_fields[i];
    ami_action_t* spoiled = action("Status", "Before", "evil", NULL);
    assert_string_equal(ami_action_detail(spoiled), "");
    assert_error(ami_action_addn(spoiled, bad->key, bad->key_len, bad->value, bad->value_len), bad->err);
    assert_null(strstr(ami_action_detail(spoiled), "secret"));
    check_spoiled(world, client, spoiled, bad->err, bad->says);
    if (strlen(bad->key) < bad->key_len || strlen(bad->value) < bad->value_len) continue;
    /* The same as strings, and among good ones. */
    spoiled = action("Status", NULL);
    assert_error(ami_action_add(spoiled, bad->key, bad->value), bad->err);
    check_spoiled(world, client, spoiled, bad->err, bad->says);
    const char* const pairs[] = {"One", "evil", bad->key, bad->value, "Three", "evil"};
    spoiled = action("Status", NULL);
    assert_error(ami_action_add_all(spoiled, pairs, 3), bad->err);
    check_spoiled(world, client, spoiled, bad->err, bad->says);
  }
  check_nothing_sent(world, client);
  world_end(world);
}

static void bad_names_spoil_an_action(void** state) {
  const struct {
    const char* name;
    int err;
    const char* says;
  } names[] = {{"", AMI_EINVAL, "name"},
               {NULL, AMI_EINVAL, "name"},
               {"Evil\r\nSecret: x", AMI_EINJECT, "Evil\\x0d\\x0aSecret: x"},
               {"Evil\n", AMI_EINJECT, "\"Evil\\x0a\""},
               {" Evil", AMI_EINVAL, "\" Evil\""},
               {"Evil ", AMI_EINVAL, "\"Evil \""}};
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    ami_action_t* spoiled = ami_action_new(names[i].name);
    assert_non_null(spoiled);
    check_spoiled(world, client, spoiled, names[i].err, names[i].says);
  }
  check_nothing_sent(world, client);
  world_end(world);
}

static void other_bad_parts_spoil_an_action(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* spoiled = action("Evil", "ActionID", "first", NULL);
  assert_error(ami_action_add(spoiled, "ActionID", "second"), AMI_EINVAL);
  check_spoiled(world, client, spoiled, AMI_EINVAL, "first");
  const char* const variables[] = {"", "ev=il", "ev,il", "ev\"il", "ev\\il"};
  for (size_t i = 0; i < sizeof variables / sizeof *variables; ++i) {
    spoiled = action("Evil", NULL);
    assert_error(ami_action_variable(spoiled, variables[i], "x"), AMI_EINVAL);
    check_spoiled(world, client, spoiled, AMI_EINVAL, variables[i]);
  }
  spoiled = action("Evil", NULL);
  assert_error(ami_action_variable(spoiled, "name", "a\r\nAction: Evil"), AMI_EINJECT);
  check_spoiled(world, client, spoiled, AMI_EINJECT, "a\\x0d\\x0aAction: Evil");
  spoiled = action("Evil", NULL);
  assert_error(ami_action_timeout(spoiled, -5), AMI_EINVAL);
  check_spoiled(world, client, spoiled, AMI_EINVAL, "-5");
  spoiled = action("Evil", NULL);
  assert_error(ami_action_until(spoiled, ""), AMI_EINVAL);
  check_spoiled(world, client, spoiled, AMI_EINVAL, "until");
  spoiled = action("Evil", NULL);
  assert_error(ami_action_until(spoiled, "userEvent"), AMI_EINVAL);
  check_spoiled(world, client, spoiled, AMI_EINVAL, "UserEvent");
  check_nothing_sent(world, client);
  world_end(world);
}

/* -------------------------------------------------------------------------------------------- sizes */

enum { MAX_LINE = 1022, MAX_LINES = 128 };

static void a_line_that_is_too_long(void** state) {
  char value[MAX_LINE + 1];
  memset(value, 'x', sizeof value);
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* spoiled = action("Evil", NULL);
  const size_t most = MAX_LINE - strlen("Long: ");
  assert_error(ami_action_addn(spoiled, "Long", 4, value, most + 1), AMI_ETOOBIG);
  check_spoiled(world, client, spoiled, AMI_ETOOBIG, "\"Long\": the line has 1023 bytes");
  value[most] = '\0';
  char name[MAX_LINE + 1];
  memset(name, 'E', sizeof name);
  name[MAX_LINE - strlen("Action: ") + 1] = '\0';
  spoiled = ami_action_new(name);
  check_spoiled(world, client, spoiled, AMI_ETOOBIG, "1023");
  check_nothing_sent(world, client);
  /* What just fits is read by a server that cuts as the real ones do. */
  const ami_reply_t* reply = reply_to(world, client, action("Ping", "Long", value, NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  world_end(world);
}

static void too_many_lines(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* full = action("Ping", NULL);
  ami_action_t* spoiled = action("Evil", NULL);
  for (int i = 2; i < MAX_LINES; ++i) { /* beside Action and ActionID */
    assert_error(ami_action_add(full, "Line", "x"), 0);
    assert_error(ami_action_add(spoiled, "Line", "x"), 0);
  }
  assert_error(ami_action_add(spoiled, "Last", "x"), AMI_ETOOBIG);
  check_spoiled(world, client, spoiled, AMI_ETOOBIG, "\"Last\": Asterisk reads at most 128 lines");
  check_nothing_sent(world, client);
  assert_reply(reply_to(world, client, full), 0, AMI_ANSWERED);
  world_end(world);
}

static void an_own_id_of_64_bytes(void** state) {
  char id[65];
  memset(id, 'i', 64);
  id[64] = '\0';
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, action("Ping", "ActionID", id, NULL));
  assert_string_equal(field(ami_reply_response(reply), "ActionID"), id);
  world_end(world);
}

/* ------------------------------------------------------------------------------------------------ NULL */

static void null_clients(void** state) {
  world_t* world = world_new(state, NULL);
  char buf[8];
  ami_action_t* ping = action("Ping", NULL);
  ami_reply_t* reply = (ami_reply_t*)world;
  uint64_t id = 77;
  assert_int_equal(ami_id(NULL), 0);
  assert_error(ami_set(NULL, "host", "x"), AMI_EINVAL);
  assert_error(ami_get(NULL, "host", buf, sizeof buf), AMI_EINVAL);
  assert_error(ami_detail(NULL, buf, sizeof buf), AMI_EINVAL);
  assert_error(ami_set_loop(NULL, world->loop), AMI_EINVAL);
  assert_error(ami_set_queue(NULL, world->queue), AMI_EINVAL);
  assert_error(ami_connect(NULL), AMI_EINVAL);
  assert_error(ami_wait(NULL, 0), AMI_EINVAL);
  assert_error(ami_disconnect(NULL), AMI_EINVAL);
  ami_destroy(NULL);
  assert_error(ami_state(NULL), AMI_EINVAL);
  assert_error(ami_stat(NULL, AMI_STAT_EVENTS), AMI_EINVAL);
  assert_error(ami_off(NULL, 1), AMI_EINVAL);
  assert_error(ami_call(NULL, ping, &reply), AMI_EINVAL);
  assert_null(reply);
  assert_error(ami_cancel(NULL, 1), AMI_EINVAL);
  /* What takes a user gives it back. */
  sink_t* sinks[4];
  for (int i = 0; i < 4; ++i) sinks[i] = sink_new(world, NULL);
  assert_error(ami_on_log(NULL, 3, NULL, sinks[0], on_release), AMI_EINVAL);
  assert_error(ami_on(NULL, "*", on_event, sinks[1], on_release, &id), AMI_EINVAL);
  assert_error(ami_send(NULL, ping, on_reply, sinks[2], on_release, &id), AMI_EINVAL);
  assert_error(ami_send_each(NULL, ping, on_event, on_reply, sinks[3], on_release, &id), AMI_EINVAL);
  for (int i = 0; i < 4; ++i) assert_int_equal(sinks[i]->releases, 1);
  ami_action_free(ping);
  world_end(world);
}

static void null_arguments_of_a_client(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  ami_t* other = ami_new(); /* of which the delivery has not been chosen */
  uint64_t id = 77;
  char buf[8];
  ami_action_t* ping = action("Ping", NULL);
  ami_reply_t* reply = (ami_reply_t*)world;
  assert_error(ami_set(client, NULL, "x"), AMI_EINVAL);
  assert_contains(detail(client), "NULL");
  assert_error(ami_set(client, "host", NULL), AMI_EINVAL);
  assert_error(ami_get(client, NULL, buf, sizeof buf), AMI_EINVAL);
  assert_error(ami_get(client, "host", NULL, 8), AMI_EINVAL);
  assert_int_equal(ami_get(client, "host", NULL, 0), strlen("127.0.0.1"));
  assert_error(ami_detail(client, NULL, 8), AMI_EINVAL);
  assert_true(ami_detail(client, NULL, 0) > 0);
  assert_error(ami_set_loop(other, NULL), AMI_EINVAL);
  assert_error(ami_set_queue(other, NULL), AMI_EINVAL);
  assert_error(client_connect(world, client), 0);
  sink_t* sinks[4];
  for (int i = 0; i < 4; ++i) sinks[i] = sink_new(world, client);
  assert_error(ami_on(client, NULL, on_event, sinks[0], on_release, &id), AMI_EINVAL);
  assert_contains(detail(client), "NULL");
  assert_error(ami_on(client, "", on_event, sinks[1], on_release, NULL), AMI_EINVAL);
  assert_error(ami_send(client, NULL, on_reply, sinks[2], on_release, NULL), AMI_EINVAL);
  assert_contains(detail(client), "NULL");
  assert_error(ami_send_each(client, NULL, on_event, on_reply, sinks[3], on_release, NULL), AMI_EINVAL);
  for (int i = 0; i < 4; ++i) assert_int_equal(sinks[i]->releases, 1);
  assert_error(ami_call(client, NULL, &reply), AMI_EINVAL);
  assert_null(reply);
  assert_error(ami_call(client, ping, NULL), AMI_EINVAL);
  assert_error(ami_on_log(client, 3, NULL, NULL, NULL), 0);
  assert_error(ami_off(client, 0), AMI_ENOENT);
  check_nothing_sent(world, client);
  ami_action_free(ping);
  ami_destroy(other);
  world_end(world);
}

static void null_arguments_of_an_action(void** state) {
  (void)state;
  const char* const pairs[] = {"One", "1", "Two", NULL, NULL, "3"};
  const char* const keys[] = {NULL, "3"};
  ami_action_t* made = NULL;
  assert_error(ami_action_add(NULL, "a", "b"), AMI_EINVAL);
  assert_error(ami_action_addn(NULL, "a", 1, "b", 1), AMI_EINVAL);
  assert_error(ami_action_add_all(NULL, pairs, 1), AMI_EINVAL);
  assert_error(ami_action_variable(NULL, "a", "b"), AMI_EINVAL);
  assert_error(ami_action_timeout(NULL, 1), AMI_EINVAL);
  assert_error(ami_action_until(NULL, "a"), AMI_EINVAL);
  assert_error(ami_action_bytes(NULL, NULL, 0), AMI_EINVAL);
  assert_string_equal(ami_action_detail(NULL), "");
  ami_action_free(NULL);
#define SPOILS(call)                                \
  made = ami_action_new("Ping");                    \
  assert_error(call, AMI_EINVAL);                   \
  assert_contains(ami_action_detail(made), "NULL"); \
  ami_action_free(made)
  SPOILS(ami_action_add(made, NULL, "b"));
  SPOILS(ami_action_add(made, "a", NULL));
  SPOILS(ami_action_addn(made, NULL, 1, "b", 1));
  SPOILS(ami_action_addn(made, "a", 1, NULL, 1));
  SPOILS(ami_action_add_all(made, NULL, 1));
  SPOILS(ami_action_add_all(made, pairs, 2));
  SPOILS(ami_action_add_all(made, keys, 1));
  SPOILS(ami_action_variable(made, NULL, "b"));
  SPOILS(ami_action_variable(made, "a", NULL));
  SPOILS(ami_action_until(made, NULL));
#undef SPOILS
  /* Nothing is nothing. */
  made = ami_action_new("Ping");
  assert_error(ami_action_addn(made, "a", 1, NULL, 0), 0);
  assert_error(ami_action_add_all(made, NULL, 0), 0);
  assert_string_equal(ami_action_detail(made), "");
  ami_action_free(made);
}

static void null_replies_and_messages(void** state) {
  (void)state;
  size_t len = 7;
  const ami_field_t* fields = (const ami_field_t*)&len;
  assert_error(ami_reply_status(NULL), AMI_EINVAL);
  assert_error(ami_reply_fate(NULL), AMI_EINVAL);
  assert_int_equal(ami_reply_id(NULL), 0);
  assert_null(ami_reply_response(NULL));
  assert_int_equal(ami_reply_count(NULL), 0);
  assert_null(ami_reply_at(NULL, 0));
  assert_null(ami_reply_end(NULL));
  assert_null(ami_reply_ref(NULL));
  ami_reply_unref(NULL);
  assert_int_equal(ami_msg_kind(NULL), 0);
  assert_string_equal(ami_msg_name(NULL), "");
  assert_null(ami_msg_get(NULL, "a", &len));
  assert_int_equal(len, 0);
  assert_null(ami_msg_find(NULL, "a", 0));
  assert_int_equal(ami_msg_fields(NULL, &fields), 0);
  assert_null(fields);
  assert_int_equal(ami_msg_fields(NULL, NULL), 0);
  len = 7;
  assert_null(ami_msg_raw(NULL, &len));
  assert_int_equal(len, 0);
  len = 7;
  assert_null(ami_msg_output(NULL, &len));
  assert_int_equal(len, 0);
  assert_null(ami_msg_output(NULL, NULL));
  assert_error(ami_msg_status(NULL), AMI_EINVAL);
  assert_int_equal(ami_msg_seq(NULL), 0);
  assert_int_equal(ami_msg_time(NULL), 0);
  assert_string_equal(ami_msg_label(NULL), "");
  assert_null(ami_msg_ref(NULL));
  ami_msg_unref(NULL);
}

static void null_arguments_of_a_message(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_msg_t* response = ami_reply_response(reply_to(world, client, action("Ping", NULL)));
  size_t len = 7;
  assert_null(ami_msg_get(response, NULL, &len));
  assert_int_equal(len, 0);
  assert_null(ami_msg_find(response, NULL, 0));
  assert_true(ami_msg_fields(response, NULL) > 2);
  assert_non_null(ami_msg_raw(response, NULL));
  assert_string_equal(ami_msg_get(response, "Ping", NULL), "Pong");
  world_end(world);
}

static void wake(void* user) {
  (void)user;
}

static void null_queues_and_items(void** state) {
  world_t* world = world_new(state, NULL);
  ami_queue_t* queue = ami_queue_new();
  ami_item_t item;
  ami_field_t out;
  const char* const keys[] = {"a"};
  sink_t* sink = sink_new(world, NULL);
  assert_error(ami_queue_free(NULL), 0);
  assert_error(ami_queue_fd(NULL), AMI_EINVAL);
  assert_error(ami_queue_on_wake(NULL, wake, sink, on_release), AMI_EINVAL);
  assert_int_equal(sink->releases, 1);
  assert_error(ami_queue_poll(NULL, &item, 1, 0), AMI_EINVAL);
  assert_error(ami_queue_poll(queue, NULL, 1, 0), AMI_EINVAL);
  assert_error(ami_queue_poll(queue, NULL, 0, 0), 0);
  assert_error(ami_queue_dispatch(NULL, 1, 0), AMI_EINVAL);
  ami_queue_release(NULL, 0);
  ami_queue_release(NULL, 3);
  memset(&item, 0, sizeof item);
  assert_error(ami_items_get(NULL, 1, keys, 1, &out), AMI_EINVAL);
  assert_error(ami_items_get(&item, 1, NULL, 1, &out), AMI_EINVAL);
  assert_error(ami_items_get(&item, 1, keys, 1, NULL), AMI_EINVAL);
  assert_error(ami_items_get(&item, SIZE_MAX / 2 + 1, keys, 2, NULL), AMI_EINVAL); /* the product is 0 */
  assert_error(ami_items_get(NULL, 0, NULL, 0, NULL), 0);
  assert_error(ami_items_get(&item, 1, keys, 1, &out), 0); /* which holds nothing */
  assert_null(out.key);
  assert_null(out.value);
  assert_error(ami_queue_free(queue), 0);
  world_end(world);
}

static void numbers_out_of_range(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  const int errors[] = {1, -1000, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < 4; ++i) {
    assert_string_equal(ami_strerror(errors[i]), "unknown error");
    assert_string_equal(ami_err_name(errors[i]), "AMI_UNKNOWN");
  }
  assert_string_equal(ami_strerror(AMI_ETIMEDOUT), "timed out");
  assert_error(ami_stat(client, 0), AMI_EINVAL);
  assert_error(ami_stat(client, 17), AMI_EINVAL);
  assert_contains(detail(client), "17");
  assert_error(ami_stat(client, -1), AMI_EINVAL);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(bad_fields_spoil_an_action),
    IN_ALL(bad_names_spoil_an_action),
    IN_ALL(other_bad_parts_spoil_an_action),
    IN_ALL(a_line_that_is_too_long),
    IN_ALL(too_many_lines),
    IN_ALL(an_own_id_of_64_bytes),
    IN_ALL(null_clients),
    IN_ALL(null_arguments_of_a_client),
    cmocka_unit_test(null_arguments_of_an_action),
    cmocka_unit_test(null_replies_and_messages),
    IN_ALL(null_arguments_of_a_message),
    IN_ALL(null_queues_and_items),
    IN_ALL(numbers_out_of_range),
};
RUN(tests)
