/* What the load server sends: whole events, one after the other, in one piece of memory. */
#pragma once

#include <stddef.h>

typedef struct corpus {
  char* bytes;
  size_t* ends; /* of each event in bytes */
  size_t count;
} corpus_t;

/* The events of all recordings of a folder whose names begin with "call_". Ends the program if there are
 * none. */
corpus_t corpus_of_calls(const char* directory);
/* One event of that many short headers, and of that many more bytes in lines of 1,000, some times over. */
corpus_t corpus_of_one(size_t headers, size_t size);
void corpus_free(corpus_t* corpus);
