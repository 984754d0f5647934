/* The queue in one piece of memory: order, growth, and what is left after a lack of memory. */
#include "core_delivery.h"
#include "core_memory.h"

static core_ring_t* ring;

static int setup(void** state) {
  (void)state;
  ring = core_ring_new();
  return 0;
}

static int teardown(void** state) {
  (void)state;
  core_ring_free(ring);
  return 0;
}

static void push(int first, int last) {
  for (int number = first; number <= last; number++) assert_int_equal(core_ring_push(ring, number), 0);
}

static void pop(int first, int last) {
  for (int number = first; number <= last; number++) {
    assert_int_equal(core_ring_front(ring), number);
    assert_int_equal(core_ring_pop(ring), number);
  }
}

static void first_in_first_out(void** state) {
  (void)state;
  push(1, 3);
  assert_int_equal(core_ring_size(ring), 3);
  assert_int_equal(core_ring_back(ring), 3);
  pop(1, 3);
  assert_int_equal(core_ring_size(ring), 0);
}

/* The oldest may stand anywhere in the memory when it grows. */
static void it_grows_wherever_it_begins(void** state) {
  (void)state;
  for (int begin = 0; begin < 20; begin++) {
    push(1, begin);
    pop(1, begin);
    push(1, 3000);
    pop(1, 2990);
    push(3001, 3010);
    pop(2991, 3010);
  }
}

static void one_in_one_out_needs_no_more(void** state) {
  (void)state;
  push(1, 10);
  core_fail_allocation(0);
  for (int number = 11; number <= 1000; number++) {
    push(number, number);
    pop(number - 10, number - 10);
  }
  core_fail_allocation(-1);
  pop(991, 1000);
}

static void it_outlasts_a_lack_of_memory(void** state) {
  int count = 0;
  (void)state;
  push(1, 1);
  core_fail_allocation(0);
  for (count = 1; core_ring_push(ring, count + 1) == 0; count++) continue;
  core_fail_allocation(-1);
  assert_int_equal(core_ring_size(ring), (size_t)count);
  push(count + 1, 2 * count);
  pop(1, 2 * count);
}

static void it_is_swapped_and_cleared(void** state) {
  (void)state;
  core_ring_t* other = core_ring_new();
  push(1, 20);
  core_ring_swap(ring, other);
  assert_int_equal(core_ring_size(ring), 0);
  push(7, 8);
  core_ring_swap(ring, other);
  pop(1, 20);
  assert_int_equal(core_ring_size(other), 2);
  core_ring_clear(other);
  assert_int_equal(core_ring_size(other), 0);
  assert_int_equal(core_ring_push(other, 5), 0);
  assert_int_equal(core_ring_pop(other), 5);
  core_ring_free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(first_in_first_out),           TEST(it_grows_wherever_it_begins),
      TEST(one_in_one_out_needs_no_more), TEST(it_outlasts_a_lack_of_memory),
      TEST(it_is_swapped_and_cleared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
