#define _GNU_SOURCE
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certificates.h"
#include "fixture.h"

static certificate_t* root;
static certificate_t* client; /* of root's */
static certificate_t* other;

static int make_certificates(void** state) {
  (void)state;
  root = certificate_new((certificate_wish_t){.subject = "Root", .is_authority = true});
  client = certificate_new((certificate_wish_t){.subject = "client", .issuer = root});
  other = certificate_new((certificate_wish_t){.subject = "other", .issuer = root});
  return 0;
}

static int free_certificates(void** state) {
  (void)state;
  certificate_free(other);
  certificate_free(client);
  certificate_free(root);
  return 0;
}

/* A file with some text; its path. */
typedef struct {
  char path[32];
} file_t;

static file_t file_with(const char* text) {
  file_t file = {"/tmp/ami-test-XXXXXX"};
  const int fd = mkstemp(file.path);
  assert_int_not_equal(fd, -1);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  return file;
}

static file_t file_with_key(EVP_PKEY* key, const char* pass_phrase) {
  file_t file = file_with("");
  FILE* out = fopen(file.path, "w");
  assert_non_null(out);
  assert_int_equal(PEM_write_PrivateKey(out, key, pass_phrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0,
                                        NULL, (void*)(uintptr_t)pass_phrase),
                   1);
  fclose(out);
  return file;
}

static void copy_file(const char* from, const char* to, const char* mode) {
  char text[8192];
  FILE* in = fopen(from, "r");
  FILE* out = fopen(to, mode);
  assert_non_null(in);
  assert_non_null(out);
  const size_t size = fread(text, 1, sizeof text, in);
  assert_int_equal(fwrite(text, 1, size, out), size);
  fclose(in);
  fclose(out);
}

static void assert_works(core_tls_t* tls) {
  if (tls == NULL) fail_msg("%s", core_tls_error());
  assert_string_equal(core_tls_error(), "");
  core_tls_free(tls);
}

static void assert_fails(core_tls_t* tls, const char* words) {
  assert_null(tls);
  assert_contains(core_tls_error(), words);
}

static core_tls_t* with_ca(const char* ca) {
  return core_tls_new(ca, NULL, NULL, "full", "pbx.test", NULL);
}

static core_tls_t* with_key(const char* cert, const char* key) {
  return core_tls_new(certificate_file(root), cert, key, "full", "pbx.test", NULL);
}

static void the_system_s_cas(void** state) {
  (void)state;
  assert_works(with_ca(NULL));
}

static void a_file_of_cas(void** state) {
  (void)state;
  assert_works(with_ca(certificate_file(root)));
  file_t two = file_with("");
  copy_file(certificate_file(root), two.path, "w");
  copy_file(certificate_file(other), two.path, "a");
  assert_works(with_ca(two.path));
  unlink(two.path);
}

static void files_that_are_not_there(void** state) {
  (void)state;
  assert_fails(with_ca("/nowhere/ca.pem"), "tls.ca \"/nowhere/ca.pem\": No such file or directory");
  assert_fails(with_key("/nowhere/cert.pem", NULL),
               "tls.cert \"/nowhere/cert.pem\": No such file or directory");
  assert_fails(with_key(certificate_file(client), "/nowhere/key.pem"),
               "tls.key \"/nowhere/key.pem\": No such file or directory");
}

static void files_without_what_they_should_hold(void** state) {
  (void)state;
  file_t empty = file_with("");
  file_t text = file_with("hello\n");
  assert_fails(with_ca(empty.path), empty.path);
  assert_fails(with_ca(text.path), text.path);
  assert_contains(core_tls_error(), "tls.ca");
  assert_contains(core_tls_error(), "no certificate");
  assert_fails(with_key(text.path, NULL), "tls.cert");
  assert_contains(core_tls_error(), "there is no certificate in it");
  assert_fails(with_key(certificate_file(client), text.path), "tls.key");
  assert_contains(core_tls_error(), "there is no private key in it");
  /* Both may be in one file; here the key is missing. */
  assert_fails(with_key(certificate_file(client), NULL), "tls.key");
  assert_contains(core_tls_error(), "there is no private key in it");
  unlink(empty.path);
  unlink(text.path);
}

static void a_client_certificate(void** state) {
  (void)state;
  assert_works(with_key(certificate_file(client), certificate_key_file(client)));
  file_t both = file_with("");
  copy_file(certificate_file(client), both.path, "w");
  copy_file(certificate_key_file(client), both.path, "a");
  assert_works(with_key(both.path, NULL));
  unlink(both.path);
}

