#include "core_net.h"

static void a_pin_is_the_base64_of_32_bytes(void** state) {
  char out[64];
  (void)state;
  const char* pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  assert_true(core_parse_pin(pin, out));
  assert_string_equal(out, pin);
}

static void nothing_else_is_a_pin(void** state) {
  char out[64];
  static const char* const others[] = {
      "",
      "sha256//",
      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      "sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      "SHA256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= ",
      "sha256// 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", /* bits that 32 bytes do not have */
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSu===",
      "sha256//47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS\nuFU",
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA",
  };
  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (core_parse_pin(others[i], out)) fail_msg("\"%s\" is taken for a pin", others[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pin_is_the_base64_of_32_bytes),
      cmocka_unit_test(nothing_else_is_a_pin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
