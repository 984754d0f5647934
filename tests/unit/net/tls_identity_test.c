/* Who the server is, who the client is, and which versions of TLS both speak. */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "tls_fixture.h"

static void assert_refused(world_t* world, const certificate_t* certificate, core_tls_t* tls,
                           const char* words) {
  serve(world, certificate);
  connect_with(world, tls);
  assert_lost(world, AMI_ETLS, words);
  assert_contains(core_transport_detail(world->transport), "no TLS with 127.0.0.1:");
  assert_told(world, "disconnect");
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
  };
  return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
