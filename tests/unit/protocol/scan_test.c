#include <stdlib.h>
#include <string.h>

#include "core_protocol.h"

static uint32_t seed = 2463534242U;

static uint32_t draw(uint32_t below) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed % below;
}

static void fill(char* text, size_t size, const char* alphabet) {
  const uint32_t letters = (uint32_t)strlen(alphabet);
  for (size_t i = 0; i < size; i++) text[i] = alphabet[draw(letters)];
}

static uint64_t matches_plainly(const char* block, char wanted) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i++) {
    if (block[i] == wanted) bits |= (uint64_t)1 << i;
  }
  return bits;
}

static void both_forms_find_each_byte(void** state) {
  char block[64];
  (void)state;
  for (int wanted = 0; wanted < 256; wanted++) {
    for (int other = 0; other < 256; other++) { /* all neighbours that borrow or carry could confuse */
      const unsigned at = draw(64);
      memset(block, other, sizeof block);
      block[at] = (char)wanted;
      const uint64_t expected = matches_plainly(block, (char)wanted);
      assert_true(core_matches(block, (char)wanted, 0) == expected);
      assert_true(core_matches(block, (char)wanted, 1) == expected);
    }
  }
}

static void both_forms_agree_on_any_bytes(void** state) {
  char block[64 + 15];
  (void)state;
  for (int round = 0; round < 20000; round++) {
    const size_t shift = draw(16); /* no alignment is asked for */
    for (size_t i = 0; i < 64; i++) block[shift + i] = (char)draw(round % 2 == 0 ? 256 : 16);
    const char wanted = block[shift + draw(64)];
    const uint64_t expected = matches_plainly(block + shift, wanted);
    assert_true(core_matches(block + shift, wanted, 0) == expected);
    assert_true(core_matches(block + shift, wanted, 1) == expected);
  }
}

static void counts_line_ends(void** state) {
  char text[300];
  (void)state;
  for (int round = 0; round < 20000; round++) {
    const size_t size = draw(sizeof text + 1);
    size_t expected = 0;
    fill(text, size, "\r\nab");
    for (size_t i = 1; i < size; i++) expected += text[i - 1] == '\r' && text[i] == '\n';
    assert_int_equal(core_count_lines(text, size), expected);
  }
}

/* Whether the byte at i ends a message in a text that goes back to its beginning. */
static int ends_message(const char* text, size_t i) {
  if (text[i] != '\n') return 0;
  if (i >= 2 && text[i - 1] == '\n' && text[i - 2] == '\r') return 1;
  return i >= 3 && text[i - 1] == '\r' && text[i - 2] == '\n' && text[i - 3] == '\r';
}

static void finds_message_ends_at_any_split(void** state) {
  char text[200];
  size_t ends[200];
  (void)state;
  for (int round = 0; round < 20000; round++) {
    const size_t size = draw(sizeof text + 1);
    const size_t split = size == 0 ? 0 : draw((uint32_t)size);
    size_t expected = 0;
    fill(text, size, round % 2 == 0 ? "\r\na" : "\r\n\r\nabcdefghijklm");
    const size_t found = core_message_ends(text, split, text + split, size - split, ends, 200);
    for (size_t i = split; i < size; i++) {
      if (!ends_message(text, i)) continue;
      assert_true(expected < found);
      assert_int_equal(ends[expected], i + 1 - split);
      expected++;
    }
    assert_int_equal(found, expected);
  }
}

static void outlines_lines_and_their_colons(void** state) {
  size_t ends[200];
  size_t colons[200];
  (void)state;
  for (int round = 0; round < 20000; round++) {
    char made[260];
    size_t size = 0;
    while (size < 1 + draw(190)) { /* lines, and at times a rest without an end */
      fill(made + size, 60, round % 2 == 0 ? "a:\r" : "abcdefghijklmnopqrs:");
      size += draw(60);
      if (draw(20) == 0) made[size++] = '\n';
      if (draw(10) != 0) memcpy(made + size, "\r\n", 2), size += 2;
    }
    char* text = malloc(size); /* ends where the text ends, so that a sanitizer notices when more is read */
    memcpy(text, made, size);
    const int found = core_outline(text, size, ends, colons);
    int expected = 0;
    size_t colon = SIZE_MAX;
    for (size_t i = 0; i < size && expected >= 0; i++) {
      if (text[i] == ':' && colon == SIZE_MAX) colon = i;
      if (text[i] != '\n') continue;
      if (i == 0 || text[i - 1] != '\r') {
        expected = -1;
      } else if (found > expected) {
        assert_int_equal(ends[expected], i - 1);
        assert_int_equal(colons[expected], colon);
        expected++;
        colon = SIZE_MAX;
      }
    }
    assert_int_equal(found, expected);
    free(text);
  }
}

static void outlines_texts_up_to_a_size(void** state) {
  char* text = malloc(4097);
  size_t* ends = malloc(2048 * sizeof *ends);
  size_t* colons = malloc(2048 * sizeof *colons);
  (void)state;
  for (size_t i = 0; i < 4097; i++) text[i] = i % 2 == 0 ? '\r' : '\n';
  assert_int_equal(core_outline(text, 4096, ends, colons), 2048);
  assert_int_equal(ends[2047], 4094);
  assert_int_equal(core_outline(text, 4097, ends, colons), -1);
  free(text);
  free(ends);
  free(colons);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_forms_find_each_byte),
      cmocka_unit_test(both_forms_agree_on_any_bytes),
      cmocka_unit_test(counts_line_ends),
      cmocka_unit_test(finds_message_ends_at_any_split),
      cmocka_unit_test(outlines_lines_and_their_colons),
      cmocka_unit_test(outlines_texts_up_to_a_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