static void a_key_without_a_certificate(void** state) {
  (void)state;
  assert_fails(with_key(NULL, certificate_key_file(client)), "tls.key without tls.cert");
}

static void the_key_of_another_certificate(void** state) {
  (void)state;
  assert_fails(with_key(certificate_file(client), certificate_key_file(other)), certificate_key_file(other));
  assert_contains(core_tls_error(), "is not the key of tls.cert");
  /* Nor one of another kind, which OpenSSL would keep beside the certificate. */
  EVP_PKEY* rsa = EVP_RSA_gen(2048);
  assert_non_null(rsa);
  file_t key = file_with_key(rsa, NULL);
  assert_fails(with_key(certificate_file(client), key.path), key.path);
  assert_contains(core_tls_error(), "is not the key of tls.cert");
  unlink(key.path);
  EVP_PKEY_free(rsa);
}

static void a_key_with_a_pass_phrase(void** state) {
  (void)state;
  EVP_PKEY* ec = EVP_EC_gen("P-256");
  assert_non_null(ec);
  file_t key = file_with_key(ec, "secret");
  assert_fails(with_key(certificate_file(client), key.path), "is encrypted");
  assert_contains(core_tls_error(), key.path);
  unlink(key.path);
  EVP_PKEY_free(ec);
}

static void no_name_to_verify(void** state) {
  (void)state;
  assert_fails(core_tls_new(NULL, NULL, NULL, "full", "", NULL), "tls.server_name");
  assert_works(core_tls_new(NULL, NULL, NULL, "ca", "", NULL));
  assert_works(core_tls_new(NULL, NULL, NULL, "none", "", NULL));
}

static void pins(void** state) {
  (void)state;
  assert_works(core_tls_new(NULL, NULL, NULL, "full", "", certificate_pin(client)));
  assert_fails(core_tls_new(NULL, NULL, NULL, "full", "", "sha256//abc"),
               "tls.pin \"sha256//abc\" is not sha256//");
}

/* Without a look at the chain nobody needs the CAs. */
static void the_ca_of_a_pinned_key_is_not_read(void** state) {
  (void)state;
  assert_works(core_tls_new("/nowhere/ca.pem", NULL, NULL, "full", "pbx.test", certificate_pin(client)));
  assert_works(core_tls_new("/nowhere/ca.pem", NULL, NULL, "none", "pbx.test", NULL));
}

static void one_that_failed_is_tried_again(void** state) {
  (void)state;
  file_t ca = file_with("");
  assert_fails(with_ca(ca.path), ca.path);
  copy_file(certificate_file(root), ca.path, "w");
  assert_works(with_ca(ca.path));
  unlink(ca.path);
}

static void equal_settings_are_read_once(void** state) {
  (void)state;
  file_t ca = file_with("");
  copy_file(certificate_file(root), ca.path, "w");
  core_tls_t* first = with_ca(ca.path);
  assert_non_null(first);
  unlink(ca.path);
  assert_works(core_tls_new(ca.path, NULL, NULL, "ca", "other.test", NULL)); /* the same files */
  core_tls_free(first);
  assert_fails(with_ca(ca.path), "No such file");
}

/* A connection that has ended no longer keeps the old files: the next one reads what is there now. */
static void renewed_files_are_read_for_the_next_connection(void** state) {
  void* own = NULL;
  (void)state;
  world_open(&own);
  world_t* world = own;
  file_t ca = file_with("");
  copy_file(certificate_file(root), ca.path, "w");
  core_tls_t* tls = with_ca(ca.path);
  core_transport_connect(world->transport, "127.0.0.1", world->port, tls, 1000);
  core_tls_free(tls);
  peer_accept(world);
  peer_close(world);
  until(world, told(world, "disconnect"));
  unlink(ca.path);
  assert_fails(with_ca(ca.path), "No such file");
  world_close(&own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_system_s_cas),
      cmocka_unit_test(a_file_of_cas),
      cmocka_unit_test(files_that_are_not_there),
      cmocka_unit_test(files_without_what_they_should_hold),
      cmocka_unit_test(a_client_certificate),
      cmocka_unit_test(a_key_without_a_certificate),
      cmocka_unit_test(the_key_of_another_certificate),
      cmocka_unit_test(a_key_with_a_pass_phrase),
      cmocka_unit_test(no_name_to_verify),
      cmocka_unit_test(pins),
      cmocka_unit_test(the_ca_of_a_pinned_key_is_not_read),
      cmocka_unit_test(one_that_failed_is_tried_again),
      cmocka_unit_test(equal_settings_are_read_once),
      cmocka_unit_test(renewed_files_are_read_for_the_next_connection),
  };
  return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
