#include "driven_mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certificates.h"
#include "mock.h"

enum { LINE = 8192, LIMIT_MS = 30000 };

struct driven_mock {
  ami_mock_t* mock;
  certificate_t *authority, *server;
  char answer[512];
};

static int set_certificates(driven_mock_t* m, const char* names) {
  m->authority = certificate_new((certificate_wish_t){.subject = "scenarios", .is_authority = true});
  m->server = certificate_new((certificate_wish_t){.subject = "pbx", .names = names, .issuer = m->authority});
  char files[256];
  snprintf(files, sizeof files, "%s:%s", certificate_file(m->server), certificate_key_file(m->server));
  return ami_mock_set(m->mock, "tls", files);
}

static int set(driven_mock_t* m, const char* option) {
  char name[64];
  const char* equals = strchr(option, '=');
  if (equals == NULL) return -1;
  snprintf(name, sizeof name, "%.*s", (int)(equals - option), option);
  if (strcmp(name, "certificates") == 0) return set_certificates(m, equals + 1);
  return ami_mock_set(m->mock, name, equals + 1);
}

/* The text with each "\n" of two characters as a line end of the wire. */
static const char* wire_text(const char* text) {
  static char wire[LINE * 2];
  size_t length = 0;
  for (; *text != '\0'; text++) {
    if (text[0] == '\\' && text[1] == 'n') {
      wire[length++] = '\r';
      wire[length++] = '\n';
      text++;
    } else {
      wire[length++] = *text;
    }
  }
  wire[length] = '\0';
  return wire;
}

static int fault(ami_mock_t* mock, char* words) {
  const char* name = strtok(words, " ");
  const char* count = strtok(NULL, " ");
  int flags = 0;
  for (const char* flag = strtok(NULL, " "); flag != NULL; flag = strtok(NULL, " "))
    flags |= strcmp(flag, "every") == 0 ? AMI_MOCK_EVERY : AMI_MOCK_NEXT;
  return ami_mock_fault_with(mock, name, count != NULL ? strtoll(count, NULL, 10) : 0, flags);
}

static long long run(ami_mock_t* mock, char* command) {
  char* rest = strchr(command, ' ');
  if (rest != NULL)
    *rest++ = '\0';
  else
    rest = command + strlen(command);
  if (strcmp(command, "fault") == 0) return fault(mock, rest);
  if (strcmp(command, "clear") == 0) return ami_mock_clear(mock);
  if (strcmp(command, "kick") == 0) return ami_mock_kick(mock);
  if (strcmp(command, "restart") == 0) return ami_mock_restart(mock);
  if (strcmp(command, "release") == 0) return ami_mock_release(mock);
  if (strcmp(command, "down") == 0) return ami_mock_set_down(mock, strcmp(rest, "1") == 0);
  if (strcmp(command, "play") == 0) return ami_mock_play(mock, rest);
  if (strcmp(command, "emit") == 0) return ami_mock_emit(mock, wire_text(rest));
  if (strcmp(command, "count") == 0) return ami_mock_count(mock, rest);
  char* after = rest;
  if (strcmp(command, "emit_many") == 0) {
    unsigned long long count = strtoull(rest, &after, 10);
    return ami_mock_emit_many(mock, wire_text(after + strspn(after, " ")), count);
  }
  if (strcmp(command, "wait") == 0) {
    const char* what = strtok(rest, " ");
    const char* count = strtok(NULL, " ");
    return ami_mock_wait(mock, what, count != NULL ? strtoll(count, NULL, 10) : 1, LIMIT_MS);
  }
  return -2;
}

driven_mock_t* driven_mock_new(int count, const char* const* options) {
  driven_mock_t* m = calloc(1, sizeof *m);
  if (m == NULL || (m->mock = ami_mock_new()) == NULL) {
    free(m);
    return NULL;
  }
  int failed = 0;
  for (int i = 0; i < count && !failed; i++) failed = set(m, options[i]) != 0;
  if (!failed && ami_mock_start(m->mock) == 0) return m;
  fprintf(stderr, "scenario_mock: %s\n", ami_mock_error(m->mock));
  driven_mock_free(m);
  return NULL;
}

void driven_mock_free(driven_mock_t* m) {
  ami_mock_free(m->mock);
  certificate_free(m->server);
  certificate_free(m->authority);
  free(m);
}

int driven_mock_port(const driven_mock_t* m) {
  return ami_mock_port(m->mock);
}

const char* driven_mock_authority(const driven_mock_t* m) {
  return m->authority != NULL ? certificate_file(m->authority) : "-";
}

const char* driven_mock_do(driven_mock_t* m, const char* command) {
  char words[LINE];
  snprintf(words, sizeof words, "%s", command);
  const long long result = run(m->mock, words);
  if (result >= 0)
    snprintf(m->answer, sizeof m->answer, "%lld", result);
  else
    snprintf(m->answer, sizeof m->answer, "error: %s",
             result == -2 ? "no such command" : ami_mock_error(m->mock));
  return m->answer;
}
