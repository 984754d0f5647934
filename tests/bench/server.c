/* The load server of the benchmark: a PBX that answers at once and floods on demand.

     bench_server CORPUS [--port N] [--batched] [--tls CERTIFICATE KEY]

   The first line on stdout is "listening on 127.0.0.1:PORT"; the second tells about the corpus. It ends when
   its standard input does.

   Each response is a write of its own, as an Asterisk's is; --batched: those to all actions of one reading
   leave together. Floods and lists are always batched: they ask how fast a client can be.

   Action: UserEvent with UserEvent: bench and Flood: SPEC sends events and then Event: FloodDone. SPEC is a
   number of events, and after it, each with a comma before it:
     rate=N      so many a second, each in a write of its own, with BenchTs (monotonic ns of that write)
     headers=N   copies of one event with so many headers instead of the corpus
     size=N      copies of one event with so many more bytes
     slow        no flood but a stream: at the rate, for every connection, without BenchTs
     restart=MS  none of these: every connection is cut, and no other is taken for so long
   Action: CoreShowChannels with Items: N is a list of N. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "corpus.h"
#include "measure.h"

enum { IN_ROOM = 64 * 1024, OUT_ROOM = 128 * 1024, ID_ROOM = 128 };

typedef struct connection {
  uv_poll_t poll;
  uv_timer_t timer;
  int fd, watched, handles;
  SSL* ssl;
  size_t in_size, out_size, out_sent;
  bool lost, shaken;
  /* A flood: how many events are left, and the place in the corpus. */
  const corpus_t* corpus;
  corpus_t own;
  size_t left, next, sent_of_next;
  /* A paced one. */
  uint64_t rate, started, paced;
  bool stamped;
  /* A list. */
  bool listing;
  size_t items, item;
  char list_id[ID_ROOM];
  char in[IN_ROOM], out[OUT_ROOM];
} connection_t;

static uv_loop_t loop;
static SSL_CTX* tls;
static corpus_t calls;
static bool batched;
static uv_poll_t accepting;
static uv_timer_t away;
static int listener = -1, port;

static void on_poll(uv_poll_t* poll, int status, int events);
static void answer_all(connection_t* c);
static void restart(uint64_t ms);

/* ---------------------------------------------------------------------------------------------- writing */

static void say(connection_t* c, const char* text, size_t size) {
  if (c->out_sent > 0) {
    memmove(c->out, c->out + c->out_sent, c->out_size - c->out_sent);
    c->out_size -= c->out_sent;
    c->out_sent = 0;
  }
  if (c->out_size + size > OUT_ROOM) {
    c->lost = true;
    return;
  }
  memcpy(c->out + c->out_size, text, size);
  c->out_size += size;
}

#define SAY(c, ...)                                                    \
  do {                                                                 \
    char text_[1024];                                                  \
    say(c, text_, (size_t)snprintf(text_, sizeof text_, __VA_ARGS__)); \
  } while (0)

/* How much was written; 0: not now. */
static size_t write_some(connection_t* c, const char* bytes, size_t size) {
  if (c->ssl != NULL) {
    size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(c->ssl, bytes, size > 16384 ? 16384 : size, &written) == 1) return written;
    const int error = SSL_get_error(c->ssl, 0);
    c->lost = error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ;
    return 0;
  }
  const ssize_t sent = send(c->fd, bytes, size, MSG_NOSIGNAL);
  if (sent >= 0) return (size_t)sent;
  c->lost = errno != EAGAIN && errno != EINTR;
  return 0;
}

/* False: the kernel takes no more, or all is out. */
static bool write_out(connection_t* c) {
  if (c->out_size == 0) return false;
  const size_t sent = write_some(c, c->out + c->out_sent, c->out_size - c->out_sent);
  c->out_sent += sent;
  if (c->out_sent == c->out_size) c->out_sent = c->out_size = 0;
  return sent > 0;
}

static void flood_done(connection_t* c) {
  corpus_free(&c->own);
  c->corpus = NULL;
  SAY(c, "Event: FloodDone\r\nPrivilege: user,all\r\n\r\n");
}

