#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

/* Whether anything of the connection that was ended is left in the loop. */
static bool lingers(world_t* world) {
  return uv_loop_alive(&world->uv) != 0;
}

static void end_it(world_t* world, const char* last_words) {
  connect_plain(world);
  assert_int_equal(core_transport_write(world->transport, last_words, strlen(last_words)),
                   strlen(last_words));
  core_transport_disconnect(world->transport);
}

static void until_the_peer_closes(void** state) {
  world_t* world = *state;
  end_it(world, "bye");
  until(world, (peer_read(world), world->peer_ended));
  assert_string_equal(world->peer_received, "bye");
  idle(world);
  assert_true(lingers(world));
  peer_close(world);
  until(world, !lingers(world));
}

static void a_second_at_most(void** state) {
  world_t* world = *state;
  end_it(world, "bye");
  idle(world);
  system_advance_ms(990);
  idle(world);
  assert_true(lingers(world));
  system_advance_ms(10);
  until(world, !lingers(world));
}

/* To close with bytes unread would be a RST, which makes the peer's kernel forget what it was given. */
static void what_the_peer_still_says_is_read(void** state) {
  world_t* world = *state;
  static char events[100000];
  end_it(world, "Action: Logoff\r\n\r\n");
  peer_say(world, events, sizeof events);
  idle(world);
  char text[64];
  assert_int_equal(read(world->peer, text, sizeof text), 18); /* not ECONNRESET */
  peer_say(world, events, sizeof events);
  idle(world);
  assert_int_equal(read(world->peer, text, sizeof text), 0);
  assert_true(lingers(world));
}

static void a_peer_that_breaks_off(void** state) {
  world_t* world = *state;
  end_it(world, "bye");
  idle(world);
  peer_reset(world);
  until(world, !lingers(world));
}

static void a_new_connection_meanwhile(void** state) {
  world_t* world = *state;
  end_it(world, "bye");
  const int first = world->peer;
  connect_plain(world);
  peer_say(world, "hello", 5);
  until(world, told(world, "all"));
  assert_string_equal(core_transport_received(world->transport, NULL), "hello");
  char text[8];
  until(world, read(first, text, sizeof text) == 3);
  close(first);
}

static void the_last_one_counts(void** state) {
  world_t* world = *state;
  end_it(world, "one");
  const int first = world->peer;
  end_it(world, "two");
  until(world, (peer_read(world), world->peer_ended));
  assert_string_equal(world->peer_received, "two");
  char text[8];
  assert_int_equal(read(first, text, sizeof text), 3);
  close(first);
}

static void closing_waits_for_it(void** state) {
  world_t* world = *state;
  end_it(world, "bye");
  core_transport_close(world->transport);
  idle(world);
  assert_told(world, "");
  until(world, (peer_read(world), world->peer_ended));
  assert_string_equal(world->peer_received, "bye");
  peer_close(world);
  until(world, told(world, "close"));
  core_transport_free(world->transport);
  world->transport = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(until_the_peer_closes),  TEST(a_second_at_most),           TEST(what_the_peer_still_says_is_read),
      TEST(a_peer_that_breaks_off), TEST(a_new_connection_meanwhile), TEST(the_last_one_counts),
      TEST(closing_waits_for_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
