#define _GNU_SOURCE
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static void start(world_t* world, const char* host, uint64_t timeout_ms) {
  core_transport_connect(world->transport, host, world->port, NULL, timeout_ms);
}

static void an_address_is_not_looked_up(void** state) {
  world_t* world = *state;
  start(world, "127.0.0.1", 1000);
  assert_string_equal(core_transport_told(world->transport), ""); /* never from inside the call */
  until(world, told(world, "connect"));
  assert_int_equal(system_lookups(), 0);
  assert_contains(core_transport_address(world->transport), "127.0.0.1:");
  assert_string_equal(core_transport_tls(world->transport), "");
}

static void an_ipv6_address(void** state) {
  world_t* world = *state;
  const int listener = listen_on("::1", &world->port);
  if (listener == -1) {
    print_message("no IPv6 here\n");
    skip();
  }
  start(world, "::1", 1000);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_contains(core_transport_address(world->transport), "[::1]:");
  close(listener);
}

static void a_name_is_looked_up(void** state) {
  world_t* world = *state;
  system_names("127.0.0.1");
  start(world, "pbx.test", 1000);
  until(world, told(world, "connect"));
  assert_int_equal(system_lookups(), 1);
  assert_contains(core_transport_address(world->transport), "127.0.0.1:");
}

static void addresses_are_tried_in_their_order(void** state) {
  world_t* world = *state;
  system_names("127.0.0.3 127.0.0.2 127.0.0.1 127.0.0.4"); /* one listens */
  start(world, "pbx.test", 1000);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_told(world, "connect");
  assert_contains(core_transport_address(world->transport), "127.0.0.1:");
}

static void ipv6_before_ipv4(void** state) {
  world_t* world = *state;
  system_names("::1 127.0.0.1"); /* nobody listens on the first */
  start(world, "localhost", 1000);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_told(world, "connect");
  assert_contains(core_transport_address(world->transport), "127.0.0.1:");
}

static void all_failures_are_told(void** state) {
  world_t* world = *state;
  char words[128];
  system_names("127.0.0.3 127.0.0.2");
  start(world, "pbx.test", 1000);
  snprintf(
      words, sizeof words,
      "cannot connect to pbx.test port %u: 127.0.0.3:%u connection refused; 127.0.0.2:%u connection refused",
      world->port, world->port, world->port);
  assert_lost(world, AMI_ECONNECT, words);
  assert_told(world, "disconnect");
}

static void of_many_failures_the_first_ones(void** state) {
  world_t* world = *state;
  char names[512] = "";
  for (int i = 2; i < 14; i++) sprintf(names + strlen(names), "127.0.0.%d ", i);
  system_names(names);
  start(world, "pbx.test", 1000);
  assert_lost(world, AMI_ECONNECT, "127.0.0.9:");
  assert_contains(core_transport_detail(world->transport), "refused; and 4 more addresses");
  assert_null(strstr(core_transport_detail(world->transport), "127.0.0.10:"));
}

static void an_unreachable_address(void** state) {
  world_t* world = *state;
  system_names("255.255.255.255 127.0.0.1"); /* the first is refused by the system itself */
  start(world, "pbx.test", 1000);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_told(world, "connect");
}

static void a_name_without_addresses(void** state) {
  world_t* world = *state;
  system_no_names(EAI_NONAME);
  start(world, "nosuch.test", 1000);
  assert_lost(world, AMI_ERESOLVE, "cannot connect to nosuch.test port ");
  assert_contains(core_transport_detail(world->transport), "unknown node or service");
  core_transport_forget(world->transport);
  system_names("");
  start(world, "empty.test", 1000);
  assert_lost(world, AMI_ERESOLVE, "it has no address");
}

static void a_name_that_is_none(void** state) {
  world_t* world = *state;
  char host[400];
  memset(host, 'x', sizeof host - 1);
  host[sizeof host - 1] = '\0';
  start(world, host, 1000);
  assert_lost(world, AMI_ERESOLVE, host);
}

/* ---- time ---- */

static void a_silent_address_takes_its_share(void** state) {
  world_t* world = *state;
  int filler[2];
  const int deaf = listen_deaf("127.0.0.2", &world->port, filler);
  system_names("127.0.0.2 127.0.0.1");
  start(world, "pbx.test", 10000);
  idle(world);
  assert_told(world, "");
  system_advance_ms(4990);
  idle(world);
  assert_told(world, "");
  system_advance_ms(10);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_told(world, "connect");
  assert_contains(core_transport_address(world->transport), "127.0.0.1:");
  close_deaf(deaf, filler);
}

static void a_refusal_leaves_its_share_to_the_rest(void** state) {
  world_t* world = *state;
  int filler[2];
  const int deaf = listen_deaf("127.0.0.2", &world->port, filler);
  system_names("127.0.0.3 127.0.0.2 127.0.0.1");
  start(world, "pbx.test", 10000);
  idle(world);
  system_advance_ms(4990);
  idle(world);
  assert_told(world, "");
  system_advance_ms(10);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_told(world, "connect");
  close_deaf(deaf, filler);
}

