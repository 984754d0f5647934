/* The reference of the benchmark: what it costs to read a connection and to split all of it into views, and
   nothing else. Nothing is kept, and nothing is checked that does not have to be.

     bench_reference HOST PORT MODE ARGUMENTS... [--uv] [--tls] [--keep]

   With --uv the same on a bare libuv loop; with --tls on OpenSSL's own reading loop; with --keep every
   message is copied first. Modes and output as of bench_client. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "measure.h"

enum { ROOM = 64 * 1024, LARGEST = 32 * 1024 * 1024, MOST_FIELDS = 65536 };

typedef struct view {
  const char *key, *value;
  size_t key_len, value_len;
} view_t;

typedef struct stream {
  uv_tcp_t tcp;
  int fd;
  SSL* ssl;
  char* buffer;
  size_t room, size;
  bool done;
} stream_t;

static uv_loop_t loop;
static bool on_uv, keep;
static const char* mode;
static size_t open_streams;
static view_t views[MOST_FIELDS];

/* Pings: when each was sent, how many are out, and how many are still to be sent. */
static uint64_t* sent_at;
static size_t pings, in_flight_at_most, next_ping;
static size_t lists, list_items;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void send_all(stream_t* s, const char* bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = 0;
    if (s->ssl != NULL) {
      sent = SSL_write(s->ssl, bytes, (int)size);
    } else if (on_uv) {
      uv_buf_t all = uv_buf_init((char*)(uintptr_t)bytes, (unsigned)size);
      sent = uv_try_write((uv_stream_t*)&s->tcp, &all, 1);
      if (sent == UV_EAGAIN) continue;
    } else {
      sent = send(s->fd, bytes, size, MSG_NOSIGNAL);
    }
    if (sent <= 0) fail("send");
    bytes += sent;
    size -= (size_t)sent;
  }
}

static void send_text(stream_t* s, const char* text) {
  send_all(s, text, strlen(text));
}

static const view_t* find(size_t count, const char* key, size_t length) {
  for (size_t i = 0; i < count; i++) {
    if (views[i].key_len == length && strncasecmp(views[i].key, key, length) == 0) return &views[i];
  }
  return NULL;
}
#define FIND(count, key) find(count, key, sizeof key - 1)

static bool is(const view_t* view, const char* text) {
  return view != NULL && view->value_len == strlen(text) && memcmp(view->value, text, view->value_len) == 0;
}

static size_t length_of(const view_t* view) {
  return view == NULL ? 0 : view->value_len;
}

/* ---------------------------------------------------------------------------------------------- modes */

static void send_pings(stream_t* s, size_t count) {
  static char text[64 * 1024];
  size_t size = 0;
  const uint64_t now = now_ns();
  for (; count > 0 && next_ping < pings; count--) {
    sent_at[next_ping] = now;
    size += (size_t)sprintf(text + size, "Action: Ping\r\nActionID: %zu\r\n\r\n", next_ping++);
    if (size < sizeof text - 64) continue;
    send_all(s, text, size);
    size = 0;
  }
  if (size > 0) send_all(s, text, size);
}

static void send_list(stream_t* s) {
  char text[128];
  snprintf(text, sizeof text, "Action: CoreShowChannels\r\nActionID: 1\r\nItems: %zu\r\n\r\n", list_items);
  send_text(s, text);
}

static size_t answered; /* pings of this piece of input, whose successors leave in one write */

static void on_response(stream_t* s, size_t count) {
  (void)s;
  if (strcmp(mode, "ping") != 0) return;
  const view_t* id = FIND(count, "ActionID");
  const view_t* response = FIND(count, "Response");
  if (id == NULL || !is(response, "Success")) return;
  sample(now_ns() - sent_at[strtoull(id->value, NULL, 10)]);
  sums.ok++;
  answered++;
}

