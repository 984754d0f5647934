/* fixture.h: a running mock and a client for one test each. */
#ifndef FIXTURE_H
#define FIXTURE_H

/* cmocka wants the others before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* clang-format on */

#include "mock.h"
#include "wire.h"

/* Starts a mock with these options: NAME, VALUE, ..., NULL. */
ami_mock_t* start_mock(const char* name, ...);
/* Connects and logs in, with the mask given. */
wire_t* log_in(ami_mock_t* mock, const char* user, const char* events);

#endif
