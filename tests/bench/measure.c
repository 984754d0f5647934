#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

sums_t sums;

static uint64_t wall_start, cpu_start, wall_ns, cpu_ns;
static bool stopped;
static uint64_t* samples;
static size_t sample_count, sample_room;

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t process_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

void measure_start(void) {
  stopped = false;
  cpu_start = process_ns();
  wall_start = now_ns();
}

void measure_stop(void) {
  if (stopped) return;
  stopped = true;
  wall_ns = now_ns() - wall_start;
  cpu_ns = process_ns() - cpu_start;
}

void samples_reserve(size_t count) {
  if (count <= sample_room) return;
  samples = realloc(samples, count * sizeof *samples);
  if (samples == NULL) abort();
  memset(samples + sample_room, 0,
         (count - sample_room) * sizeof *samples); /* touched here, not while measured */
  sample_room = count;
}

void sample(uint64_t ns) {
  if (sample_count == sample_room) samples_reserve(2 * sample_room + 1000);
  samples[sample_count++] = ns;
}

static int by_size(const void* left, const void* right) {
  const uint64_t a = *(const uint64_t*)left;
  const uint64_t b = *(const uint64_t*)right;
  return (a > b) - (a < b);
}

/* The nearest rank: the smallest sample that so many per mille are not above. 0 without samples. */
static uint64_t percentile(unsigned per_mille) {
  if (sample_count == 0) return 0;
  const size_t rank = (sample_count * per_mille + 999) / 1000;
  return samples[rank == 0 ? 0 : rank - 1];
}

/* Of samples in order: the most that lie within so many ns. */
static uint64_t busiest(uint64_t span) {
  size_t most = 0;
  for (size_t first = 0, last = 0; last < sample_count; last++) {
    while (samples[last] - samples[first] > span) first++;
    if (last - first + 1 > most) most = last - first + 1;
  }
  return most;
}

long resident_kb(void) {
  long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Not of getrusage(), which knows what the process was before it became this program. */
long peak_kb(void) {
  char line[128];
  long peak = 0;
  FILE* file = fopen("/proc/self/status", "r");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %ld", &peak) != 1) continue;
  fclose(file);
  return peak;
}

static void field(const char* name, uint64_t value) {
  printf(", \"%s\": %" PRIu64, name, value);
}

void measure_print(const char* mode) {
  measure_stop();
  printf("{\"mode\": \"%s\"", mode);
  if (strcmp(mode, "flood") == 0 || strcmp(mode, "verify") == 0 || strcmp(mode, "paced") == 0) {
    field("events", sums.events);
    field("evlen", sums.evlen);
    field("uid", sums.uid);
    field("uidlen", sums.uidlen);
  }
  if (strcmp(mode, "verify") == 0) field("vlen", sums.vlen);
  if (strcmp(mode, "list") == 0) {
    field("items", sums.items);
    field("uidlen", sums.uidlen);
  }
  if (strcmp(mode, "ping") == 0 || strcmp(mode, "build") == 0) field("ok", sums.ok);
  if (strcmp(mode, "paced") == 0 || strcmp(mode, "ping") == 0 || strcmp(mode, "restart") == 0) {
    if (sample_count != 0) qsort(samples, sample_count, sizeof *samples, by_size);
    field("p50_ns", percentile(500));
    field("p99_ns", percentile(990));
    field("max_ns", percentile(1000));
  }
  if (strcmp(mode, "restart") == 0) field("in_10_ms", busiest(10000000));
  field("wall_ns", wall_ns);
  field("cpu_ns", cpu_ns);
  field("resident_kb", (uint64_t)resident_kb());
  field("peak_kb", (uint64_t)peak_kb());
  puts("}");
  fflush(stdout);
}
