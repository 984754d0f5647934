#include "core_delivery.h"

static void what_is_a_glob(void** state) {
  (void)state;
  assert_true(core_is_glob("*"));
  assert_true(core_is_glob("Queue*"));
  assert_true(core_is_glob("D?al"));
  assert_false(core_is_glob("Queue"));
  assert_false(core_is_glob("[a]"));
  assert_false(core_is_glob(""));
}

static void matches(void** state) {
  static const char* const pairs[][2] = {{"*", ""},
                                         {"*", "x"},
                                         {"**", "x"},
                                         {"Queue*", "QueueMemberAdded"},
                                         {"queue*", "QUEUE"},
                                         {"*Complete", "AgentsComplete"},
                                         {"*e*e", "eee"},
                                         {"D?al", "Dial"},
                                         {"????", "Dial"},
                                         {"a*b*c", "a-b-bc-c"},
                                         {"*ab", "aab"},
                                         {"*a?", "aaab"},
                                         {"x*", "x"},
                                         {"same", "SaMe"},
                                         {"", ""}};
  (void)state;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (!core_glob_matches(pairs[i][0], pairs[i][1])) fail_msg("%s, %s", pairs[i][0], pairs[i][1]);
  }
}

static void does_not_match(void** state) {
  static const char* const pairs[][2] = {
      {"", "x"},       {"?", ""},          {"Queue*", "MyQueue"}, {"*Complete", "AgentsCompleted"},
      {"D?al", "Dal"}, {"a*b*c", "a-c-b"}, {"????", "Dials"},     {"*x", "xy"},
      {"same", "sam"}, {"sam", "same"},    {"*aab", "ab"}};
  (void)state;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (core_glob_matches(pairs[i][0], pairs[i][1])) fail_msg("%s, %s", pairs[i][0], pairs[i][1]);
  }
}

/* Patterns that make a backtracking matcher take for ever. */
static void it_is_quick(void** state) {
  char name[2001];
  char pattern[401];
  (void)state;
  for (size_t i = 0; i < sizeof name - 1; i++) name[i] = 'a';
  for (size_t i = 0; i < sizeof pattern - 1; i++) pattern[i] = i % 2 == 0 ? '*' : 'a';
  name[sizeof name - 1] = pattern[sizeof pattern - 1] = '\0';
  pattern[sizeof pattern - 2] = 'b';
  assert_false(core_glob_matches(pattern, name));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_a_glob),
      cmocka_unit_test(matches),
      cmocka_unit_test(does_not_match),
      cmocka_unit_test(it_is_quick),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
