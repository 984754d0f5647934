/* TLS: which servers are believed, and what is said of the others. The certificates are made here. */
#include <time.h>

#include "api_client.h"
#include "certificates.h"

/* A CA, and the certificate of a server that it signed. */
typedef struct {
  certificate_t *root, *server;
} chain_t;

static chain_t chain_new(certificate_wish_t wish) {
  chain_t chain = {.root = certificate_new((certificate_wish_t){.subject = "Test CA", .is_authority = true})};
  wish.subject = "pbx";
  wish.issuer = chain.root;
  chain.server = certificate_new(wish);
  return chain;
}

static void chain_free(chain_t* chain) {
  certificate_free(chain->server);
  certificate_free(chain->root);
}

static const char* pair(const certificate_t* certificate) {
  static char text[160];
  snprintf(text, sizeof text, "%s:%s", certificate_file(certificate), certificate_key_file(certificate));
  return text;
}

static const char here[] = "DNS:pbx.test,IP:127.0.0.1";

/* A client of the mock with options: name, value ..., NULL; it never falls back to anything. */
static ami_t* client_with(world_t* world, const char* const* options) {
  ami_t* client = client_new(world);
  client_set(client, "tls", "on");
  for (; *options != NULL; options += 2) client_set(client, options[0], options[1]);
  return client;
}
#define CLIENT_WITH(world, ...) client_with(world, (const char* const[]){__VA_ARGS__, NULL})

/* The connection is refused, and these words say why. Nothing was said to the server, and of what it said
   nothing was delivered. */
static void check_refused(world_t* world, ami_t* client, const char* const* says) {
  const int64_t before = ami_stat(client, AMI_STAT_EVENTS) + ami_stat(client, AMI_STAT_RESPONSES);
  sink_t* all = listen_to(world, client, "*");
  sink_t* data = listen_to(world, client, "data");
  assert_error(client_connect(world, client), AMI_ETLS);
  const ami_msg_t* last = until_field(world, all, "Final", "true");
  assert_string_equal(field(last, "Error"), "AMI_ETLS");
  assert_string_equal(field(message_at(all, count_of(all) - 2), "Error"), "AMI_ETLS");
  for (; *says != NULL; ++says) {
    assert_contains(detail(client), *says);
    assert_contains(field(last, "Reason"), *says);
  }
  assert_int_equal(ami_mock_count(world->mock, "action:Challenge"), 0);
  assert_int_equal(ami_mock_count(world->mock, "action:Login"), 0);
  for (size_t i = 0; i < count_of(all); ++i) {
    assert_int_equal(ami_msg_kind(message_at(all, i)), AMI_MSG_NOTICE);
  }
  assert_int_equal(count_of(data), 0);
  assert_int_equal(ami_stat(client, AMI_STAT_EVENTS) + ami_stat(client, AMI_STAT_RESPONSES), before);
}
#define CHECK_REFUSED(world, client, ...) \
  check_refused(world, client, (const char* const[]){__VA_ARGS__, NULL})

/* ------------------------------------------------------------------------------------------- believed */

static void the_right_certificate(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here});
  world_t* world = world_new(state, "tls", pair(chain.server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(chain.root));
  sink_t* connects = listen_to(world, client, "connection-connect");
  assert_error(client_connect(world, client), 0);
  until_count(world, connects, 1);
  assert_string_equal(field(message_at(connects, 0), "TLS"), "TLSv1.3");
  double days = (strtod(field(message_at(connects, 0), "CertificateEnd"), NULL) - (double)time(NULL)) / 86400;
  assert_true(days > 364 && days <= 365);
  settle(world, client);
  client_disconnect(world, client);
  until_mock(world, "action:Logoff", 1);
  client_set(client, "tls.server_name", "PBX.test.");
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  client_set(client, "url", "amis://admin:secret@127.0.0.1");
  char port[16];
  snprintf(port, sizeof port, "%d", ami_mock_port(world->mock));
  client_set(client, "port", port);
  assert_error(client_connect(world, client), 0);
  world_end(world);
  chain_free(&chain);
}

static void old_servers_speak_tls_1_2(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here});
  world_t* world = world_new(state, "tls", pair(chain.server), "tls.max", "1.2", NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(chain.root));
  sink_t* connects = listen_to(world, client, "connection-connect");
  assert_error(client_connect(world, client), 0);
  until_count(world, connects, 1);
  assert_string_equal(field(message_at(connects, 0), "TLS"), "TLSv1.2");
  world_end(world);
  chain_free(&chain);
}

