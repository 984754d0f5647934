/* For gcc's analyzer, included before each file: cmocka's assertions in words that tell it that they do not
   return, and memory that is there, since a test that lacks it has nothing to tell. */
#pragma once

/* clang-format off */
#include <setjmp.h> /* cmocka.h takes these four for granted */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

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

#undef assert_true
#undef assert_false
#undef assert_null
#undef assert_non_null
#undef assert_int_equal
#define assert_true(condition) ((condition) ? (void)0 : abort())
#define assert_false(condition) ((condition) ? abort() : (void)0)
#define assert_null(pointer) assert_true((pointer) == NULL)
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#define assert_int_equal(a, b) assert_true((a) == (b))
