#include "fixture.h"

ami_mock_t* start_mock(const char* name, ...) {
  ami_mock_t* mock = ami_mock_new();
  va_list rest;
  va_start(rest, name);
  for (; name; name = va_arg(rest, const char*)) {
    if (ami_mock_set(mock, name, va_arg(rest, const char*)) != 0) fail_msg("%s", ami_mock_error(mock));
  }
  va_end(rest);
  if (ami_mock_start(mock) != 0) fail_msg("%s", ami_mock_error(mock));
  return mock;
}

wire_t* log_in(ami_mock_t* mock, const char* user, const char* events) {
  wire_t* wire = wire_open(ami_mock_port(mock));
  assert_non_null(wire);
  assert_true(wire_until(wire, "Asterisk Call Manager/"));
  assert_true(wire_login(wire, user, events));
  return wire;
}