static void a_chain_of_three(void** state) {
  certificate_t* root = certificate_new((certificate_wish_t){.subject = "Root", .is_authority = true});
  certificate_t* middle =
      certificate_new((certificate_wish_t){.subject = "Middle", .issuer = root, .is_authority = true});
  certificate_t* server =
      certificate_new((certificate_wish_t){.subject = "pbx", .issuer = middle, .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(root));
  assert_error(client_connect(world, client), 0);
  world_end(world);
  certificate_free(server);
  certificate_free(middle);
  certificate_free(root);
}

/* Whatever stands in tls.ca is trusted, with or without a CA. */
static void a_self_signed_one_that_is_known(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(server));
  assert_error(client_connect(world, client), 0);
  world_end(world);
  certificate_free(server);
}

static void a_pin_replaces_chain_and_name(void** state) {
  certificate_t* server = certificate_new(
      (certificate_wish_t){.subject = "x", .names = "DNS:other.test", .begins_days = -9, .ends_days = -1});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.pin", certificate_pin(server));
  assert_error(client_connect(world, client), 0);
  settle(world, client);
  world_end(world);
  certificate_free(server);
}

/* ----------------------------------------------------------------------------------------- not believed */

static void a_certificate_for_another_name(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = "DNS:other.test,DNS:*.more.test"});
  world_t* world = world_new(state, "tls", pair(chain.server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(chain.root));
  CHECK_REFUSED(world, client, "is for other.test, *.more.test, not for 127.0.0.1", "tls.server_name");
  client_set(client, "tls.server_name", "pbx.test");
  CHECK_REFUSED(world, client, "is for other.test, *.more.test, not for pbx.test");
  client_set(client, "tls.server_name", "a.b.more.test");
  CHECK_REFUSED(world, client, "not for a.b.more.test");
  /* Who does not ask for the name is not told. */
  client_set(client, "tls.server_name", "other.test");
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  client_set(client, "tls.server_name", "a.more.test");
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  client_set(client, "tls.server_name", "");
  client_set(client, "tls.verify", "ca");
  assert_error(client_connect(world, client), 0);
  world_end(world);
  chain_free(&chain);
}

static void a_certificate_that_has_expired(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here, .begins_days = -9, .ends_days = -1});
  world_t* world = world_new(state, "tls", pair(chain.server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(chain.root));
  CHECK_REFUSED(world, client, "the server's certificate (pbx.test, 127.0.0.1) expired on 2", "UTC");
  world_end(world);
  chain_free(&chain);
}

static void a_certificate_of_tomorrow(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here, .begins_days = 1, .ends_days = 9});
  world_t* world = world_new(state, "tls", pair(chain.server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(chain.root));
  CHECK_REFUSED(world, client, "is not yet valid: it begins on 2", "UTC");
  world_end(world);
  chain_free(&chain);
}

static void a_self_signed_one_that_nobody_knows(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = client_new(world);
  client_set(client, "tls", "on");
  CHECK_REFUSED(world, client, "self-signed and not trusted here", "tls.ca", certificate_pin(server));
  /* Its owner does what the advice says. */
  client_set(client, "tls.pin", certificate_pin(server));
  assert_error(client_connect(world, client), 0);
  client_disconnect(world, client);
  client_set(client, "tls.pin", "");
  client_set(client, "tls.verify", "none");
  assert_error(client_connect(world, client), 0);
  world_end(world);
  certificate_free(server);
}

static void a_ca_that_nobody_knows(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here});
  certificate_t* other = certificate_new((certificate_wish_t){.subject = "Other CA", .is_authority = true});
  world_t* world = world_new(state, "tls", pair(chain.server), NULL);
  ami_t* client = client_new(world);
  client_set(client, "tls", "on"); /* the CAs of the system */
  CHECK_REFUSED(world, client, "signed by a CA that is not trusted here (CN=Test CA)", "tls.pin=");
  client_set(client, "tls.ca", certificate_file(other));
  CHECK_REFUSED(world, client, "signed by a CA that is not trusted here (CN=Test CA)", "tls.ca");
  world_end(world);
  certificate_free(other);
  chain_free(&chain);
}

static void another_key_than_the_pinned_one(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here});
  world_t* world = world_new(state, "tls", pair(chain.server), NULL);
  /* A trusted CA does not help: the pin takes its place. */
  ami_t* client =
      CLIENT_WITH(world, "tls.ca", certificate_file(chain.root), "tls.pin", certificate_pin(chain.root));
  CHECK_REFUSED(world, client, "is not the pinned one", certificate_pin(chain.root),
                certificate_pin(chain.server));
  client_set(client, "tls.verify", "none"); /* nor does this */
  CHECK_REFUSED(world, client, "is not the pinned one");
  world_end(world);
  chain_free(&chain);
}

