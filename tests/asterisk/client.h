/* Clients of the server that `run` brought up, and what the tests do with them all the time. Each function
   fails the test when the library does not do what it was asked for, or not within WAIT_MS. */
#pragma once

/* clang-format off */
#include <setjmp.h> /* cmocka.h takes these four for granted */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "ami/ami.h"

enum { WAIT_MS = 20000 };

/* 16 or 22. */
int server_version(void);
/* One of the variables that `asterisk up` prints. */
const char* server_value(const char* name);

/* An idle client of this user, all of whom have the secret "secret". */
ami_t* client_new(const char* user);
void client_connect(ami_t* client);
/* Expects the connection to be refused, and with this error. */
void client_refused(ami_t* client, int error);
ami_t* client_ready(const char* user);
void client_set(ami_t* client, const char* name, const char* value);
void client_end(ami_t* client);

/* Keys and values in turn, then NULL. */
ami_action_t* action(const char* name, ...) __attribute__((sentinel));
ami_reply_t* call(ami_t* client, const char* name, ...) __attribute__((sentinel));
/* The same for an action of one's own, which it frees. */
ami_reply_t* call_action(ami_t* client, ami_action_t* action);
/* The same where only the status matters. */
int call_status(ami_t* client, const char* name, ...) __attribute__((sentinel));
/* A field of the reply's response; "" when it lacks it. */
const char* response_field(const ami_reply_t* reply, const char* key);

/* An action sent without waiting; it is freed. */
typedef struct pending pending_t;
pending_t* send_action(ami_t* client, ami_action_t* action);
/* Its reply, until pending_free(). */
const ami_reply_t* pending_wait(pending_t* pending);
/* How many replies there were so far, and the end of it. */
int pending_is_over(pending_t*);
int pending_free(pending_t* pending);

/* All messages that one handler got. It lives as long as its client. */
typedef struct recorder recorder_t;
recorder_t* record(ami_t* client, const char* name);
size_t recorded(recorder_t* recorder);
const ami_msg_t* recorded_at(recorder_t* recorder, size_t index);
/* The first message whose field has this value. */
const ami_msg_t* await_field(recorder_t* recorder, const char* key, const char* value);
/* Until there are so many. */
void await_count(recorder_t* recorder, size_t count);
