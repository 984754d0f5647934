/* scenario_mock [NAME=VALUE]...: the mock PBX, driven by lines on stdin, for players of scenarios.json.

   NAME=VALUE are the options of src/mock/mock.h, and certificates=NAMES ("DNS:localhost,IP:127.0.0.1"), which
   makes an authority and a certificate for these names and speaks TLS with it. The first line on stdout is
   "listening on 127.0.0.1:PORT AUTHORITY", where AUTHORITY is a PEM file, or "-" without TLS. Then every line
   read is a command and every line written its result: a number, or "error: " and why. Ends at the end of
   stdin. */
#include "mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certificates.h"

enum { LINE = 8192, LIMIT_MS = 30000 };

static certificate_t *authority, *server;

static int set_certificates(ami_mock_t* mock, const char* names) {
  authority = certificate_new((certificate_wish_t){.subject = "scenarios", .is_authority = true});
  server = certificate_new((certificate_wish_t){.subject = "pbx", .names = names, .issuer = authority});
  char files[256];
  snprintf(files, sizeof files, "%s:%s", certificate_file(server), certificate_key_file(server));
  return ami_mock_set(mock, "tls", files);
}

static int set(ami_mock_t* mock, char* option) {
  char* value = strchr(option, '=');
  if (value == NULL) return -1;
  *value++ = '\0';
  if (strcmp(option, "certificates") == 0) return set_certificates(mock, value);
  return ami_mock_set(mock, option, value);
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

int main(int argc, char** argv) {
  ami_mock_t* mock = ami_mock_new();
  if (mock == NULL) return 1;
  int failed = 0;
  for (int i = 1; i < argc && !failed; i++) failed = set(mock, argv[i]) != 0;
  if (failed || ami_mock_start(mock) != 0) {
    fprintf(stderr, "scenario_mock: %s\n", ami_mock_error(mock));
    return 2;
  }
  printf("listening on 127.0.0.1:%d %s\n", ami_mock_port(mock),
         authority != NULL ? certificate_file(authority) : "-");
  fflush(stdout);
  char line[LINE];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    long long result = run(mock, line);
    if (result >= 0)
      printf("%lld\n", result);
    else
      printf("error: %s\n", result == -2 ? "no such command" : ami_mock_error(mock));
    fflush(stdout);
  }
  ami_mock_free(mock);
  certificate_free(server);
  certificate_free(authority);
  return 0;
}
