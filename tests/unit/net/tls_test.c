#define _GNU_SOURCE
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificates.h"
#include "fixture.h"

/* Made once: keys take time. */
static certificate_t* root;         /* of the server's certificates */
static certificate_t* other_root;   /* of nobody's */
static certificate_t* intermediate; /* of root's */
static certificate_t* server;       /* of root's, for pbx.test, *.wild.test, 127.0.0.1 and ::1 */
static certificate_t* client;       /* of root's */

static int make_certificates(void** state) {
  (void)state;
  root = certificate_new((certificate_wish_t){.subject = "Root", .is_authority = true});
  other_root = certificate_new((certificate_wish_t){.subject = "Other Root", .is_authority = true});
  intermediate =
      certificate_new((certificate_wish_t){.subject = "Intermediate", .issuer = root, .is_authority = true});
  server = certificate_new(
      (certificate_wish_t){.subject = "server",
                           .names = "DNS:pbx.test,DNS:*.wild.test,DNS:a*.part.test,IP:127.0.0.1,IP:fe80::1",
                           .issuer = root});
  client = certificate_new((certificate_wish_t){.subject = "client", .issuer = root});
  return 0;
}

static int free_certificates(void** state) {
  (void)state;
  certificate_free(client);
  certificate_free(server);
  certificate_free(intermediate);
  certificate_free(other_root);
  certificate_free(root);
  return 0;
}

static void serve(world_t* world, const certificate_t* certificate) {
  SSL_CTX_free(world->peer_context);
  world->peer_context = SSL_CTX_new(TLS_server_method());
  assert_non_null(world->peer_context);
  assert_int_equal(SSL_CTX_use_certificate_chain_file(world->peer_context, certificate_file(certificate)), 1);
  assert_int_equal(
      SSL_CTX_use_PrivateKey_file(world->peer_context, certificate_key_file(certificate), SSL_FILETYPE_PEM),
      1);
}

/* Settings that only one connection has. */
static void connect_with(world_t* world, core_tls_t* tls) {
  if (tls == NULL) fail_msg("%s", core_tls_error());
  connect_tls(world, tls);
  core_tls_free(tls);
}

static core_tls_t* full(const char* name) {
  return core_tls_new(certificate_file(root), NULL, NULL, "full", name, NULL);
}

/* A connection to the server as it should be. */
static void connect_well(world_t* world) {
  serve(world, server);
  connect_with(world, full("pbx.test"));
  assert_told(world, "connect");
}

static void assert_refused(world_t* world, const certificate_t* certificate, core_tls_t* tls,
                           const char* words) {
  serve(world, certificate);
  connect_with(world, tls);
  assert_lost(world, AMI_ETLS, words);
  assert_contains(core_transport_detail(world->transport), "no TLS with 127.0.0.1:");
  assert_told(world, "disconnect");
}

static void until_received(world_t* world, const char* text) {
  until(world, strcmp(core_transport_received(world->transport, NULL), text) == 0);
}

static void until_peer_received(world_t* world, const char* text) {
  until(world, world->peer_received != NULL && strcmp(world->peer_received, text) == 0);
}

static void assert_bytes_go_both_ways(world_t* world) {
  assert_int_equal(core_transport_write(world->transport, "ping\r\n", 6), 6);
  until_peer_received(world, "ping\r\n");
  peer_say(world, "pong\r\n", 6);
  peer_flush(world);
  until_received(world, "pong\r\n");
}

/* ---- who the server is ---- */

static void a_server_of_our_ca(void** state) {
  world_t* world = *state;
  connect_well(world);
  assert_string_equal(core_transport_tls(world->transport), "TLSv1.3");
  assert_contains(core_transport_address(world->transport), "127.0.0.1:");
  assert_bytes_go_both_ways(world);
}

static void all_its_names(void** state) {
  static const char* const names[] = {"pbx.test",  "PBX.Test",         "pbx.test.", "a.wild.test",
                                      "127.0.0.1", "fe80::1%anywhere", "FE80:0::1"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void* own = NULL;
    world_open(&own);
    serve(own, server);
    connect_with(own, full(names[i]));
    if (!told(own, "connect"))
      fail_msg("%s: %s", names[i], core_transport_detail(((world_t*)own)->transport));
    world_close(&own);
  }
}

