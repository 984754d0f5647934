/* Connections that end and come back: what is in place again, when the next attempt is made, which failures
   are final, and how all of it ends by ami_disconnect(). */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api_client.h"

static const char* between(const char* from, const char* to, const char* text) {
  static char part[1024];
  const char* begin = strstr(text, from);
  const char* end = begin != NULL ? strstr(begin, to) : NULL;
  snprintf(part, sizeof part, "%.*s", end != NULL ? (int)(end + strlen(to) - begin) : 0, begin);
  return part;
}

/* ------------------------------------------------------------------------------------------ coming back */

static void after_a_cut_it_comes_back(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "3");
  sink_t* all = listen_to(world, client, "*");
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* hellos = listen_to(world, client, "Hello");
  assert_error(client_connect(world, client), 0);
  settle(world, client);
  const size_t before = count_of(all);
  ami_mock_kick(world->mock);
  until_count(world, ready, 2);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  assert_string_equal(between("connection-end", "ready", names(all)),
                      "connection-end connection-error connection-close connection-reconnecting "
                      "connection-connect login gap ready");
  const ami_msg_t* msg = message_at(all, before + 1);
  assert_string_equal(field(msg, "Error"), "AMI_ELOST");
  assert_contains(field(msg, "Reason"), "closed by the server");
  msg = message_at(all, before + 2);
  assert_string_equal(field(msg, "Final"), "false");
  assert_string_equal(field(msg, "Error"), "AMI_ELOST");
  msg = message_at(all, before + 3);
  assert_string_equal(field(msg, "Attempt"), "1");
  assert_true(number(msg, "Delay") <= 3);
  msg = message_at(all, before + 6);
  assert_string_equal(field(msg, "Cause"), "reconnect");
  assert_string_equal(field(msg, "Generation"), "2");
  assert_true(number(msg, "From") > 1e9 && number(msg, "From") <= number(msg, "To"));
  assert_null(ami_msg_get(msg, "Dropped", NULL));
  assert_string_equal(field(last_of(ready), "Generation"), "2");
  assert_int_equal(ami_stat(client, AMI_STAT_GENERATION), 2);
  assert_int_equal(emit(world, "Hello"), 1);
  until_count(world, hellos, 1);
  world_end(world);
}

static void a_restart_is_survived(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* gaps = listen_to(world, client, "gap");
  sink_t* hellos = listen_to(world, client, "Hello");
  assert_error(client_connect(world, client), 0);
  for (size_t round = 1; round <= 5; ++round) {
    until_count(world, ready, round);
    settle(world, client);
    emit(world, "Hello");
    until_count(world, hellos, round);
    assert_int_equal(ami_mock_restart(world->mock), 0);
  }
  until_count(world, ready, 6);
  assert_int_equal(count_of(gaps), 5);
  assert_string_equal(field(last_of(gaps), "Generation"), "6");
  world_end(world);
}

static void mask_and_filters_are_in_force_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "events", "user,call");
  client_set(client, "filter", "Event: Hello");
  client_set(client, "filter", "Event: Bang");
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* all = listen_to(world, client, "data");
  assert_error(client_connect(world, client), 0);
  for (size_t generation = 1; generation <= 3; ++generation) {
    until_count(world, ready, generation);
    settle(world, client);
    assert_int_equal(emit(world, "Hello"), 1);
    assert_int_equal(emit(world, "Bang"), 1);
    assert_int_equal(emit(world, "Other"), 0);
    assert_int_equal(ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: agent,all\r\n\r\n"), 0);
    assert_int_equal(ami_mock_count(world->mock, "action:Filter"), 2 * generation);
    if (generation == 2) {
      client_set(client, "events", "agent"); /* a live change stays, too */
      settle(world, client);
    }
    if (generation < 3) ami_mock_kick(world->mock);
    if (generation == 2) break;
  }
  until_count(world, ready, 3);
  settle(world, client);
  assert_int_equal(ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: agent,all\r\n\r\n"), 1);
  assert_int_equal(emit(world, "Hello"), 0);
  /* Nothing slipped through before the filters stood. */
  for (size_t i = 0; i < count_of(all); ++i) {
    const ami_msg_t* msg = message_at(all, i);
    if (ami_msg_kind(msg) != AMI_MSG_EVENT) continue;
    assert_true(strcmp(ami_msg_name(msg), "Hello") == 0 || strcmp(ami_msg_name(msg), "Bang") == 0);
  }
  world_end(world);
}

static void action_ids_are_new_with_every_connection(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "identifier", "pbx-");
  sink_t* ready = listen_to(world, client, "ready");
  assert_error(client_connect(world, client), 0);
  until_count(world, ready, 1);
  ami_mock_kick(world->mock);
  until_count(world, ready, 2);
  char ids[4][80];
  for (size_t i = 0; i < 4; ++i) assert_true(ami_mock_action_id(world->mock, i, ids[i], sizeof ids[i]) > 14);
  for (size_t i = 0; i < 4; ++i) assert_memory_equal(ids[i], "pbx-", 4);
  assert_memory_equal(ids[0], ids[1], 14); /* Challenge, Login */
  assert_memory_equal(ids[2], ids[3], 14);
  assert_memory_not_equal(ids[0], ids[2], 14);
  world_end(world);
}

