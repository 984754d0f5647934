#define _GNU_SOURCE /* memmem */
#include "observer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "client.h"

struct observer {
  int socket;
  char* bytes;
  size_t begin, end, capacity; /* begin: of the next message; end: of what was received */
  char kept;                   /* the byte that the end of the message handed out stands on */
};

static observer_t* observer_with(const char* user, int receive_buffer) {
  observer_t* observer = calloc(1, sizeof *observer);
  assert_non_null(observer);
  observer->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(observer->socket >= 0);
  struct timeval limit = {.tv_sec = WAIT_MS / 1000};
  assert_int_equal(setsockopt(observer->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  if (receive_buffer > 0)
    assert_int_equal(
        setsockopt(observer->socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer), 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(server_value("ASTERISK_PORT")))};
  assert_int_equal(inet_pton(AF_INET, server_value("ASTERISK_HOST"), &address.sin_addr), 1);
  assert_int_equal(connect(observer->socket, (const struct sockaddr*)&address, sizeof address), 0);
  char login[256];
  snprintf(login, sizeof login, "Action: Login\r\nUsername: %s\r\nSecret: secret\r\nEvents: on\r\n\r\n",
           user);
  observer_send(observer, login);
  assert_non_null(strstr(observer_next(observer), "Authentication accepted"));
  return observer;
}

observer_t* observer_new(const char* user) {
  return observer_with(user, 0);
}
observer_t* observer_new_small(const char* user) {
  return observer_with(user, 4096);
}

void observer_send(observer_t* observer, const char* text) {
  size_t length = strlen(text);
  assert_int_equal(send(observer->socket, text, length, MSG_NOSIGNAL), (int)length);
}

static int receive(observer_t* observer) {
  if (observer->capacity - observer->end < 65536) {
    observer->end -= observer->begin;
    if (observer->end > 0) memmove(observer->bytes, observer->bytes + observer->begin, observer->end);
    observer->begin = 0;
    observer->capacity = observer->end + 131072;
    observer->bytes = realloc(observer->bytes, observer->capacity);
    assert_non_null(observer->bytes);
  }
  ssize_t received =
      recv(observer->socket, observer->bytes + observer->end, observer->capacity - observer->end - 1, 0);
  if (received < 0) fail_msg("the second observer waits in vain for the server");
  observer->end += (size_t)received;
  observer->bytes[observer->end] = '\0';
  return received > 0;
}

const char* observer_next(observer_t* observer) {
  if (observer->kept != '\0') observer->bytes[observer->begin] = observer->kept;
  observer->kept = '\0';
  size_t looked_at = 0;
  for (;;) {
    char* begin = observer->bytes + observer->begin;
    if (looked_at == 0 && observer->end - observer->begin >= 2 && memcmp(begin, "\r\n", 2) == 0) {
      observer->begin += 2; /* a blank line between messages */
      continue;
    }
    size_t length = observer->end - observer->begin;
    char* blank = length > looked_at ? memmem(begin + looked_at, length - looked_at, "\r\n\r\n", 4) : NULL;
    if (blank != NULL) {
      observer->begin += (size_t)(blank - begin) + 4;
      observer->kept = observer->bytes[observer->begin];
      observer->bytes[observer->begin] = '\0';
      return begin;
    }
    looked_at = length > 3 ? length - 3 : 0;
    if (!receive(observer)) return NULL;
  }
}

const char* observer_until(observer_t* observer, const char* text) {
  const char* message = observer_next(observer);
  while (message != NULL && strstr(message, text) == NULL) message = observer_next(observer);
  if (message == NULL) fail_msg("the server closed before the second observer saw: %s", text);
  return message;
}

void observer_end(observer_t* observer) {
  close(observer->socket);
  free(observer->bytes);
  free(observer);
}
