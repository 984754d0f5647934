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

/* A copy that ends where the text ends, so that a sanitizer notices when more is read. */
static char* exactly(const char* text, size_t size) {
  char* copy = malloc(size == 0 ? 1 : size);
  if (copy == NULL) abort();
  return memcpy(copy, text, size);
}

static void finds_line_beginnings_among_like_bytes(void** state) {
  char made[200];
  (void)state;
  for (int round = 0; round < 60000; round++) {
    const char one = (char)(1 + draw(255));
    const char other = (char)(1 + draw(255));
    /* Neighbours that a borrow or a carry could confuse with them. */
    const char letters[] = {one, other, (char)(one - 1), (char)(one + 1), (char)(other ^ 0x80), '\n', '\0'};
    const size_t size = draw(sizeof made + 1);
    for (size_t i = 0; i < size; i++) made[i] = letters[draw(sizeof letters)];
    const size_t from = draw((uint32_t)size + 1);
    size_t expected = from;
    while (expected < size && ((made[expected] != one && made[expected] != other) ||
                               (expected != 0 && made[expected - 1] != '\n')))
      expected++;
    char* text = exactly(made, size);
    assert_int_equal(core_line_begin(text, size, from, one, other), expected < size ? expected : SIZE_MAX);
    free(text);
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

static void finds_a_message_end_at_any_split(void** state) {
  char made[300];
  (void)state;
  for (int round = 0; round < 40000; round++) {
    const size_t size = draw(sizeof made + 1);
    const size_t split = size == 0 ? 0 : draw((uint32_t)size);
    fill(made, size,
         round % 3 == 0   ? "\r\na"
         : round % 3 == 1 ? "\r\n\r\nabcdefghijklm"
                          : "abcdefghijklmnopqrst");
    for (int piece = 0; round % 3 == 2 && piece < 2 && size > 3; piece++)
      memcpy(made + draw((uint32_t)size - 3), "\r\n\r\n", 4);
    size_t end = split;
    size_t expected = 0;
    size_t line_feeds = 0;
    while (end < size && !ends_message(made, end)) expected += made[end++] == '\n';
    expected += end < size;
    char* text = exactly(made + split, size - split);
    assert_int_equal(core_message_end(made, split, text, size - split, &line_feeds),
                     end < size ? end + 1 - split : SIZE_MAX);
    assert_int_equal(line_feeds, expected);
    free(text);
  }
}

static void outlines_lines_and_their_colons(void** state) {
  size_t ends[200];
  size_t colons[200];
  int outlined = 0;
  (void)state;
  for (int round = 0; round < 20000; round++) {
    char made[320];
    size_t size = 0;
    while (size < 1 + draw(190)) { /* lines, and at times a rest without an end */
      const size_t key = draw(round % 2 == 0 ? 3 : 40);
      const size_t value = draw(round % 2 == 0 ? 3 : 60);
      fill(made + size, key, "abcdefghijklmnopqrs\r");
      size += key;
      if (draw(40) != 0) made[size++] = ':';
      fill(made + size, value, "abcdefghijklmnopqr:\r");
      size += value;
      if (draw(40) == 0) made[size++] = '\n';
      if (draw(20) != 0) memcpy(made + size, "\r\n", 2), size += 2;
    }
    char* text = exactly(made, size);
    const int found = core_outline(text, size, ends, colons);
    int expected = 0;
    size_t colon = SIZE_MAX;
    for (size_t i = 0; i < size; i++) {
      if (text[i] == ':' && colon == SIZE_MAX) colon = i;
      if (text[i] != '\n') continue;
      if (i == 0 || text[i - 1] != '\r' || colon == SIZE_MAX) {
        expected = -1;
        break;
      }
      if (found > expected) {
        assert_int_equal(ends[expected], i - 1);
        assert_int_equal(colons[expected], colon);
      }
      expected++;
      colon = SIZE_MAX;
    }
    assert_int_equal(found, expected);
    outlined += found > 0;
    free(text);
  }
  assert_true(outlined > 5000);
}

static void outlines_texts_up_to_a_size(void** state) {
  char text[4097];
  size_t ends[1366];
  size_t colons[1366];
  (void)state;
  for (size_t i = 0; i < sizeof text; i++) text[i] = ":\r\n"[i % 3]; /* no more lines fit in */
  assert_int_equal(core_outline(text, 4096, ends, colons), 1365);
  assert_int_equal(colons[1364], 4092);
  assert_int_equal(ends[1364], 4093);
  assert_int_equal(core_outline(text, 4097, ends, colons), -1);
}

static void with_every_kernel(void** state) {
  (void)state;
  for (size_t index = 0; core_use_kernel(index) != NULL; index++) {
    print_message("kernel: %s\n", core_use_kernel(index));
    finds_line_beginnings_among_like_bytes(NULL);
    finds_a_message_end_at_any_split(NULL);
    outlines_lines_and_their_colons(NULL);
    outlines_texts_up_to_a_size(NULL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_line_ends),
      cmocka_unit_test(with_every_kernel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