static void what_waits_offline_goes_out_in_order(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "1", "reconnect.max_ms", "5", "offline", "queue",
                               "offline.max", "5", NULL);
  ami_mock_set_down(world->mock, 1);
  until_state(world, client, AMI_STATE_BACKOFF);
  sink_t* sent[5];
  char id[] = "offline-0";
  for (int i = 0; i < 5; ++i) {
    id[8] = (char)('0' + i);
    sent[i] = send_action(world, client, action("Ping", "ActionID", id, NULL));
  }
  assert_error(refused(world, client, action("Ping", NULL)), AMI_EFULL);
  assert_contains(detail(client), "offline.max");
  ami_mock_set_down(world->mock, 0);
  for (int i = 0; i < 5; ++i) {
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
    char seen[80];
    id[8] = (char)('0' + i);
    ami_mock_action_id(world->mock, (size_t)(4 + i), seen, sizeof seen); /* behind two logins */
    assert_string_equal(seen, id);
  }
  world_end(world);
}

/* --------------------------------------------------------------------------------------------- back-off */

static void delays_double_up_to_their_bound(void** state) {
  enum { ATTEMPTS = 12 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "2");
  client_set(client, "reconnect.max_ms", "16");
  sink_t* all = listen_to(world, client, "connection-*");
  sink_t* tries = listen_to(world, client, "connection-reconnecting");
  ami_mock_set_down(world->mock, 1);
  assert_int_equal(ami_connect(client), 0);
  until_count(world, tries, ATTEMPTS);
  double sum = 0;
  for (size_t i = 0; i < ATTEMPTS; ++i) {
    const ami_msg_t* msg = message_at(tries, i);
    const double limit = i < 3 ? 2 << i : 16;
    assert_int_equal(atoi(field(msg, "Attempt")), i + 1);
    assert_true(number(msg, "Delay") >= 0 && number(msg, "Delay") <= limit);
    sum += number(msg, "Delay");
  }
  assert_true(sum > 0); /* but once in 10^13 */
  assert_memory_equal(names(all),
                      "connection-error connection-close connection-reconnecting connection-error", 74);
  assert_string_equal(field(message_at(all, 0), "Error"), "AMI_ECONNECT");
  assert_string_equal(field(message_at(all, 1), "Final"), "false");
  ami_mock_set_down(world->mock, 0);
  assert_error(client_wait(world, client), 0);
  world_end(world);
}

static void without_jitter_a_delay_is_its_bound(void** state) {
  static const char* const delays[] = {"1", "2", "4", "5", "5", "5", "5", "5"};
  enum { ATTEMPTS = sizeof delays / sizeof *delays };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "reconnect.max_ms", "5");
  client_set(client, "reconnect.jitter", "none");
  sink_t* tries = listen_to(world, client, "connection-reconnecting");
  ami_mock_set_down(world->mock, 1);
  assert_int_equal(ami_connect(client), 0);
  until_count(world, tries, ATTEMPTS);
  for (size_t i = 0; i < ATTEMPTS; ++i) assert_string_equal(field(message_at(tries, i), "Delay"), delays[i]);
  world_end(world);
}