static void nobody_answers(void** state) {
  world_t* world = *state;
  int filler[2];
  const int deaf = listen_deaf("127.0.0.2", &world->port, filler);
  start(world, "127.0.0.2", 2500);
  idle(world);
  system_advance_ms(2490);
  idle(world);
  assert_told(world, "");
  system_advance_ms(10);
  assert_lost(world, AMI_ETIMEDOUT, "no answer within 2500 ms");
  idle(world);
  assert_told(world, "disconnect");
  close_deaf(deaf, filler);
}

static void a_slow_look_up(void** state) {
  world_t* world = *state;
  system_hold_names();
  system_names("127.0.0.1");
  start(world, "pbx.test", 3000);
  until(world, system_lookups() == 1);
  system_advance_ms(2990);
  idle(world);
  assert_told(world, "");
  system_advance_ms(10);
  assert_lost(world, AMI_ETIMEDOUT, "the look-up of its address took more than 3000 ms");
  assert_contains(core_transport_detail(world->transport), "pbx.test");
  /* The late answer is nobody's. */
  system_let_names_go();
  idle(world);
  assert_told(world, "disconnect");
}

static void a_look_up_uses_up_the_time(void** state) {
  world_t* world = *state;
  int filler[2];
  const int deaf = listen_deaf("127.0.0.2", &world->port, filler);
  system_hold_names();
  system_names("127.0.0.2");
  start(world, "pbx.test", 3000);
  until(world, system_lookups() == 1);
  system_advance_ms(2000);
  idle(world);
  system_let_names_go();
  for (int i = 0; i < 20; i++) idle(world);
  assert_told(world, "");
  system_advance_ms(1000);
  assert_lost(world, AMI_ETIMEDOUT, "no answer within 3000 ms");
  close_deaf(deaf, filler);
}

/* ---- given up ---- */

static void given_up_while_looking_up(void** state) {
  world_t* world = *state;
  system_hold_names();
  system_names("127.0.0.1");
  start(world, "pbx.test", 3000);
  until(world, system_lookups() == 1);
  core_transport_disconnect(world->transport);
  system_let_names_go();
  idle(world);
  assert_told(world, "");
  start(world, "127.0.0.1", 3000);
  until(world, told(world, "connect"));
}

/* Nothing waits for the look-up, and its answer finds nobody. */
static void closed_while_looking_up(void** state) {
  world_t* world = *state;
  system_hold_names();
  start(world, "pbx.test", 3000);
  until(world, system_lookups() == 1);
  core_transport_close(world->transport);
  until(world, told(world, "close"));
  core_transport_free(world->transport);
  world->transport = NULL;
  core_loop_free(world->loop);
  world->loop = NULL;
  uv_run(&world->uv, UV_RUN_NOWAIT);
}

static void given_up_while_connecting(void** state) {
  world_t* world = *state;
  int filler[2];
  const int deaf = listen_deaf("127.0.0.2", &world->port, filler);
  start(world, "127.0.0.2", 3000);
  idle(world);
  core_transport_disconnect(world->transport);
  system_advance_ms(3000);
  idle(world);
  assert_told(world, "");
  close_deaf(deaf, filler);
}

static void another_attempt_replaces_the_first(void** state) {
  world_t* world = *state;
  system_hold_names();
  start(world, "pbx.test", 3000);
  until(world, system_lookups() == 1);
  start(world, "127.0.0.1", 3000);
  until(world, told(world, "connect"));
  system_let_names_go();
  idle(world);
  assert_told(world, "connect");
}

static void again_from_inside(core_transport_t* transport, const char* word, void* user) {
  world_t* world = user;
  if (strcmp(word, "disconnect") == 0)
    core_transport_connect(transport, "127.0.0.1", world->port, NULL, 1000);
}

static void tries_again_from_inside(void** state) {
  world_t* world = *state;
  core_transport_on(world->transport, again_from_inside, world);
  system_no_names(EAI_AGAIN);
  start(world, "pbx.test", 1000);
  until(world, told(world, "connect"));
  assert_told(world, "disconnect connect");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(an_address_is_not_looked_up),
      TEST(an_ipv6_address),
      TEST(a_name_is_looked_up),
      TEST(addresses_are_tried_in_their_order),
      TEST(ipv6_before_ipv4),
      TEST(all_failures_are_told),
      TEST(of_many_failures_the_first_ones),
      TEST(an_unreachable_address),
      TEST(a_name_without_addresses),
      TEST(a_name_that_is_none),
      TEST(a_silent_address_takes_its_share),
      TEST(a_refusal_leaves_its_share_to_the_rest),
      TEST(nobody_answers),
      TEST(a_slow_look_up),
      TEST(a_look_up_uses_up_the_time),
      TEST(given_up_while_looking_up),
      TEST(closed_while_looking_up),
      TEST(given_up_while_connecting),
      TEST(another_attempt_replaces_the_first),
      TEST(tries_again_from_inside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
