/* Every fault, driving the mock, and the slow reader. */
#include <string.h>

#include "fixture.h"

#define BANNER "Asterisk Call Manager/11.0.0\n"
#define BANNER_SIZE 30u

static void end(ami_mock_t* mock, wire_t* wire) {
  wire_close(wire);
  ami_mock_free(mock);
}

static void ping(wire_t* wire, const char* id) {
  wire_send(wire, "Action: Ping\nActionID: ");
  wire_send(wire, id);
  wire_send(wire, "\n\n");
}

static void test_cut_at(void** state) {
  (void)state;
  for (unsigned size = 0; size < 100; size += 7) {
    ami_mock_t* mock = start_mock(NULL);
    wire_t* wire;
    assert_int_equal(ami_mock_fault(mock, "cut_at", size), 0);
    wire = wire_open(ami_mock_port(mock));
    wire_send(wire, "Action: Login\nActionID: login\nUsername: admin\nSecret: secret\n\n");
    assert_true(wire_until_eof(wire));
    assert_false(wire->reset);
    assert_int_equal(wire->len, size);
    assert_int_equal(ami_mock_count(mock, "fault:cut_at"), 1);
    wire_close(wire);
    wire = log_in(mock, "admin", "on"); /* once only */
    end(mock, wire);
  }
}

static void test_cut_at_on_an_open_connection(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  wire_forget(wire);
  ami_mock_fault(mock, "cut_at", 10);
  ping(wire, "1");
  assert_true(wire_until_eof(wire));
  assert_string_equal(wire->in, "Response: ");
  end(mock, wire);
}

static void test_every_and_clear(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire;
  (void)state;
  ami_mock_fault_with(mock, "cut_at", 5, AMI_MOCK_EVERY);
  for (int i = 0; i < 3; ++i) {
    wire = wire_open(ami_mock_port(mock));
    assert_true(wire_until_eof(wire));
    assert_int_equal(wire->len, 5);
    wire_close(wire);
  }
  assert_int_equal(ami_mock_clear(mock), 1);
  assert_int_equal(ami_mock_clear(mock), 0);
  wire = log_in(mock, "admin", "on");
  end(mock, wire);
}

static void test_next_spares_open_connections(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *old = log_in(mock, "admin", "off"), *next, *later;
  (void)state;
  ami_mock_fault_with(mock, "no_response", 1, AMI_MOCK_NEXT);
  assert_true(wire_sync(old));
  next = wire_open(ami_mock_port(mock));
  later = log_in(mock, "admin", "off");
  ping(next, "unanswered");
  ping(next, "answered");
  assert_true(wire_until(next, "ActionID: answered\n"));
  assert_false(wire_has(next, "unanswered"));
  wire_close(next);
  wire_close(later);
  end(mock, old);
}

static void test_cut_on_action(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "cut_on_action", 2);
  ping(wire, "one");
  ping(wire, "two");
  ping(wire, "three");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "ActionID: one\nPing: Pong\n"));
  assert_false(wire_has(wire, "ActionID: two"));
  assert_int_equal(ami_mock_saw(mock, "two"), 1);
  assert_int_equal(ami_mock_saw(mock, "three"), 0);
  end(mock, wire);
}

static void test_cuts_at_responses(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "cut_after_response", 2);
  ping(wire, "one");
  ping(wire, "two");
  ping(wire, "three");
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire_count(wire, "Ping: Pong"), 2);
  assert_memory_equal(wire->in + wire->len - 4, "\r\n\r\n", 4);
  wire_close(wire);

  wire = log_in(mock, "admin", "off");
  wire_forget(wire);
  ami_mock_fault(mock, "cut_in_response", 0);
  ping(wire, "one");
  assert_true(wire_until_eof(wire));
  assert_true(wire->len > 20 && wire_has(wire, "Response: Success\n"));
  assert_false(wire_has(wire, "\n\n"));
  end(mock, wire);
}

