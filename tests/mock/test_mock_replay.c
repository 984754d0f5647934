/* Serving recorded conversations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static char folder[] = "/tmp/ami-mock-replay-XXXXXX";

static void write_file(const char* suffix, const char* text) {
  char path[128];
  FILE* file;
  snprintf(path, sizeof path, "%s/talk.%s", folder, suffix);
  file = fopen(path, "w");
  assert_non_null(file);
  fwrite(text, 1, strlen(text), file);
  fclose(file);
}

static void write_recording(const char* ami, const char* sent, const char* timeline) {
  write_file("ami", ami);
  write_file("sent", sent);
  write_file("tl", timeline);
}

static wire_t* serve(ami_mock_t** mock) {
  char path[128];
  snprintf(path, sizeof path, "%s/talk", folder);
  *mock = start_mock("serve", path, NULL);
  return wire_open(ami_mock_port(*mock));
}

static void test_in_step_with_the_client(void** state) {
  ami_mock_t* mock;
  wire_t* wire;
  (void)state;
  write_recording("Banner/1\r\nR1\r\nActionID: a\r\n\r\nEvent\r\n\r\nActionID: b\r\nActionID: zz\r\n\r\n",
                  "Action: Login\r\nActionID: a\r\n\r\nAction: Ping\r\nActionID: b\r\n\r\n",
                  "0 < 0 10\n0 > 0 30\n1 < 10 19\n2 < 29 9\n3 > 30 29\n4 < 38 31\n5 < eof\n");
  wire = serve(&mock);
  assert_true(wire_until(wire, "Banner/1\n"));
  assert_false(wire_read_once(wire, 20));
  wire_forget(wire);
  wire_send(wire, "Action: Challenge\nActionID: my-first\n\n");
  assert_true(wire_until(wire, "R1\nActionID: my-first\n\nEvent\n\n"));
  assert_false(wire_read_once(wire, 20));
  wire_forget(wire);
  wire_send(wire, "Action: Login\nActionID: my-second\n\n");
  assert_true(wire_until_eof(wire));
  assert_true(wire_has(wire, "ActionID: my-second\nActionID: zz\n\n"));
  assert_false(wire->reset);
  wire_close(wire);
  ami_mock_free(mock);
}

static void test_banner_goes_first(void** state) {
  ami_mock_t* mock;
  wire_t* wire;
  (void)state;
  /* This client wrote before it read, and closed by itself. */
  write_recording("Banner/1\r\nR1\r\n\r\nR2\r\n\r\n", "Action: A\r\n\r\nAction: B\r\n\r\n",
                  "0 > 0 26\n1 < 0 10\n2 < 10 12\n3 close\n");
  wire = serve(&mock);
  assert_true(wire_until(wire, "Banner/1\n"));
  wire_send(wire, "Action: A\n\nAction: B\n\nAction: C\n\n");
  assert_true(wire_until(wire, "R1\n\nR2\n\n"));
  assert_int_equal(ami_mock_wait_actions(mock, "C", 1, WIRE_TIMEOUT_MS), 0);
  assert_false(wire_read_once(wire, 20));
  assert_false(wire->eof);
  wire_close(wire);
  ami_mock_free(mock);
}

static int make_folder(void** state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void** state) {
  static const char* const suffixes[] = {"ami", "sent", "tl"};
  char path[128];
  (void)state;
  for (int i = 0; i < 3; ++i) {
    snprintf(path, sizeof path, "%s/talk.%s", folder, suffixes[i]);
    unlink(path);
  }
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_step_with_the_client),
      cmocka_unit_test(test_banner_goes_first),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
