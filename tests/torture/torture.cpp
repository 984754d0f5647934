#include "torture.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "memory.h"

extern "C" int __lsan_do_recoverable_leak_check() __attribute__((weak));

namespace torture {
namespace {

// A run that has not ended by then hangs, however slow the machine is.
constexpr unsigned kLongestSeconds = 300;
// What OpenSSL keeps for the process when something of it has failed: one block, by measurement. An SSL has
// dozens.
constexpr int64_t kMostKeptByOpenSsl = 2;

// What a run tells its parent.
struct Report {
  std::atomic<bool> told;
  bool ended;
  bool failed;
  int64_t allocations;
  int64_t blocks;
  int64_t blocks_of_openssl;
  size_t used;
  char results[1U << 16U];
};

Report* report = nullptr;
Mode the_mode = Mode::kCount;
bool muted = false;
bool done = false;
bool warm_first = false;

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::kCount:
      return "count";
    case Mode::kOnce:
      return "once";
    case Mode::kBack:
      return "back";
    case Mode::kOn:
      return "on";
  }
  return "";
}

// The scenario, and then the same without a failure: all of it works again, and what is made once in a
// process has been made in each run.
[[noreturn]] void be_run(const Scenario& scenario, int64_t k, void (*before_each)()) {
  alarm(kLongestSeconds);
  const Mode mode = the_mode;
  if (warm_first) {
    the_mode = Mode::kCount;
    muted = true;
    scenario.run();
    if (before_each != nullptr) before_each();
    muted = false;
  }
  const int64_t before = warm_first ? memory::blocks_of_openssl() : 0;
  the_mode = mode;
  memory::fail(k, the_mode == Mode::kCount  ? memory::Failing::kNever
                  : the_mode == Mode::kOnce ? memory::Failing::kOnce
                                            : memory::Failing::kFromThenOn);
  scenario.run();
  all_done();
  memory::give_back();
  the_mode = Mode::kCount;
  muted = true;
  memory::fail(0, memory::Failing::kNever);
  if (before_each != nullptr) before_each();
  scenario.run();
  report->blocks = memory::blocks();
  report->blocks_of_openssl = memory::blocks_of_openssl() - before;
  if (__lsan_do_recoverable_leak_check != nullptr && __lsan_do_recoverable_leak_check() != 0) _exit(1);
  report->ended = true;
  _exit(0);
}

// "" or what was wrong.
std::string one_run(const Scenario& scenario, Mode mode, int64_t k, void (*before_each)()) {
  if (before_each != nullptr) before_each();
  new (report) Report{};
  the_mode = mode;
  static_cast<void>(std::fflush(nullptr));
  const pid_t child = fork();
  if (child < 0) return "fork() failed";
  if (child == 0) be_run(scenario, k, before_each);
  int status = 0;
  if (waitpid(child, &status, 0) != child) return "waitpid() failed";
  if (WIFSIGNALED(status)) {
    return WTERMSIG(status) == SIGALRM ? "it hangs" : std::string("ended by ") + strsignal(WTERMSIG(status));
  }
  if (WEXITSTATUS(status) != 0) return "ended with " + std::to_string(WEXITSTATUS(status));
  if (!report->ended) return "it ended itself";
  return "";
}

// Which k are tried: all, or the first half of most, and as many of the others at even distances.
std::vector<int64_t> choose(int64_t count, int64_t most) {
  std::vector<int64_t> chosen;
  const int64_t dense = count <= most ? count : most / 2;
  for (int64_t k = 1; k <= dense; ++k) chosen.push_back(k);
  if (dense == count) return chosen;
  const int64_t sparse = most - dense;
  for (int64_t i = 1; i <= sparse; ++i) chosen.push_back(dense + (count - dense) * i / sparse);
  return chosen;
}

struct Clean {
  int64_t allocations = 0;
  int64_t blocks = 0;
  int64_t blocks_of_openssl = 0;
  std::string results;
};

std::string judge(const Clean& clean) {
  if (report->blocks != clean.blocks) {
    return std::to_string(report->blocks - clean.blocks) + " blocks more are left than without a failure";
  }
  if (const int64_t more = report->blocks_of_openssl - clean.blocks_of_openssl; more > kMostKeptByOpenSsl) {
    return std::to_string(more) + " blocks of OpenSSL more are left than without a failure";
  }
  if (!report->told && clean.results != report->results) {
    return "the application was not told, but the results differ:\n" + clean.results +
           "without a failure, and\n" + report->results + "with it";
  }
  return "";
}