static void add_items(connection_t* c) {
  while (c->listing && OUT_ROOM - (c->out_size - c->out_sent) > 2048) {
    if (c->item < c->items) {
      c->item++;
      SAY(c,
          "Event: CoreShowChannel\r\nActionID: %s\r\nChannel: PJSIP/agent%zu-%08zx\r\nChannelState: 6\r\n"
          "ChannelStateDesc: Up\r\nCallerIDNum: 5550%zu\r\nCallerIDName: Somebody\r\nConnectedLineNum: "
          "100\r\n"
          "ConnectedLineName: Somebody Else\r\nLanguage: en\r\nAccountCode: \r\nContext: default\r\nExten: "
          "100\r\n"
          "Priority: 3\r\nUniqueid: 1700000000.%zu\r\nLinkedid: 1700000000.%zu\r\nApplication: Dial\r\n"
          "ApplicationData: PJSIP/100,30\r\nDuration: 00:01:02\r\nBridgeId: \r\n\r\n",
          c->list_id, c->item, c->item, c->item % 1000, c->item, c->item);
    } else {
      SAY(c,
          "Event: CoreShowChannelsComplete\r\nActionID: %s\r\nEventList: Complete\r\nListItems: %zu\r\n\r\n",
          c->list_id, c->items);
      c->listing = false;
    }
  }
}

/* The rest of the corpus, or as much of it as is still to be sent. */
static bool flood(connection_t* c) {
  const size_t last = c->next + c->left < c->corpus->count ? c->next + c->left : c->corpus->count;
  const size_t from = (c->next == 0 ? 0 : c->corpus->ends[c->next - 1]) + c->sent_of_next;
  const size_t sent = write_some(c, c->corpus->bytes + from, c->corpus->ends[last - 1] - from);
  if (sent == 0) return false;
  while (c->left > 0 && c->next < last && c->corpus->ends[c->next] <= from + sent) {
    c->next++;
    c->left--;
  }
  c->sent_of_next = from + sent - (c->next == 0 ? 0 : c->corpus->ends[c->next - 1]);
  if (c->next == c->corpus->count) c->next = c->sent_of_next = 0;
  if (c->left == 0) flood_done(c);
  return true;
}

static void watch(connection_t* c, int events) {
  if (c->watched == events) return;
  c->watched = events;
  uv_poll_start(&c->poll, events, on_poll);
}

static void write_all(connection_t* c) {
  for (int turn = 0; turn < 64 && !c->lost; turn++) {
    if (c->in_size > 0) answer_all(c);
    add_items(c);
    if (c->out_size > 0) {
      if (!write_out(c)) break;
    } else if (c->left == 0 || c->rate > 0 || !flood(c)) {
      break;
    }
  }
  const bool more = c->out_size > 0 || c->listing || (c->left > 0 && c->rate == 0);
  watch(c, UV_READABLE | (more ? UV_WRITABLE : 0));
}

/* ---------------------------------------------------------------------------------------- paced events */

static void send_paced(connection_t* c) {
  const size_t begin = c->next == 0 ? 0 : c->corpus->ends[c->next - 1];
  const size_t size = c->corpus->ends[c->next] - begin;
  char text[64];
  /* Without its blank line, and with the time. */
  say(c, c->corpus->bytes + begin, size - 2);
  const int stamp = c->stamped
                        ? snprintf(text, sizeof text, "BenchTs: %llu\r\n\r\n", (unsigned long long)now_ns())
                        : snprintf(text, sizeof text, "\r\n");
  say(c, text, (size_t)stamp);
  c->next = (c->next + 1) % c->corpus->count;
  c->left--;
  c->paced++;
  write_all(c);
}

static void on_timer(uv_timer_t* timer) {
  connection_t* c = timer->data;
  const uint64_t due = (now_ns() - c->started) * c->rate / 1000000000U;
  while (!c->lost && c->left > 0 && c->paced < due) send_paced(c);
  if (c->left > 0) return;
  uv_timer_stop(timer);
  c->rate = 0;
  flood_done(c);
  write_all(c);
}

/* -------------------------------------------------------------------------------------------- actions */

/* The value of a header, "" without one. */
static void header(const char* action, const char* key, char* value, size_t room) {
  const size_t length = strlen(key);
  value[0] = '\0';
  for (const char* line = action; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncasecmp(line, key, length) != 0 || line[length] != ':') continue;
    const char* from = line + length + 1 + strspn(line + length + 1, " ");
    const size_t size = strcspn(from, "\r\n");
    snprintf(value, room, "%.*s", (int)size, from);
    return;
  }
}

static size_t number_of(const char* spec, const char* name) {
  const char* found = strstr(spec, name);
  return found == NULL ? 0 : strtoull(found + strlen(name), NULL, 10);
}

