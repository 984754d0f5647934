#include <string.h>

#include "core_protocol.h"

static char hashed[64];

static int fake_md5(const char* text, size_t size, unsigned char out[16]) {
  memcpy(hashed, text, size);
  hashed[size] = '\0';
  for (unsigned i = 0; i < 16; i++) out[i] = (unsigned char)(i * 0x11);
  return 1;
}

static int no_md5(const char* text, size_t size, unsigned char out[16]) {
  (void)text;
  (void)size;
  memset(out, 0xAA, 16);
  return 0;
}

static void hashes_challenge_then_secret(void** state) {
  char key[33];
  (void)state;
  assert_int_equal(core_challenge_key(fake_md5, "119412563", "s;e\"c=r:et ", key), 32);
  assert_string_equal(hashed, "119412563s;e\"c=r:et ");
  assert_string_equal(key, "00112233445566778899aabbccddeeff");
}

static void tells_when_md5_is_not_to_be_had(void** state) {
  char key[33];
  (void)state;
  assert_int_equal(core_challenge_key(no_md5, "1", "secret", key), 0);
}

static void wipes_all_that_was_there(void** state) {
  (void)state;
  assert_int_equal(core_wipe("", "short"), 0);
  assert_int_equal(core_wipe("a much longer secret that lives on the heap, not in the object", "short"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hashes_challenge_then_secret),
      cmocka_unit_test(tells_when_md5_is_not_to_be_had),
      cmocka_unit_test(wipes_all_that_was_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