static void test_cuts_at_login_and_logoff(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire;
  (void)state;
  ami_mock_fault(mock, "cut_in_login", 1);
  wire = wire_open(ami_mock_port(mock));
  wire_send(wire, "Action: Challenge\nAuthType: MD5\n\nAction: Login\nUsername: admin\nSecret: secret\n\n");
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire_count(wire, "Response:"), 1);
  assert_true(wire_has(wire, "Challenge: "));
  wire_close(wire);

  wire = log_in(mock, "admin", "off");
  ami_mock_fault(mock, "cut_on_logoff", 1);
  wire_send(wire, "Action: Logoff\n\n");
  assert_true(wire_until_eof(wire));
  assert_false(wire_has(wire, "Goodbye"));
  end(mock, wire);
}

static void test_reset(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "reset", 1);
  assert_int_equal(ami_mock_kick(mock), 1);
  assert_true(wire_until_eof(wire));
  assert_true(wire->reset);
  wire_close(wire);
  wire = log_in(mock, "admin", "off");
  ami_mock_kick(mock);
  assert_true(wire_until_eof(wire));
  assert_false(wire->reset);
  end(mock, wire);
}

static void test_half_close(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "half_close", 1);
  ping(wire, "one");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "ActionID: one\n"));
  ping(wire, "two");
  assert_int_equal(ami_mock_wait_actions(mock, "Ping", 2, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_count(mock, "open"), 1);
  wire_close(wire);
  assert_int_equal(ami_mock_wait(mock, "open", 0, WIRE_TIMEOUT_MS), 0);
  ami_mock_free(mock);
}

static void test_stalls_and_hold(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "hold", 2);
  ping(wire, "h1");
  ping(wire, "h2");
  ping(wire, "h3");
  assert_int_equal(ami_mock_wait_actions(mock, "Ping", 3, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_until(wire, "ActionID: h1\n"));
  assert_false(wire_read_once(wire, 20));
  assert_int_equal(ami_mock_release(mock), 1);
  assert_true(wire_until(wire, "ActionID: h3\n"));
  assert_true(wire_has(wire, "ActionID: h2\n"));

  ami_mock_fault(mock, "stall_write", 1);
  ping(wire, "w1");
  ping(wire, "w2");
  assert_int_equal(ami_mock_wait_actions(mock, "Ping", 5, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_until(wire, "ActionID: w1\n"));
  assert_false(wire_has(wire, "ActionID: w2\n"));
  assert_int_equal(ami_mock_release(mock), 1);
  assert_true(wire_until(wire, "ActionID: w2\n"));

  ami_mock_fault(mock, "stall_read", 1);
  ping(wire, "r1");
  ping(wire, "r2");
  assert_true(wire_until(wire, "ActionID: r1\n"));
  assert_false(wire_read_once(wire, 20));
  assert_int_equal(ami_mock_saw(mock, "r2"), 0);
  assert_int_equal(ami_mock_release(mock), 1);
  assert_true(wire_until(wire, "ActionID: r2\n"));
  assert_int_equal(ami_mock_release(mock), 0);
  end(mock, wire);
}

static void test_one_byte(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire;
  (void)state;
  ami_mock_fault(mock, "one_byte", 1);
  wire = log_in(mock, "admin", "off");
  assert_true(wire_sync(wire));
  ami_mock_stop(mock);
  assert_true(ami_mock_count(mock, "writes") > 100);
  assert_int_equal(ami_mock_count(mock, "writes"), ami_mock_count(mock, "bytes_out"));
  end(mock, wire);
}

static void test_garbage(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  size_t before;
  (void)state;
  ami_mock_fault(mock, "garbage", 100);
  before = wire->len;
  ping(wire, "1");
  assert_true(wire_until(wire, "ActionID: 1\nPing: Pong\n"));
  assert_memory_equal(wire->in + before + 100, "\r\n\r\nResponse: Success\r\n", 23);
  end(mock, wire);
}

static void test_id_faults(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "wrong_id", 1);
  ping(wire, "a");
  assert_true(wire_until(wire, "Response: Success\nActionID: nobody-sent-this\nPing: Pong\n"));
  ami_mock_fault(mock, "no_id", 1);
  ping(wire, "b");
  assert_true(wire_until(wire, "Response: Success\nPing: Pong\n"));
  ami_mock_fault(mock, "double_response", 1);
  ping(wire, "c");
  assert_true(wire_sync(wire));
  assert_int_equal(wire_count(wire, "ActionID: c\n"), 2);
  ami_mock_fault(mock, "no_response", 1);
  ping(wire, "d");
  assert_true(wire_sync(wire));
  assert_false(wire_has(wire, "ActionID: a\n") || wire_has(wire, "ActionID: b\n") ||
               wire_has(wire, "ActionID: d\n"));
  assert_int_equal(ami_mock_saw(mock, "d"), 1);
  end(mock, wire);
}

