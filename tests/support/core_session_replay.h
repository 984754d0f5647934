/* A recorded conversation as a session would have had it. */
#ifndef CORE_SESSION_REPLAY_H
#define CORE_SESSION_REPLAY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct core_replay core_replay_t;
/* bytes: from the server, and must outlive it. plan: the lines of tests/session/replay_plan.py for it. */
core_replay_t* core_replay_new(const char* bytes, size_t size, const char* plan);
void core_replay_free(core_replay_t* replay);
/*
 * Plays it: what the server sent comes in one piece of "first" bytes and then in pieces of "step", cut also
 * where an action was sent. Returns what came of it, as the plan has it.
 */
const char* core_replay_play(core_replay_t* replay, size_t first, size_t step);
/* The part of the plan that play() is to return. */
const char* core_replay_expected(const core_replay_t* replay);

#ifdef __cplusplus
}
#endif
#endif
