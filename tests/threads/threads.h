/* What the tests of many threads have in common. */
#pragma once

#include <stdatomic.h>

#include "api_client.h"

/* The only argument is a number of rounds: 1 for a short run, hundreds for "./dev torture". */
static int rounds = 1;
#define RUN_ROUNDS(tests)                             \
  int main(int argc, char** argv) {                   \
    if (argc > 1) rounds = atoi(argv[1]);             \
    if (rounds < 1) return 2;                         \
    return cmocka_run_group_tests(tests, NULL, NULL); \
  }

/* A place where threads wait until they are let through. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool open;
  int entered;
} gate_t;
#define GATE \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 }

static inline void gate_pass(gate_t* gate) {
  pthread_mutex_lock(&gate->mutex);
  ++gate->entered;
  pthread_cond_broadcast(&gate->changed);
  while (!gate->open) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}
static inline void gate_until_entered(gate_t* gate) {
  pthread_mutex_lock(&gate->mutex);
  while (gate->entered == 0) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}
static inline void gate_open(gate_t* gate) {
  pthread_mutex_lock(&gate->mutex);
  gate->open = true;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->mutex);
}