static void test_list_faults(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  ami_mock_fault(mock, "error_in_list", 2);
  wire_send(wire, "Action: PJSIPShowEndpoints\nActionID: l\n\n");
  assert_true(wire_sync(wire));
  assert_int_equal(wire_count(wire, "Event: EndpointList\nActionID: l\n"), 2);
  assert_true(wire_has(wire, "Response: Error\nActionID: l\nMessage: The list broke off\n\n"));
  assert_false(wire_has(wire, "EndpointListComplete"));
  ami_mock_fault(mock, "error_in_list", 0);
  wire_forget(wire);
  wire_send(wire, "Action: PJSIPShowEndpoints\nActionID: l\n\n");
  assert_true(wire_sync(wire));
  assert_true(wire_has(wire, "EventList: start\n") && wire_has(wire, "Response: Error\nActionID: l\n"));
  assert_false(wire_has(wire, "Event: EndpointList"));
  ami_mock_fault(mock, "cut_in_list", 2);
  wire_forget(wire);
  wire_send(wire, "Action: PJSIPShowEndpoints\nActionID: l\n\n");
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire_count(wire, "Event: EndpointList\n"), 2);
  assert_int_equal(wire_count(wire, "\n\n"), 2);
  wire_close(wire);
  wire = log_in(mock, "admin", "off");
  ami_mock_fault(mock, "endless_list", 1);
  wire_send(wire, "Action: PJSIPShowEndpoints\nActionID: l\n\n");
  while (wire->len < 1000000) assert_true(wire_read_once(wire, WIRE_TIMEOUT_MS));
  assert_true(wire_count(wire, "Event: EndpointList\nActionID: l\n") > 4000);
  end(mock, wire);
}

static void test_endless(void** state) {
  static const char* const names[] = {"endless_line", "endless_message"};
  ami_mock_t* mock = start_mock(NULL);
  (void)state;
  for (int i = 0; i < 2; ++i) {
    wire_t* wire = log_in(mock, "admin", "off");
    wire_forget(wire);
    ami_mock_fault(mock, names[i], 1);
    ping(wire, "1");
    while (wire->len < 1000000) assert_true(wire_read_once(wire, WIRE_TIMEOUT_MS));
    assert_int_equal(wire_count(wire, "\n\n"), 1); /* the end of the Pong */
    if (i == 0) assert_int_equal(wire_count(wire, "\n"), 5);
    wire_close(wire);
  }
  ami_mock_free(mock);
}

static void test_refusals(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire;
  (void)state;
  ami_mock_fault(mock, "refuse_login", 1);
  ami_mock_fault(mock, "login_in_use", 1);
  wire = wire_open(ami_mock_port(mock));
  wire_send(wire, "Action: Login\nUsername: admin\nSecret: secret\n\n");
  assert_true(wire_until_eof(wire) && wire_has(wire, "Message: Authentication failed\n\n"));
  wire_close(wire);
  wire = wire_open(ami_mock_port(mock));
  wire_send(wire, "Action: Login\nUsername: admin\nSecret: secret\n\n");
  assert_true(wire_until_eof(wire) && wire_has(wire, "Message: Login Already In Use\n\n"));
  wire_close(wire);
  wire = log_in(mock, "admin", "off");
  ami_mock_fault(mock, "shutting_down", 1);
  ping(wire, "1");
  assert_true(wire_until(wire, "Response: Error\nActionID: 1\nMessage: Asterisk is shutting down\n\n"));
  ami_mock_fault(mock, "refuse_filter", 1);
  wire_send(wire, "Action: Filter\nActionID: 2\nOperation: Add\nFilter: x\n\n");
  assert_true(wire_until(wire, "Response: Error\nActionID: 2\nMessage: Filter did not compile."));
  assert_true(wire_sync(wire));
  assert_int_equal(ami_mock_count(mock, "faults"), 4);
  end(mock, wire);
}

