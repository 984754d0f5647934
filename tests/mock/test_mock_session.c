/* Greeting, login, permissions, masks, filters, limits. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

static void end(ami_mock_t* mock, wire_t* wire) {
  wire_close(wire);
  ami_mock_free(mock);
}

static void test_banner_follows_the_version(void** state) {
  static const char* const versions[][2] = {{"16", "Asterisk Call Manager/5.0.4\n"},
                                            {"22", "Asterisk Call Manager/11.0.0\n"},
                                            {"1.4", "Asterisk Call Manager/1.0\n"}};
  (void)state;
  for (size_t i = 0; i < 3; ++i) {
    ami_mock_t* mock = start_mock("version", versions[i][0], NULL);
    wire_t* wire = wire_open(ami_mock_port(mock));
    assert_true(wire_until(wire, versions[i][1]));
    end(mock, wire);
  }
}

static void test_plain_login(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "ADMIN", "on");
  (void)state;
  assert_true(wire_until(wire, "Event: SuccessfulAuth\nPrivilege: security,all\nEventTV: "));
  assert_true(wire_until(wire, "SessionTV: "));
  assert_true(wire_has(wire, "\n\nEvent: FullyBooted\nPrivilege: system,all\nUptime: "));
  assert_int_equal(ami_mock_count(mock, "logins"), 1);
  wire_send(wire, "Action: Logoff\nActionID: 9\n\nAction: Ping\nActionID: late\n\n");
  assert_true(wire_until_eof(wire));
  assert_false(wire->reset);
  assert_true(wire_has(wire, "Response: Goodbye\nActionID: 9\nMessage: Thanks for all the fish.\n\n"));
  assert_false(wire_has(wire, "late"));
  end(mock, wire);
}

static void md5_login(wire_t* wire, const char* secret, int upper) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  char text[256], challenge[32], *at;
  unsigned size = 0;
  wire_send(wire, "Action: Challenge\nActionID: ch\nAuthType: md5\n\n");
  assert_true(wire_until(wire, "ActionID: ch\nChallenge: "));
  at = strstr(wire->in, "Challenge: ") + 11;
  assert_true(wire_until(wire, "\n\n"));
  at = strstr(wire->in, "Challenge: ") + 11;
  snprintf(challenge, sizeof challenge, "%.*s", (int)strcspn(at, "\r"), at);
  snprintf(text, sizeof text, "%s%s", challenge, secret);
  EVP_Digest(text, strlen(text), digest, &size, EVP_md5(), NULL);
  at = text + snprintf(text, sizeof text, "Action: Login\nAuthType: MD5\nUsername: admin\nKey: ");
  for (unsigned i = 0; i < size; ++i) at += sprintf(at, upper ? "%02X" : "%02x", digest[i]);
  sprintf(at, "\nEvents: off\n\n");
  wire_forget(wire);
  wire_send(wire, text);
  assert_true(wire_until(wire, "\n\n"));
  /* The challenge does not change within a connection. */
  snprintf(text, sizeof text, "Challenge: %s\n", challenge);
  if (wire_has(wire, "Success")) {
    wire_send(wire, "Action: Challenge\nAuthType: MD5\n\n");
    assert_true(wire_until(wire, text));
  }
}

static void test_md5_login(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *good = wire_open(ami_mock_port(mock)), *bad = wire_open(ami_mock_port(mock));
  wire_t *upper = wire_open(ami_mock_port(mock)), *none = wire_open(ami_mock_port(mock));
  (void)state;
  md5_login(good, "secret", 0);
  assert_true(wire_has(good, "Response: Success\nMessage: Authentication accepted\n\n"));
  md5_login(bad, "wrong", 0);
  assert_true(wire_has(bad, "Response: Error\nMessage: Authentication failed\n\n"));
  assert_true(wire_until_eof(bad));
  md5_login(upper, "secret", 1);
  assert_true(wire_has(upper, "Authentication failed"));
  wire_send(none, "Action: Login\nAuthType: MD5\nUsername: admin\nKey: 0\n\n");
  assert_true(wire_until(none, "Authentication failed"));
  assert_int_equal(ami_mock_count(mock, "refused"), 3);
  wire_close(bad);
  wire_close(upper);
  wire_close(none);
  end(mock, good);
}

