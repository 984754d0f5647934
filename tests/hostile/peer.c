#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

struct peer {
  script_t script;
  void* data;
  int listener;
  char port[16];
  pthread_t thread;
  pthread_mutex_t mutex; /* over says when peer_free() was called; fd is -1 between connections */
  bool over;
  int fd;
  char heard[8192];
  size_t size; /* of heard */
  char id[128], prefix[128];
};

static bool begin(peer_t* peer, int fd) {
  pthread_mutex_lock(&peer->mutex);
  const bool over = peer->over;
  peer->fd = over ? -1 : fd;
  pthread_mutex_unlock(&peer->mutex);
  peer->size = 0;
  return !over;
}

static void end(peer_t* peer) {
  pthread_mutex_lock(&peer->mutex);
  close(peer->fd);
  peer->fd = -1;
  pthread_mutex_unlock(&peer->mutex);
}

static void* serve(void* data) {
  peer_t* peer = data;
  for (int fd; (fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
    if (!begin(peer, fd)) {
      close(fd);
      break;
    }
    peer->script(peer, peer->data);
    end(peer);
  }
  return NULL;
}

static void must(bool done, const char* what) {
  if (done) return;
  perror(what);
  abort();
}

peer_t* peer_new(script_t script, void* data) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  peer_t* peer = calloc(1, sizeof *peer);
  peer->script = script;
  peer->data = data;
  peer->fd = -1;
  pthread_mutex_init(&peer->mutex, NULL);
  peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(bind(peer->listener, (struct sockaddr*)&address, size) == 0, "bind");
  must(listen(peer->listener, 4) == 0, "listen");
  must(getsockname(peer->listener, (struct sockaddr*)&address, &size) == 0, "getsockname");
  snprintf(peer->port, sizeof peer->port, "%d", ntohs(address.sin_port));
  must(pthread_create(&peer->thread, NULL, serve, peer) == 0, "pthread_create");
  return peer;
}

const char* peer_port(const peer_t* peer) {
  return peer->port;
}

void peer_free(peer_t* peer) {
  pthread_mutex_lock(&peer->mutex);
  peer->over = true;
  if (peer->fd >= 0) shutdown(peer->fd, SHUT_RDWR);
  pthread_mutex_unlock(&peer->mutex);
  shutdown(peer->listener, SHUT_RDWR);
  pthread_join(peer->thread, NULL);
  close(peer->listener);
  pthread_mutex_destroy(&peer->mutex);
  free(peer);
}

static uint64_t write_all(peer_t* peer, const char* bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t sent = send(peer->fd, bytes + done, size - done, MSG_NOSIGNAL);
    if (sent <= 0) break;
    done += (size_t)sent;
  }
  return done;
}

bool peer_say(peer_t* peer, const char* format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  must(size >= 0 && (size_t)size < sizeof text, "a text that is too long");
  return write_all(peer, text, (size_t)size) == (uint64_t)size;
}

uint64_t peer_repeat(peer_t* peer, const char* text, uint64_t bytes) {
  const size_t length = strlen(text);
  char* chunk = malloc(CHUNK);
  size_t size = 0;
  while (size + length <= CHUNK) {
    memcpy(chunk + size, text, length);
    size += length;
  }
  uint64_t done = 0;
  while (bytes - done >= length) {
    const uint64_t left = (bytes - done) / length * length;
    const size_t part = left < size ? (size_t)left : size;
    const uint64_t sent = write_all(peer, chunk, part);
    done += sent;
    if (sent < part) break;
  }
  free(chunk);
  return done;
}

static void note_id(peer_t* peer, const char* action) {
  const char* line = strstr(action, "\r\nActionID: ");
  snprintf(peer->id, sizeof peer->id, "%.*s", line == NULL ? 0 : (int)strcspn(line + 12, "\r"),
           line == NULL ? "" : line + 12);
  /* Ten characters that are random, then a number, with an s before it when it is the session's own. */
  snprintf(peer->prefix, sizeof peer->prefix, "%.10s", peer->id);
}

const char* peer_hear(peer_t* peer) {
  for (;;) {
    peer->heard[peer->size] = '\0';
    const char* blank = strstr(peer->heard, "\r\n\r\n");
    if (blank != NULL) {
      note_id(peer, peer->heard);
      const size_t used = (size_t)(blank - peer->heard) + 4;
      peer->size -= used;
      memmove(peer->heard, peer->heard + used, peer->size);
      return peer->id;
    }
    const size_t room = sizeof peer->heard - 1 - peer->size;
    const ssize_t count = recv(peer->fd, peer->heard + peer->size, room, 0);
    if (count <= 0) return NULL;
    peer->size += (size_t)count;
  }
}

bool peer_log_in(peer_t* peer) {
  if (!peer_say(peer, "Asterisk Call Manager/11.0.0\r\n") || peer_hear(peer) == NULL) return false;
  if (!peer_say(peer, "Response: Success\r\nActionID: %s\r\nChallenge: 123456789\r\n\r\n", peer->id))
    return false;
  if (peer_hear(peer) == NULL) return false;
  return peer_say(peer, "Response: Success\r\nActionID: %s\r\nMessage: Authentication accepted\r\n\r\n",
                  peer->id);
}

const char* peer_prefix(const peer_t* peer) {
  return peer->prefix;
}

void peer_ignore(peer_t* peer) {
  while (peer_hear(peer) != NULL) {
  }
}
