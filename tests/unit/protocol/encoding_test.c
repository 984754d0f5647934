#include <string.h>

#include "core_protocol.h"

#define FFFD "\xEF\xBF\xBD"

static void decodes(int encoding, const char* wire, const char* expected) {
  char out[256];
  const size_t size = strlen(wire);
  assert_int_equal(core_decode(encoding, wire, size, out), strlen(expected));
  assert_memory_equal(out, expected, strlen(expected));
  assert_int_equal(core_is_plain(encoding, wire, size), strcmp(wire, expected) == 0);
}

static void encodes(int encoding, const char* text, const char* expected) {
  char out[256];
  assert_int_equal(core_encode(encoding, text, strlen(text), out), strlen(expected));
  assert_memory_equal(out, expected, strlen(expected));
}

static void refuses(int encoding, const char* text) {
  char out[256];
  assert_int_equal(core_encode(encoding, text, strlen(text), out), -1);
}

static void bytes_pass_untouched(void** state) {
  (void)state;
  decodes(CORE_BYTES, "caf\xE9 \xFF", "caf\xE9 \xFF");
  encodes(CORE_BYTES, "caf\xE9 \xFF", "caf\xE9 \xFF");
}

static void utf8_keeps_what_is_valid(void** state) {
  (void)state;
  decodes(CORE_UTF8, "", "");
  decodes(CORE_UTF8, "plain text of more than eight bytes", "plain text of more than eight bytes");
  decodes(CORE_UTF8, "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
          "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  /* The first and the last of each length, and the neighbours of the surrogates. */
  decodes(CORE_UTF8, "\xC2\x80\xDF\xBF", "\xC2\x80\xDF\xBF");
  decodes(CORE_UTF8, "\xE0\xA0\x80\xEF\xBF\xBF", "\xE0\xA0\x80\xEF\xBF\xBF");
  decodes(CORE_UTF8, "\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80");
  decodes(CORE_UTF8, "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
}

static void utf8_replaces_what_is_not(void** state) {
  (void)state;
  decodes(CORE_UTF8, "\x80", FFFD);
  decodes(CORE_UTF8, "caf\xE9: x", "caf" FFFD ": x");
  decodes(CORE_UTF8, "\xC3", FFFD);
  decodes(CORE_UTF8, "\xE2\x82", FFFD); /* what breaks off is replaced once */
  decodes(CORE_UTF8, "\xE2\x82x", FFFD "x");
  decodes(CORE_UTF8, "\xF0\x9F\x98\xC3\xA9", FFFD "\xC3\xA9");
  decodes(CORE_UTF8, "\xC0\xAF", FFFD FFFD); /* overlong */
  decodes(CORE_UTF8, "\xC1\xBF", FFFD FFFD);
  decodes(CORE_UTF8, "\xE0\x9F\xBF", FFFD FFFD FFFD);
  decodes(CORE_UTF8, "\xF0\x8F\xBF\xBF", FFFD FFFD FFFD FFFD);
  decodes(CORE_UTF8, "\xED\xA0\x80", FFFD FFFD FFFD);          /* a surrogate */
  decodes(CORE_UTF8, "\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD); /* above U+10FFFF */
  decodes(CORE_UTF8, "\xF5\x80", FFFD FFFD);
  decodes(CORE_UTF8, "eight or more \xFF then more \xFE", "eight or more " FFFD " then more " FFFD);
}

static void utf8_cut_at_the_end_reads_nothing_behind(void** state) {
  char out[16];
  (void)state;
  assert_int_equal(core_decode(CORE_UTF8, "\xC3\xA9", 1, out), 3);
  assert_memory_equal(out, FFFD, 3);
  assert_int_equal(core_decode(CORE_UTF8, "a\0b", 3, out), 3);
  assert_memory_equal(out, "a\0b", 3);
}

static void utf8_to_send_must_be_valid(void** state) {
  (void)state;
  encodes(CORE_UTF8, "caf\xC3\xA9", "caf\xC3\xA9");
  refuses(CORE_UTF8, "caf\xE9");
  refuses(CORE_UTF8, "\xE2\x82");
}

static void latin1_goes_both_ways(void** state) {
  (void)state;
  decodes(CORE_LATIN1, "caf\xE9 \x80\xFF", "caf\xC3\xA9 \xC2\x80\xC3\xBF");
  encodes(CORE_LATIN1, "caf\xC3\xA9 \xC2\x80\xC3\xBF", "caf\xE9 \x80\xFF");
  for (int c = 0; c < 256; c++) {
    const char wire = (char)c;
    char text[4];
    char back[4];
    const int size = core_decode(CORE_LATIN1, &wire, 1, text);
    assert_int_equal(size, c < 128 ? 1 : 2);
    assert_int_equal(core_encode(CORE_LATIN1, text, (size_t)size, back), 1);
    assert_true(back[0] == wire);
  }
}

static void latin1_refuses_what_it_has_not(void** state) {
  (void)state;
  refuses(CORE_LATIN1, "\xC4\x80"); /* U+0100 */
  refuses(CORE_LATIN1, "ab\xE2\x82\xAC");
  refuses(CORE_LATIN1, "caf\xE9"); /* not UTF-8 */
  refuses(CORE_LATIN1, "\xC3");
  refuses(CORE_LATIN1, "\xC0\xAF");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_pass_untouched),
      cmocka_unit_test(utf8_keeps_what_is_valid),
      cmocka_unit_test(utf8_replaces_what_is_not),
      cmocka_unit_test(utf8_cut_at_the_end_reads_nothing_behind),
      cmocka_unit_test(utf8_to_send_must_be_valid),
      cmocka_unit_test(latin1_goes_both_ways),
      cmocka_unit_test(latin1_refuses_what_it_has_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
