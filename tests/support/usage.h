/* What this process needs of memory and of the processor. */
#ifndef USAGE_H
#define USAGE_H

#include <stddef.h>
#include <stdint.h>

/* A sanitizer keeps what was freed and shadows the rest, so that memory says nothing about the program. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define USAGE_TELLS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define USAGE_TELLS 0
#endif
#endif
#ifndef USAGE_TELLS
#define USAGE_TELLS 1
#endif

/* From here on the peak of memory is looked for. */
void usage_begin(void);
/* By how much the peak is above what there was then. */
size_t usage_peak_kib(void);
/* Processor time of all threads so far. */
int64_t usage_cpu_us(void);

#endif
