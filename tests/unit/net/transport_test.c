#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

static size_t write_text(world_t* world, const char* text) {
  return core_transport_write(world->transport, text, strlen(text));
}

static const char* received(world_t* world) {
  return core_transport_received(world->transport, NULL);
}

static size_t received_size(world_t* world) {
  size_t size = 0;
  core_transport_received(world->transport, &size);
  return size;
}

static size_t peer_size(world_t* world) {
  peer_read(world);
  return world->peer_received_size;
}

/* Bytes that tell their place. */
static char* pattern(size_t size) {
  char* bytes = malloc(size);
  assert_non_null(bytes);
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(i * 7 + i / 251);
  return bytes;
}

/* ---- reading and writing ---- */

static void bytes_go_both_ways(void** state) {
  world_t* world = *state;
  connect_plain(world);
  peer_say(world, "hello\r\n", 7);
  until(world, told(world, "all"));
  assert_string_equal(received(world), "hello\r\n");
  assert_told(world, "receive all");
  assert_int_equal(write_text(world, "Action: Ping\r\n\r\n"), 16);
  until(world, peer_size(world) == 16);
  assert_string_equal(world->peer_received, "Action: Ping\r\n\r\n");
  idle(world);
  assert_told(world, ""); /* all was taken: nobody waits for room */
}

static void one_call_for_one_write(void** state) {
  world_t* world = *state;
  char* bytes = pattern(20000);
  connect_plain(world);
  assert_int_equal(core_transport_write(world->transport, bytes, 20000), 20000);
  assert_int_equal(system_sends(), 1);
  assert_int_equal(core_transport_writes(world->transport), 1);
  until(world, peer_size(world) == 20000);
  assert_memory_equal(world->peer_received, bytes, 20000);
  assert_false(system_send_may_signal());
  free(bytes);
}

static void nothing_is_written_before_there_is_a_connection(void** state) {
  world_t* world = *state;
  assert_int_equal(write_text(world, "early"), 0);
  core_transport_connect(world->transport, "127.0.0.1", world->port, NULL, 1000);
  assert_int_equal(write_text(world, "early"), 0);
  until(world, told(world, "connect"));
  idle(world);
  assert_told(world, "connect");
}

static void a_flood_is_read_in_turns(void** state) {
  world_t* world = *state;
  enum { kSize = 3 << 20 };
  char* bytes = pattern(kSize);
  connect_plain(world);
  peer_say(world, bytes, kSize);
  until(world, received_size(world) == kSize);
  assert_memory_equal(received(world), bytes, kSize);
  /* What had come was not read in one turn: others on the loop wait for no more than 256 KiB. */
  assert_true(core_transport_told(world->transport)[12] != '\0');
  free(bytes);
}

/* The rest of a long write, as the kernel takes it. */
static void write_rest(core_transport_t* transport, const char* word, void* user) {
  char** rest = user;
  if (strcmp(word, "writable") == 0)
    rest[0] += core_transport_write(transport, rest[0], (size_t)(rest[1] - rest[0]));
}

static void long_writes_are_taken_in_parts(void** state) {
  world_t* world = *state;
  enum { kSize = 300 << 10 };
  char* bytes = pattern(kSize);
  make_narrow(world);
  connect_plain(world);
  size_t taken = core_transport_write(world->transport, bytes, kSize);
  assert_in_range(taken, 1, kSize - 1);
  assert_int_equal(write_text(world, "not before the rest"), 0);
  /* The kernel may have some more room when it has passed on what it was given. */
  for (idle(world); told(world, "writable"); idle(world)) {
    core_transport_forget(world->transport);
    taken += core_transport_write(world->transport, bytes + taken, kSize - taken);
    assert_in_range(taken, 1, kSize - 1);
  }
  assert_told(world, "");
  char* rest[] = {bytes + taken, bytes + kSize};
  core_transport_on(world->transport, write_rest, rest);
  until(world, peer_size(world) == kSize);
  assert_memory_equal(world->peer_received, bytes, kSize);
  assert_true(told(world, "writable"));
  free(bytes);
}

