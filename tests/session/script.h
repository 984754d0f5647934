/* What the tests of sessions have in common: a server's words in, everything that comes out compared. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_session.h"

/* The server says text, where LF stands for CRLF. */
void server(core_session_t* session, const char* text);
/* The same as it is. */
void server_bytes(core_session_t* session, const char* text);
/* Everything that came out since the last call, line by line. */
void says(core_session_t* session, const char* lines);
/* Lets time pass in which nothing is said. */
void quiet(core_session_t* session, uint64_t ms);
/* Options as "name=value", NULL at the end. */
core_session_t* session_with(const char* const* options);
/* Logged in, with all of that already compared. */
core_session_t* ready_with(const char* const* options);
core_session_t* ready_session(void);
/* Submits, and that is all that happens. */
uint64_t sends(core_session_t* session, const char* action);
/* Frees it; nothing may be left unsaid. */
void done(core_session_t* session);

#endif