static void without_reconnect_the_end_is_final(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* all = listen_to(world, client, "connection-*");
  settle(world, client);
  ami_mock_kick(world->mock);
  const ami_msg_t* last = until_field(world, all, "Final", "true");
  assert_string_equal(names(all), "connection-end connection-error connection-close");
  assert_string_equal(field(last, "Error"), "AMI_ELOST");
  until_state(world, client, AMI_STATE_IDLE);
  assert_error(client_wait(world, client), AMI_ELOST);
  assert_contains(detail(client), "closed by the server");
  assert_error(refused(world, client, action("Ping", NULL)), AMI_ESTATE);
  assert_error(ami_disconnect(client), 0);
  assert_error(client_connect(world, client), 0);
  world_end(world);
}

/* ---------------------------------------------------------------------------------------------- refusals */

static void a_refusal_after_a_login_is_tried_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "1", "reconnect.max_ms", "7", NULL);
  settle(world, client);
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* login = listen_to(world, client, "login");
  sink_t* tries = listen_to(world, client, "connection-reconnecting");
  for (int i = 0; i < 3; ++i) ami_mock_fault_with(world->mock, "refuse_login", 1, AMI_MOCK_NEXT);
  ami_mock_kick(world->mock);
  until_count(world, ready, 1);
  const int64_t refused = ami_mock_count(world->mock, "refused");
  assert_true(refused >= 1);
  until_count(world, login, (size_t)refused + 1);
  for (size_t i = 0; i < (size_t)refused; ++i) {
    assert_string_equal(field(message_at(login, i), "Status"), "Error");
    assert_string_equal(field(message_at(login, i), "Error"), "AMI_EAUTH");
    assert_string_equal(field(message_at(tries, i + 1), "Delay"), "7");
  }
  assert_string_equal(field(message_at(login, (size_t)refused), "Status"), "Success");
  world_end(world);
}

static void an_account_in_use_is_tried_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "reconnect.max_ms", "7");
  sink_t* login = listen_to(world, client, "login");
  sink_t* tries = listen_to(world, client, "connection-reconnecting");
  ami_mock_fault(world->mock, "login_in_use", 1); /* and this is its very first login */
  assert_error(client_connect(world, client), 0);
  until_count(world, login, 2);
  assert_contains(field(message_at(login, 0), "Reason"), "Already In Use");
  assert_string_equal(field(message_at(login, 1), "Status"), "Success");
  assert_string_equal(field(message_at(tries, 0), "Delay"), "7");
  world_end(world);
}

static void an_account_in_use_is_final_without_reconnect(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  ami_mock_fault(world->mock, "login_in_use", 1);
  assert_error(client_connect(world, client), AMI_EAUTH);
  assert_contains(detail(client), "Already In Use");
  world_end(world);
}

static void a_refused_filter_is_final_at_first(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "reconnect", "1");
  client_set(client, "filter", "Event: Hello");
  ami_mock_fault(world->mock, "refuse_filter", 1);
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* all = listen_to(world, client, "*");
  assert_error(client_connect(world, client), AMI_EFILTER);
  assert_contains(detail(client), "Event: Hello");
  until_field(world, all, "Final", "true");
  assert_int_equal(count_of(ready), 0);
  assert_int_equal(ami_mock_count(world->mock, "connections"), 1);
  until_mock(world, "open", 0);
  world_end(world);
}

static void a_filter_refused_later_is_tried_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client =
      client_ready(world, "reconnect", "1", "reconnect.max_ms", "7", "filter", "Event: Hello", NULL);
  settle(world, client);
  sink_t* ready = listen_to(world, client, "ready");
  sink_t* errors = listen_to(world, client, "connection-error");
  sink_t* tries = listen_to(world, client, "connection-reconnecting");
  ami_mock_fault_with(world->mock, "refuse_filter", 1, AMI_MOCK_NEXT);
  ami_mock_kick(world->mock);
  until_count(world, ready, 1);
  assert_string_equal(field(message_at(errors, 1), "Error"), "AMI_EFILTER");
  assert_string_equal(field(message_at(tries, 1), "Delay"), "7");
  assert_int_equal(emit(world, "Other"), 0);
  world_end(world);
}

/* --------------------------------------------------------------------------------------------- time-outs */

/* A port that answers no SYN: its queue of connections is full. */
typedef struct {
  int fds[4];
  char port[16];
} deaf_t;

