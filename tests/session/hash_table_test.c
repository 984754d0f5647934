/* The table of objects that carry their links: it finds, grows, and does without memory. */
#include "core_memory.h"
#include "core_session.h"
#include "usage.h"

enum { MANY = 1000 };
static core_table_t* table;

static int setup(void** state) {
  (void)state;
  table = core_table_new();
  return 0;
}

static int teardown(void** state) {
  (void)state;
  core_table_free(table);
  return 0;
}

/* Each under its own hash or, with so many hashes, with others. */
static void fill(size_t hashes) {
  for (int number = 0; number < MANY; number++) core_table_add(table, (size_t)number % hashes, number);
}

static void each_is_found(size_t hashes) {
  for (int number = 0; number < MANY; number++) {
    assert_int_equal(core_table_find(table, (size_t)number % hashes, MANY, number), number);
  }
  assert_int_equal(core_table_find(table, MANY, MANY, 0), -1);
  assert_int_equal(core_table_size(table), MANY);
}

static void by_its_hash(void** state) {
  (void)state;
  assert_int_equal(core_table_find(table, 0, 1, 0), -1);
  fill(MANY);
  each_is_found(MANY);
}

static void equal_ones_in_the_order_of_adding(void** state) {
  (void)state;
  fill(3);
  each_is_found(3);
  for (int number = 0; number < MANY; number++) {
    assert_int_equal(core_table_find(table, (size_t)number % 3, 1, 0), number);
    core_table_remove(table, number);
  }
  assert_int_equal(core_table_size(table), 0);
}

static void what_is_removed_is_gone(void** state) {
  int sum = 0;
  (void)state;
  fill(MANY / 4);
  for (int number = 0; number < MANY; number += 2) core_table_remove(table, number);
  for (int number = 0; number < MANY; number++) {
    const int found = core_table_find(table, (size_t)number % (MANY / 4), MANY, number);
    assert_int_equal(found, number % 2 == 0 ? -1 : number);
    sum += number % 2 == 0 ? 0 : number;
  }
  assert_int_equal(core_table_size(table), MANY / 2);
  assert_int_equal(core_table_sum(table), sum);
}

static void without_memory_to_grow(void** state) {
  (void)state;
  for (int number = 0; number < MANY; number++) {
    core_fail_allocation(1); /* the object's own goes before */
    core_table_add(table, (size_t)number, number);
  }
  core_fail_allocation(-1);
  each_is_found(MANY);
}

/* Processor time for so many hashes that lie so far apart. */
static int64_t time_for_stride(size_t stride) {
  core_table_t* wide = core_table_new();
  const int64_t before = usage_cpu_us();
  for (size_t i = 0; i < 50 * MANY; i++) core_table_add(wide, i * stride, (int)i);
  for (size_t i = 0; i < 50 * MANY; i++) {
    assert_int_equal(core_table_find(wide, i * stride, 50 * MANY, (int)i), (int)i);
  }
  const int64_t used = usage_cpu_us() - before;
  core_table_free(wide);
  return used;
}

/* As numbers have that many clients draw in turn. */
static void a_stride_costs_nothing(void** state) {
  (void)state;
  assert_in_range(time_for_stride(1024), 0, 10 * time_for_stride(1) + 20000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(by_its_hash),
      TEST(equal_ones_in_the_order_of_adding),
      TEST(what_is_removed_is_gone),
      TEST(without_memory_to_grow),
      TEST(a_stride_costs_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
