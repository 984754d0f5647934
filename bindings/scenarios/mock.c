/* scenario_mock [NAME=VALUE]...: the mock PBX, driven by lines on stdin, for players of scenarios.json.

   NAME=VALUE are the options of src/mock/mock.h, and certificates=NAMES ("DNS:localhost,IP:127.0.0.1"), which
   makes an authority and a certificate for these names and speaks TLS with it. The first line on stdout is
   "listening on 127.0.0.1:PORT AUTHORITY", where AUTHORITY is a PEM file, or "-" without TLS. Then every line
   read is a command and every line written its result: a number, or "error: " and why. Ends at the end of
   stdin. */
#include <stdio.h>
#include <string.h>

#include "driven_mock.h"

int main(int argc, char** argv) {
  driven_mock_t* mock = driven_mock_new(argc - 1, (const char* const*)argv + 1);
  if (mock == NULL) return 2;
  printf("listening on 127.0.0.1:%d %s\n", driven_mock_port(mock), driven_mock_authority(mock));
  fflush(stdout);
  char line[8192];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    puts(driven_mock_do(mock, line));
    fflush(stdout);
  }
  driven_mock_free(mock);
  return 0;
}
