/* Every recording of DIRECTORY, parsed in every way in which its bytes can arrive. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_protocol.h"

/* Up to this size a recording is parsed whole at each split in two, which costs the square of the size. In
   larger ones only the messages around the split are: at a message's end a parser holds nothing that the next
   could depend on, and it is the smaller files which show that this holds. */
enum { WHOLE_UP_TO = 8192, MAX_FILES = 400 };

/* In the larger ones each split is tried; only one in so many under ThreadSanitizer, which takes fifty times
   as long and in one thread has nothing to find. */
#ifdef __SANITIZE_THREAD__
enum { STEP_IN_LARGE = 17 };
#else
enum { STEP_IN_LARGE = 1 };
#endif

typedef struct recording {
  char name[64];
  char *bytes, *expected;
  size_t size;
  core_transcript_t* transcript;
} recording_t;

static recording_t recordings[MAX_FILES];
static size_t count;

static char* read_file(const char* name, size_t* size) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", DIRECTORY, name);
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
  char* line = read_file("expected", &size);
  (void)state;
  for (char* end = line; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    recording_t* recording = &recordings[count++];
    char* colon = strstr(line, ": ");
    assert_true(count < MAX_FILES);
    *end = '\0';
    *colon = '\0';
    snprintf(recording->name, sizeof recording->name, "%s", line);
    recording->expected = colon + 2;
    recording->bytes = read_file(recording->name, &recording->size);
    recording->transcript = core_transcript_new(recording->bytes, recording->size);
  }
  return 0;
}

static void none_is_left_out(void** state) {
  size_t files = 0;
  DIR* listing = opendir(DIRECTORY);
  (void)state;
  assert_non_null(listing);
  for (struct dirent* entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
    const size_t length = strlen(entry->d_name);
    files += length > 4 && strcmp(entry->d_name + length - 4, ".ami") == 0;
  }
  closedir(listing);
  assert_true(files > 0);
  assert_int_equal(files, count);
}

static void whole(void** state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const char* found = core_transcript_summary(recordings[i].transcript);
    if (strcmp(found, recordings[i].expected) != 0) print_error("%s:\n", recordings[i].name);
    assert_string_equal(found, recordings[i].expected);
    assert_true(core_transcript_restores_raw(recordings[i].transcript));
  }
}

static void in_pieces_of(size_t step) {
  for (size_t i = 0; i < count; i++) {
    if (core_transcript_same_in_pieces(recordings[i].transcript, 0, step)) continue;
    fail_msg(DIRECTORY "/%s is not the same in pieces of %zu bytes", recordings[i].name, step);
  }
}

static void byte_by_byte(void** state) {
  (void)state;
  in_pieces_of(1);
}

static void in_small_pieces(void** state) {
  (void)state;
  in_pieces_of(7);
  in_pieces_of(64);
  in_pieces_of(1024);
}

static void at_every_split_in_two(void** state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const recording_t* recording = &recordings[i];
    const size_t step = recording->size <= WHOLE_UP_TO ? 1 : STEP_IN_LARGE;
    for (size_t split = 0; split <= recording->size; split += step) {
      const int same = recording->size <= WHOLE_UP_TO
                           ? core_transcript_same_in_pieces(recording->transcript, split, recording->size + 1)
                           : core_transcript_same_around(recording->transcript, split);
      if (!same) fail_msg(DIRECTORY "/%s is not the same when split at %zu", recording->name, split);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(none_is_left_out),      cmocka_unit_test(whole),
      cmocka_unit_test(byte_by_byte),          cmocka_unit_test(in_small_pieces),
      cmocka_unit_test(at_every_split_in_two),
  };
  return cmocka_run_group_tests(tests, load, NULL);
}