static void test_refused_logins(void** state) {
  static const char* const tries[] = {"Username: admin\nSecret: nope\n", "Username: nobody\nSecret: secret\n",
                                      "Username: denied\nSecret: secret\n", "Username: admin\n",
                                      "Secret: secret\n"};
  ami_mock_t* mock = start_mock(NULL);
  (void)state;
  for (size_t i = 0; i < sizeof tries / sizeof *tries; ++i) {
    wire_t* wire = wire_open(ami_mock_port(mock));
    wire_send(wire, "Action: Login\nActionID: 1\n");
    wire_send(wire, tries[i]);
    wire_send(wire, "\nAction: Ping\nActionID: late\n\n");
    assert_true(wire_until_eof(wire));
    assert_true(wire_has(wire, "Response: Error\nActionID: 1\nMessage: Authentication failed\n\n"));
    assert_false(wire_has(wire, "late"));
    wire_close(wire);
  }
  ami_mock_free(mock);
}

static void test_refusal_can_be_slow(void** state) {
  ami_mock_t* mock = start_mock("auth_delay_ms", "30", NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  (void)state;
  wire_send(wire, "Action: Login\nUsername: admin\nSecret: no\n\nAction: Ping\nActionID: late\n\n");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "Authentication failed"));
  assert_false(wire_has(wire, "late"));
  end(mock, wire);
}

static void test_single_user(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* first = log_in(mock, "single", "off");
  wire_t* second = wire_open(ami_mock_port(mock));
  (void)state;
  wire_send(second, "Action: Login\nActionID: 1\nUsername: single\nSecret: secret\n\n");
  assert_true(wire_until_eof(second));
  assert_true(wire_has(second, "Response: Error\nActionID: 1\nMessage: Login Already In Use\n\n"));
  wire_close(second);
  wire_close(first);
  assert_int_equal(ami_mock_wait(mock, "open", 0, WIRE_TIMEOUT_MS), 0);
  second = log_in(mock, "single", "off");
  end(mock, second);
}

static void test_second_login_changes_nothing(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  wire_send(wire, "Action: Login\nActionID: 2\nUsername: reader\nSecret: secret\n\n");
  assert_true(wire_until(wire, "Response: Success\nActionID: 2\nMessage: Already authenticated\n\n"));
  wire_send(wire, "Action: CoreStatus\nActionID: 3\n\n");
  assert_true(wire_until(wire, "Response: Success\nActionID: 3\nCoreStartupDate: "));
  end(mock, wire);
}

static void test_user_option(void** state) {
  ami_mock_t* mock = start_mock("user", "bob:p\\:w:call:none:single", "user", "admin:other", NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  (void)state;
  assert_int_equal(ami_mock_set(mock, "user", "x:y"), -1); /* it runs */
  wire_send(wire, "Action: Login\nUsername: bob\nSecret: p:w\n\n");
  assert_true(wire_until(wire, "Authentication accepted"));
  wire_send(wire, "Action: CoreStatus\n\n");
  assert_true(wire_until(wire, "Permission denied"));
  assert_false(wire_has(wire, "FullyBooted"));
  end(mock, wire);
}

static void test_before_login(void** state) {
  static const char* const names[] = {"Ping", "ListCommands", "NoSuchThing", "Events", "CoreStatus"};
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  char text[128];
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    snprintf(text, sizeof text, "Action: %s\nActionID: %zu\n\n", names[i], i);
    wire_send(wire, text);
    snprintf(text, sizeof text, "Response: Error\nActionID: %zu\nMessage: Permission denied\n\n", i);
    assert_true(wire_until(wire, text));
  }
  wire_send(wire, "Action: Challenge\nActionID: ch\n\n");
  assert_true(wire_until(wire, "Response: Error\nActionID: ch\nMessage: Must specify AuthType\n\n"));
  ami_mock_emit(mock, "Event: Secret\r\nPrivilege: <none>\r\n\r\n");
  wire_send(wire, "Action: Logoff\nActionID: bye\n\n");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "Response: Goodbye\nActionID: bye\n"));
  assert_false(wire_has(wire, "Event:"));
  end(mock, wire);
}