static wire_t* greeted(ami_mock_t* mock, const char* fault, int64_t n) {
  wire_t* wire;
  assert_int_equal(ami_mock_fault(mock, fault, n), 0);
  wire = wire_open(ami_mock_port(mock));
  assert_int_equal(ami_mock_wait(mock, "faults", ami_mock_count(mock, "connections"), WIRE_TIMEOUT_MS), 0);
  return wire;
}

static void test_greetings(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = greeted(mock, "greet_silence", 1);
  (void)state;
  ping(wire, "x");
  assert_false(wire_read_once(wire, 20));
  assert_int_equal(wire->eof, 0);
  wire_close(wire);
  assert_int_equal(ami_mock_wait(mock, "open", 0, WIRE_TIMEOUT_MS), 0);
  wire = greeted(mock, "greet_none", 1);
  assert_true(wire_login(wire, "admin", "off"));
  assert_false(wire_has(wire, "Asterisk"));
  wire_close(wire);
  wire = greeted(mock, "greet_http", 1);
  assert_true(wire_until_eof(wire));
  assert_memory_equal(wire->in, "HTTP/1.1 400 ", 13);
  wire_close(wire);
  wire = greeted(mock, "greet_ssh", 1);
  assert_true(wire_until(wire, "SSH-2.0-"));
  wire_close(wire);
  wire = greeted(mock, "greet_endless", 1);
  while (wire->len < 500000) assert_true(wire_read_once(wire, WIRE_TIMEOUT_MS));
  assert_false(wire_has(wire, "\n"));
  wire_close(wire);
  wire = greeted(mock, "greet_eof", 1);
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire->len, BANNER_SIZE);
  assert_true(wire_has(wire, BANNER));
  wire_close(wire);
  wire = greeted(mock, "greet_cut", 9);
  assert_true(wire_until_eof(wire));
  assert_string_equal(wire->in, "Asterisk ");
  wire_close(wire);
  wire = greeted(mock, "greet_close", 1);
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire->len, 0);
  end(mock, wire);
}

static void test_restart_and_down(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  int port = ami_mock_port(mock);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  assert_int_equal(ami_mock_restart(mock), 0);
  assert_int_equal(ami_mock_port(mock), port);
  assert_true(wire_until_eof(wire));
  wire_close(wire);
  wire = log_in(mock, "admin", "on");
  assert_int_equal(ami_mock_set_down(mock, 1), 0);
  assert_true(wire_until_eof(wire));
  wire_close(wire);
  assert_null(wire_open(port));
  assert_int_equal(ami_mock_set_down(mock, 1), 0);
  assert_null(wire_open(port));
  assert_int_equal(ami_mock_set_down(mock, 0), 0);
  assert_int_equal(ami_mock_set_down(mock, 0), 0);
  wire = log_in(mock, "admin", "on");
  ami_mock_stop(mock);
  assert_null(wire_open(port));
  assert_int_equal(ami_mock_count(mock, "logins"), 3);
  end(mock, wire);
}

static void test_emit_forms(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "user");
  wire_t* stranger = wire_open(ami_mock_port(mock));
  (void)state;
  assert_true(wire_until(stranger, BANNER));
  assert_int_equal(ami_mock_emit_raw(mock, "raw\0raw", 7), 2);
  assert_true(wire_until(stranger, "raw"));
  assert_int_equal(ami_mock_emit_many(mock, "Event: Many\r\nPrivilege: user,all\r\nN: {n}\r\n", 20000), 0);
  assert_true(wire_until(wire, "N: 19999\n\n"));
  assert_int_equal(wire_count(wire, "Event: Many\nPrivilege: user,all\nN: "), 20000);
  assert_int_equal(ami_mock_emit_many(mock, "Event: Many\r\nPrivilege: call,all\r\nN: {n}\r\n", 10), 0);
  assert_true(wire_sync(wire));
  assert_int_equal(wire_count(wire, "call,all"), 0);
  wire_close(stranger);
  end(mock, wire);
}