static void on_event(stream_t* s, size_t count) {
  const view_t* event = &views[0];
  if (is(event, "FullyBooted")) return;
  if (is(event, "FloodDone")) {
    s->done = true;
    return;
  }
  if (strcmp(mode, "list") == 0) {
    const bool item = is(event, "CoreShowChannel");
    sums.items += item;
    if (item) sums.uidlen += length_of(FIND(count, "Uniqueid"));
    if (item || !is(event, "CoreShowChannelsComplete")) return;
    if (--lists == 0)
      s->done = true;
    else
      send_list(s);
    return;
  }
  const view_t* uid = FIND(count, "Uniqueid");
  sums.events++;
  sums.evlen += event->value_len;
  sums.uid += uid != NULL;
  sums.uidlen += length_of(uid);
  if (strcmp(mode, "verify") == 0) {
    sums.vlen += length_of(FIND(count, "CallerIDName")) + length_of(FIND(count, "Value")) +
                 length_of(FIND(count, "AppData"));
  } else if (strcmp(mode, "paced") == 0) {
    const view_t* stamp = FIND(count, "BenchTs");
    if (stamp != NULL) sample(now_ns() - strtoull(stamp->value, NULL, 10));
  }
}

/* -------------------------------------------------------------------------------------------- splitting */

/* Splits the message at from into views and hands them out; returns its end, or NULL if it is not whole. */
static const char* split_one(stream_t* s, const char* from, const char* end) {
  size_t count = 0;
  for (const char* line = from; line < end;) {
    const char* lf = memchr(line, '\n', (size_t)(end - line));
    if (lf == NULL) return NULL;
    const char* stop = lf > line && lf[-1] == '\r' ? lf - 1 : lf;
    if (stop == line) {
      if (count == 0) return lf + 1;
      if (views[0].key_len == 5)
        on_event(s, count);
      else
        on_response(s, count);
      return lf + 1;
    }
    const char* colon = memchr(line, ':', (size_t)(stop - line));
    if (colon != NULL && count < MOST_FIELDS) {
      const char* value = colon + 1;
      if (value < stop && *value == ' ') value++;
      views[count++] = (view_t){line, value, (size_t)(colon - line), (size_t)(stop - value)};
    }
    line = lf + 1;
  }
  return NULL;
}

static void split(stream_t* s) {
  const char* from = s->buffer;
  const char* const end = s->buffer + s->size;
  for (const char* next; from < end && !s->done; from = next) {
    if (keep) {
      const char* blank = memmem(from, (size_t)(end - from), "\r\n\r\n", 4);
      if (blank == NULL) break;
      const size_t size = (size_t)(blank + 4 - from);
      char* copy = malloc(size);
      memcpy(copy, from, size);
      split_one(s, copy, copy + size);
      free(copy);
      next = from + size;
    } else if ((next = split_one(s, from, end)) == NULL) {
      break;
    }
  }
  s->size = (size_t)(end - from);
  memmove(s->buffer, from, s->size);
  if (answered > 0) send_pings(s, answered);
  answered = 0;
  if (strcmp(mode, "ping") == 0 && sums.ok == pings) s->done = true;
  if (s->size == s->room && s->room < LARGEST) {
    s->room *= 2;
    s->buffer = realloc(s->buffer, s->room);
  }
}

/* ---------------------------------------------------------------------------------------------- reading */

static void read_bare(stream_t* s) {
  while (!s->done) {
    const ssize_t got = s->ssl != NULL ? SSL_read(s->ssl, s->buffer + s->size, (int)(s->room - s->size))
                                       : recv(s->fd, s->buffer + s->size, s->room - s->size, 0);
    if (got <= 0) fail("recv");
    s->size += (size_t)got;
    split(s);
  }
}

static void give_room(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  stream_t* s = handle->data;
  (void)suggested;
  *buffer = uv_buf_init(s->buffer + s->size, (unsigned)(s->room - s->size));
}

static void on_read(uv_stream_t* tcp, ssize_t got, const uv_buf_t* buffer) {
  stream_t* s = tcp->data;
  (void)buffer;
  if (got < 0) fail("read");
  s->size += (size_t)got;
  split(s);
  if (!s->done) return;
  uv_read_stop(tcp);
  if (--open_streams == 0) uv_stop(&loop);
}

