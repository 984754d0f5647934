#pragma once

#include <cstdio>
#include <cstdlib>

// Allocation torture: a scenario is run once to count its allocations, and then again and again, each time
// with another one failing. Each run is a process of its own, so that it begins with nothing and a crash is
// one run's. What every run has to show: it ends, without a crash and without a block left behind; the
// checks of the scenario hold; and what came of it is the same as without a failure, unless the application
// was told that memory is short.
namespace torture {

struct Scenario {
  const char* name;
  void (*run)();
};

enum class Mode {
  kCount,  // nothing fails
  kOnce,   // the k-th allocation fails
  kBack,   // the k-th and all after it fail, until nothing goes on any more
  kOn,     // the k-th and all after it fail
};

// torture_X [--all | --most RUNS] [SCENARIO [MODE K]]. RUNS: of one scenario in one mode. before_each is
// called before each time that a scenario is begun. warm: each process runs it once before anything fails,
// for what others (OpenSSL) make once in a process and, when that has failed, never again.
int run(int argc, char** argv, const Scenario* scenarios, size_t count, void (*before_each)() = nullptr,
        bool warm = false);

// For scenarios.
Mode mode();
// The application was told.
void told();
bool was_told();
// One more result, to be the same in each run.
void result(const char* what, long long value);
// What is to fail has failed: what comes now, with memory, is to work.
void all_done();

[[noreturn]] inline void fail(const char* file, int line, const char* what, long long value) {
  static_cast<void>(std::fprintf(stderr, "%s:%d: not so: %s (%lld)\n", file, line, what, value));
  std::abort();
}
#define TORTURE_CHECK(condition, value) \
  ((condition) ? static_cast<void>(0)   \
               : torture::fail(__FILE__, __LINE__, #condition, static_cast<long long>(value)))

}  // namespace torture