static void test_unknown_and_missing_action(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  wire_send(wire,
            "Action: Nope\nActionID: 1\n\nAction: \nActionID: 2\n\nActionID: 3\nFoo: bar\n\nno header\n\n\n");
  assert_true(wire_sync(wire));
  assert_true(wire_has(wire,
                       "Response: Error\nActionID: 1\nMessage: Invalid/unknown command: Nope. "
                       "Use Action: ListCommands to show available commands.\n\n"));
  assert_true(wire_has(wire, "Response: Error\nActionID: 2\nMessage: Missing action in request\n\n"));
  assert_true(wire_has(wire, "Response: Error\nActionID: 3\nMessage: Missing action in request\n\n"));
  assert_int_equal(wire_count(wire, "Response: Error\nMessage: Missing action in request\n\n"), 2);
  end(mock, wire);
}

static void test_input_forms(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  static const char bare_lf[] = "aCTION:login\nusername:admin\nSECRET:secret\nEVENTS:off\nactionid:lf\n\n";
  static const char nul[] = "Action: Ping\r\nActionID: a\0b\r\n\r\n";
  (void)state;
  wire_send_raw(wire, bare_lf, sizeof bare_lf - 1);
  assert_true(wire_until(wire, "ActionID: lf\nMessage: Authentication accepted\n\n"));
  wire_send(wire, "Action: Ping\nActionID:  two leading, one trailing \n\n");
  assert_true(wire_until(wire, "ActionID: two leading, one trailing \nPing: Pong\nTimestamp: "));
  wire_send(wire, "Action : Ping\nActionID: 1\n\n");
  assert_true(wire_until(wire, "ActionID: 1\nMessage: Missing action in request\n\n"));
  wire_send(wire, "Action: Ping\nAction: Logoff\nActionID: first\nActionID: second\n\n");
  assert_true(wire_until(wire, "ActionID: first\nPing: Pong\n"));
  wire_send_raw(wire, nul, sizeof nul - 1);
  assert_true(wire_until(wire, "ActionID: a\nPing: Pong\n"));
  for (const char* at = "Action: Ping\r\nActionID: bytes\r\n\r\n"; *at; ++at) wire_send_raw(wire, at, 1);
  assert_true(wire_until(wire, "ActionID: bytes\nPing: Pong\n"));
  end(mock, wire);
}

static void send_line_of(wire_t* wire, const char* id, size_t size, const char* line_end) {
  char text[8192];
  int head = snprintf(text, sizeof text, "Action: Ping\r\nActionID: %s\r\n", id);
  memset(text + head, 'a', size);
  memcpy(text + head, "X: ", 3);
  strcpy(text + head + size, line_end);
  strcat(text + head + size, "\r\n");
  wire_send_raw(wire, text, strlen(text));
}