static void every_byte_may_be_a_part(void** state) {
  world_t* world = *state;
  char text[] = "Action: Ping\r\n\r\n";
  connect_plain(world);
  system_send_limit(1);
  char* rest[] = {text, text + strlen(text)};
  core_transport_on(world->transport, write_rest, rest);
  rest[0] += core_transport_write(world->transport, text, strlen(text));
  assert_ptr_equal(rest[0], text + 1);
  until(world, peer_size(world) == strlen(text));
  assert_string_equal(world->peer_received, text);
  assert_int_equal(core_transport_writes(world->transport), strlen(text));
}

static void signals_change_nothing(void** state) {
  world_t* world = *state;
  connect_plain(world);
  system_interrupt(5);
  assert_int_equal(write_text(world, "hello"), 5);
  peer_say(world, "world", 5);
  system_interrupt(5);
  until(world, told(world, "all") && peer_size(world) == 5);
  assert_string_equal(received(world), "world");
}

/* ---- pausing ---- */

static void nothing_is_read_while_paused(void** state) {
  world_t* world = *state;
  connect_plain(world);
  core_transport_pause(world->transport);
  peer_say(world, "later", 5);
  idle(world);
  assert_told(world, "");
  assert_int_equal(write_text(world, "now"), 3);
  core_transport_resume(world->transport);
  until(world, told(world, "all"));
  assert_string_equal(received(world), "later");
}

static void pause_once(core_transport_t* transport, const char* word, void* user) {
  bool* paused = user;
  if (strcmp(word, "receive") != 0 || *paused) return;
  *paused = true;
  core_transport_pause(transport);
}

static void paused_in_the_middle_of_a_turn(void** state) {
  world_t* world = *state;
  enum { kSize = 200 << 10 };
  char* bytes = pattern(kSize);
  bool paused = false;
  connect_plain(world);
  core_transport_on(world->transport, pause_once, &paused);
  peer_say(world, bytes, kSize);
  until(world, told(world, "all"));
  idle(world);
  assert_true(received_size(world) <= 64 << 10); /* one buffer */
  core_transport_resume(world->transport);
  until(world, received_size(world) == kSize);
  assert_memory_equal(received(world), bytes, kSize);
  free(bytes);
}

static void no_end_is_told_while_paused(void** state) {
  world_t* world = *state;
  connect_plain(world);
  core_transport_pause(world->transport);
  peer_say(world, "last", 4);
  peer_close(world);
  idle(world);
  assert_told(world, "");
  core_transport_resume(world->transport);
  assert_lost(world, AMI_ELOST, "closed by the server");
  assert_string_equal(received(world), "last");
  assert_told(world, "receive all end disconnect");
}

static void pause_after_all(core_transport_t* transport, const char* word, void* user) {
  (void)user;
  if (strcmp(word, "all") == 0) core_transport_pause(transport);
}

/* The turn has seen the end already when the sink pauses: a full buffer makes it look for more. */
static void paused_in_the_last_turn(void** state) {
  world_t* world = *state;
  static char bytes[64 << 10];
  for (int breaks_off = 0; breaks_off < 2; breaks_off++) {
    world->peer_ended = false;
    connect_plain(world);
    core_transport_pause(world->transport);
    peer_say(world, bytes, sizeof bytes);
    breaks_off ? peer_reset(world) : peer_close(world);
    core_transport_on(world->transport, pause_after_all, NULL);
    core_transport_resume(world->transport);
    until(world, told(world, "all"));
    idle(world);
    assert_told(world, "receive all");
    core_transport_resume(world->transport);
    assert_lost(world, AMI_ELOST, breaks_off ? "lost: connection reset by peer" : "closed by the server");
    assert_told(world, breaks_off ? "disconnect" : "end disconnect");
  }
}