static void no_other_name(void** state) {
  static const char* const names[] = {"other.test", "wild.test", "a.b.wild.test", "ab.part.test",
                                      "127.0.0.2",  "fe80::2",   "server",        "pbx.test.evil.test"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void* own = NULL;
    char words[200];
    world_open(&own);
    snprintf(words, sizeof words,
             "the server's certificate is for pbx.test, *.wild.test, a*.part.test, 127.0.0.1, fe80::1, not "
             "for %s: ",
             names[i]);
    assert_refused(own, server, full(names[i]), words);
    world_close(&own);
  }
}

static void the_name_does_not_matter(void** state) {
  world_t* world = *state;
  serve(world, server);
  connect_with(world, core_tls_new(certificate_file(root), NULL, NULL, "ca", "other.test", NULL));
  assert_told(world, "connect");
}

static void a_ca_that_is_not_ours(void** state) {
  world_t* world = *state;
  assert_refused(world, server,
                 core_tls_new(certificate_file(other_root), NULL, NULL, "full", "pbx.test", NULL),
                 "is signed by a CA that is not trusted here (CN=Root): name a file with it in tls.ca");
  /* What to do if it is the right one all the same. */
  assert_contains(core_transport_detail(world->transport), certificate_pin(server));
}

static void the_name_alone_is_not_enough(void** state) {
  world_t* world = *state;
  assert_refused(world, server,
                 core_tls_new(certificate_file(other_root), NULL, NULL, "ca", "pbx.test", NULL),
                 "not trusted");
}

static void the_system_does_not_know_our_ca(void** state) {
  world_t* world = *state;
  assert_refused(world, server, core_tls_new(NULL, NULL, NULL, "full", "pbx.test", NULL), "not trusted here");
}

static void a_self_signed_one(void** state) {
  world_t* world = *state;
  certificate_t* own = certificate_new((certificate_wish_t){.subject = "own", .names = "DNS:pbx.test"});
  assert_refused(world, own, full("pbx.test"), "(pbx.test) is self-signed and not trusted here");
  SSL_free(world->peer_tls);
  world->peer_tls = NULL;
  peer_close(world);
  world->peer_ended = false;
  serve(world, own);
  connect_with(world, core_tls_new(certificate_file(own), NULL, NULL, "full", "pbx.test", NULL));
  assert_told(world, "connect");
  certificate_free(own);
}

static void a_chain_of_cas(void** state) {
  world_t* world = *state;
  certificate_t* below =
      certificate_new((certificate_wish_t){.subject = "b", .names = "DNS:pbx.test", .issuer = intermediate});
  serve(world, below);
  connect_with(world, full("pbx.test"));
  assert_told(world, "connect");
  certificate_free(below);
}

/* Whatever is in tls.ca is trusted. */
static void an_intermediate_ca_is_enough(void** state) {
  world_t* world = *state;
  certificate_t* below =
      certificate_new((certificate_wish_t){.subject = "b", .names = "DNS:pbx.test", .issuer = intermediate});
  serve(world, below);
  connect_with(world, core_tls_new(certificate_file(intermediate), NULL, NULL, "full", "pbx.test", NULL));
  assert_told(world, "connect");
  certificate_free(below);
}

static void one_that_has_expired(void** state) {
  certificate_t* old = certificate_new((certificate_wish_t){
      .subject = "old", .names = "DNS:pbx.test", .issuer = root, .begins_days = -10, .ends_days = -1});
  assert_refused(*state, old, full("pbx.test"), "the server's certificate (pbx.test) expired on 20");
  certificate_free(old);
}

static void one_that_begins_tomorrow(void** state) {
  certificate_t* early = certificate_new((certificate_wish_t){
      .subject = "early", .names = "DNS:pbx.test", .issuer = root, .begins_days = 1, .ends_days = 9});
  assert_refused(*state, early, full("pbx.test"), "(pbx.test) is not yet valid: it begins on 20");
  certificate_free(early);
}

static void a_ca_that_has_expired(void** state) {
  certificate_t* old = certificate_new(
      (certificate_wish_t){.subject = "Old Root", .is_authority = true, .begins_days = -10, .ends_days = -1});
  certificate_t* below =
      certificate_new((certificate_wish_t){.subject = "b", .names = "DNS:pbx.test", .issuer = old});
  assert_refused(*state, below, core_tls_new(certificate_file(old), NULL, NULL, "full", "pbx.test", NULL),
                 "the certificate of its CA (CN=Old Root) expired on 20");
  certificate_free(below);
  certificate_free(old);
}