static void test_line_limit(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  (void)state;
  send_line_of(wire, "early", 1100, "\r\n");
  assert_true(wire_until(
      wire, "Response: Error\nActionID: early\nMessage: Failed to parse message: line too long\n\n"));
  assert_true(wire_login(wire, "admin", "off"));
  wire_forget(wire);
  send_line_of(wire, "n1022", 1022, "\r\n");
  send_line_of(wire, "n1023lf", 1023, "\n");
  send_line_of(wire, "n1023", 1023, "\r\n");
  send_line_of(wire, "n1024", 1024, "\r\n");
  send_line_of(wire, "n5000", 5000, "\r\n");
  assert_true(wire_sync(wire));
  assert_true(wire_has(wire, "Response: Success\nActionID: n1022\nPing"));
  assert_true(wire_has(wire, "Response: Success\nActionID: n1023lf\nPing"));
  assert_true(wire_has(wire,
                       "ActionID: n1023\nMessage: Failed to parse message: line too long\n\n"
                       "Response: Error\nMessage: Missing action in request\n\n"));
  assert_true(wire_has(wire, "ActionID: n1024\nMessage: Failed to parse message: line too long\n\n"));
  assert_true(wire_has(wire, "ActionID: n5000\nMessage: Failed to parse message: line too long\n\n"));
  assert_int_equal(wire_count(wire, "Missing action"), 1);
  end(mock, wire);
}

static void test_lines_per_action(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  (void)state;
  for (int lines = 128; lines <= 129; ++lines) {
    wire_send(wire, "Action: Ping\nActionID: many\n");
    for (int i = 2; i < lines; ++i) wire_send(wire, "H: v\n");
    wire_send(wire, "\n");
  }
  assert_true(wire_sync(wire));
  assert_int_equal(wire_count(wire, "ActionID: many\nPing: Pong"), 1);
  assert_true(wire_has(
      wire, "Response: Error\nActionID: many\nMessage: Too many lines in message or allocation failure\n\n"));
  end(mock, wire);
}

static void test_permissions(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "reader", "on");
  wire_t* some = log_in(mock, "limited", "off");
  (void)state;
  wire_send(wire,
            "Action: CoreStatus\nActionID: 1\n\nAction: Originate\nActionID: 2\n\nAction: "
            "QueueStatus\nActionID: 3\n\n"
            "Action: ListCommands\nActionID: 4\n\n");
  assert_true(wire_sync(wire));
  assert_true(wire_has(wire, "Response: Error\nActionID: 1\nMessage: Permission denied\n\n"));
  assert_true(wire_has(wire, "Response: Error\nActionID: 2\nMessage: Permission denied\n\n"));
  assert_true(wire_has(wire, "Event: RequestNotAllowed\nPrivilege: security,all\n"));
  assert_true(wire_has(wire, "RequestType: Action: CoreStatus\nSessionTV: "));
  assert_true(wire_has(wire, "Response: Success\nActionID: 3\nEventList: start\n"));
  assert_true(wire_has(wire, "\nPing: Keepalive command.  (Priv: <none>)\n"));
  assert_false(wire_has(wire, "\nOriginate: "));
  /* any of an action's classes is enough */
  wire_send(some, "Action: CoreStatus\nActionID: any\n\nAction: DBPut\nActionID: sys\n\n");
  assert_true(wire_sync(some));
  assert_true(wire_has(some, "Response: Success\nActionID: any\n"));
  assert_true(wire_has(some, "Response: Error\nActionID: sys\nMessage: Permission denied\n\n"));
  wire_close(some);
  end(mock, wire);
}

static void test_event_masks(void** state) {
  static const struct {
    const char *mask, *answer;
    int user, both;
  } cases[] = {{"off", "Events: Off", 0, 0},     {"on", "Events: On", 1, 1},
               {"user", "Events: On", 1, 0},     {"call,user", "Events: On", 1, 1},
               {"system", "Events: On", 0, 0},   {"bogus", "Events: Off", 0, 0},
               {"user,off", "Events: On", 1, 0}, {"64", "Events: On", 1, 0},
               {"all", "Events: On", 1, 1},      {"", "Message: Invalid event mask", 1, 1}};
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  char text[128];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    wire_forget(wire);
    snprintf(text, sizeof text, "Action: Events\nActionID: ev\nEventMask: %s\n\n", cases[i].mask);
    wire_send(wire, text);
    snprintf(text, sizeof text, "ActionID: ev\n%s\n\n", cases[i].answer);
    assert_true(wire_until(wire, text));
    assert_int_equal(ami_mock_emit(mock, "Event: One\r\nPrivilege: user,all\r\n\r\n"), cases[i].user);
    assert_int_equal(ami_mock_emit(mock, "Event: Two\r\nPrivilege: call,user,all\r\n"), cases[i].both);
    assert_true(wire_sync(wire));
    assert_int_equal(wire_count(wire, "Event: One\nPrivilege: user,all\n\n"), cases[i].user);
    assert_int_equal(wire_count(wire, "Event: Two\nPrivilege: call,user,all\n\n"), cases[i].both);
  }
  end(mock, wire);
}

