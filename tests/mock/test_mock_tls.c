/* TLS: both login and the record trap of real servers, client certificates, versions. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static char folder[] = "/tmp/ami-mock-tls-XXXXXX";
static char cert_path[64], key_path[64], pair[160];

/* A self-signed certificate in the folder: it is its own CA. */
static int make_certificate(void** state) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  FILE* file;
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(cert_path, sizeof cert_path, "%s/cert.pem", folder);
  snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
  snprintf(pair, sizeof pair, "%s:%s", cert_path, key_path);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             (const unsigned char*)"mock client", -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  file = fopen(cert_path, "w");
  PEM_write_X509(file, certificate);
  fclose(file);
  file = fopen(key_path, "w");
  PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
  fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return 0;
}

static int remove_certificate(void** state) {
  (void)state;
  unlink(cert_path);
  unlink(key_path);
  return rmdir(folder);
}

static wire_t* tls_open(ami_mock_t* mock, SSL_CTX* context) {
  wire_t* wire = wire_open(ami_mock_port(mock));
  assert_true(wire_start_tls(wire, context));
  assert_true(wire_until(wire, "Asterisk Call Manager/"));
  return wire;
}

static void test_login_and_ping(void** state) {
  static const char* const highest[] = {"1.2", "1.3"};
  (void)state;
  for (int i = 0; i < 2; ++i) {
    ami_mock_t* mock = start_mock("tls", pair, "tls.max", highest[i], NULL);
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    wire_t* wire = tls_open(mock, context);
    assert_string_equal(SSL_get_version(wire->ssl), i ? "TLSv1.3" : "TLSv1.2");
    assert_true(wire_login(wire, "admin", "on"));
    assert_true(wire_until(wire, "LocalAddress: IPV4/TLS/127.0.0.1/"));
    assert_true(wire_sync(wire));
    wire_send(wire, "Action: Logoff\n\n");
    assert_true(wire_until_eof(wire));
    assert_int_equal(SSL_get_shutdown(wire->ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    wire_close(wire);
    SSL_CTX_free(context);
    ami_mock_free(mock);
  }
}

/* Sends an action in one record of exactly `size` bytes. */
static void send_record(wire_t* wire, const char* id, size_t size) {
  char text[4096];
  size_t used = (size_t)snprintf(text, sizeof text, "Action: Ping\r\nActionID: %s\r\n", id);
  while (used + 2 < size) {
    size_t left = size - 2 - used, line = left > 500 ? 400 : left;
    memset(text + used, 'x', line);
    memcpy(text + used, "X: ", 3);
    memcpy(text + used + line - 2, "\r\n", 2);
    used += line;
  }
  memcpy(text + used, "\r\n", 2);
  wire_send_raw(wire, text, size);
}

static void test_record_trap(void** state) {
  static const size_t sizes[] = {1025, 1500, 3000};
  ami_mock_t* mock = start_mock("tls", pair, NULL);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  wire_t* wire = tls_open(mock, context);
  (void)state;
  assert_true(wire_login(wire, "admin", "off"));
  send_record(wire, "r1024", 1024);
  assert_true(wire_until(wire, "ActionID: r1024\nPing: Pong\n"));
  for (size_t i = 0; i < 3; ++i) {
    char id[32], answer[64];
    snprintf(id, sizeof id, "r%zu", sizes[i]);
    snprintf(answer, sizeof answer, "ActionID: %s\n", id);
    send_record(wire, id, sizes[i]);
    assert_false(wire_read_once(wire, 30));
    assert_int_equal(ami_mock_saw(mock, id), 0);
    assert_true(wire_sync(wire)); /* more bytes free it */
    assert_true(wire_until(wire, answer));
  }
  wire_close(wire);
  SSL_CTX_free(context);
  ami_mock_free(mock);
}

static void test_pings_in_one_record(void** state) {
  ami_mock_t* mock = start_mock("tls", pair, NULL);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  wire_t* wire = tls_open(mock, context);
  char text[8192];
  size_t used = 0;
  (void)state;
  assert_true(wire_login(wire, "admin", "off"));
  for (int i = 0; i < 100; ++i) {
    used += (size_t)snprintf(text + used, sizeof text - used, "Action: Ping\r\nActionID: %03d\r\n\r\n", i);
  }
  wire_send_raw(wire, text, used);
  assert_true(wire_until(wire, "ActionID: 032\nPing: Pong\n"));
  assert_false(wire_read_once(wire, 30));
  assert_int_equal(wire_count(wire, "Ping: Pong\n"), 33); /* as real servers */
  wire_close(wire);
  SSL_CTX_free(context);
  ami_mock_free(mock);
}

static void test_client_certificate(void** state) {
  ami_mock_t* mock = start_mock("tls", pair, "tls.ca", cert_path, NULL);
  SSL_CTX *none = SSL_CTX_new(TLS_client_method()), *own = SSL_CTX_new(TLS_client_method());
  wire_t* wire;
  char subject[128];
  (void)state;
  assert_int_equal(SSL_CTX_use_certificate_chain_file(own, cert_path), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey_file(own, key_path, SSL_FILETYPE_PEM), 1);
  wire = tls_open(mock, own);
  assert_true(ami_mock_peer(mock, subject, sizeof subject) > 0);
  assert_string_equal(subject, "/CN=mock client");
  wire_close(wire);
  wire = wire_open(ami_mock_port(mock));
  wire_start_tls(wire, none);
  assert_true(wire_until_eof(wire));
  assert_int_equal(wire->len, 0);
  wire_close(wire);
  SSL_CTX_free(none);
  SSL_CTX_free(own);
  ami_mock_free(mock);
}

static void test_plain_bytes_and_silence(void** state) {
  ami_mock_t* mock = start_mock("tls", pair, NULL);
  wire_t* wire = wire_open(ami_mock_port(mock));
  (void)state;
  wire_send(wire, "Action: Ping\n\n");
  assert_true(wire_until_eof(wire));
  assert_false(wire_has(wire, "Asterisk"));
  wire_close(wire);
  ami_mock_fault(mock, "greet_silence", 1);
  wire = wire_open(ami_mock_port(mock));
  assert_int_equal(ami_mock_wait(mock, "fault:greet_silence", 1, WIRE_TIMEOUT_MS), 0);
  wire_send(wire, "whatever");
  assert_false(wire_read_once(wire, 20));
  assert_false(wire->eof);
  wire_close(wire);
  ami_mock_free(mock);
}

static void test_cut_has_no_closing_alert(void** state) {
  ami_mock_t* mock = start_mock("tls", pair, NULL);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  wire_t* wire = tls_open(mock, context);
  (void)state;
  ami_mock_fault(mock, "cut_on_action", 1);
  wire_send(wire, "Action: Ping\n\n");
  assert_true(wire_until_eof(wire));
  assert_int_equal(SSL_get_shutdown(wire->ssl) & SSL_RECEIVED_SHUTDOWN, 0);
  wire_close(wire);
  SSL_CTX_free(context);
  ami_mock_free(mock);
}

static void test_another_certificate(void** state) {
  ami_mock_t* mock = start_mock("tls", pair, NULL);
  (void)state;
  assert_int_equal(ami_mock_set_certificate(mock, "/nonexistent/a:/nonexistent/b"), -1);
  assert_non_null(strstr(ami_mock_error(mock), "/nonexistent/a"));
  assert_int_equal(ami_mock_set_certificate(mock, "a"), -1);
  assert_int_equal(ami_mock_set_certificate(mock, NULL), -1);
  assert_int_equal(ami_mock_set_certificate(NULL, pair), -1);
  assert_int_equal(ami_mock_set_certificate(mock, pair), 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  wire_t* wire = tls_open(mock, context);
  wire_close(wire);
  SSL_CTX_free(context);
  ami_mock_free(mock);
}

static void test_bad_files(void** state) {
  ami_mock_t* mock = ami_mock_new();
  (void)state;
  assert_int_equal(ami_mock_set(mock, "tls", "/nonexistent/a:/nonexistent/b"), 0);
  assert_int_equal(ami_mock_start(mock), -1);
  assert_non_null(strstr(ami_mock_error(mock), "/nonexistent/a"));
  assert_int_equal(ami_mock_set(mock, "tls", pair), 0);
  assert_int_equal(ami_mock_set(mock, "tls.max", "9"), 0);
  assert_int_equal(ami_mock_start(mock), -1);
  assert_non_null(strstr(ami_mock_error(mock), "1.3"));
  ami_mock_free(mock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_login_and_ping),          cmocka_unit_test(test_record_trap),
      cmocka_unit_test(test_pings_in_one_record),     cmocka_unit_test(test_client_certificate),
      cmocka_unit_test(test_plain_bytes_and_silence), cmocka_unit_test(test_cut_has_no_closing_alert),
      cmocka_unit_test(test_another_certificate),     cmocka_unit_test(test_bad_files),
  };
  return cmocka_run_group_tests(tests, make_certificate, remove_certificate);
}
