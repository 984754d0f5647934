#include "certificates.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct certificate {
  const certificate_t* issuer;
  EVP_PKEY* key;
  X509* x509;
  char file[64], key_file[64];
  char pin[64];
};

#define need(condition)                                           \
  do {                                                            \
    if (!(condition)) give_up(__FILE__, __LINE__, "" #condition); \
  } while (0)

static void give_up(const char* file, int line, const char* what) {
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  ERR_print_errors_fp(stderr);
  abort();
}

static void set_dates(X509* x509, const certificate_wish_t* wish) {
  const bool is_default = wish->begins_days == 0 && wish->ends_days == 0;
  need(X509_time_adj_ex(X509_getm_notBefore(x509), is_default ? -1 : wish->begins_days, 0, NULL) != NULL);
  need(X509_time_adj_ex(X509_getm_notAfter(x509), is_default ? 365 : wish->ends_days, 0, NULL) != NULL);
}

static void add_extension(X509* x509, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  need(extension != NULL);
  need(X509_add_ext(x509, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

static void set_subject(X509* x509, const char* subject) {
  need(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                                  (const unsigned char*)subject, -1, -1, 0) == 1);
}

static X509* sign(const certificate_wish_t* wish, EVP_PKEY* key) {
  static long serial = 0;
  X509* x509 = X509_new();
  need(x509 != NULL);
  X509* issuer = wish->issuer != NULL ? wish->issuer->x509 : x509;
  need(X509_set_version(x509, X509_VERSION_3) == 1);
  need(ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial) == 1);
  set_dates(x509, wish);
  set_subject(x509, wish->subject);
  need(X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1);
  need(X509_set_pubkey(x509, key) == 1);
  add_extension(x509, issuer, NID_basic_constraints, wish->is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  add_extension(x509, issuer, NID_subject_key_identifier, "hash");
  if (wish->names != NULL) add_extension(x509, issuer, NID_subject_alt_name, wish->names);
  need(X509_sign(x509, wish->issuer != NULL ? wish->issuer->key : key, EVP_sha256()) > 0);
  return x509;
}

static FILE* open_file(char* path, size_t size, const char* what) {
  const char* folder = getenv("TMPDIR");
  snprintf(path, size, "%s/ami-%s-XXXXXX", folder != NULL && strlen(folder) < 40 ? folder : "/tmp", what);
  const int fd = mkstemp(path);
  need(fd >= 0);
  FILE* file = fdopen(fd, "w");
  need(file != NULL);
  return file;
}

static void write_files(certificate_t* made) {
  FILE* file = open_file(made->file, sizeof made->file, "cert");
  for (const certificate_t* one = made; one != NULL; one = one->issuer) {
    if (one != made && one->issuer == NULL) break; /* the root goes to those who trust it */
    need(PEM_write_X509(file, one->x509) == 1);
  }
  need(fclose(file) == 0);
  file = open_file(made->key_file, sizeof made->key_file, "key");
  need(PEM_write_PrivateKey(file, made->key, NULL, NULL, 0, NULL, NULL) == 1);
  need(fclose(file) == 0);
}

static void set_pin(certificate_t* made) {
  unsigned char* der = NULL;
  const int size = i2d_PUBKEY(made->key, &der);
  unsigned char hash[32];
  need(size > 0 && EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL) == 1);
  OPENSSL_free(der);
  strcpy(made->pin, "sha256//");
  EVP_EncodeBlock((unsigned char*)made->pin + strlen(made->pin), hash, sizeof hash);
}

certificate_t* certificate_new(certificate_wish_t wish) {
  certificate_t* made = calloc(1, sizeof *made);
  need(made != NULL);
  made->issuer = wish.issuer;
  made->key = EVP_EC_gen("P-256");
  need(made->key != NULL);
  made->x509 = sign(&wish, made->key);
  write_files(made);
  set_pin(made);
  return made;
}

void certificate_free(certificate_t* certificate) {
  if (certificate == NULL) return;
  unlink(certificate->file);
  unlink(certificate->key_file);
  X509_free(certificate->x509);
  EVP_PKEY_free(certificate->key);
  free(certificate);
}

const char* certificate_file(const certificate_t* certificate) {
  return certificate->file;
}

const char* certificate_key_file(const certificate_t* certificate) {
  return certificate->key_file;
}

const char* certificate_pin(const certificate_t* certificate) {
  return certificate->pin;
}