static void deaf_open(deaf_t* deaf) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  deaf->fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(deaf->fds[0], (struct sockaddr*)&address, size), 0);
  assert_int_equal(listen(deaf->fds[0], 0), 0);
  assert_int_equal(getsockname(deaf->fds[0], (struct sockaddr*)&address, &size), 0);
  snprintf(deaf->port, sizeof deaf->port, "%d", ntohs(address.sin_port));
  for (int i = 1; i < 4; ++i) { /* the first has to be in the queue before the others */
    deaf->fds[i] = socket(AF_INET, SOCK_STREAM | (i == 1 ? 0 : SOCK_NONBLOCK) | SOCK_CLOEXEC, 0);
    connect(deaf->fds[i], (struct sockaddr*)&address, size);
  }
}

static void deaf_close(deaf_t* deaf) {
  for (int i = 3; i >= 0; --i) close(deaf->fds[i]);
}

static void connecting_has_its_time(void** state) {
  world_t* world = world_new(state, NULL);
  deaf_t deaf;
  deaf_open(&deaf);
  ami_t* client = client_new(world);
  client_set(client, "port", deaf.port);
  client_set(client, "connect.timeout_ms", "50");
  sink_t* all = listen_to(world, client, "connection-*");
  assert_error(client_connect(world, client), AMI_ETIMEDOUT);
  until_count(world, all, 2);
  assert_string_equal(names(all), "connection-timeout connection-close");
  assert_string_equal(field(message_at(all, 0), "Phase"), "connect");
  assert_contains(detail(client), deaf.port);
  assert_contains(detail(client), "50 ms");
  deaf_close(&deaf);
  world_end(world);
}

/* Where a login can get stuck: the option that makes the phase happen, and what the mock saw last. */
static const struct {
  const char *fault, *filter, *seen, *says;
  int64_t n;
} stuck[] = {
    {"greet_silence", "", "connections", "no greeting within", 0},
    {"no_response", "", "action:Challenge", "login not complete within", 1},
    {"no_response", "", "action:Login", "login not complete within", 2},
    {"no_response", "Event: Hello", "action:Filter", "login not complete within", 3},
    {"no_response", "Event: Hello", "action:Ping", "login not complete within", 5},
};
enum { STUCK = sizeof stuck / sizeof *stuck };

static void logging_in_has_its_time(void** state) {
  for (size_t i = 0; i < STUCK; ++i) {
    if (stuck[i].n == 3) continue; /* a Filter without an answer is told from the answers behind it */
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    client_set(client, "login.timeout_ms", "1000");
    client_set(client, "filter", stuck[i].filter);
    sink_t* all = listen_to(world, client, "connection-*");
    ami_mock_fault(world->mock, stuck[i].fault, stuck[i].n);
    assert_error(client_connect(world, client), AMI_ETIMEDOUT);
    until_count(world, all, 3);
    assert_string_equal(names(all), "connection-connect connection-timeout connection-close");
    assert_string_equal(field(message_at(all, 1), "Phase"), "login");
    assert_contains(detail(client), stuck[i].says);
    assert_contains(detail(client), "1000 ms");
    world_end(world);
  }
}

static void a_time_out_is_tried_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "login.timeout_ms", "200");
  client_set(client, "reconnect", "1");
  sink_t* timeouts = listen_to(world, client, "connection-timeout");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_error(client_connect(world, client), 0);
  until_count(world, timeouts, 1);
  world_end(world);
}

/* -------------------------------------------------------------------------------------------- disconnect */

static void check_closed(world_t* world, ami_t* client, sink_t* all) {
  const ami_msg_t* last = until_field(world, all, "Final", "true");
  assert_ptr_equal(last, last_of(all));
  assert_string_equal(field(last, "Error"), "AMI_ECLOSED");
  until_state(world, client, AMI_STATE_IDLE);
  assert_error(client_wait(world, client), AMI_ECLOSED);
}

