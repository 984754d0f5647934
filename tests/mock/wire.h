/* wire.h: a client that knows nothing of AMI but sockets, for the tests of the mock. */
#ifndef WIRE_H
#define WIRE_H

#include <openssl/ssl.h>
#include <stddef.h>

#define WIRE_TIMEOUT_MS 10000

typedef struct wire {
  int fd;
  SSL* ssl;
  char* in; /* everything received and not yet forgotten, ends in NUL */
  size_t len, cap;
  int eof;   /* the server closed */
  int reset; /* by RST */
} wire_t;

wire_t* wire_open(int port);
wire_t* wire_open_small(int port); /* with a tiny receive buffer */
int wire_start_tls(wire_t*, SSL_CTX*);
void wire_close(wire_t*);

void wire_send_raw(wire_t*, const void* bytes, size_t len);
void wire_send(wire_t*, const char* text); /* "\n" goes out as CR LF */
void wire_half_close(wire_t*);
void wire_forget(wire_t*);

/* 1 when the text ("\n" stands for CR LF) has come, 0 on EOF or when the time is over. */
int wire_until(wire_t*, const char* text);
int wire_read_once(wire_t*, int timeout_ms); /* 1 if something came */
int wire_until_eof(wire_t*);                 /* 1 on EOF or RST */
int wire_has(const wire_t*, const char* text);
size_t wire_count(const wire_t*, const char* text);
/* Sends a Ping and waits for its answer: everything that was sent before has come by then. */
int wire_sync(wire_t*);
int wire_login(wire_t*, const char* user, const char* events);

#endif
