#include <string.h>

#include "core_net.h"

static void the_md5_of_a_text(void** state) {
  static const unsigned char of_abc[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                           0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
  static const unsigned char of_nothing[16] = {0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04,
                                               0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e};
  unsigned char out[16];
  (void)state;
  assert_true(core_md5("abc", out));
  assert_memory_equal(out, of_abc, 16);
  assert_true(core_md5("", out));
  assert_memory_equal(out, of_nothing, 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_md5_of_a_text)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
