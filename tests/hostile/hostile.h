/* What the tests of hostile servers have in common. */
#pragma once

#include "api_client.h"
#include "peer.h"
#include "usage.h"

/* A client of the peer, not of the mock PBX. */
static inline ami_t* client_of(world_t* world, const peer_t* peer) {
  ami_t* client = client_new(world);
  client_set(client, "port", peer_port(peer));
  return client;
}

/* Not more than so many MiB beyond what there was when it was begun to look. */
#define assert_peak_mib(bound)                                                                         \
  do {                                                                                                 \
    const size_t peak_ = usage_peak_kib();                                                             \
    if (USAGE_TELLS && peak_ > (size_t)(bound)*1024) fail_msg("%zu KiB of memory were needed", peak_); \
  } while (0)

static int64_t watched_cpu_us, watched_bytes;

/* From here on it is looked at what the client needs. */
static inline void watch(const ami_t* client) {
  usage_begin();
  watched_bytes = ami_stat(client, AMI_STAT_BYTES_IN);
  watched_cpu_us = usage_cpu_us();
}

/* Processor time goes with what has come, at most four nanoseconds a byte, the peer's included; what goes
   with its square is far beyond this bound. Sanitizers take their share. */
static inline void check_cpu(const ami_t* client) {
  enum { FIXED_US = 50000, BYTES_PER_US = 100, SANITIZED = 20 };
  const int64_t used = usage_cpu_us() - watched_cpu_us;
  const int64_t bytes = ami_stat(client, AMI_STAT_BYTES_IN) - watched_bytes;
  const int64_t bound = (FIXED_US + bytes / BYTES_PER_US) * (USAGE_TELLS ? 1 : SANITIZED);
  if (used > bound) fail_msg("%lld us of processor for %lld bytes", (long long)used, (long long)bytes);
}

#define assert_bounded(client, mib) \
  do {                              \
    assert_peak_mib(mib);           \
    check_cpu(client);              \
  } while (0)

/* The bytes that a server may say for nothing: many times what anything may take of memory. */
#define PLENTY (UINT64_C(256) << 20)
