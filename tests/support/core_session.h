/* A session under a script, for tests in C. Nothing here throws, and nothing here asserts: it records and
 * returns. Time stands still but for core_session_advance(). */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "ami/ami.h"

#ifndef __cplusplus
/* cmocka.h wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
/* clang-format on */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What comes out is kept as text, a line each:
 *
 *   > ACTION ID KEY=VALUE ...                 an action whose last byte has been handed over
 *   event NAME / response VALUE / item NAME / stray
 *   each N NAME                               an item given to action N as it came
 *   reply N STATUS FATE [VALUE] [+ITEM ...] [end=NAME]
 *   limit DETAIL                              the bound that ends an action, before its reply
 *   login STATUS REASON / ready / failed STATUS PHASE: DETAIL / logged off
 *   log LEVEL LINE
 *   out of memory
 *   spins                                     a deadline that a tick did not move
 *
 * STATUS is OK or the name of an AMI_E*; FATE is not-sent, maybe-run or answered; N counts the submitted
 * actions from 1. ActionIDs are aN, and psN for the session's own.
 */
typedef struct core_session core_session_t;
core_session_t* core_session_new(void);
void core_session_free(core_session_t* session);
/* Options by the names of ami_set(), numbers and texts as there; "filter" adds. Returns 0 for other names. */
int core_session_set(core_session_t* session, const char* name, const char* value);
/* The MD5 of a text is its first 16 bytes, padded with NULs; or none, as under FIPS. */
void core_session_without_md5(core_session_t* session);
void core_session_connect(core_session_t* session);
void core_session_receive(core_session_t* session, const char* bytes, size_t size);
/*
 * "Name Key=Value ..." in words without blanks. Words that are no headers: until=EVENT, timeout=MS, each.
 * Returns N, or 0 if the action was refused.
 */
uint64_t core_session_submit(core_session_t* session, const char* action);
void core_session_cancel(core_session_t* session, uint64_t action);
void core_session_mask(core_session_t* session, const char* mask);
void core_session_close(core_session_t* session);
void core_session_end_waiting(core_session_t* session, int err);
void core_session_disconnect(core_session_t* session, int err, int keep_unsent);
/* stop() is called while the line is being recorded. */
void core_session_stop_at(core_session_t* session, const char* line);
/* Lets time pass, with a tick at each deadline. */
void core_session_advance(core_session_t* session, uint64_t ms);
/* In how many ms the next tick is due; -1 is never. */
int64_t core_session_due(const core_session_t* session);
/* From here on one allocation fails in each submission and each disconnection, after so many others. */
void core_session_short_of_memory(core_session_t* session, int after);
/* From here on, what is to be sent waits for core_session_hand_over(). */
void core_session_hold(core_session_t* session);
void core_session_hand_over(core_session_t* session, size_t size);
/* What waits. */
const char* core_session_output(const core_session_t* session, size_t* size);
/* All lines since the last call. */
const char* core_session_said(core_session_t* session);

int core_session_ready(const core_session_t* session);
int core_session_already_in_use(const core_session_t* session);
const char* core_session_banner(const core_session_t* session);
const char* core_session_explain_loss(core_session_t* session, const char* detail);
enum { CORE_EVENTS, CORE_RESPONSES, CORE_RESYNCS, CORE_STRAYS };
uint64_t core_session_count(const core_session_t* session, int counter);
/* The reply of action N, or NULL as long as there is none; borrowed. */
const ami_reply_t* core_session_reply(const core_session_t* session, uint64_t action);
/* How many replies action N has had. */
int core_session_replies(const core_session_t* session, uint64_t action);
/* A value of its response, of its item i from 0 (i >= 0) or of its end; NULL if there is none. */
const char* core_reply_response(const ami_reply_t* reply, const char* key);
const char* core_reply_item(const ami_reply_t* reply, size_t i, const char* key);
size_t core_reply_count(const ami_reply_t* reply);

/* ---- hash table: of numbered objects ---- */
typedef struct core_table core_table_t;
core_table_t* core_table_new(void);
/* With the objects that are in it. */
void core_table_free(core_table_t* table);
void core_table_add(core_table_t* table, size_t hash, int number);
/* The oldest object with this hash whose number leaves the rest; -1 if there is none. */
int core_table_find(const core_table_t* table, size_t hash, int divisor, int rest);
void core_table_remove(core_table_t* table, int number);
size_t core_table_size(const core_table_t* table);
/* The sum of the numbers that are in it. */
int core_table_sum(const core_table_t* table);

typedef struct core_own_ids core_own_ids_t;
core_own_ids_t* core_own_ids_new(void);
void core_own_ids_free(core_own_ids_t* ids);
/* Not 0 when it is given out. */
int core_own_ids_taken(const core_own_ids_t* ids, const char* id, uint64_t now);
void core_own_ids_take(core_own_ids_t* ids, const char* id);
void core_own_ids_give_back(core_own_ids_t* ids, const char* id);
void core_own_ids_rest(core_own_ids_t* ids, const char* id, uint64_t now);

/* ---- delays between attempts ---- */
/* Writes the next "count" delays to out; with reset_at, reset() comes before the delay of that number. */
void core_backoff(uint64_t first, uint64_t max, uint64_t seed, uint64_t* out, size_t count, size_t reset_at);

#ifdef __cplusplus
}
#endif
#endif