static void test_read_classes_bound_the_mask(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t *limited = log_in(mock, "limited", "on"), *quiet = log_in(mock, "quiet", "on");
  wire_t* call = log_in(mock, "admin", "call");
  (void)state;
  assert_int_equal(ami_mock_emit(mock, "Event: A\r\nPrivilege: call,all\r\n"), 2);
  assert_int_equal(ami_mock_emit(mock, "Event: B\r\nPrivilege: system,all\r\n"), 0);
  assert_int_equal(ami_mock_emit(mock, "Event: C\r\nPrivilege: <none>\r\n"), 3);
  assert_true(wire_sync(limited) && wire_sync(quiet) && wire_sync(call));
  assert_true(wire_has(limited, "Event: A") && !wire_has(limited, "FullyBooted"));
  assert_true(!wire_has(quiet, "Event: A") && wire_has(quiet, "Event: C"));
  assert_false(wire_has(call, "FullyBooted") || wire_has(call, "SuccessfulAuth"));
  wire_close(limited);
  wire_close(quiet);
  end(mock, call);
}

static void add_filter(wire_t* wire, const char* headers, const char* answer) {
  wire_forget(wire);
  wire_send(wire, "Action: Filter\nActionID: f\n");
  wire_send(wire, headers);
  wire_send(wire, "\n");
  assert_true(wire_until(wire, "ActionID: f\n"));
  assert_true(wire_until(wire, answer));
}

static void test_legacy_filters(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "on");
  (void)state;
  add_filter(wire, "Operation: Add\nFilter: Event: (User|Other)Event\n",
             "Response: Success\nActionID: f\nMessage: Success\n\n");
  add_filter(wire, "Operation: Add\nFilter: !Key: drop\n", "Message: Success\n\n");
  add_filter(wire, "Operation: Bogus\nFilter: x\n", "Message: Unknown operation\n\n");
  add_filter(wire, "Operation: Add\nFilter: (\n",
             "Message: Filter did not compile.  Check the syntax of the filter given.\n\n");
  add_filter(wire, "Operation: Add\n",
             "Message: Filter was formatted incorrectly.  Check the syntax of the filter given.\n\n");
  assert_int_equal(ami_mock_emit(mock, "Event: UserEvent\r\nPrivilege: user,all\r\nKey: keep\r\n"), 1);
  assert_int_equal(ami_mock_emit(mock, "Event: UserEvent\r\nPrivilege: user,all\r\nKey: drop\r\n"), 0);
  assert_int_equal(ami_mock_emit(mock, "Event: Hangup\r\nPrivilege: call,all\r\n"), 0);
  end(mock, wire);
}

static void test_filters_of_16(void** state) {
  ami_mock_t* mock = start_mock("version", "16", NULL);
  wire_t* wire = log_in(mock, "admin", "on");
  (void)state;
  add_filter(wire, "Operation: Add\n", "Response: Success\nActionID: f\nMessage: Success\n\n");
  add_filter(wire, "Operation: Add\nMatchCriteria: action(exclude),name(X)\nFilter: Yes\n",
             "Message: Success\n\n");
  assert_int_equal(ami_mock_emit(mock, "Event: X\r\nPrivilege: user,all\r\n"), 1); /* unknown header */
  end(mock, wire);
}

