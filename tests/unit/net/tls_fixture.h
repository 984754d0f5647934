/* Certificates, and a server that has them, for the tests of TLS. */
#pragma once

#include <openssl/ssl.h>
#include <string.h>

#include "certificates.h"
#include "fixture.h"

/* Made once: keys take time. */
extern certificate_t* root;         /* of the server's certificates */
extern certificate_t* other_root;   /* of nobody's */
extern certificate_t* intermediate; /* of root's */
extern certificate_t* server;       /* of root's, for pbx.test, *.wild.test, 127.0.0.1 and ::1 */
extern certificate_t* client;       /* of root's */

/* cmocka's set-up and tear-down of a group. */
int make_certificates(void** state);
int free_certificates(void** state);

void serve(world_t* world, const certificate_t* certificate);
/* Settings that only one connection has. */
void connect_with(world_t* world, core_tls_t* tls);
core_tls_t* full(const char* name);
/* A connection to the server as it should be. */
void connect_well(world_t* world);
void until_received(world_t* world, const char* text);
void until_peer_received(world_t* world, const char* text);
void assert_bytes_go_both_ways(world_t* world);

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
