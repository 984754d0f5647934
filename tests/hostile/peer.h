/* A server by script, for what no fault of the mock PBX does. A script is run on the peer's own thread, once
   for each connection; nothing in it may assert. Its functions return false (or 0) when the client has gone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct peer peer_t;
typedef void (*script_t)(peer_t*, void* data);

peer_t* peer_new(script_t, void* data);
const char* peer_port(const peer_t*);
/* Ends the connection, if there is one, and waits for the script. */
void peer_free(peer_t*);

bool peer_say(peer_t*, const char* format, ...) __attribute__((format(printf, 2, 3)));
/* Says text as often as it fits into so many bytes; returns how many of them the client has taken. */
uint64_t peer_repeat(peer_t*, const char* text, uint64_t bytes);
/* The ActionID of the next action; NULL when the client has gone. */
const char* peer_hear(peer_t*);
/* Greets, and accepts a login by challenge. */
bool peer_log_in(peer_t*);
/* What all ActionIDs of the connection begin with, once an action was heard. */
const char* peer_prefix(const peer_t*);
/* Hears actions and answers none, until the client has gone. */
void peer_ignore(peer_t*);