static void a_write_that_fails_while_paused(void** state) {
  world_t* world = *state;
  connect_plain(world);
  core_transport_pause(world->transport);
  peer_say(world, "the reason", 10);
  peer_reset(world);
  write_text(world, "nobody reads this");
  idle(world);
  assert_told(world, "");
  assert_int_equal(write_text(world, "nor this"), 0);
  core_transport_resume(world->transport);
  assert_lost(world, AMI_ELOST, "connection with 127.0.0.1:");
}

static void a_new_connection_is_not_paused(void** state) {
  world_t* world = *state;
  connect_plain(world);
  core_transport_pause(world->transport);
  core_transport_disconnect(world->transport);
  peer_close(world);
  connect_plain(world);
  world->peer_ended = false;
  peer_say(world, "hello", 5);
  until(world, told(world, "all"));
}

/* ---- ends ---- */

static void the_peer_closes(void** state) {
  world_t* world = *state;
  connect_plain(world);
  peer_say(world, "bye", 3);
  peer_close(world);
  assert_lost(world, AMI_ELOST, "connection with 127.0.0.1:");
  assert_contains(core_transport_detail(world->transport), "closed by the server");
  assert_string_equal(received(world), "bye");
  idle(world);
  /* Once, and the end after all that was said. */
  const char* words = core_transport_told(world->transport);
  assert_string_equal(words + strlen(words) - strlen("all end disconnect"), "all end disconnect");
  assert_int_equal(write_text(world, "too late"), 0);
}

static void the_peer_closes_its_half(void** state) {
  world_t* world = *state;
  connect_plain(world);
  shutdown(world->peer, SHUT_WR);
  assert_lost(world, AMI_ELOST, "closed by the server");
  assert_told(world, "end disconnect");
}

static void the_peer_breaks_off(void** state) {
  world_t* world = *state;
  connect_plain(world);
  peer_reset(world);
  assert_lost(world, AMI_ELOST, "lost: connection reset by peer");
  assert_told(world, "disconnect");
}

static void a_write_to_a_closed_peer(void** state) {
  world_t* world = *state;
  connect_plain(world);
  peer_reset(world);
  write_text(world, "one");
  write_text(world, "two");                                       /* EPIPE, and SIGPIPE if it were let */
  assert_string_equal(core_transport_told(world->transport), ""); /* never from inside the call */
  assert_lost(world, AMI_ELOST, "connection with 127.0.0.1:");
  idle(world);
  assert_told(world, "disconnect");
}

/* The peer says why before it goes; our write fails first. */
static void the_last_words_come_before_the_failure(void** state) {
  world_t* world = *state;
  char words[100];
  connect_plain(world);
  for (int i = 0; i < 10; i++) peer_say(world, "Goodbye.\r\n", 10);
  peer_close(world);
  /* The first one makes the peer's kernel answer with a RST; then writing fails. */
  for (int i = 0; i < 100 && write_text(world, "x") == 1; i++) sched_yield();
  assert_lost(world, AMI_ELOST, "connection with ");
  assert_int_equal(received_size(world), sizeof words);
  assert_int_equal(strncmp(core_transport_told(world->transport), "receive all", 11), 0);
}

static void the_peer_goes_in_the_middle_of_a_write(void** state) {
  world_t* world = *state;
  enum { kSize = 300 << 10 };
  char* bytes = pattern(kSize);
  make_narrow(world);
  connect_plain(world);
  const size_t first = core_transport_write(world->transport, bytes, kSize);
  assert_in_range(first, 1, kSize - 1);
  peer_reset(world);
  assert_lost(world, AMI_ELOST, "connection with ");
  core_transport_forget(world->transport);
  idle(world);
  assert_told(world, "");
  free(bytes);
}

