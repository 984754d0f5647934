/* A transport in a process that forks. */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static int result_of(pid_t child) {
  int status = -1;
  assert_int_not_equal(child, -1);
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void a_child_leaves_the_connection_alone(void** state) {
  world_t* world = *state;
  connect_plain(world);
  const pid_t child = fork();
  if (child == 0) {
    core_transport_abandon(world->transport);
    core_transport_free(world->transport);
    core_loop_free(world->loop);
    _exit(0);
  }
  assert_int_equal(result_of(child), 0);
  assert_int_equal(core_transport_write(world->transport, "still here", 10), 10);
  until(world, (peer_read(world), world->peer_received_size) == 10);
  peer_say(world, "me too", 6);
  until(world, told(world, "all"));
  assert_false(world->peer_ended);
}

/* A child may run the uv loop on, for its own ends. */
static void fork_and_run(world_t* world) {
  core_transport_set_timer(world->transport, core_transport_now(world->transport) + 1000);
  core_transport_forget(world->transport);
  const pid_t child = fork();
  if (child == 0) {
    core_transport_abandon(world->transport);
    if (uv_loop_fork(&world->uv) != 0) _exit(2);
    system_advance_ms(20000);
    uv_run(&world->uv, UV_RUN_DEFAULT); /* nothing of ours is left */
    _exit(core_transport_told(world->transport)[0] == '\0' ? 0 : 3);
  }
  assert_int_equal(result_of(child), 0);
}

static void a_child_goes_on_with_the_loop(void** state) {
  world_t* world = *state;
  connect_plain(world);
  fork_and_run(world);
  assert_int_equal(core_transport_write(world->transport, "still here", 10), 10);
  until(world, (peer_read(world), world->peer_received_size) == 10);
  peer_say(world, "me too", 6);
  until(world, told(world, "all"));
}

static void a_child_of_one_that_connects(void** state) {
  world_t* world = *state;
  int filler[2];
  const int deaf = listen_deaf("127.0.0.2", &world->port, filler);
  core_transport_connect(world->transport, "127.0.0.2", world->port, NULL, 10000);
  idle(world);
  fork_and_run(world);
  core_transport_disconnect(world->transport);
  core_transport_connect(world->transport, "127.0.0.1", world->port, NULL, 10000);
  until(world, told(world, "connect"));
  close_deaf(deaf, filler);
}

static void a_child_of_one_that_lingers(void** state) {
  world_t* world = *state;
  connect_plain(world);
  core_transport_disconnect(world->transport);
  fork_and_run(world);
  until(world, (peer_read(world), world->peer_ended)); /* not before the parent has said so */
  core_transport_connect(world->transport, "127.0.0.1", world->port, NULL, 10000);
  until(world, told(world, "connect"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_child_leaves_the_connection_alone),
      TEST(a_child_goes_on_with_the_loop),
      TEST(a_child_of_one_that_connects),
      TEST(a_child_of_one_that_lingers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
