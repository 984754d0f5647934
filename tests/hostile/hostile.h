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

/* Not more than so many MiB beyond what there was when usage_begin() was called. */
#define assert_peak_mib(bound)                                                                         \
  do {                                                                                                 \
    const size_t peak_ = usage_peak_kib();                                                             \
    if (USAGE_TELLS && peak_ > (size_t)(bound)*1024) fail_msg("%zu KiB of memory were needed", peak_); \
  } while (0)

/* The bytes that a server may say for nothing: many times what anything may take of memory. */
#define PLENTY (UINT64_C(256) << 20)