static void ended_by_us(void** state) {
  world_t* world = *state;
  connect_plain(world);
  write_text(world, "Action: Logoff\r\n\r\n");
  core_transport_disconnect(world->transport);
  assert_int_equal(write_text(world, "too late"), 0);
  until(world, (peer_read(world), world->peer_ended));
  assert_string_equal(world->peer_received, "Action: Logoff\r\n\r\n");
  peer_say(world, "Response: Goodbye\r\n\r\n", 21);
  peer_close(world);
  idle(world);
  assert_told(world, ""); /* not even what was still said */
}

static void from_inside(core_transport_t* transport, const char* word, void* user) {
  const char** wanted = user;
  if (strcmp(word, wanted[0]) != 0) return;
  if (strcmp(wanted[1], "disconnect") == 0) core_transport_disconnect(transport);
  if (strcmp(wanted[1], "close") == 0) core_transport_close(transport);
}

static void ended_from_inside(void** state) {
  world_t* world = *state;
  const char* wanted[] = {"receive", "disconnect"};
  core_transport_on(world->transport, from_inside, wanted);
  connect_plain(world);
  peer_say(world, "hello", 5);
  until(world, told(world, "all")); /* what was gathered is handed over all the same */
  idle(world);
  assert_told(world, "receive all");
  peer_close(world);
  wanted[0] = "connect";
  core_transport_connect(world->transport, "127.0.0.1", world->port, NULL, 1000);
  until(world, told(world, "connect"));
  idle(world);
  assert_told(world, "connect");
}

static void ended_at_the_end(void** state) {
  world_t* world = *state;
  const char* wanted[] = {"end", "disconnect"};
  core_transport_on(world->transport, from_inside, wanted);
  connect_plain(world);
  peer_close(world);
  until(world, told(world, "end"));
  idle(world);
  assert_told(world, "end");
}

static void closed_from_inside(void** state) {
  static const char* const words[] = {"wake",    "timer", "flush", "connect",
                                      "receive", "all",   "end",   "disconnect"};
  (void)state;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    void* own = NULL;
    world_open(&own);
    world_t* world = own;
    const char* wanted[] = {words[i], "close"};
    core_transport_on(world->transport, from_inside, wanted);
    core_transport_connect(world->transport, "127.0.0.1", world->port, NULL, 1000);
    core_transport_wake(world->transport);
    core_transport_flush_soon(world->transport);
    core_transport_set_timer(world->transport, 0);
    if (i > 3) {
      peer_accept(world);
      peer_say(world, "hello", 5);
      peer_close(world);
    }
    until(world, told(world, "close"));
    idle(world);
    const char* all = core_transport_told(world->transport);
    const size_t last = strlen(words[i]) + strlen(" close");
    assert_string_equal(all + strlen(all) - strlen(" close"), " close");
    assert_int_equal(strncmp(all + strlen(all) - last, words[i], strlen(words[i])), 0);
    core_transport_free(world->transport);
    world->transport = NULL;
    world_close(&own);
  }
}

/* ---- turns ---- */

static void wakes_are_one(void** state) {
  world_t* world = *state;
  for (int i = 0; i < 10; i++) core_transport_wake(world->transport);
  core_transport_flush_soon(world->transport); /* keeps the loop running */
  until(world, told(world, "wake"));
  idle(world);
  assert_int_equal(strstr(core_transport_told(world->transport), "wake") !=
                       strrchr(core_transport_told(world->transport), 'w'),
                   0);
}

static void* wake_it(void* transport) {
  core_transport_wake(transport);
  return NULL;
}

static void woken_by_another_thread(void** state) {
  world_t* world = *state;
  pthread_t thread;
  connect_plain(world);
  assert_int_equal(pthread_create(&thread, NULL, wake_it, world->transport), 0);
  until(world, told(world, "wake"));
  assert_int_equal(pthread_join(thread, NULL), 0);
}

static void flushed_at_the_end_of_the_turn(void** state) {
  world_t* world = *state;
  core_transport_flush_soon(world->transport);
  core_transport_flush_soon(world->transport);
  assert_told(world, "");
  uv_run(&world->uv, UV_RUN_NOWAIT);
  assert_told(world, "flush");
  idle(world);
  assert_told(world, "");
}