static void test_advanced_filters(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "on");
  (void)state;
  add_filter(wire, "Operation: Add\nMatchCriteria: action(bad)\nFilter: x\n", "formatted incorrectly");
  add_filter(wire, "Operation: Add\nMatchCriteria: name(Newchannel)\n", "Message: Success\n\n");
  add_filter(wire, "Operation: Add\nMatchCriteria: name(Hangup),header(Cause),method(exact)\nFilter: 16\n",
             "Message: Success\n\n");
  add_filter(
      wire,
      "Operation: Add\nMatchCriteria: action(exclude),header(Channel),method(starts_with)\nFilter: Local/\n",
      "Message: Success\n\n");
  assert_int_equal(ami_mock_emit(mock, "Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/1\r\n"),
                   1);
  assert_int_equal(ami_mock_emit(mock, "Event: newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/1\r\n"),
                   0);
  assert_int_equal(ami_mock_emit(mock, "Event: Newchannel\r\nPrivilege: call,all\r\nChannel: Local/1\r\n"),
                   0);
  assert_int_equal(ami_mock_emit(mock, "Event: Hangup\r\nPrivilege: call,all\r\nCause: 16\r\n"), 1);
  assert_int_equal(ami_mock_emit(mock, "Event: Hangup\r\nPrivilege: call,all\r\nCause: 161\r\n"), 0);
  end(mock, wire);
}

static void test_half_close_and_pipelining(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  char text[64];
  (void)state;
  wire_send(wire, "Action: Login\nActionID: login\nUsername: admin\nSecret: secret\nEvents: off\n\n");
  for (int i = 0; i < 100; ++i) {
    snprintf(text, sizeof text, "Action: Ping\nActionID: p%03d\n\n", i);
    wire_send(wire, text);
  }
  wire_half_close(wire);
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire_count(wire, "Ping: Pong\n"), 100);
  for (int i = 0; i + 1 < 100; ++i) {
    char next[64];
    snprintf(text, sizeof text, "ActionID: p%03d", i);
    snprintf(next, sizeof next, "ActionID: p%03d", i + 1);
    assert_true(strstr(wire->in, text) < strstr(wire->in, next));
  }
  assert_int_equal(ami_mock_wait(mock, "open", 0, WIRE_TIMEOUT_MS), 0);
  end(mock, wire);
}

static void test_authlimit(void** state) {
  ami_mock_t* mock = start_mock("authlimit", "2", NULL);
  wire_t *a = log_in(mock, "admin", "off"), *b = wire_open(ami_mock_port(mock));
  wire_t *c = wire_open(ami_mock_port(mock)), *over;
  (void)state;
  assert_true(wire_until(b, "\n") && wire_until(c, "\n")); /* who has logged in does not count */
  over = wire_open(ami_mock_port(mock));
  assert_true(wire_until_eof(over));
  assert_int_equal(over->len, 0);
  wire_close(a);
  wire_close(b);
  wire_close(c);
  end(mock, over);
}

static void test_authtimeout(void** state) {
  ami_mock_t* mock = start_mock("authtimeout_ms", "500", NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  (void)state;
  wire_send(wire, "Action: Pi");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "Asterisk Call Manager/11.0.0\n"));
  assert_int_equal(wire->len, 30);
  end(mock, wire);
}

