/* What the tests of many threads have in common. */
#pragma once

#include <stdatomic.h>

#include "api_client.h"
#include "gate.h"

/* The only argument is a number of rounds: 1 for a short run, hundreds for "./dev torture". */
static int rounds = 1;
#define RUN_ROUNDS(tests)                             \
  int main(int argc, char** argv) {                   \
    if (argc > 1) rounds = atoi(argv[1]);             \
    if (rounds < 1) return 2;                         \
    return cmocka_run_group_tests(tests, NULL, NULL); \
  }