static void test_slow_reader(void** state) {
  ami_mock_t* mock = start_mock("sndbuf", "4096", NULL);
  wire_t* slow = wire_open_small(ami_mock_port(mock));
  wire_t* other;
  char event[2048] = "Event: Big\r\nPrivilege: user,all\r\nText: ";
  (void)state;
  memset(event + strlen(event), 'x', 1500);
  assert_true(wire_login(slow, "slow", "user")); /* writetimeout=100 */
  other = log_in(mock, "admin", "user");
  /* "other" is read by this thread, so nothing may be sent that fills its buffers as well */
  for (int i = 0; i < 400 && ami_mock_count(mock, "slow") == 0; ++i) {
    assert_true(ami_mock_emit(mock, event) >= 1);
    assert_true(wire_until(other, "x\n\n"));
    wire_forget(other);
  }
  assert_int_equal(ami_mock_wait(mock, "slow", 1, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_wait(mock, "open", 1, WIRE_TIMEOUT_MS), 0);
  assert_true(wire_until_eof(slow));
  assert_true(wire_count(slow, "Event: Big\n") > 2);
  assert_memory_not_equal(slow->in + slow->len - 4, "\r\n\r\n", 4);
  assert_true(wire_sync(other));
  wire_close(slow);
  end(mock, other);
}

static void answer_pong(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  int* calls = user;
  ++*calls;
  if (strcmp(ami_mock_request_name(request), "Ping") == 0 && ami_mock_request_get(request, "Default")) {
    ami_mock_builtin(session, request);
  } else {
    ami_mock_answer(session, request, "Response: Pong\r\n{id}X: {X}\r\n\r\n");
    ami_mock_write(session, "Event: Own\r\n\r\n", 14);
  }
  if (ami_mock_request_get(request, "Bye")) ami_mock_close(session);
}

static void test_own_answers(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  int pings = 0, others = 0;
  (void)state;
  ami_mock_on(mock, "ping", answer_pong, &pings);
  ami_mock_on(mock, "*", answer_pong, &others);
  wire_send(wire,
            "Action: Ping\nX: y\nActionID: 1\n\nAction: Ping\n\nAction: Ping\nDefault: 1\n\nAction: Foo\n\n");
  assert_true(
      wire_until(wire,
                 "Response: Pong\nActionID: 1\nX: y\n\nEvent: Own\n\nResponse: Pong\nX: \n\nEvent: Own\n\n"
                 "Response: Success\nPing: Pong\n"));
  ami_mock_on(mock, "*", NULL, NULL);
  wire_send(wire, "Action: Foo\nActionID: 2\n\nAction: Ping\nBye: 1\n\n");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "ActionID: 2\nMessage: Invalid/unknown command: Foo."));
  assert_int_equal(pings, 4);
  assert_int_equal(others, 1);
  end(mock, wire);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cut_at),
      cmocka_unit_test(test_cut_at_on_an_open_connection),
      cmocka_unit_test(test_every_and_clear),
      cmocka_unit_test(test_next_spares_open_connections),
      cmocka_unit_test(test_cut_on_action),
      cmocka_unit_test(test_cuts_at_responses),
      cmocka_unit_test(test_cuts_at_login_and_logoff),
      cmocka_unit_test(test_reset),
      cmocka_unit_test(test_half_close),
      cmocka_unit_test(test_stalls_and_hold),
      cmocka_unit_test(test_one_byte),
      cmocka_unit_test(test_garbage),
      cmocka_unit_test(test_id_faults),
      cmocka_unit_test(test_list_faults),
      cmocka_unit_test(test_endless),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_greetings),
      cmocka_unit_test(test_restart_and_down),
      cmocka_unit_test(test_emit_forms),
      cmocka_unit_test(test_slow_reader),
      cmocka_unit_test(test_own_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