static void open_stream(stream_t* s, const char* host, int port, bool with_tls) {
  const int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, host, &address.sin_addr);
  *s = (stream_t){.room = ROOM, .buffer = malloc(ROOM), .fd = socket(AF_INET, SOCK_STREAM, 0)};
  if (connect(s->fd, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (with_tls) {
    s->ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    SSL_set_fd(s->ssl, s->fd);
    if (SSL_connect(s->ssl) != 1) fail("SSL_connect");
  }
  /* The greeting, and the answer to the login with FullyBooted behind it, in pieces as they come. */
  const char* const login = "Action: Login\r\nActionID: 0\r\nUsername: bench\r\nSecret: bench\r\n\r\n";
  for (int step = 0; step < 2; step++) {
    for (size_t size = 0;;) {
      char text[1024];
      const ssize_t got = s->ssl != NULL ? SSL_read(s->ssl, text + size, (int)(sizeof text - 1 - size))
                                         : recv(s->fd, text + size, sizeof text - 1 - size, 0);
      if (got <= 0) fail("login");
      size += (size_t)got;
      text[size] = '\0';
      if (strstr(text, step == 0 ? "\r\n" : "FullyBooted") == NULL || strcmp(text + size - 2, "\r\n") != 0)
        continue;
      break;
    }
    if (step > 0) break;
    if (s->ssl != NULL)
      SSL_write(s->ssl, login, (int)strlen(login));
    else if (send(s->fd, login, strlen(login), MSG_NOSIGNAL) < 0)
      fail("send");
  }
  if (!on_uv) return;
  uv_tcp_init(&loop, &s->tcp);
  uv_tcp_open(&s->tcp, s->fd);
  s->tcp.data = s;
  uv_read_start((uv_stream_t*)&s->tcp, give_room, on_read);
}

static void start(stream_t* s, const char* first, const char* second) {
  if (strcmp(mode, "ping") == 0) {
    pings = strtoull(first, NULL, 10);
    in_flight_at_most = strtoull(second, NULL, 10);
    sent_at = calloc(pings + 1, sizeof *sent_at);
    samples_reserve(pings);
    send_pings(s, in_flight_at_most);
  } else if (strcmp(mode, "list") == 0) {
    lists = strtoull(first, NULL, 10);
    list_items = strtoull(second, NULL, 10);
    send_list(s);
  } else {
    char text[256];
    if (strcmp(mode, "paced") == 0) samples_reserve(strtoull(first, NULL, 10));
    snprintf(text, sizeof text, "Action: UserEvent\r\nActionID: 1\r\nUserEvent: bench\r\nFlood: %s\r\n\r\n",
             first);
    send_text(s, text);
  }
}

int main(int count, char** arguments) {
  const char* plain[6] = {NULL};
  int plain_count = 0;
  size_t connections = 1;
  bool with_tls = false;
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "--uv") == 0)
      on_uv = true;
    else if (strcmp(arguments[i], "--tls") == 0)
      with_tls = true;
    else if (strcmp(arguments[i], "--keep") == 0)
      keep = true;
    else if (strcmp(arguments[i], "--connections") == 0 && i + 1 < count)
      connections = strtoull(arguments[++i], NULL, 10);
    else if (plain_count < 5)
      plain[plain_count++] = arguments[i];
  }
  if (plain_count < 4 || (connections > 1 && !on_uv)) {
    fputs("bench_reference HOST PORT MODE ARGUMENTS... [--uv] [--tls] [--keep] [--connections N]\n", stderr);
    return 2;
  }
  mode = plain[2];
  uv_loop_init(&loop);
  stream_t* streams = calloc(connections, sizeof *streams);
  for (size_t i = 0; i < connections; i++) open_stream(&streams[i], plain[0], atoi(plain[1]), with_tls);
  open_streams = connections;
  measure_start();
  for (size_t i = 0; i < connections; i++) start(&streams[i], plain[3], plain[4] == NULL ? "1" : plain[4]);
  if (on_uv)
    uv_run(&loop, UV_RUN_DEFAULT);
  else
    read_bare(&streams[0]);
  measure_print(mode);
  return 0;
}