void complain(const Scenario& scenario, Mode mode, int64_t k, const std::string& what) {
  static_cast<void>(std::printf("FAILED  %s %s %lld: %s\n", scenario.name, name_of(mode),
                                static_cast<long long>(k), what.c_str()));
}

bool torture_one(const Scenario& scenario, int64_t most, void (*before_each)()) {
  const auto start = std::chrono::steady_clock::now();
  if (const auto what = one_run(scenario, Mode::kCount, INT64_MAX, before_each); !what.empty()) {
    complain(scenario, Mode::kCount, 0, what);
    return false;
  }
  if (warm_first && report->blocks_of_openssl > kMostKeptByOpenSsl) {
    complain(scenario, Mode::kCount, 0,
             std::to_string(report->blocks_of_openssl) + " blocks of OpenSSL are left");
    return false;
  }
  const Clean clean{report->allocations, report->blocks, report->blocks_of_openssl, report->results};
  const auto chosen = choose(clean.allocations, most);
  int failures = 0;
  size_t runs = 0;
  size_t reached = 0;
  size_t told_of = 0;
  for (const Mode mode : {Mode::kOnce, Mode::kBack, Mode::kOn}) {
    for (const int64_t k : chosen) {
      auto what = one_run(scenario, mode, k, before_each);
      if (what.empty()) what = judge(clean);
      ++runs;
      reached += report->failed ? 1 : 0;
      told_of += report->told ? 1 : 0;
      if (what.empty()) continue;
      complain(scenario, mode, k, what);
      if (++failures == 10) return false;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  static_cast<void>(std::printf(
      "%-12s %5lld allocations, %s%5zu of them failed in %zu runs (%zu met, %zu told) %5.1f s\n",
      scenario.name, static_cast<long long>(clean.allocations),
      chosen.size() == static_cast<size_t>(clean.allocations) ? "each of " : "a sample: ", chosen.size(),
      runs, reached, told_of, took.count()));
  return failures == 0;
}

int one_only(const Scenario& scenario, const char* mode, const char* k, void (*before_each)()) {
  for (const Mode known : {Mode::kCount, Mode::kOnce, Mode::kBack, Mode::kOn}) {
    if (std::strcmp(name_of(known), mode) != 0) continue;
    memory::show_failure();
    const auto what = one_run(scenario, known, std::atoll(k), before_each);
    static_cast<void>(
        std::printf("%s%s\n%lld allocations, %lld and %lld blocks left, %s\n", report->results, what.c_str(),
                    static_cast<long long>(report->allocations), static_cast<long long>(report->blocks),
                    static_cast<long long>(report->blocks_of_openssl), report->told ? "told" : "not told"));
    return what.empty() ? 0 : 1;
  }
  static_cast<void>(std::fprintf(stderr, "no mode %s: count, once, back, on\n", mode));
  return 2;
}

}  // namespace

Mode mode() {
  return the_mode;
}
void told() {
  if (!muted) report->told = true;
}
bool was_told() {
  return report->told;
}

void all_done() {
  if (muted || done) return;
  done = true;
  report->failed = memory::has_failed();
  report->allocations = memory::count();
}

void result(const char* what, long long value) {
  if (muted) return;
  const size_t room = sizeof report->results - report->used;
  const int length = std::snprintf(report->results + report->used, room, "%s: %lld\n", what, value);
  TORTURE_CHECK(length > 0 && static_cast<size_t>(length) < room, length);
  report->used += static_cast<size_t>(length);
}

int run(int argc, char** argv, const Scenario* scenarios, size_t count, void (*before_each)(), bool warm) {
  warm_first = warm;
  void* shared = mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  report = static_cast<Report*>(shared);
  int64_t most = 60;
  int at = 1;
  if (at < argc && std::strcmp(argv[at], "--all") == 0) {
    most = INT64_MAX;
    ++at;
  } else if (at + 1 < argc && std::strcmp(argv[at], "--most") == 0) {
    most = std::atoll(argv[at + 1]);
    at += 2;
  }
  int failed = 0;
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (at < argc && std::strcmp(argv[at], scenarios[i].name) != 0) continue;
    ++found;
    if (at + 2 < argc) return one_only(scenarios[i], argv[at + 1], argv[at + 2], before_each);
    failed += torture_one(scenarios[i], most, before_each) ? 0 : 1;
    static_cast<void>(std::fflush(stdout));
  }
  if (found == 0) {
    static_cast<void>(std::fprintf(stderr, "no such scenario: %s\n", at < argc ? argv[at] : "none at all"));
    return 2;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace torture
