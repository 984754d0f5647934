#include "corpus.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* or_die(void* memory) {
  if (memory != NULL) return memory;
  fputs("out of memory\n", stderr);
  exit(1);
}

static size_t size_of(const corpus_t* corpus) {
  return corpus->count == 0 ? 0 : corpus->ends[corpus->count - 1];
}

static void add(corpus_t* corpus, const char* event, size_t size) {
  const size_t before = size_of(corpus);
  corpus->bytes = or_die(realloc(corpus->bytes, before + size));
  corpus->ends = or_die(realloc(corpus->ends, (corpus->count + 1) * sizeof *corpus->ends));
  memcpy(corpus->bytes + before, event, size);
  corpus->ends[corpus->count++] = before + size;
}

static void add_file(corpus_t* corpus, const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return;
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  char* text = or_die(calloc(size + 1, 1));
  if (fread(text, 1, size, file) != size) text[0] = 0;
  fclose(file);
  char* message = strstr(text, "\r\n");
  message = message == NULL ? text + size : message + 2;
  for (char* end = strstr(message, "\r\n\r\n"); end != NULL; end = strstr(message, "\r\n\r\n")) {
    const bool event = strncmp(message, "Event: ", 7) == 0 && strncmp(message + 7, "FullyBooted", 11) != 0;
    if (event) add(corpus, message, (size_t)(end + 4 - message));
    message = end + 4;
  }
  free(text);
}

static int by_name(const void* left, const void* right) {
  return strcmp(*(char* const*)left, *(char* const*)right);
}

corpus_t corpus_of_calls(const char* directory) {
  corpus_t corpus = {0};
  char* paths[256];
  size_t count = 0;
  DIR* listing = opendir(directory);
  for (struct dirent* entry; listing != NULL && count < 256 && (entry = readdir(listing)) != NULL;) {
    const size_t length = strlen(entry->d_name);
    if (strncmp(entry->d_name, "call_", 5) != 0 || strcmp(entry->d_name + length - 4, ".ami") != 0) continue;
    paths[count] = or_die(malloc(strlen(directory) + length + 2));
    sprintf(paths[count++], "%s/%s", directory, entry->d_name);
  }
  if (listing != NULL) closedir(listing);
  qsort(paths, count, sizeof *paths, by_name);
  for (size_t i = 0; i < count; i++) {
    add_file(&corpus, paths[i]);
    free(paths[i]);
  }
  if (corpus.count == 0) {
    fprintf(stderr, "no recordings of calls in %s\n", directory);
    exit(1);
  }
  return corpus;
}

corpus_t corpus_of_one(size_t headers, size_t size) {
  enum { LINE = 1000, ALL = 256 * 1024 };
  corpus_t corpus = {0};
  char* text = or_die(malloc(64 + headers * 40 + size + (size / LINE + 1) * 16));
  size_t length = (size_t)sprintf(text, "Event: One\r\nUniqueid: 1700000000.1\r\n");
  for (size_t i = 2; i < headers; i++) {
    length += (size_t)sprintf(text + length, "Header%zu: the value of header\r\n", i);
  }
  for (size_t rest = size; rest > 0;) {
    const size_t line = rest < LINE ? rest : LINE;
    length += (size_t)sprintf(text + length, "Text: ");
    memset(text + length, 'x', line);
    length += line;
    length += (size_t)sprintf(text + length, "\r\n");
    rest -= line;
  }
  length += (size_t)sprintf(text + length, "\r\n");
  do {
    add(&corpus, text, length);
  } while (size_of(&corpus) + length <= ALL);
  free(text);
  return corpus;
}

void corpus_free(corpus_t* corpus) {
  free(corpus->bytes);
  free(corpus->ends);
  *corpus = (corpus_t){0};
}