static void test_journal(void** state) {
  ami_mock_t* mock = start_mock(NULL);
  wire_t* wire = log_in(mock, "admin", "off");
  char text[256];
  (void)state;
  wire_send(wire, "Action: ping\nActionID: x1\n\nAction: PING\nActionID: x1\n\nAction: Nope\n\n");
  assert_int_equal(ami_mock_wait_actions(mock, "Ping", 2, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_wait_actions(mock, NULL, 4, WIRE_TIMEOUT_MS), 0);
  assert_int_equal(ami_mock_wait_actions(mock, "Ping", 3, 0), -1);
  assert_int_equal(ami_mock_saw(mock, "x1"), 2);
  assert_int_equal(ami_mock_saw(mock, "x2"), 0);
  assert_int_equal(ami_mock_action_id(mock, 0, text, sizeof text), 5);
  assert_string_equal(text, "login");
  assert_int_equal(ami_mock_action_id(mock, 3, text, sizeof text), -1);
  assert_int_equal(ami_mock_received(mock, text, sizeof text), ami_mock_count(mock, "bytes_in"));
  assert_memory_equal(text, "Action: Login\r\n", 15);
  assert_int_equal(ami_mock_count(mock, "connections"), 1);
  assert_int_equal(ami_mock_count(mock, "open"), 1);
  end(mock, wire);
}

static void test_wrong_use(void** state) {
  ami_mock_t* mock = ami_mock_new();
  (void)state;
  assert_int_equal(ami_mock_set(mock, "version", "99"), -1);
  assert_non_null(strstr(ami_mock_error(mock), "22, 20"));
  assert_int_equal(ami_mock_set(mock, "port", "65536"), -1);
  assert_int_equal(ami_mock_set(mock, "colour", "red"), -1);
  assert_int_equal(ami_mock_set(mock, "user", "lonely"), -1);
  assert_int_equal(ami_mock_set(mock, "user", "a:b:all:all:loud"), -1);
  assert_int_equal(ami_mock_set(mock, "user", "a:b:calls"), -1);
  assert_non_null(strstr(ami_mock_error(mock), "\"calls\""));
  assert_int_equal(ami_mock_set(mock, "user", "a:b:call,,all:none"), 0);
  assert_int_equal(ami_mock_set(mock, "scene", "calls"), -1);
  assert_non_null(strstr(ami_mock_error(mock), "known are call, queue"));
  assert_int_equal(ami_mock_set(mock, "scene", "none"), 0);
  assert_int_equal(ami_mock_set(mock, "tls", "only-one"), -1);
  assert_int_equal(ami_mock_set(mock, "serve", "no/such/recording"), -1);
  assert_int_equal(ami_mock_fault(mock, "explode", 1), -1);
  assert_int_equal(ami_mock_play(mock, "call"), -1);
  assert_int_equal(ami_mock_set_down(mock, 1), -1);
  assert_int_equal(ami_mock_set(NULL, "port", "0"), -1);
  assert_int_equal(ami_mock_emit(NULL, "x"), -1);
  assert_int_equal(ami_mock_emit(mock, NULL), -1);
  ami_mock_stop(NULL);
  ami_mock_free(NULL);
  assert_int_equal(ami_mock_start(mock), 0);
  assert_int_equal(ami_mock_start(mock), -1);
  ami_mock_free(mock);
  ami_mock_free(ami_mock_new()); /* and never started */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_banner_follows_the_version),
      cmocka_unit_test(test_plain_login),
      cmocka_unit_test(test_md5_login),
      cmocka_unit_test(test_refused_logins),
      cmocka_unit_test(test_refusal_can_be_slow),
      cmocka_unit_test(test_single_user),
      cmocka_unit_test(test_second_login_changes_nothing),
      cmocka_unit_test(test_user_option),
      cmocka_unit_test(test_before_login),
      cmocka_unit_test(test_unknown_and_missing_action),
      cmocka_unit_test(test_input_forms),
      cmocka_unit_test(test_line_limit),
      cmocka_unit_test(test_lines_per_action),
      cmocka_unit_test(test_permissions),
      cmocka_unit_test(test_event_masks),
      cmocka_unit_test(test_read_classes_bound_the_mask),
      cmocka_unit_test(test_legacy_filters),
      cmocka_unit_test(test_filters_of_16),
      cmocka_unit_test(test_advanced_filters),
      cmocka_unit_test(test_half_close_and_pipelining),
      cmocka_unit_test(test_authlimit),
      cmocka_unit_test(test_authtimeout),
      cmocka_unit_test(test_journal),
      cmocka_unit_test(test_wrong_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
