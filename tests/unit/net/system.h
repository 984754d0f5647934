/* A system that does as the test says. Linking system.c replaces, for the whole program, the look-up of
   names, the clock that uv loops go by, and socket(), send() and recv(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* As it is without orders; for the set-up of each test. */
void system_reset(void);

/* Every name has these addresses, in this order: "::1 127.0.0.1". Addresses themselves are looked up as
   ever. */
void system_names(const char* addresses);
/* No name has one: an EAI_* number. */
void system_no_names(int error);
/* Look-ups of names wait until they are let go. */
void system_hold_names(void);
void system_let_names_go(void);
/* How many look-ups of names have begun. */
int system_lookups(void);

/* The clock stands still but for this. */
void system_advance_ms(uint64_t ms);

/* So many calls of send() and of recv() end with EINTR first. */
void system_interrupt(int times);
/* send() takes no more than this at once; 0: what the kernel takes. */
void system_send_limit(int bytes);
/* New sockets keep no more than about this for the peer; 0: what the kernel finds right. */
void system_send_buffer(int bytes);
/* The calls of send() that sent something. */
int system_sends(void);
/* A call of send() lacked MSG_NOSIGNAL. */
bool system_send_may_signal(void);
