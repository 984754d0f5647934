/* Every recorded conversation, had again by a session, in every way in which its bytes can arrive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "core_session_replay.h"

/* A recording is played whole at each split in two until that many bytes have been played; in larger ones the
   splits stand as far apart as that allows. */
enum { MAX_RECORDINGS = 200, BYTES_FOR_SPLITS = 1000000 };

typedef struct recording {
  char name[64];
  char* bytes;
  size_t size;
  core_replay_t* replay;
} recording_t;

static recording_t recordings[MAX_RECORDINGS];
static size_t count;

static char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *size = (size_t)ftell(file);
  rewind(file);
  char* bytes = malloc(*size + 1);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  bytes[*size] = '\0';
  fclose(file);
  return bytes;
}

static int load(void** state) {
  size_t size = 0;
  char* plan = read_file(PLAN, &size);
  char* next = strstr(plan, "recording ");
  (void)state;
  while (next != NULL) {
    char path[512];
    recording_t* recording = &recordings[count++];
    char* line_end = strchr(next, '\n');
    assert_true(count <= MAX_RECORDINGS);
    assert_non_null(line_end);
    *line_end = '\0';
    snprintf(recording->name, sizeof recording->name, "%s", next + strlen("recording "));
    next = strstr(line_end + 1, "recording ");
    if (next != NULL) next[-1] = '\0';
    snprintf(path, sizeof path, "%s/%s", TRANSCRIPTS, recording->name);
    recording->bytes = read_file(path, &recording->size);
    recording->replay = core_replay_new(recording->bytes, recording->size, line_end + 1);
    if (next != NULL) next[-1] = '\n';
  }
  free(plan);
  return 0;
}

static int unload(void** state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    core_replay_free(recordings[i].replay);
    free(recordings[i].bytes);
  }
  return 0;
}

static void plays(const recording_t* recording, size_t first, size_t step) {
  const char* expected = core_replay_expected(recording->replay);
  const char* found = core_replay_play(recording->replay, first, step);
  if (strcmp(found, expected) == 0) return;
  print_error("%s in pieces of %zu and %zu bytes:\n", recording->name, first, step);
  assert_string_equal(found, expected);
}

static void whole(void** state) {
  (void)state;
  assert_true(count > 150);
  for (size_t i = 0; i < count; i++) plays(&recordings[i], recordings[i].size, 1);
}

static void byte_by_byte(void** state) {
  (void)state;
  for (size_t i = 0; i < count; i++) plays(&recordings[i], 1, 1);
}

static void in_small_pieces(void** state) {
  static const size_t steps[] = {7, 64, 1024};
  (void)state;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < 3; j++) plays(&recordings[i], steps[j], steps[j]);
  }
}

static void split_in_two(void** state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const size_t size = recordings[i].size;
    const size_t step = size * size / BYTES_FOR_SPLITS + 1;
    for (size_t split = 1; split < size; split += step) plays(&recordings[i], split, size);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole),
      cmocka_unit_test(byte_by_byte),
      cmocka_unit_test(in_small_pieces),
      cmocka_unit_test(split_in_two),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
