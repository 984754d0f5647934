#include "script.h"

void server(core_session_t* session, const char* text) {
  char* bytes = malloc(2 * strlen(text) + 1);
  size_t size = 0;
  for (; *text != '\0'; text++) {
    if (*text == '\n') bytes[size++] = '\r';
    bytes[size++] = *text;
  }
  /* A copy that ends where the bytes end, so that a sanitizer notices when more is read. */
  bytes = realloc(bytes, size == 0 ? 1 : size);
  core_session_receive(session, bytes, size);
  free(bytes);
}

void server_bytes(core_session_t* session, const char* text) {
  core_session_receive(session, text, strlen(text));
}

void says(core_session_t* session, const char* lines) {
  assert_string_equal(core_session_said(session), lines);
}

void quiet(core_session_t* session, uint64_t ms) {
  core_session_advance(session, ms);
  says(session, "");
}

core_session_t* session_with(const char* const* options) {
  core_session_t* session = core_session_new();
  for (; options != NULL && *options != NULL; options++) {
    char name[64];
    const char* equals = strchr(*options, '=');
    assert_non_null(equals);
    snprintf(name, sizeof name, "%.*s", (int)(equals - *options), *options);
    assert_true(core_session_set(session, name, equals + 1));
  }
  return session;
}

core_session_t* ready_with(const char* const* options) {
  core_session_t* session = session_with(options);
  assert_true(core_session_set(session, "auth", "plain"));
  core_session_connect(session);
  server(session, "Asterisk Call Manager/9.0.0\n");
  server(session, "Response: Success\nActionID: ps1\nMessage: Authentication accepted\n\n");
  assert_true(core_session_ready(session));
  core_session_said(session);
  return session;
}

core_session_t* ready_session(void) {
  return ready_with(NULL);
}

uint64_t sends(core_session_t* session, const char* action) {
  says(session, "");
  const uint64_t id = core_session_submit(session, action);
  assert_int_not_equal(id, 0);
  const char* said = core_session_said(session);
  assert_memory_equal(said, "> ", 2);
  assert_ptr_equal(strchr(said, '\n'), strrchr(said, '\n'));
  return id;
}

void done(core_session_t* session) {
  says(session, "");
  core_session_free(session);
}