static void the_timer(void** state) {
  world_t* world = *state;
  const uint64_t now = core_transport_now(world->transport);
  core_transport_set_timer(world->transport, now + 1000);
  core_transport_set_timer(world->transport, now + 500); /* the last wish counts */
  system_advance_ms(490);
  idle(world);
  assert_told(world, "");
  system_advance_ms(10);
  idle(world);
  assert_told(world, "timer");
  system_advance_ms(5000);
  idle(world);
  assert_told(world, ""); /* once */
  core_transport_set_timer(world->transport, core_transport_now(world->transport) + 100);
  core_transport_set_timer(world->transport, UINT64_MAX);
  system_advance_ms(5000);
  idle(world);
  assert_told(world, ""); /* never */
  core_transport_set_timer(world->transport, 1);
  idle(world);
  assert_told(world, "timer"); /* a time that has passed */
}

/* The loop's idea of the time is from its last turn. */
static void now_is_now(void** state) {
  world_t* world = *state;
  const uint64_t before = core_transport_now(world->transport);
  system_advance_ms(3600000);
  assert_int_equal(core_transport_now(world->transport), before + 3600000);
  core_transport_set_timer(world->transport, before + 3600000 + 100);
  idle(world);
  assert_told(world, "");
}

static void an_idle_one_lets_the_loop_end(void** state) {
  world_t* world = *state;
  assert_int_equal(uv_run(&world->uv, UV_RUN_DEFAULT), 0);
}

static void many_on_one_loop(void** state) {
  world_t* world = *state;
  enum { kMany = 12 };
  core_transport_t* others[kMany];
  for (int i = 0; i < kMany; i++) {
    others[i] = core_transport_new(world->loop);
    core_transport_connect(others[i], "127.0.0.1", world->port, NULL, 10000);
  }
  for (int i = 0; i < kMany; i++) {
    peer_accept(world);
    peer_say(world, "hello", 5);
    close(world->peer);
  }
  world->peer = -1;
  for (int i = 0; i < kMany; i++) {
    until(world, strstr(core_transport_told(others[i]), "end disconnect") != NULL);
    assert_string_equal(core_transport_received(others[i], NULL), "hello");
    core_transport_forget(others[i]);
    core_transport_close(others[i]);
  }
  for (int i = 0; i < kMany; i++) {
    until(world, strcmp(core_transport_told(others[i]), "close") == 0);
    core_transport_free(others[i]);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(bytes_go_both_ways),
      TEST(one_call_for_one_write),
      TEST(nothing_is_written_before_there_is_a_connection),
      TEST(a_flood_is_read_in_turns),
      TEST(long_writes_are_taken_in_parts),
      TEST(every_byte_may_be_a_part),
      TEST(signals_change_nothing),
      TEST(nothing_is_read_while_paused),
      TEST(paused_in_the_middle_of_a_turn),
      TEST(no_end_is_told_while_paused),
      TEST(paused_in_the_last_turn),
      TEST(a_write_that_fails_while_paused),
      TEST(a_new_connection_is_not_paused),
      TEST(the_peer_closes),
      TEST(the_peer_closes_its_half),
      TEST(the_peer_breaks_off),
      TEST(a_write_to_a_closed_peer),
      TEST(the_last_words_come_before_the_failure),
      TEST(the_peer_goes_in_the_middle_of_a_write),
      TEST(ended_by_us),
      TEST(ended_from_inside),
      TEST(ended_at_the_end),
      cmocka_unit_test(closed_from_inside),
      TEST(wakes_are_one),
      TEST(woken_by_another_thread),
      TEST(flushed_at_the_end_of_the_turn),
      TEST(the_timer),
      TEST(now_is_now),
      TEST(an_idle_one_lets_the_loop_end),
      TEST(many_on_one_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
