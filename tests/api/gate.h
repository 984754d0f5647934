/* A callback that stands still until the test lets it go on. */
#pragma once

#include "api_client.h"

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

/* A hook; its data is the gate. */
static inline void pass_gate(sink_t* sink, ami_t* client, const ami_msg_t* msg, const ami_reply_t* reply) {
  (void)client;
  (void)msg;
  (void)reply;
  gate_pass(sink->data);
}
