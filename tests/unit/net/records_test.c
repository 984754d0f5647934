#include <string.h>

#include "core_net.h"

/* Lines of these lengths, with CRLF, and behind them "rest" bytes without a line end. */
static size_t first_record(size_t rest, const size_t* lines, size_t count) {
  static char text[8192];
  size_t size = 0;
  for (size_t i = 0; i < count; i++) {
    memset(text + size, 'x', lines[i]);
    memcpy(text + size + lines[i] - 2, "\r\n", 2);
    size += lines[i];
  }
  memset(text + size, 'y', rest);
  return core_record_length(text, size + rest);
}
#define FIRST(rest, ...) \
  first_record(rest, (const size_t[]){__VA_ARGS__}, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t))

static void whole_lines_of_1024_bytes(void** state) {
  (void)state;
  assert_int_equal(FIRST(0, 10), 10);
  assert_int_equal(FIRST(0, 10, 20, 2), 32);
  assert_int_equal(FIRST(0, 1000, 24), 1024);
  assert_int_equal(FIRST(0, 1000, 25), 1000);
  assert_int_equal(FIRST(0, 1024, 2), 1024);
  assert_int_equal(FIRST(0, 2, 1024), 2);
}

static void a_longer_line_goes_alone(void** state) {
  (void)state;
  assert_int_equal(FIRST(0, 1025, 10), 1025);
  assert_int_equal(FIRST(0, 4000, 10), 4000);
  assert_int_equal(FIRST(0, 10, 4000), 10);
}

static void what_has_no_line_end_goes_alone(void** state) {
  (void)state;
  assert_int_equal(FIRST(7, 10), 10);
  assert_int_equal(core_record_length("partial", 7), 7);
  static char text[3000];
  memset(text, 'z', sizeof text);
  assert_int_equal(core_record_length(text, sizeof text), sizeof text);
  assert_int_equal(core_record_length("", 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_lines_of_1024_bytes),
      cmocka_unit_test(a_longer_line_goes_alone),
      cmocka_unit_test(what_has_no_line_end_goes_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
