#include "tls_fixture.h"

certificate_t* root;
certificate_t* other_root;
certificate_t* intermediate;
certificate_t* server;
certificate_t* client;

int make_certificates(void** state) {
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

int free_certificates(void** state) {
  (void)state;
  certificate_free(client);
  certificate_free(server);
  certificate_free(intermediate);
  certificate_free(other_root);
  certificate_free(root);
  return 0;
}

void serve(world_t* world, const certificate_t* certificate) {
  SSL_CTX_free(world->peer_context);
  world->peer_context = SSL_CTX_new(TLS_server_method());
  assert_non_null(world->peer_context);
  assert_int_equal(SSL_CTX_use_certificate_chain_file(world->peer_context, certificate_file(certificate)), 1);
  assert_int_equal(
      SSL_CTX_use_PrivateKey_file(world->peer_context, certificate_key_file(certificate), SSL_FILETYPE_PEM),
      1);
}

void connect_with(world_t* world, core_tls_t* tls) {
  if (tls == NULL) fail_msg("%s", core_tls_error());
  connect_tls(world, tls);
  core_tls_free(tls);
}

core_tls_t* full(const char* name) {
  return core_tls_new(certificate_file(root), NULL, NULL, "full", name, NULL);
}

void connect_well(world_t* world) {
  serve(world, server);
  connect_with(world, full("pbx.test"));
  assert_told(world, "connect");
}

void until_received(world_t* world, const char* text) {
  until(world, strcmp(core_transport_received(world->transport, NULL), text) == 0);
}

void until_peer_received(world_t* world, const char* text) {
  until(world, world->peer_received != NULL && strcmp(world->peer_received, text) == 0);
}

void assert_bytes_go_both_ways(world_t* world) {
  assert_int_equal(core_transport_write(world->transport, "ping\r\n", 6), 6);
  until_peer_received(world, "ping\r\n");
  peer_say(world, "pong\r\n", 6);
  peer_flush(world);
  until_received(world, "pong\r\n");
}