static void disconnecting_ends_every_phase_of_a_login(void** state) {
  for (size_t i = 0; i < STUCK; ++i) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_new(world);
    client_set(client, "reconnect", "1");
    client_set(client, "filter", stuck[i].filter);
    sink_t* all = listen_to(world, client, "connection-*");
    sink_t* ready = listen_to(world, client, "ready");
    ami_mock_fault(world->mock, stuck[i].n == 0 ? stuck[i].fault : "stall_write", stuck[i].n - 1);
    if (stuck[i].n == 1) ami_mock_fault(world->mock, stuck[i].fault, 1);
    assert_int_equal(ami_connect(client), 0);
    until_mock(world, stuck[i].seen, 1);
    assert_int_equal(ami_disconnect(client), 0);
    check_closed(world, client, all);
    assert_int_equal(count_of(ready), 0);
    assert_int_equal(ami_mock_count(world->mock, "action:Logoff"), 0);
    assert_int_equal(ami_mock_count(world->mock, "connections"), 1);
    ami_mock_release(world->mock);
    ami_mock_clear(world->mock);
    assert_error(client_connect(world, client), 0);
    world_end(world);
  }
}

static void disconnecting_ends_the_attempt_to_connect(void** state) {
  world_t* world = world_new(state, NULL);
  deaf_t deaf;
  deaf_open(&deaf);
  ami_t* client = client_new(world);
  client_set(client, "port", deaf.port);
  sink_t* all = listen_to(world, client, "connection-*");
  assert_int_equal(ami_connect(client), 0);
  for (int i = 0; i < 5; ++i) step(world);
  assert_int_equal(ami_state(client), AMI_STATE_CONNECTING);
  assert_int_equal(ami_disconnect(client), 0);
  check_closed(world, client, all);
  assert_string_equal(names(all), "connection-close");
  deaf_close(&deaf);
  world_end(world);
}

static void disconnecting_ends_coming_back(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "600000", "reconnect.max_ms", "600000", NULL);
  sink_t* all = listen_to(world, client, "connection-*");
  settle(world, client);
  ami_mock_set_down(world->mock, 1);
  until_state(world, client, AMI_STATE_BACKOFF);
  assert_int_equal(ami_disconnect(client), 0);
  check_closed(world, client, all);
  ami_mock_set_down(world->mock, 0);
  assert_error(client_connect(world, client), 0);
  world_end(world);
}

static void a_server_that_closes_at_the_goodbye_is_no_error(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "1", NULL);
  sink_t* all = listen_to(world, client, "connection-*");
  settle(world, client);
  ami_mock_fault(world->mock, "cut_on_logoff", 1);
  assert_int_equal(ami_disconnect(client), 0);
  check_closed(world, client, all);
  assert_string_equal(names(all), "connection-end connection-close");
  assert_int_equal(ami_mock_count(world->mock, "connections"), 1);
  world_end(world);
}

/* It is waited for, but not for long. */
static void a_goodbye_without_an_answer_ends_too(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "reconnect", "1", NULL);
  sink_t* all = listen_to(world, client, "connection-*");
  ami_mock_fault(world->mock, "stall_write", 1);
  settle(world, client); /* what comes behind it is held back */
  assert_int_equal(ami_disconnect(client), 0);
  check_closed(world, client, all);
  assert_int_equal(ami_mock_count(world->mock, "connections"), 1);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(after_a_cut_it_comes_back),
    IN_ALL(a_restart_is_survived),
    IN_ALL(mask_and_filters_are_in_force_again),
    IN_ALL(action_ids_are_new_with_every_connection),
    IN_ALL(what_waits_offline_goes_out_in_order),
    IN_ALL(delays_double_up_to_their_bound),
    IN_ALL(without_jitter_a_delay_is_its_bound),
    IN_ALL(without_reconnect_the_end_is_final),
    IN_ALL(a_refusal_after_a_login_is_tried_again),
    IN_ALL(an_account_in_use_is_tried_again),
    IN_ALL(an_account_in_use_is_final_without_reconnect),
    IN_ALL(a_refused_filter_is_final_at_first),
    IN_ALL(a_filter_refused_later_is_tried_again),
    IN_ALL(connecting_has_its_time),
    IN(logging_in_has_its_time, BY_THREAD),
    IN(logging_in_has_its_time, BY_LOOP),
    IN_ALL(a_time_out_is_tried_again),
    IN_ALL(disconnecting_ends_every_phase_of_a_login),
    IN_ALL(disconnecting_ends_the_attempt_to_connect),
    IN_ALL(disconnecting_ends_coming_back),
    IN_ALL(a_server_that_closes_at_the_goodbye_is_no_error),
    IN(a_goodbye_without_an_answer_ends_too, BY_THREAD),
    IN(a_goodbye_without_an_answer_ends_too, BY_LOOP),
};
RUN(tests)
