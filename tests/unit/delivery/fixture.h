/* One queue, one client's lane, and handlers that write down what they are called with. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "core_delivery.h"

extern core_queue_t* queue;
extern core_lane_t* lane;
/* handler: of events. replies: ends with its one reply; make another with new_replies(). */
extern core_handler_t* handler;
extern core_handler_t* replies;
extern int released; /* how many handlers' users */

int setup(void** state);
int teardown(void** state);
core_handler_t* new_handler(uint64_t id);
void new_replies(void);
/* The same as an item is counted: reserved and given. */
void reply(core_lane_t* of, uint64_t action);
/* Events with the numbers from first to last, committed. */
void events(core_lane_t* of, uint64_t first, uint64_t last);
/* Everything that can be taken is this. */
void holds(const char* words);
/* What handlers were called with since the last time: "e5" and "r2". */
void called(const char* words);
/* They were called, and that is all. */
void called_some(void);
/* Closes and frees. */
void drop_lane(core_lane_t* of);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