static void whoever_answers(void** state) {
  world_t* world = *state;
  serve(world, server);
  connect_with(world, core_tls_new(certificate_file(other_root), NULL, NULL, "none", "other.test", NULL));
  assert_told(world, "connect");
}

static void the_pinned_key(void** state) {
  world_t* world = *state;
  serve(world, server); /* of another CA, for other names */
  connect_with(world, core_tls_new(certificate_file(other_root), NULL, NULL, "full", "other.test",
                                   certificate_pin(server)));
  assert_told(world, "connect");
}

static void not_the_pinned_key(void** state) {
  world_t* world = *state;
  const char* pin = certificate_pin(client);
  assert_refused(world, server, core_tls_new(certificate_file(root), NULL, NULL, "full", "pbx.test", pin),
                 pin);
  assert_contains(core_transport_detail(world->transport),
                  "the server's key is not the pinned one: tls.pin is ");
  assert_contains(core_transport_detail(world->transport), certificate_pin(server));
}

static void a_pin_is_not_weakened(void** state) {
  assert_refused(*state, server, core_tls_new(NULL, NULL, NULL, "none", "pbx.test", certificate_pin(client)),
                 "not the pinned one");
}

static void the_server_is_told_the_name(void** state) {
  world_t* world = *state;
  connect_well(world);
  assert_string_equal(SSL_get_servername(world->peer_tls, TLSEXT_NAMETYPE_host_name), "pbx.test");
}

static void an_address_is_no_server_name(void** state) {
  world_t* world = *state;
  serve(world, server);
  connect_with(world, full("127.0.0.1"));
  assert_told(world, "connect");
  assert_null(SSL_get_servername(world->peer_tls, TLSEXT_NAMETYPE_host_name));
}

/* ---- who the client is ---- */

