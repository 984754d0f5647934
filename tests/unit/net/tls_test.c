#define _GNU_SOURCE
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_fixture.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
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
