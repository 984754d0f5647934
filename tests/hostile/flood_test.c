/* Floods of the smallest things there are: a byte costs what it costs, however many there were before. */
#include <stdatomic.h>

#include "hostile.h"

enum { SMALL = 64 << 10, TIMES = 8 };

/* Before the answer to each action comes so much of the text: a little, then TIMES as much. */
static void flood_and_answer(peer_t* peer, void* text) {
  if (!peer_log_in(peer)) return;
  uint64_t bytes = SMALL;
  for (const char* id; (id = peer_hear(peer)) != NULL; bytes *= TIMES) {
    peer_repeat(peer, text, bytes);
    peer_say(peer, "\r\n\r\nResponse: Success\r\nActionID: %s\r\nMine: yes\r\n\r\n", id);
  }
}

static void count_up(ami_t* client, const ami_msg_t* msg, void* user) {
  (void)client;
  (void)msg;
  atomic_fetch_add((atomic_llong*)user, 1);
}

static void tiny_things(void** state) {
  static char* const texts[] = {"\r\n",
                                "\n",
                                "a\r\n\r\n",
                                "a:b\r\n\r\n",
                                ":\r\n\r\n",
                                "\001\r\n\r\n",
                                "Event: x\r\n\r\n",
                                "Event: \r\n\r\n",
                                "Response: x\r\nActionID: x\r\n\r\n",
                                "Event: x\r\nActionID: x\r\n\r\n",
                                "Response: Follows\r\nActionID: x\r\n--END COMMAND--\r\n\r\n",
                                "rubbish\r\nResponse: Follows\r\nActionID: x\r\n--END COMMAND--\r\n\r\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    world_t* world = world_new(state, NULL);
    peer_t* peer = peer_new(flood_and_answer, texts[i]);
    ami_t* client = client_of(world, peer);
    client_set(client, "queue.max_items", "1000");
    atomic_llong handled = 0;
    assert_error(ami_on(client, "data", count_up, &handled, NULL, NULL), 0);
    assert_error(client_connect(world, client), 0);
    int64_t used[3] = {usage_cpu_us()};
    usage_begin();
    for (int round = 1; round <= 2; ++round) {
      const ami_reply_t* reply = reply_to(world, client, action("CoreStatus", NULL));
      assert_reply(reply, 0, AMI_ANSWERED);
      assert_string_equal(field(ami_reply_response(reply), "Mine"), "yes");
      used[round] = usage_cpu_us();
    }
    assert_peak_mib(6);
    const int64_t little = used[1] - used[0];
    const int64_t much = used[2] - used[1];
    /* Were it to grow with the square, it would be 64 times as much. */
    if (much > 4 * TIMES * (little + 1000)) {
      fail_msg("text %zu: %lld us for little, %lld us for %d times as much", i, (long long)little,
               (long long)much, TIMES);
    }
    assert_int_equal(ami_state(client), AMI_STATE_READY);
    assert_true(handled > 0);
    client_destroy(world, client);
    world_end(world);
    peer_free(peer);
  }
}

static const struct CMUnitTest tests[] = {
    IN(tiny_things, BY_THREAD),
};
RUN(tests)