/* -------------------------------------------------------------------------------- client certificates */

typedef struct {
  chain_t chain;
  certificate_t *mine, *foreign;
  world_t* world;
} mutual_t;

static mutual_t mutual_new(void** state, const char* max_version) {
  mutual_t mutual = {.chain = chain_new((certificate_wish_t){.names = here})};
  mutual.mine = certificate_new((certificate_wish_t){.subject = "client 7", .issuer = mutual.chain.root});
  mutual.foreign = certificate_new((certificate_wish_t){.subject = "stranger"});
  mutual.world = world_new(state, "tls", pair(mutual.chain.server), "tls.ca",
                           certificate_file(mutual.chain.root), "tls.max", max_version, NULL);
  return mutual;
}

static void mutual_end(mutual_t* mutual) {
  world_end(mutual->world);
  certificate_free(mutual->mine);
  certificate_free(mutual->foreign);
  chain_free(&mutual->chain);
}

static void a_client_certificate_is_shown(void** state) {
  for (int old = 0; old < 2; ++old) {
    mutual_t mutual = mutual_new(state, old ? "1.2" : "1.3");
    ami_t* client = CLIENT_WITH(mutual.world, "tls.ca", certificate_file(mutual.chain.root), "tls.cert",
                                certificate_file(mutual.mine), "tls.key", certificate_key_file(mutual.mine));
    assert_error(client_connect(mutual.world, client), 0);
    char subject[200];
    assert_true(ami_mock_peer(mutual.world->mock, subject, sizeof subject) > 0);
    assert_contains(subject, "client 7");
    mutual_end(&mutual);
  }
}

static void a_client_certificate_is_missed(void** state) {
  for (int old = 0; old < 2; ++old) {
    mutual_t mutual = mutual_new(state, old ? "1.2" : "1.3");
    ami_t* client = CLIENT_WITH(mutual.world, "tls.ca", certificate_file(mutual.chain.root));
    CHECK_REFUSED(mutual.world, client, "client certificate", "tls.cert and tls.key");
    mutual_end(&mutual);
  }
}

static void a_client_certificate_is_refused(void** state) {
  for (int old = 0; old < 2; ++old) {
    mutual_t mutual = mutual_new(state, old ? "1.2" : "1.3");
    ami_t* client =
        CLIENT_WITH(mutual.world, "tls.ca", certificate_file(mutual.chain.root), "tls.cert",
                    certificate_file(mutual.foreign), "tls.key", certificate_key_file(mutual.foreign));
    CHECK_REFUSED(mutual.world, client, "refused the client certificate", certificate_file(mutual.foreign));
    mutual_end(&mutual);
  }
}

/* No attempt is made with what cannot work. */
static void files_that_are_of_no_use(void** state) {
  mutual_t mutual = mutual_new(state, "1.3");
  const char* mine = certificate_file(mutual.mine);
  const char* key = certificate_key_file(mutual.mine);
  const struct {
    const char *ca, *cert, *key, *says;
  } files[] = {
      {"/no/such/ca.pem", "", "", "tls.ca \"/no/such/ca.pem\": No such file"},
      {key, "", "", "tls.ca"},
      {"", "/no/such/cert.pem", key, "tls.cert \"/no/such/cert.pem\": No such file"},
      {"", key, key, "tls.cert"},
      {"", mine, "/no/such/key.pem", "tls.key \"/no/such/key.pem\": No such file"},
      {"", mine, mine, "tls.key"},
      {"", mine, certificate_key_file(mutual.foreign), "tls.key"},
      {"", "", key, "tls.key without tls.cert"},
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    ami_t* client = CLIENT_WITH(mutual.world, "tls.ca", files[i].ca, "tls.cert", files[i].cert, "tls.key",
                                files[i].key, "reconnect", "1");
    assert_error(client_connect(mutual.world, client), AMI_EOPTION);
    assert_contains(detail(client), files[i].says);
    client_destroy(mutual.world, client);
  }
  assert_int_equal(ami_mock_count(mutual.world->mock, "connections"), 0);
  mutual_end(&mutual);
}

/* -------------------------------------------------------------------------------------- other servers */