static void start_flood(connection_t* c, const char* spec) {
  const size_t away_ms = number_of(spec, ",restart=");
  if (away_ms > 0) {
    restart(away_ms);
    return;
  }
  c->left = strtoull(spec, NULL, 10);
  c->rate = number_of(spec, ",rate=");
  c->stamped = strstr(spec, ",slow") == NULL;
  const size_t headers = number_of(spec, ",headers=");
  const size_t size = number_of(spec, ",size=");
  if (headers > 0 || size > 0) c->own = corpus_of_one(headers, size);
  c->corpus = c->own.count > 0 ? &c->own : &calls;
  c->next = c->sent_of_next = 0;
  c->started = now_ns();
  c->paced = 0;
  if (c->left == 0)
    flood_done(c);
  else if (c->rate > 0)
    uv_timer_start(&c->timer, on_timer, 1, 1);
}

static void answer(connection_t* c, const char* action) {
  char name[64];
  char id[ID_ROOM];
  char value[256];
  header(action, "Action", name, sizeof name);
  header(action, "ActionID", id, sizeof id);
  if (strcasecmp(name, "Ping") == 0) {
    SAY(c, "Response: Success\r\nActionID: %s\r\nPing: Pong\r\nTimestamp: 1700000000.123456\r\n\r\n", id);
  } else if (strcasecmp(name, "Challenge") == 0) {
    SAY(c, "Response: Success\r\nActionID: %s\r\nChallenge: 123456789\r\n\r\n", id);
  } else if (strcasecmp(name, "Login") == 0) {
    SAY(c, "Response: Success\r\nActionID: %s\r\nMessage: Authentication accepted\r\n\r\n", id);
    SAY(c, "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n");
  } else if (strcasecmp(name, "CoreShowChannels") == 0) {
    header(action, "Items", value, sizeof value);
    SAY(c, "Response: Success\r\nActionID: %s\r\nEventList: start\r\nMessage: Channels will follow\r\n\r\n",
        id);
    c->items = strtoull(value, NULL, 10);
    c->item = 0;
    c->listing = true;
    memcpy(c->list_id, id, sizeof id);
  } else if (strcasecmp(name, "Logoff") == 0) {
    SAY(c, "Response: Goodbye\r\nActionID: %s\r\nMessage: Thanks for all the fish.\r\n\r\n", id);
  } else {
    SAY(c, "Response: Success\r\nActionID: %s\r\nMessage: Done\r\n\r\n", id);
    header(action, "Flood", value, sizeof value);
    if (value[0] != '\0') start_flood(c, value);
  }
}

/* Every action that is there whole. Those that OUT_ROOM has no room for an answer to wait for the next turn.
 */
static void answer_all(connection_t* c) {
  char* from = c->in;
  char* const end = c->in + c->in_size;
  for (;;) {
    *end = '\0';
    char* blank = strstr(from, "\r\n\r\n");
    if (blank == NULL || OUT_ROOM - (c->out_size - c->out_sent) < 4096) break;
    blank[2] = '\0';
    answer(c, from);
    from = blank + 4;
    if (!batched) write_out(c);
  }
  c->in_size = (size_t)(end - from);
  memmove(c->in, from, c->in_size);
}

/* ---------------------------------------------------------------------------------------- connections */

static void free_later(uv_handle_t* handle) {
  connection_t* c = handle->data;
  if (--c->handles > 0) return;
  SSL_free(c->ssl);
  close(c->fd);
  corpus_free(&c->own);
  free(c);
}

static void end(connection_t* c) {
  if (uv_is_closing((uv_handle_t*)&c->poll)) return;
  uv_close((uv_handle_t*)&c->poll, free_later);
  uv_close((uv_handle_t*)&c->timer, free_later);
}

static void read_some(connection_t* c) {
  for (;;) {
    size_t got = 0;
    const size_t room = IN_ROOM - 1 - c->in_size;
    if (c->ssl != NULL) {
      ERR_clear_error();
      if (SSL_read_ex(c->ssl, c->in + c->in_size, room, &got) != 1) {
        c->lost = SSL_get_error(c->ssl, 0) != SSL_ERROR_WANT_READ;
        break;
      }
    } else {
      const ssize_t count = recv(c->fd, c->in + c->in_size, room, 0);
      c->lost = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
      if (count <= 0) break;
      got = (size_t)count;
    }
    c->in_size += got;
    answer_all(c);
    if (c->lost || c->in_size == IN_ROOM - 1 || (c->ssl == NULL && got < room)) break;
  }
}

static void greet(connection_t* c) {
  c->shaken = true;
  SAY(c, "Asterisk Call Manager/9.0.0\r\n");
}