static void demand_client_certificate(world_t* world, int version) {
  serve(world, server);
  SSL_CTX_set_max_proto_version(world->peer_context, version);
  SSL_CTX_set_verify(world->peer_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  assert_int_equal(SSL_CTX_load_verify_file(world->peer_context, certificate_file(root)), 1);
}

static core_tls_t* with_certificate(const certificate_t* own) {
  return core_tls_new(certificate_file(root), certificate_file(own), certificate_key_file(own), "full",
                      "pbx.test", NULL);
}

static void a_client_certificate(void** state) {
  world_t* world = *state;
  demand_client_certificate(world, TLS1_3_VERSION);
  connect_with(world, with_certificate(client));
  assert_told(world, "connect");
  assert_bytes_go_both_ways(world);
}

static void a_client_certificate_is_missing(void** state) {
  world_t* world = *state;
  demand_client_certificate(world, TLS1_3_VERSION);
  connect_with(world, full("pbx.test"));
  peer_flush(world);
  assert_lost(world, AMI_ETLS, "the server demands a client certificate: set tls.cert and tls.key");
}

static void a_client_certificate_is_missing_in_tls_1_2(void** state) {
  world_t* world = *state;
  demand_client_certificate(world, TLS1_2_VERSION);
  connect_with(world, full("pbx.test"));
  assert_lost(world, AMI_ETLS, "it demands a client certificate (tls.cert and tls.key)");
  assert_told(world, "disconnect");
}

static void a_client_certificate_of_another_ca(void** state) {
  world_t* world = *state;
  certificate_t* other = certificate_new((certificate_wish_t){.subject = "other", .issuer = other_root});
  demand_client_certificate(world, TLS1_2_VERSION);
  connect_with(world, with_certificate(other));
  assert_lost(world, AMI_ETLS, "the server refused the client certificate ");
  assert_contains(core_transport_detail(world->transport), certificate_file(other));
  certificate_free(other);
}

/* ---- versions ---- */

static void tls_1_2(void** state) {
  world_t* world = *state;
  serve(world, server);
  SSL_CTX_set_max_proto_version(world->peer_context, TLS1_2_VERSION);
  connect_with(world, full("pbx.test"));
  assert_string_equal(core_transport_tls(world->transport), "TLSv1.2");
  assert_told(world, "connect");
  assert_bytes_go_both_ways(world);
}

static void nothing_older(void** state) {
  world_t* world = *state;
  serve(world, server);
  SSL_CTX_set_security_level(world->peer_context, 0);
  assert_int_equal(SSL_CTX_set_min_proto_version(world->peer_context, TLS1_VERSION), 1);
  assert_int_equal(SSL_CTX_set_max_proto_version(world->peer_context, TLS1_1_VERSION), 1);
  connect_with(world, full("pbx.test"));
  assert_lost(world, AMI_ETLS, "the server does not offer TLS 1.2 or later");
  assert_told(world, "disconnect");
}

/* ---- the handshake goes wrong ---- */

static void a_plain_server(void** state) {
  world_t* world = *state;
  core_tls_t* tls = full("pbx.test");
  core_transport_connect(world->transport, "127.0.0.1", world->port, tls, 10000);
  core_tls_free(tls);
  peer_accept(world);
  peer_say(world, "Asterisk Call Manager/9.0.0\r\n", 29);
  assert_lost(world, AMI_ETLS,
              "the server answered in plain text: \"Asterisk Call Manager/9.0.0\"; is this its TLS port?");
  assert_told(world, "disconnect");
}

/* Connects to a peer that does not speak. */
static void connect_to_silence(world_t* world) {
  core_tls_t* tls = full("pbx.test");
  core_transport_connect(world->transport, "127.0.0.1", world->port, tls, 10000);
  core_tls_free(tls);
  peer_accept(world);
  until(world, (peer_read(world), world->peer_received_size > 0));
}

static void a_server_that_closes(void** state) {
  world_t* world = *state;
  connect_to_silence(world);
  shutdown(world->peer, SHUT_WR);
  assert_lost(world, AMI_ETLS, "the server closed the connection during the handshake");
  assert_told(world, "disconnect");
}

static void a_server_that_breaks_off(void** state) {
  world_t* world = *state;
  connect_to_silence(world);
  peer_reset(world);
  assert_lost(world, AMI_ETLS, "connection reset by peer during the handshake");
  assert_told(world, "disconnect");
}

static void a_server_that_says_nothing(void** state) {
  world_t* world = *state;
  connect_to_silence(world);
  system_advance_ms(9990);
  idle(world);
  assert_told(world, "");
  system_advance_ms(10);
  assert_lost(world, AMI_ETIMEDOUT, "the TLS handshake with 127.0.0.1:");
  assert_contains(core_transport_detail(world->transport), "was not finished within 10000 ms of connecting");
}

static void no_end_of_time_after_the_handshake(void** state) {
  world_t* world = *state;
  connect_well(world);
  system_advance_ms(20000);
  idle(world);
  assert_told(world, "");
}

static void given_up_in_the_handshake(void** state) {
  world_t* world = *state;
  connect_to_silence(world);
  core_transport_disconnect(world->transport);
  until(world, (peer_read(world), world->peer_ended));
  system_advance_ms(20000);
  idle(world);
  assert_told(world, "");
}

/* ---- reading ---- */

static void the_first_words_come_with_the_handshake(void** state) {
  world_t* world = *state;
  serve(world, server);
  core_tls_t* tls = full("pbx.test");
  core_transport_connect(world->transport, "127.0.0.1", world->port, tls, 10000);
  core_tls_free(tls);
  peer_accept(world);
  until(world, SSL_is_init_finished(world->peer_tls)); /* its last words and the tickets are still here */
  peer_say(world, "banner\r\n", 8);
  peer_flush(world);
  until_received(world, "banner\r\n");
  assert_told(world, "connect receive all");
}

/* The server's first words may come with its certificate, before it has heard from us what we think of it. */
static void speak_early(world_t* world, core_tls_t* tls) {
  char bytes[4096];
  ssize_t size = 0;
  size_t count = 0;
  serve(world, server);
  core_transport_connect(world->transport, "127.0.0.1", world->port, tls, 10000);
  core_tls_free(tls);
  peer_accept(world);
  SSL* peer = world->peer_tls;
  world->peer_tls = NULL; /* not to be driven by step() for now */
  until(world, (size = recv(world->peer, bytes, sizeof bytes, 0)) > 0);
  world->peer_tls = peer;
  assert_int_equal(BIO_write(SSL_get_rbio(peer), bytes, (int)size), size);
  assert_int_equal(SSL_read_early_data(peer, bytes, sizeof bytes, &count), SSL_READ_EARLY_DATA_FINISH);
  assert_int_equal(SSL_write_early_data(peer, "Event: early\r\n\r\n", 16, &count), 1);
  peer_flush(world);
}

static void early_words_of_a_server_that_is_trusted(void** state) {
  world_t* world = *state;
  speak_early(world, full("pbx.test"));
  until_received(world, "Event: early\r\n\r\n");
  assert_told(world, "connect receive all");
}

static void early_words_of_a_server_that_is_not(void** state) {
  world_t* world = *state;
  speak_early(world, core_tls_new(certificate_file(other_root), NULL, NULL, "full", "pbx.test", NULL));
  assert_lost(world, AMI_ETLS, "not trusted here");
  assert_told(world, "disconnect");
  size_t size = 0;
  core_transport_received(world->transport, &size);
  assert_int_equal(size, 0);
}

static char* lines(size_t size, size_t line) {
  char* text = malloc(size);
  assert_non_null(text);
  for (size_t i = 0; i < size; i++) text[i] = (char)('a' + (i / line + i) % 26);
  for (size_t end = line; end <= size; end += line) memcpy(text + end - 2, "\r\n", 2);
  return text;
}

static void a_flood(void** state) {
  world_t* world = *state;
  enum { kSize = 3 << 20 };
  char* text = lines(kSize, 64);
  connect_well(world);
  for (size_t sent = 0; sent < kSize; sent += kSize / 64) {
    peer_say(world, text + sent, kSize / 64);
    peer_flush(world);
  }
  size_t size = 0;
  until(world, (core_transport_received(world->transport, &size), size == kSize));
  assert_memory_equal(core_transport_received(world->transport, NULL), text, kSize);
  free(text);
}

static void a_record_in_parts(void** state) {
  world_t* world = *state;
  char bytes[256];
  connect_well(world);
  peer_say(world, "hello\r\n", 7);
  const int size = BIO_read(SSL_get_wbio(world->peer_tls), bytes, sizeof bytes);
  for (int i = 0; i < size; i++) {
    assert_int_equal(core_transport_told(world->transport)[0], '\0');
    assert_int_equal(sendto(world->peer, bytes + i, 1, 0, NULL, 0), 1);
    step(world);
  }
  until_received(world, "hello\r\n");
}

/* The application's own use of OpenSSL may leave errors in the thread's list. */
static void errors_of_others(void** state) {
  world_t* world = *state;
  connect_well(world);
  idle(world); /* the tickets of the handshake have come */
  peer_say(world, "one\r\n", 5);
  peer_flush(world);
  ERR_raise(ERR_LIB_USER, 1);
  until_received(world, "one\r\n");
  ERR_raise(ERR_LIB_USER, 1);
  assert_int_equal(core_transport_write(world->transport, "two\r\n", 5), 5);
  until_peer_received(world, "two\r\n");
  idle(world);
  assert_told(world, "receive all");
}

static void tampered_with(void** state) {
  world_t* world = *state;
  char bytes[256];
  connect_well(world);
  peer_say(world, "hello\r\n", 7);
  const int size = BIO_read(SSL_get_wbio(world->peer_tls), bytes, sizeof bytes);
  bytes[size - 1] ^= 1;
  assert_int_equal(sendto(world->peer, bytes, (size_t)size, 0, NULL, 0), size);
  assert_lost(world, AMI_ETLS, "TLS with 127.0.0.1:");
  assert_contains(core_transport_detail(world->transport), "bad record mac");
  assert_told(world, "disconnect");
}

static void new_keys(void** state) {
  world_t* world = *state;
  connect_well(world);
  assert_int_equal(SSL_key_update(world->peer_tls, SSL_KEY_UPDATE_REQUESTED), 1);
  assert_bytes_go_both_ways(world);
  assert_int_equal(core_transport_write(world->transport, "more\r\n", 6), 6);
  until_peer_received(world, "ping\r\nmore\r\n");
}

static void no_renegotiation(void** state) {
  world_t* world = *state;
  serve(world, server);
  SSL_CTX_set_max_proto_version(world->peer_context, TLS1_2_VERSION);
  connect_with(world, full("pbx.test"));
  assert_int_equal(SSL_renegotiate(world->peer_tls), 1);
  SSL_do_handshake(world->peer_tls);
  peer_flush(world);
  until(world, world->peer_error != 0);
  assert_int_equal(world->peer_error, SSL_R_NO_RENEGOTIATION);
  assert_told(world, "connect"); /* it is for the server to go on or not */
}

/* ---- writing ---- */

static void records_of_whole_lines(void** state) {
  world_t* world = *state;
  char* text = lines(6000, 60);
  connect_well(world);
  const uint64_t before = core_transport_writes(world->transport);
  assert_int_equal(core_transport_write(world->transport, text, 6000), 6000);
  assert_int_equal(core_transport_writes(world->transport), before + 1); /* all of them leave together */
  until(world, world->peer_received_size == 6000);
  assert_memory_equal(world->peer_received, text, 6000);
  assert_int_equal(world->largest_record, 1020);
  assert_int_equal(world->records, 6);
  free(text);
}

static void a_long_line_in_one_record(void** state) {
  world_t* world = *state;
  char* text = lines(3000, 3000);
  connect_well(world);
  assert_int_equal(core_transport_write(world->transport, text, 3000), 3000);
  until(world, world->peer_received_size == 3000);
  assert_int_equal(world->largest_record, 3000);
  assert_int_equal(world->records, 1);
  free(text);
}

static void write_rest(core_transport_t* transport, const char* word, void* user) {
  char** rest = user;
  if (strcmp(word, "writable") == 0)
    rest[0] += core_transport_write(transport, rest[0], (size_t)(rest[1] - rest[0]));
}

static void long_writes_are_taken_in_parts(void** state) {
  world_t* world = *state;
  enum { kSize = 60 * 5000 };
  char* text = lines(kSize, 60);
  make_narrow(world);
  connect_well(world);
  const size_t first = core_transport_write(world->transport, text, kSize);
  assert_in_range(first, 1, kSize - 1);
  assert_int_equal(first % 60, 0);
  assert_int_equal(core_transport_write(world->transport, "no", 2), 0);
  char* rest[] = {text + first, text + kSize};
  core_transport_on(world->transport, write_rest, rest);
  until(world, world->peer_received_size == kSize);
  assert_memory_equal(world->peer_received, text, kSize);
  assert_in_range(world->largest_record, 60, 1024);
  free(text);
}

/* Also in the handshake the kernel may take less, and reading goes on while writing waits. */
static void a_byte_at_a_time(void** state) {
  world_t* world = *state;
  system_send_limit(1);
  connect_well(world);
  assert_int_equal(core_transport_write(world->transport, "ping\r\n", 6), 6);
  peer_say(world, "pong\r\n", 6);
  peer_flush(world);
  until_received(world, "pong\r\n");
  until_peer_received(world, "ping\r\n");
}

/* ---- the end ---- */

static void the_server_says_goodbye(void** state) {
  world_t* world = *state;
  connect_well(world);
  peer_shutdown(world);
  peer_flush(world);
  assert_lost(world, AMI_ELOST, "closed by the server");
  assert_told(world, "end disconnect");
}

/* The kernel's end of stream is all that an attacker, or a crash, needs. */
static void the_server_is_cut_off(void** state) {
  world_t* world = *state;
  connect_well(world);
  peer_say(world, "last\r\n", 6);
  peer_flush(world);
  shutdown(world->peer, SHUT_WR);
  assert_lost(world, AMI_ELOST, "closed by the server");
  assert_string_equal(core_transport_received(world->transport, NULL), "last\r\n");
}

static void we_say_goodbye(void** state) {
  world_t* world = *state;
  connect_well(world);
  assert_int_equal(core_transport_write(world->transport, "bye\r\n", 5), 5);
  core_transport_disconnect(world->transport);
  until(world, world->peer_ended);
  assert_string_equal(world->peer_received, "bye\r\n");
  assert_true(world->peer_closed);
  assert_int_equal(world->peer_error, 0);
}

static void goodbye_comes_behind_what_waits(void** state) {
  world_t* world = *state;
  connect_well(world);
  system_send_limit(1);
  assert_int_equal(core_transport_write(world->transport, "bye\r\n", 5), 5);
  core_transport_disconnect(world->transport);
  until(world, world->peer_ended);
  assert_string_equal(world->peer_received, "bye\r\n");
  assert_true(world->peer_closed);
}

static void write_when_all_is_read(core_transport_t* transport, const char* word, void* user) {
  (void)user;
  if (strcmp(word, "all") == 0) core_transport_write(transport, "Action: Ping\r\n\r\n", 16);
}

/* An answer is written before the end of the stream has been told. */
static void writes_right_before_the_end(void** state) {
  world_t* world = *state;
  connect_well(world);
  core_transport_on(world->transport, write_when_all_is_read, NULL);
  peer_say(world, "event\r\n", 7);
  peer_shutdown(world);
  peer_flush(world);
  assert_lost(world, AMI_ELOST, "closed by the server");
  assert_told(world, "receive all end disconnect");
}

static void pause_at_once(core_transport_t* transport, const char* word, void* user) {
  (void)user;
  if (strcmp(word, "receive") == 0) core_transport_pause(transport);
}

static void no_end_is_told_while_paused(void** state) {
  world_t* world = *state;
  connect_well(world);
  core_transport_on(world->transport, pause_at_once, NULL);
  peer_say(world, "last\r\n", 6);
  peer_shutdown(world);
  peer_flush(world); /* together; and the connection stays */
  until(world, told(world, "all"));
  idle(world);
  assert_told(world, "receive all");
  core_transport_resume(world->transport);
  assert_string_equal(core_transport_told(world->transport), ""); /* never from inside the call */
  assert_lost(world, AMI_ELOST, "closed by the server");
  assert_told(world, "end disconnect");
}

static void no_failure_is_told_while_paused(void** state) {
  world_t* world = *state;
  char bytes[256];
  connect_well(world);
  core_transport_on(world->transport, pause_at_once, NULL);
  peer_say(world, "last\r\n", 6);
  int size = BIO_read(SSL_get_wbio(world->peer_tls), bytes, sizeof bytes / 2);
  memset(bytes + size, 0x17, 100); /* then no TLS */
  assert_int_equal(sendto(world->peer, bytes, (size_t)size + 100, 0, NULL, 0), size + 100);
  until(world, told(world, "all"));
  idle(world);
  assert_told(world, "receive all");
  core_transport_resume(world->transport);
  assert_lost(world, AMI_ETLS, "TLS with 127.0.0.1:");
  assert_told(world, "disconnect");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_server_of_our_ca),
      cmocka_unit_test(all_its_names),
      cmocka_unit_test(no_other_name),
      TEST(the_name_does_not_matter),
      TEST(a_ca_that_is_not_ours),
      TEST(the_name_alone_is_not_enough),
      TEST(the_system_does_not_know_our_ca),
      TEST(a_self_signed_one),
      TEST(a_chain_of_cas),
      TEST(an_intermediate_ca_is_enough),
      TEST(one_that_has_expired),
      TEST(one_that_begins_tomorrow),
      TEST(a_ca_that_has_expired),
      TEST(whoever_answers),
      TEST(the_pinned_key),
      TEST(not_the_pinned_key),
      TEST(a_pin_is_not_weakened),
      TEST(the_server_is_told_the_name),
      TEST(an_address_is_no_server_name),
      TEST(a_client_certificate),
      TEST(a_client_certificate_is_missing),
      TEST(a_client_certificate_is_missing_in_tls_1_2),
      TEST(a_client_certificate_of_another_ca),
      TEST(tls_1_2),
      TEST(nothing_older),
      TEST(a_plain_server),
      TEST(a_server_that_closes),
      TEST(a_server_that_breaks_off),
      TEST(a_server_that_says_nothing),
      TEST(no_end_of_time_after_the_handshake),
      TEST(given_up_in_the_handshake),
      TEST(the_first_words_come_with_the_handshake),
      TEST(early_words_of_a_server_that_is_trusted),
      TEST(early_words_of_a_server_that_is_not),
      TEST(a_flood),
      TEST(a_record_in_parts),
      TEST(errors_of_others),
      TEST(tampered_with),
      TEST(new_keys),
      TEST(no_renegotiation),
      TEST(records_of_whole_lines),
      TEST(a_long_line_in_one_record),
      TEST(long_writes_are_taken_in_parts),
      TEST(a_byte_at_a_time),
      TEST(the_server_says_goodbye),
      TEST(the_server_is_cut_off),
      TEST(we_say_goodbye),
      TEST(goodbye_comes_behind_what_waits),
      TEST(writes_right_before_the_end),
      TEST(no_end_is_told_while_paused),
      TEST(no_failure_is_told_while_paused),
  };
  return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
