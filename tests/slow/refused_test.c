/* An application that sends on and on without a login, and hears nothing of what it is told: each send is
   refused, and its memory does not grow. */
#include "api_client.h"
#include "usage.h"

enum { SENDS = 200000, BOUND = 500, LATE = 1024 /* those that are on their way */ };

static void refused_for_ever(ami_t* client) {
  ami_action_t* ping = action("Ping", NULL);
  usage_begin();
  for (int i = 0; i < SENDS; ++i) {
    assert_error(ami_send(client, ping, NULL, NULL, NULL, NULL), AMI_ESTATE);
    ami_set(client, "events", i % 2 == 0 ? "off" : "on");
  }
  const size_t peak = usage_peak_kib();
  if (USAGE_TELLS && peak > 4096) fail_msg("%zu KiB of memory were needed", peak);
  ami_action_free(ping);
}

static void nobody_hears_of_it(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "queue.max_items", "500", NULL);
  client_disconnect(world, client);
  sink_t* notices = listen_to(world, client, "connection-unwritable");
  refused_for_ever(client);
  if (world->way == BY_POLL) until_stat(client, AMI_STAT_QUEUED, BOUND);
  until_count(world, notices, BOUND);
  assert_in_range(count_of(notices), BOUND, BOUND + 2 * LATE);
  /* And when there is room it is told again. */
  size_t told = 0;
  while (strcmp(field(message_at(notices, told), "Action"), "Status") != 0) {
    if (++told < count_of(notices)) continue;
    assert_error(refused(world, client, action("Status", NULL)), AMI_ESTATE);
    until_count(world, notices, told + 1);
  }
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN(nobody_hears_of_it, BY_POLL),
    IN(nobody_hears_of_it, BY_LOOP),
};
RUN(tests)
