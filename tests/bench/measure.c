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
  samples = calloc(count == 0 ? 1 : count, sizeof *samples);
  sample_room = samples == NULL ? 0 : count;
}

void sample(uint64_t ns) {
  if (sample_count < sample_room) samples[sample_count++] = ns;
}

static int by_size(const void* left, const void* right) {
  const uint64_t a = *(const uint64_t*)left;
  const uint64_t b = *(const uint64_t*)right;
  return (a > b) - (a < b);
}

/* The nearest rank: the smallest sample that so many per mille are not above. */
static uint64_t percentile(unsigned per_mille) {
  if (sample_count == 0) return 0;
  const size_t rank = (sample_count * per_mille + 999) / 1000;
  return samples[rank == 0 ? 0 : rank - 1];
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
  if (sums.events != 0) {
    field("events", sums.events);
    field("evlen", sums.evlen);
    field("uid", sums.uid);
    field("uidlen", sums.uidlen);
  }
  if (strcmp(mode, "verify") == 0) field("vlen", sums.vlen);
  if (strcmp(mode, "list") == 0) field("items", sums.items);
  if (strcmp(mode, "ping") == 0 || strcmp(mode, "build") == 0) field("ok", sums.ok);
  if (sample_count != 0) {
    qsort(samples, sample_count, sizeof *samples, by_size);
    field("p50_ns", percentile(500));
    field("p99_ns", percentile(990));
    field("max_ns", samples[sample_count - 1]);
  }
  field("wall_ns", wall_ns);
  field("cpu_ns", cpu_ns);
  field("resident_kb", (uint64_t)resident_kb());
  field("peak_kb", (uint64_t)peak_kb());
  puts("}");
  fflush(stdout);
}
