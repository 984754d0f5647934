/* What src/delivery does, for tests in C. Nothing here throws, and nothing here asserts: it records and
 * returns. Where memory can be short, -1 stands for std::bad_alloc. */
#ifndef CORE_DELIVERY_H
#define CORE_DELIVERY_H

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

/* ---- glob ---- */
int core_is_glob(const char* pattern);
int core_glob_matches(const char* pattern, const char* name);

/* ---- handler: one reference to it ---- */
typedef struct core_handler core_handler_t;
/* NULL when it cannot be made. */
core_handler_t* core_handler_new(uint64_t id, ami_event_cb event, ami_reply_cb reply, ami_wake_cb wake,
                                 void* user, ami_release_cb release);
void core_handler_free(core_handler_t* handler);
int core_handler_begin(core_handler_t* handler);
void core_handler_finish(core_handler_t* handler);
int core_handler_end(core_handler_t* handler);
int core_handler_ended(const core_handler_t* handler);
int core_handler_reserve_slot(core_handler_t* handler);
uint32_t core_handler_lend(core_handler_t* handler, uint32_t count);
void core_handler_give_back(uint32_t slot, uint32_t count);

/* ---- router: handlers as their ids, "1 2 3" ---- */
typedef struct core_router core_router_t;
core_router_t* core_router_new(void);
void core_router_free(core_router_t* router);
int core_router_add(core_router_t* router, const char* name, const core_handler_t* handler);
/* The id of the handler that was removed, or 0. */
uint64_t core_router_remove(core_router_t* router, uint64_t id);
void core_router_end_all(core_router_t* router);
const char* core_router_event(core_router_t* router, const char* name);
const char* core_router_notice(core_router_t* router, const char* name);
const char* core_router_response(core_router_t* router, int pong);
const char* core_router_data(core_router_t* router);

/* ---- ring: of numbers ---- */
typedef struct core_ring core_ring_t;
core_ring_t* core_ring_new(void);
void core_ring_free(core_ring_t* ring);
int core_ring_push(core_ring_t* ring, int number);
int core_ring_pop(core_ring_t* ring);
int core_ring_front(const core_ring_t* ring);
int core_ring_back(const core_ring_t* ring);
size_t core_ring_size(const core_ring_t* ring);
void core_ring_swap(core_ring_t* one, core_ring_t* other);
void core_ring_clear(core_ring_t* ring);

/* ---- queue ---- */
typedef struct core_queue core_queue_t;
core_queue_t* core_queue_new(void);
void core_queue_free(core_queue_t* queue);
/*
 * Takes like ami_queue_poll(); what was taken, in words: "e5" an event with the number 5, "n" a notice, "i"
 * an item, "r" a reply (its action's id), "gap(DROPPED,FROM,TO,SEQ)", each behind "CLIENT:" when that is not
 * 1, and with "!" before it when its client is gone. Counts the words.
 */
int core_queue_poll(core_queue_t* queue, size_t max, int timeout_ms, char* out, size_t cap);
int core_queue_dispatch(core_queue_t* queue, size_t max, int timeout_ms);
void core_queue_run(core_queue_t* queue);
void core_queue_interrupt(core_queue_t* queue);
int core_queue_interrupted(const core_queue_t* queue);
int core_queue_attached(const core_queue_t* queue);
void core_queue_clear(core_queue_t* queue);
/* A bell that is only a number: 1 rung, 0 quiet. */
void core_queue_set_bell(core_queue_t* queue);
int core_queue_bell(const core_queue_t* queue);
void core_queue_set_wake(core_queue_t* queue, const core_handler_t* handler);

/* ---- a client's lane: messages by number, which is also their place in time, in seconds ---- */
typedef struct core_lane core_lane_t;
core_lane_t* core_lane_new(core_queue_t* queue, uint64_t client_id);
/* Lets go of it; the queue may keep it for what it still holds. */
void core_lane_free(core_lane_t* lane);
/* What callbacks get as their client. */
ami_t* core_lane_client(const core_lane_t* lane);
void core_lane_set_bounds(core_lane_t* lane, size_t items, size_t bytes, int wait);
/* Gaps go to this one, too. */
void core_lane_on_gap(core_lane_t* lane, const core_handler_t* handler);
void core_lane_event(core_lane_t* lane, const core_handler_t* handler, uint64_t number);
void core_lane_notice(core_lane_t* lane, const core_handler_t* handler, uint64_t number);
void core_lane_item(core_lane_t* lane, const core_handler_t* handler, uint64_t number);
int core_lane_reserve_reply(core_lane_t* lane);
void core_lane_reply(core_lane_t* lane, const core_handler_t* handler, uint64_t action);
/* True when reading is to pause. */
int core_lane_commit(core_lane_t* lane);
int core_lane_has_much(const core_lane_t* lane);
/* Whether memory of messages that are done with waits for the next commit. */
int core_memory_waits(void);
/* Whether it ever does: not with AddressSanitizer. */
int core_memory_may_wait(void);
/* Before reading may pause. */
int core_lane_commit_in_login(core_lane_t* lane);
void core_lane_lost(core_lane_t* lane, uint64_t number);
/* How often reading was to go on. */
int core_lane_resumed(const core_lane_t* lane);
void core_lane_close(core_lane_t* lane, ami_release_cb finish, void* user);
void core_lane_forget_client(core_lane_t* lane);
void core_lane_abandon(core_lane_t* lane);
size_t core_lane_items(const core_lane_t* lane);
size_t core_lane_bytes(const core_lane_t* lane);
/* The number of the oldest event. */
uint64_t core_lane_oldest(const core_lane_t* lane);
uint64_t core_lane_dropped(const core_lane_t* lane);

/* ---- loop delivery ---- */
void core_direct_event(ami_t* client, const core_handler_t* handler, uint64_t number);
void core_direct_reply(ami_t* client, const core_handler_t* handler, uint64_t action);
/* Loses the events 2 and 3, gives 4, and commits twice; the gap's number is dropped, first, last: 223. */
void core_direct_lost(ami_t* client, const core_handler_t* handler, int short_of_memory);

/* ---- for callbacks ---- */
uint64_t core_number(const ami_msg_t* msg);
uint64_t core_reply_action(const ami_reply_t* reply);
int core_delivering_any(void);
int core_delivering_of(const ami_t* client);
/* The bytes of an event's message. */
size_t core_event_size(uint64_t number);

#ifdef __cplusplus
}
#endif
#endif
