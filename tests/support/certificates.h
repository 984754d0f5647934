/* Certificates for tests, made when they are needed, in files of their own that go with them. Whatever
   fails here ends the process: nothing can be tested without. */
#pragma once

#include <stdbool.h>

typedef struct certificate certificate_t;

typedef struct {
  const char* subject;         /* the common name */
  const char* names;           /* as OpenSSL writes them: "DNS:pbx.test,IP:127.0.0.1"; NULL is none */
  const certificate_t* issuer; /* must live as long; NULL is self-signed */
  bool is_authority;
  int begins_days, ends_days; /* from now; both 0: from yesterday for a year */
} certificate_wish_t;

certificate_t* certificate_new(certificate_wish_t wish);
void certificate_free(certificate_t* certificate); /* and its files */

/* PEM files: the certificate, followed by its issuers' but for the root; its key. */
const char* certificate_file(const certificate_t* certificate);
const char* certificate_key_file(const certificate_t* certificate);
/* The hash of its public key, as tls.pin takes it. */
const char* certificate_pin(const certificate_t* certificate);