static void a_server_of_an_older_tls(void** state) {
  static const char* const versions[] = {"1.0", "1.1"};
  chain_t chain = chain_new((certificate_wish_t){.names = here});
  for (int i = 0; i < 2; ++i) {
    world_t* world = world_new(state, "tls", pair(chain.server), "tls.max", versions[i], NULL);
    ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(chain.root));
    CHECK_REFUSED(world, client, "does not offer TLS 1.2 or later");
    client_set(client, "tls.verify", "none"); /* not even then */
    CHECK_REFUSED(world, client, "does not offer TLS 1.2 or later");
    world_end(world);
  }
  chain_free(&chain);
}

static void a_plain_server(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "tls", "on");
  client_set(client, "tls.verify", "none");
  CHECK_REFUSED(world, client, "answered in plain text: \"Asterisk Call Manager/11.0.0\"", "TLS port");
  world_end(world);
}

static void a_server_that_is_silent(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = CLIENT_WITH(world, "tls.verify", "none", "connect.timeout_ms", "300");
  sink_t* timeouts = listen_to(world, client, "connection-timeout");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_error(client_connect(world, client), AMI_ETIMEDOUT);
  assert_contains(detail(client), "TLS handshake");
  assert_contains(detail(client), "300 ms");
  until_count(world, timeouts, 1);
  assert_string_equal(field(message_at(timeouts, 0), "Phase"), "connect");
  world_end(world);
}

static void a_server_that_hangs_up(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(server));
  ami_mock_fault(world->mock, "greet_close", 0);
  CHECK_REFUSED(world, client, "during the handshake");
  world_end(world);
  certificate_free(server);
}

static void a_client_without_tls(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = client_new(world);
  client_set(client, "login.timeout_ms", "300");
  assert_error(client_connect(world, client), AMI_ETIMEDOUT);
  assert_contains(detail(client), "without TLS?");
  world_end(world);
  certificate_free(server);
}

static void it_is_tried_again(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(server), "reconnect", "1");
  sink_t* errors = listen_to(world, client, "connection-error");
  ami_mock_fault(world->mock, "greet_close", 0);
  assert_error(client_connect(world, client), 0);
  until_count(world, errors, 1);
  assert_string_equal(field(message_at(errors, 0), "Error"), "AMI_ETLS");
  settle(world, client);
  ami_mock_kick(world->mock);
  until_count(world, errors, 2);
  assert_string_equal(field(message_at(errors, 1), "Error"), "AMI_ELOST");
  assert_error(client_wait(world, client), 0);
  world_end(world);
  certificate_free(server);
}

/* Who comes in the place of a server that was believed is looked at like any other, and told from it. */
static void check_swapped(void** state, const char* option, const char* value, const chain_t* chain,
                          const certificate_t* other, const char* says) {
  world_t* world = world_new(state, "tls", pair(chain->server), NULL);
  ami_t* client = CLIENT_WITH(world, option, value, "reconnect", "1", "reconnect.max_ms", "5");
  sink_t* errors = listen_to(world, client, "connection-error");
  sink_t* hellos = listen_to(world, client, "Hello");
  sink_t* ready = listen_to(world, client, "ready");
  assert_error(client_connect(world, client), 0);
  settle(world, client);
  assert_int_equal(ami_mock_set_certificate(world->mock, pair(other)), 0);
  ami_mock_kick(world->mock);
  until_count(world, errors, 4); /* the cut, and three attempts */
  for (size_t i = 1; i < 4; ++i) {
    assert_string_equal(field(message_at(errors, i), "Error"), "AMI_ETLS");
    assert_contains(field(message_at(errors, i), "Reason"), says);
  }
  assert_int_not_equal(ami_state(client), AMI_STATE_READY);
  assert_int_equal(ami_mock_count(world->mock, "action:Challenge"), 1);
  assert_int_equal(ami_mock_count(world->mock, "action:Login"), 1);
  assert_int_equal(emit(world, "Hello"), 0);
  assert_int_equal(ami_mock_set_certificate(world->mock, pair(chain->server)), 0);
  until_count(world, ready, 2);
  emit(world, "Hello");
  until_count(world, hellos, 1);
  world_end(world);
}