static void on_poll(uv_poll_t* poll, int status, int events) {
  connection_t* c = poll->data;
  if (status < 0) c->lost = true;
  if (!c->lost && !c->shaken) {
    const int result = SSL_accept(c->ssl);
    const int error = SSL_get_error(c->ssl, result);
    if (result == 1)
      greet(c);
    else if (error == SSL_ERROR_WANT_WRITE)
      return watch(c, UV_WRITABLE);
    else if (error != SSL_ERROR_WANT_READ)
      c->lost = true;
  } else if (!c->lost && (events & UV_READABLE) != 0) {
    read_some(c);
  }
  if (!c->lost && c->shaken) write_all(c);
  if (c->lost) end(c);
}

static void on_listener(uv_poll_t* poll, int status, int events) {
  (void)poll;
  (void)status;
  (void)events;
  for (;;) {
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0) return;
    const int on = 1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection_t* c = calloc(1, sizeof *c);
    if (c == NULL) abort();
    c->fd = fd;
    c->handles = 2;
    uv_poll_init(&loop, &c->poll, fd);
    uv_timer_init(&loop, &c->timer);
    c->poll.data = c->timer.data = c;
    if (tls != NULL) {
      c->ssl = SSL_new(tls);
      SSL_set_fd(c->ssl, fd);
      SSL_set_accept_state(c->ssl);
      SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
      watch(c, UV_READABLE);
    } else {
      greet(c);
      write_all(c);
    }
  }
}

static void on_stdin(uv_poll_t* poll, int status, int events) {
  char scrap[64];
  (void)status;
  (void)events;
  (void)poll;
  if (read(0, scrap, sizeof scrap) <= 0) uv_stop(&loop);
}

/* On the port of before, if there was one. */
static void start_listening(void) {
  listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 1024) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    perror("bench_server");
    exit(1);
  }
  port = ntohs(address.sin_port);
  fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
  uv_poll_init(&loop, &accepting, listener);
  uv_poll_start(&accepting, UV_READABLE, on_listener);
}

static void on_back(uv_timer_t* timer) {
  (void)timer;
  start_listening();
}

static void cut(uv_handle_t* handle, void* unused) {
  (void)unused;
  connection_t* c = handle->data;
  if (handle->type != UV_TIMER || c == NULL) return;
  c->lost = true;
  end(c);
}

static void on_deaf(uv_handle_t* handle) {
  (void)handle;
  close(listener);
}

static void restart(uint64_t ms) {
  uv_walk(&loop, cut, NULL);
  uv_close((uv_handle_t*)&accepting, on_deaf);
  uv_timer_start(&away, on_back, ms, 0);
}

static void describe(const corpus_t* corpus) {
  size_t headers = 0;
  const size_t size = corpus->ends[corpus->count - 1];
  for (size_t i = 0; i < size; i++) headers += corpus->bytes[i] == '\n';
  headers -= corpus->count; /* the blank lines */
  printf("{\"events\": %zu, \"bytes\": %.1f, \"headers\": %.1f}\n", corpus->count,
         (double)size / (double)corpus->count, (double)headers / (double)corpus->count);
  fflush(stdout);
}

int main(int count, char** arguments) {
  if (count < 2) {
    fputs("bench_server CORPUS [--port N] [--batched] [--tls CERTIFICATE KEY]\n", stderr);
    return 2;
  }
  for (int i = 2; i < count; i++) {
    if (strcmp(arguments[i], "--port") == 0 && i + 1 < count) {
      port = atoi(arguments[++i]);
    } else if (strcmp(arguments[i], "--batched") == 0) {
      batched = true;
    } else if (strcmp(arguments[i], "--tls") == 0 && i + 2 < count) {
      tls = SSL_CTX_new(TLS_server_method());
      if (SSL_CTX_use_certificate_chain_file(tls, arguments[i + 1]) != 1 ||
          SSL_CTX_use_PrivateKey_file(tls, arguments[i + 2], SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        return 1;
      }
      i += 2;
    } else {
      fprintf(stderr, "bench_server: unknown argument (%s)\n", arguments[i]);
      return 2;
    }
  }
  calls = corpus_of_calls(arguments[1]);
  uv_loop_init(&loop);
  uv_timer_init(&loop, &away);
  start_listening();
  printf("listening on 127.0.0.1:%d\n", port);
  uv_poll_t input;
  uv_poll_init(&loop, &input, 0);
  uv_poll_start(&input, UV_READABLE | UV_DISCONNECT, on_stdin);
  describe(&calls);
  uv_run(&loop, UV_RUN_DEFAULT);
  return 0;
}
