/* What every client of the benchmark measures, and the line that it prints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Monotonic, the same clock as the load server's BenchTs. */
uint64_t now_ns(void);
/* Of all processors that this process has used. */
uint64_t process_ns(void);

/* From measure_start() to measure_print(): the process's time on the wall and on all its processors. */
void measure_start(void);

/* Times of single events or actions, for percentiles. As many as are reserved need no memory later. */
void samples_reserve(size_t count);
void sample(uint64_t ns);

/* What a flood is checked by. */
typedef struct sums {
  uint64_t events, evlen, uid, uidlen, vlen, items, ok;
} sums_t;
extern sums_t sums;

/* Stops the clocks; once is enough, at the last message. */
void measure_stop(void);
/* One line of JSON: the mode, what was summed for it, and the clocks. */
void measure_print(const char* mode);
/* Kilobytes resident now, and the most there ever were. */
long resident_kb(void);
long peak_kb(void);
