/* One large thing in very many small pieces: what is held is not looked at again with each of them. */
#include "script.h"
#include "usage.h"

enum { PIECE = 16, LITTLE = 64 << 10, TIMES = 8 };

/* Processor time for a session that is given so many bytes of the text, over and over, in pieces. */
static int64_t time_for(const char* begin, const char* then, size_t bytes) {
  static const char* const bounds[] = {"line.max_bytes=16777216", "message.max_bytes=16777216", NULL};
  core_session_t* session = ready_with(bounds);
  const size_t length = strlen(then);
  char* text = malloc(bytes + length);
  for (size_t size = 0; size < bytes; size += length) memcpy(text + size, then, length);
  server_bytes(session, begin);
  const int64_t before = usage_cpu_us();
  for (size_t at = 0; at < bytes; at += PIECE) core_session_receive(session, text + at, PIECE);
  const int64_t used = usage_cpu_us() - before;
  free(text);
  core_session_free(session);
  return used;
}

static void a_piece_costs_its_own_bytes(void** state) {
  static const struct {
    const char *begin, *then;
  } all[] = {
      {"Event: X\r\nText: ", "x"},
      {"Event: X\r\n", "Key: value\r\n"},
      {"Event: X\r\n", "a:\r\n"},
      {"Event: X\r\n", "line\n"},
      {"Event: X\r\n", "\r"},
      {"Response: Follows\r\n", "text\n"},
      {"Response: Follows\r\n", "--END COMMAND--\r\n"},
      {"Response: Follows\r\nPrivilege: x", "--END COMMAND--"},
      {"rubbish\r\n", "more of it\r\n"},
      {"rubbish\r\nResponse: Follows\r\n", "more of it\r\n"},
      {"", "\r\n"},
      {"", "a\r\n\r\n"},
      {"", "rubbish\r\nResponse: Follows\r\n\r\n"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
    const int64_t little = time_for(all[i].begin, all[i].then, LITTLE);
    const int64_t much = time_for(all[i].begin, all[i].then, TIMES * LITTLE);
    if (much > 4 * TIMES * (little + 1000)) {
      fail_msg("text %zu: %lld us for %d KiB, %lld us for %d times as much", i, (long long)little,
               LITTLE >> 10, (long long)much, TIMES);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_piece_costs_its_own_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
