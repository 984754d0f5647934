/* A transport on a loop of its own, and the peer that it talks to; both are run by step(), in one thread. */
#pragma once

#include <time.h>
#include <uv.h>

#include "ami/ami.h"
#include "core_net.h"
#include "system.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

typedef struct {
  uv_loop_t uv;
  core_loop_t* loop;
  core_transport_t* transport;
  int listener; /* on 127.0.0.1 */
  uint16_t port;
  int peer; /* the accepted connection, -1 before; read by peer_read() alone */
  /* TLS: what the peer speaks when it is set before the connection is accepted. */
  SSL_CTX* peer_context;
  SSL* peer_tls;
  char* peer_received;
  size_t peer_received_size;
  size_t largest_record; /* of text from the transport */
  int records;
  int peer_error;   /* the peer's handshake or reading failed: OpenSSL's reason */
  bool peer_closed; /* a close_notify came */
  bool peer_ended;  /* the transport has closed its side, or broken off */
} world_t;

/* cmocka's set-up and tear-down: a listener and a transport. The tear-down checks that the transport closes,
   and that nothing is left in its loop. */
int world_open(void** state);
int world_close(void** state);

/* One turn of the loop, and what the peer has to do; waits a little when there was nothing. */
void step(world_t* world);
/* Steps until the condition holds; a failure after a minute. */
#define until(world, condition)                                            \
  do {                                                                     \
    for (const time_t end_ = time(NULL) + 60; !(condition); step(world)) { \
      if (time(NULL) > end_) fail_msg("never came: %s", "" #condition);    \
    }                                                                      \
  } while (0)
/* Turns in which nothing more is expected. */
void idle(world_t* world);

int listen_on(const char* address, uint16_t* port);
/* One that answers nobody: its queue is full. */
int listen_deaf(const char* address, uint16_t* port, int filler[2]);
void close_deaf(int fd, const int filler[2]);
/* Both ends of the next connection keep little, so that a large write is a partial one. */
void make_narrow(world_t* world);
/* Connects to the listener, accepts, and forgets what was told. */
void connect_plain(world_t* world);
void connect_tls(world_t* world, core_tls_t* tls);
/* Whether the word was told. */
bool told(const world_t* world, const char* word);
/* What was told; forgets it. */
void assert_told(world_t* world, const char* words);
#define assert_contains(text, part)                                              \
  do {                                                                           \
    if (strstr(text, part) == NULL) fail_msg("\"%s\" lacks \"%s\"", text, part); \
  } while (0)
/* The connection ended with this error, and these words. */
void assert_lost(world_t* world, int error, const char* words);

void peer_accept(world_t* world);
/* Over TLS the bytes stay with the peer until peer_flush(). */
void peer_say(world_t* world, const char* text, size_t size);
void peer_flush(world_t* world);
/* Queues a close_notify. */
void peer_shutdown(world_t* world);
void peer_close(world_t* world);
/* Ends the connection with a RST. */
void peer_reset(world_t* world);
/* Takes what has come. */
void peer_read(world_t* world);
