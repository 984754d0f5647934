/* A second pair of eyes: a session on a bare socket that knows nothing of the library. Each function fails
   the test when the server does not answer. */
#pragma once

#include <stddef.h>

typedef struct observer observer_t;

/* Logged in by plain secret, with all events that this user may see. */
observer_t* observer_new(const char* user);
/* The same, with a receive buffer so small that it fills while nobody reads. */
observer_t* observer_new_small(const char* user);
void observer_send(observer_t* observer, const char* text);
/* The next message with its blank line, valid until the next call; NULL when the server has closed. */
const char* observer_next(observer_t* observer);
/* Reads on to the message that holds this text. */
const char* observer_until(observer_t* observer, const char* text);
void observer_end(observer_t* observer);
