#include "core_protocol.h"

static void compares_without_case(void** state) {
  (void)state;
  assert_true(core_equal_nocase("UniqueID", "uniqueid"));
  assert_true(core_equal_nocase("", ""));
  assert_false(core_equal_nocase("Event", "Events"));
  assert_false(core_equal_nocase("Event", "Evenu"));
  assert_false(core_equal_nocase("[", "{")); /* apart by the bit that tells cases of letters */
  assert_false(core_equal_nocase("@", "`"));
  assert_false(core_equal_nocase("\xC9", "\xE9")); /* ASCII only */
}

static void finds_beginnings_and_parts(void** state) {
  (void)state;
  assert_true(core_starts_nocase("Response: Follows", "RESPONSE: "));
  assert_true(core_starts_nocase("x", ""));
  assert_false(core_starts_nocase("Resp", "Response"));
  assert_true(core_contains_nocase("Channels will FOLLOW", "follow"));
  assert_true(core_contains_nocase("", ""));
  assert_false(core_contains_nocase("follo", "follow"));
}

static void makes_lower_case(void** state) {
  char out[32];
  (void)state;
  assert_int_equal(core_lower_copy("AZ@[az\xC9", out, sizeof out), 7);
  assert_string_equal(out, "az@[az\xC9");
}

static void reads_numbers(void** state) {
  uint64_t number = 7;
  (void)state;
  assert_true(core_parse_number("0", 0, &number));
  assert_int_equal(number, 0);
  assert_true(core_parse_number("65535", 65535, &number));
  assert_int_equal(number, 65535);
  assert_true(core_parse_number("18446744073709551615", UINT64_MAX, &number));
  assert_true(number == UINT64_MAX);
  number = 7;
  assert_false(core_parse_number("65536", 65535, &number));
  assert_false(core_parse_number("18446744073709551616", UINT64_MAX, &number));
  assert_false(core_parse_number("99999999999999999999", UINT64_MAX, &number));
  assert_false(core_parse_number("", 9, &number));
  assert_false(core_parse_number("-1", 9, &number));
  assert_false(core_parse_number("+1", 9, &number));
  assert_false(core_parse_number(" 1", 9, &number));
  assert_false(core_parse_number("1 ", 9, &number));
  assert_false(core_parse_number("0x1", 99, &number));
  assert_int_equal(number, 7);
}

static void shows_bytes(void** state) {
  char out[64];
  (void)state;
  core_printable("a ~\r\n\0\x7F\xE9", 8, 80, out, sizeof out);
  assert_string_equal(out, "a ~\\x0d\\x0a\\x00\\x7f\\xe9");
  core_printable("abcdef", 6, 6, out, sizeof out);
  assert_string_equal(out, "abcdef");
  core_printable("abcdef", 6, 5, out, sizeof out);
  assert_string_equal(out, "abcde...");
  core_printable("abcd\xFF", 5, 7, out, sizeof out); /* an escape is not cut in the middle */
  assert_string_equal(out, "abcd...");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(compares_without_case), cmocka_unit_test(finds_beginnings_and_parts),
      cmocka_unit_test(makes_lower_case),      cmocka_unit_test(reads_numbers),
      cmocka_unit_test(shows_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
