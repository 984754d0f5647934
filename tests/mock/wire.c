#include "wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char* with_crlf(const char* text) {
  char* out = malloc(strlen(text) * 2 + 1);
  char* to = out;
  for (; *text; ++text) {
    if (*text == '\n') *to++ = '\r';
    *to++ = *text;
  }
  *to = '\0';
  return out;
}

static wire_t* open_with(int port, int receive_buffer) {
  struct sockaddr_in address = {0};
  int on = 1;
  wire_t* wire = calloc(1, sizeof *wire);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  wire->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (receive_buffer) setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  if (connect(wire->fd, (struct sockaddr*)&address, sizeof address) != 0) {
    wire_close(wire);
    return NULL;
  }
  setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  wire->cap = 4096;
  wire->in = calloc(1, wire->cap);
  return wire;
}

wire_t* wire_open(int port) {
  return open_with(port, 0);
}

wire_t* wire_open_small(int port) {
  return open_with(port, 4096);
}

int wire_start_tls(wire_t* wire, SSL_CTX* context) {
  wire->ssl = SSL_new(context);
  SSL_set_fd(wire->ssl, wire->fd);
  return SSL_connect(wire->ssl) == 1;
}

void wire_close(wire_t* wire) {
  if (!wire) return;
  SSL_free(wire->ssl);
  close(wire->fd);
  free(wire->in);
  free(wire);
}

void wire_send_raw(wire_t* wire, const void* bytes, size_t len) {
  const char* from = bytes;
  if (wire->ssl) {
    SSL_write(wire->ssl, bytes, (int)len);
    return;
  }
  while (len > 0) {
    ssize_t sent = send(wire->fd, from, len, MSG_NOSIGNAL);
    if (sent <= 0) return;
    from += sent;
    len -= (size_t)sent;
  }
}

void wire_send(wire_t* wire, const char* text) {
  char* crlf = with_crlf(text);
  wire_send_raw(wire, crlf, strlen(crlf));
  free(crlf);
}

void wire_half_close(wire_t* wire) {
  shutdown(wire->fd, SHUT_WR);
}

void wire_forget(wire_t* wire) {
  wire->len = 0;
  wire->in[0] = '\0';
}

int wire_read_once(wire_t* wire, int timeout_ms) {
  struct pollfd poller = {wire->fd, POLLIN, 0};
  char chunk[65536];
  ssize_t got;
  if (wire->eof) return 0;
  if (!(wire->ssl && SSL_pending(wire->ssl)) && poll(&poller, 1, timeout_ms) <= 0) return 0;
  got = wire->ssl ? SSL_read(wire->ssl, chunk, sizeof chunk) : recv(wire->fd, chunk, sizeof chunk, 0);
  if (got <= 0) {
    wire->eof = 1;
    wire->reset = got < 0 && errno == ECONNRESET;
    return 0;
  }
  if (wire->len + (size_t)got + 1 > wire->cap) {
    wire->cap = (wire->len + (size_t)got + 1) * 2;
    wire->in = realloc(wire->in, wire->cap);
  }
  memcpy(wire->in + wire->len, chunk, (size_t)got);
  wire->len += (size_t)got;
  wire->in[wire->len] = '\0';
  return 1;
}

size_t wire_count(const wire_t* wire, const char* text) {
  char* crlf = with_crlf(text);
  size_t size = strlen(crlf), count = 0;
  const char *at = wire->in, *end = wire->in + wire->len;
  while ((at = memmem(at, (size_t)(end - at), crlf, size)) != NULL) {
    ++count;
    at += size;
  }
  free(crlf);
  return count;
}

int wire_has(const wire_t* wire, const char* text) {
  return wire_count(wire, text) > 0;
}

int wire_until(wire_t* wire, const char* text) {
  long long end = now_ms() + WIRE_TIMEOUT_MS;
  while (!wire_has(wire, text)) {
    long long left = end - now_ms();
    if (left <= 0 || wire->eof) return 0;
    wire_read_once(wire, (int)left);
  }
  return 1;
}

int wire_until_eof(wire_t* wire) {
  long long end = now_ms() + WIRE_TIMEOUT_MS;
  while (!wire->eof && now_ms() < end) wire_read_once(wire, (int)(end - now_ms()));
  return wire->eof;
}

int wire_sync(wire_t* wire) {
  static int number;
  char text[96];
  snprintf(text, sizeof text, "Action: Ping\nActionID: sync-%d\n\n", ++number);
  wire_send(wire, text);
  snprintf(text, sizeof text, "ActionID: sync-%d\n", number);
  return wire_until(wire, text);
}

int wire_login(wire_t* wire, const char* user, const char* events) {
  char text[256];
  snprintf(text, sizeof text, "Action: Login\nActionID: login\nUsername: %s\nSecret: secret\nEvents: %s\n\n",
           user, events);
  wire_send(wire, text);
  return wire_until(wire, "ActionID: login\nMessage: Authentication accepted\n\n");
}
