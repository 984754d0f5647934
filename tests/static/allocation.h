/* Memory for gcc's analyzer: always there, since a test that lacks it has nothing to tell. Included before
   each file. */
#pragma once

#include <malloc.h> /* declares what is defined below */
#include <stdlib.h>
#include <string.h>

static inline void* there(void* memory) {
  if (memory == NULL) abort();
  return memory;
}
#define malloc(size) there(malloc(size))
#define calloc(count, size) there(calloc(count, size))
#define realloc(memory, size) there(realloc(memory, size))
#define strdup(text) ((char*)there(strdup(text)))
