#include "script.h"

static core_session_t* connected(void) {
  core_session_t* session = session_with(NULL);
  core_session_connect(session);
  says(session, "");
  return session;
}

/* What comes before the greeting's end, and the error that it leads to. */
static void fails(const char* bytes, const char* failure) {
  core_session_t* session = connected();
  server_bytes(session, bytes);
  says(session, failure);
  /* Nothing that comes behind is looked at. */
  server(session, "Event: FullyBooted\nPrivilege: system,all\n\n");
  assert_int_equal(core_session_due(session), -1);
  done(session);
}

static void banner_is_kept(void** state) {
  (void)state;
  core_session_t* session = connected();
  server(session, "Asterisk Call Manager/5.0.4\n");
  says(session, "> Challenge ps1 AuthType=MD5\n");
  assert_string_equal(core_session_banner(session), "Asterisk Call Manager/5.0.4");
  done(session);
}

static void nothing_is_sent_before_it(void** state) {
  (void)state;
  core_session_t* session = connected();
  server_bytes(session, "Asterisk Call Manager/5.0.4\r");
  says(session, "");
  server_bytes(session, "\n");
  says(session, "> Challenge ps1 AuthType=MD5\n");
  done(session);
}

static void a_proxy_may_use_other_words(void** state) {
  (void)state;
  core_session_t* session = connected();
  server(session, "AstManProxy/1.28\n");
  says(session, "log 1 unusual greeting \"AstManProxy/1.28\"\n> Challenge ps1 AuthType=MD5\n");
  done(session);
}

static void other_protocols_are_told_by_name(void** state) {
  (void)state;
  fails("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
        "failed EPROTO login: the peer is an HTTP server: it greeted with \"HTTP/1.1 400 Bad Request\"\n");
  fails("SSH-2.0-OpenSSH_9.2\r\n",
        "failed EPROTO login: the peer is an SSH server: it greeted with \"SSH-2.0-OpenSSH_9.2\"\n");
  fails("\x15\x03\x01\n",
        "failed EPROTO login: the peer is a TLS server (set tls=on): it greeted with \"\\x15\\x03\\x01\"\n");
  fails("\x01\x02\r\n",
        "failed EPROTO login: the peer is not a text protocol: it greeted with \"\\x01\\x02\"\n");
}

static void almost_another_protocol(void** state) {
  (void)state;
  fails("a\x03\r\n", "failed EPROTO login: the peer is not a text protocol: it greeted with \"a\\x03\"\n");
  fails(
      "\x15"
      "a\r\n",
      "failed EPROTO login: the peer is not a text protocol: it greeted with \"\\x15a\"\n");
}

static void what_follows_a_foreign_greeting_is_not_handed_out(void** state) {
  (void)state;
  fails("SSH-2.0-x\r\nEvent: Fake\r\n\r\nResponse: Success\r\n\r\n",
        "failed EPROTO login: the peer is an SSH server: it greeted with \"SSH-2.0-x\"\n");
}

static void greeting_without_end_is_given_up(void** state) {
  char text[400];
  (void)state;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  core_session_t* session = connected();
  server_bytes(session, text);
  assert_memory_equal(core_session_said(session), "failed EPROTO login: ", 21);
  done(session);
}

static void silence_is_given_up(void** state) {
  (void)state;
  core_session_t* session = connected();
  quiet(session, 9999);
  core_session_advance(session, 1);
  says(session,
       "failed ETIMEDOUT login: no greeting within 10000 ms: is this an AMI port, and one without TLS?\n");
  done(session);
}

static void loss_is_explained_by_the_phase(void** state) {
  (void)state;
  core_session_t* session = connected();
  assert_string_equal(
      core_session_explain_loss(session, "closed"),
      "closed before any greeting (too many connections waiting to log in, or not an AMI port?)");
  server(session, "Asterisk Call Manager/5.0.4\n");
  assert_string_equal(core_session_explain_loss(session, "closed"),
                      "closed during the login, without a reason");
  core_session_said(session);
  done(session);
  session = ready_session();
  assert_string_equal(core_session_explain_loss(session, "closed"), "closed");
  done(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(banner_is_kept),
      cmocka_unit_test(nothing_is_sent_before_it),
      cmocka_unit_test(a_proxy_may_use_other_words),
      cmocka_unit_test(other_protocols_are_told_by_name),
      cmocka_unit_test(almost_another_protocol),
      cmocka_unit_test(what_follows_a_foreign_greeting_is_not_handed_out),
      cmocka_unit_test(greeting_without_end_is_given_up),
      cmocka_unit_test(silence_is_given_up),
      cmocka_unit_test(loss_is_explained_by_the_phase),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