static void a_certificate_that_is_swapped(void** state) {
  chain_t chain = chain_new((certificate_wish_t){.names = here});
  chain_t same_name = chain_new((certificate_wish_t){.names = here});
  certificate_t* root = certificate_new((certificate_wish_t){.subject = "Other CA", .is_authority = true});
  certificate_t* other =
      certificate_new((certificate_wish_t){.subject = "pbx", .names = here, .issuer = root});
  certificate_t* own = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  certificate_t* late = certificate_new((certificate_wish_t){
      .subject = "pbx", .names = here, .issuer = chain.root, .begins_days = -9, .ends_days = -1});
  const char* ca = certificate_file(chain.root);
  check_swapped(state, "tls.ca", ca, &chain, other, "signed by a CA that is not trusted here (CN=Other CA)");
  check_swapped(state, "tls.ca", ca, &chain, same_name.server,
                "names a trusted CA (CN=Test CA), but is not signed by its key");
  check_swapped(state, "tls.ca", ca, &chain, own, "self-signed and not trusted here");
  check_swapped(state, "tls.ca", ca, &chain, late, "expired on 2");
  check_swapped(state, "tls.pin", certificate_pin(chain.server), &chain, other, "is not the pinned one");
  certificate_free(late);
  certificate_free(own);
  certificate_free(other);
  certificate_free(root);
  chain_free(&same_name);
  chain_free(&chain);
}

/* ------------------------------------------------------------------------------------------- much data */

/* Over TLS a server reads no more of an action than 1,024 bytes of one record. */
static void an_action_of_many_records(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(server));
  assert_error(client_connect(world, client), 0);
  sink_t* events = listen_to(world, client, "UserEvent");
  char value[1000];
  for (size_t i = 0; i < sizeof value; ++i) value[i] = (char)('a' + i % 26);
  value[sizeof value - 1] = '\0';
  for (int round = 0; round < 5; ++round) {
    ami_action_t* big = action("UserEvent", "UserEvent", "Big", NULL);
    char key[16];
    for (int i = 0; i < 100; ++i) {
      snprintf(key, sizeof key, "Text%d", i);
      /* Lines of many lengths. */
      assert_int_equal(ami_action_addn(big, key, strlen(key), value, sizeof value - 1 - (size_t)(7 * i)), 0);
    }
    assert_reply(reply_to(world, client, big), 0, AMI_ANSWERED);
  }
  until_count(world, events, 5);
  assert_string_equal(field(message_at(events, 4), "Text0"), value);
  assert_int_equal(strlen(field(message_at(events, 4), "Text99")), sizeof value - 1 - 7 * 99);
  /* Many at once. */
  sink_t* sent[200];
  for (int i = 0; i < 200; ++i) {
    sent[i] = send_action(world, client, action("UserEvent", "UserEvent", "Small", "Text", value, NULL));
  }
  for (int i = 0; i < 200; ++i) {
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, 0, AMI_ANSWERED);
  }
  until_count(world, events, 205);
  world_end(world);
  certificate_free(server);
}

static void a_flood_of_events(void** state) {
  certificate_t* server = certificate_new((certificate_wish_t){.subject = "pbx", .names = here});
  world_t* world = world_new(state, "tls", pair(server), "writetimeout_ms", "60000", NULL);
  ami_t* client = CLIENT_WITH(world, "tls.ca", certificate_file(server));
  assert_error(client_connect(world, client), 0);
  settle(world, client);
  sink_t* hellos = listen_to(world, client, "Hello");
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n", 10000);
  until_count(world, hellos, 10000);
  for (size_t i = 0; i < 10000; ++i) assert_int_equal(atoi(field(message_at(hellos, i), "N")), i);
  world_end(world);
  certificate_free(server);
}

#define IN_BOTH(test) IN(test, BY_THREAD), IN(test, BY_LOOP)
static const struct CMUnitTest tests[] = {
    IN_ALL(the_right_certificate),
    IN_BOTH(old_servers_speak_tls_1_2),
    IN_BOTH(a_chain_of_three),
    IN_BOTH(a_self_signed_one_that_is_known),
    IN_BOTH(a_pin_replaces_chain_and_name),
    IN_ALL(a_certificate_for_another_name),
    IN_BOTH(a_certificate_that_has_expired),
    IN_BOTH(a_certificate_of_tomorrow),
    IN_BOTH(a_self_signed_one_that_nobody_knows),
    IN_BOTH(a_ca_that_nobody_knows),
    IN_BOTH(another_key_than_the_pinned_one),
    IN_BOTH(a_client_certificate_is_shown),
    IN_BOTH(a_client_certificate_is_missed),
    IN_BOTH(a_client_certificate_is_refused),
    IN_BOTH(files_that_are_of_no_use),
    IN_BOTH(a_server_of_an_older_tls),
    IN_BOTH(a_plain_server),
    IN_BOTH(a_server_that_is_silent),
    IN_BOTH(a_server_that_hangs_up),
    IN_BOTH(a_client_without_tls),
    IN_ALL(it_is_tried_again),
    IN_BOTH(a_certificate_that_is_swapped),
    IN_ALL(an_action_of_many_records),
    IN_ALL(a_flood_of_events),
};
RUN(tests)
