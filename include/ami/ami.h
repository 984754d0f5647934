/*
 * ami.h - libami, a connector to the Asterisk Manager Interface (AMI)
 *
 * SPDX-License-Identifier: MIT
 *
 * A TOUR
 *
 *   ami_t *ami = ami_new();                              a client: one login on one Asterisk
 *   ami_set(ami, "url", "ami://user:secret@pbx");        options, by name
 *   ami_on(ami, "Queue*", on_event, NULL, NULL, NULL);   handlers, by name or glob
 *   ami_connect(ami);                                    starts; never blocks
 *   ami_wait(ami, 10000);                                logged in, or the reason why not
 *
 *   ami_action_t *a = ami_action_new("CoreShowChannels");
 *   ami_reply_t *r = NULL;
 *   if (ami_call(ami, a, &r) == 0) {                     the answer, whatever it is
 *     for (size_t i = 0; i < ami_reply_count(r); i++)
 *       puts(ami_msg_get(ami_reply_at(r, i), "Channel", NULL));
 *     ami_reply_unref(r);
 *   }
 *   ami_action_free(a);
 *   ami_disconnect(ami);                                 Logoff, close, no reconnect
 *   ami_destroy(ami);
 *
 * RULES THAT HOLD EVERYWHERE
 *
 * - An int result is 0 or a count, or a negative AMI_E* number. ami_detail() and ami_action_detail()
 *   say why a call failed, with the offending value; they never hold a secret.
 * - Strings are bytes that end in NUL. AMI has no character set: see the option "encoding".
 *   NULL for a handle or a required string is AMI_EINVAL (or NULL or 0, where the result is no int).
 * - What is given is copied before the call returns. A const result is borrowed from the object it was
 *   asked of and lives as long as that object.
 * - Every callback travels as (cb, user, release). release(user) runs exactly once, after the last use
 *   of user, also when the registering call fails. release may be NULL.
 * - ids are 64-bit numbers and are never used twice in a process. 0 is no id.
 * - Times are milliseconds unless said otherwise.
 * - The library never exits, aborts, raises a signal, throws, changes a signal disposition, or prints
 *   (except to stderr with debug=true). Its descriptors are close-on-exec, its threads block all signals.
 * - A process may exit whenever it likes, inside a callback too. Clients that are alive then close without
 *   Logoff, and their callbacks may run until the end. A look-up of a name that is under way is waited for.
 *   In a process that used OpenSSL before the library did, OpenSSL ends at exit: TLS and MD5 logins then
 *   fail.
 *
 * THREADS
 *
 *   ami_t, ami_queue_t           any thread, any time until destroyed
 *   ami_msg_t, ami_reply_t       immutable and counted: any thread
 *   ami_action_t                 one thread at a time
 *
 * Where callbacks run is chosen once for each client, before it connects:
 *
 *   thread delivery (default)    event and reply callbacks run on a dispatcher thread of this client, one
 *                                at a time; a handler that blocks harms no other client and never
 *                                keeps the library from reading
 *   queue delivery               ami_set_queue(): nothing runs by itself; the application empties a
 *                                queue with ami_queue_poll() or ami_queue_dispatch(), on its own thread
 *   loop delivery                ami_set_loop(): everything runs on the caller's uv loop; fastest, but a
 *                                handler that blocks stops the reading, and Asterisk cuts a client
 *                                whose socket stays full for 100 ms (manager.conf, writetimeout)
 *
 * Log callbacks run on the thread that logs; ami_wake_cb on the library's I/O thread. Neither may call
 * back into the library. No lock of the library is held while any callback runs.
 *
 * PROMISES
 *
 * - ami_send() returning 0 means exactly one reply, whatever happens; a negative result means none.
 * - A reply carries its fate: AMI_NOT_SENT (no byte left this process: safe to send again),
 *   AMI_MAYBE_RUN (sent, not answered: Asterisk may or may not have run it) or AMI_ANSWERED.
 *   The library never repeats an action by itself.
 * - Messages of one client are delivered in the order in which they came off the wire.
 * - Nothing is lost silently: where events were dropped or may have been missed stands a "gap".
 * - Every buffer has a bound. Over it comes a clear error or a counted drop, never growth.
 * - No field of an action can become a second line or a second action on the wire.
 */
#ifndef AMI_H
#define AMI_H

#include <stddef.h>
#include <stdint.h>

#define AMI_VERSION_MAJOR 0
#define AMI_VERSION_MINOR 1
#define AMI_VERSION_PATCH 0

#ifndef AMI_API
#if defined(__GNUC__)
#define AMI_API __attribute__((visibility("default")))
#else
#define AMI_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------ errors */

#define AMI_ERROR_MAP(X)                                                             \
  X(EINVAL, -1, "invalid argument")                                                  \
  X(ENOMEM, -2, "out of memory")                                                     \
  X(EOPTION, -3, "unknown option or bad value")                                      \
  X(ETHREAD, -4, "blocking call on a thread that delivers messages")                 \
  X(ESTATE, -5, "not possible in the present state")                                 \
  X(EINJECT, -6, "text that would break out of its line")                            \
  X(ETOOBIG, -7, "larger than Asterisk accepts")                                     \
  X(EFULL, -8, "a bound of this client is reached")                                  \
  X(EEXIST, -9, "this ActionID is still in use")                                     \
  X(EENCODING, -10, "text that cannot be said in the connection's encoding")         \
  X(ERESOLVE, -11, "host name could not be resolved")                                \
  X(ECONNECT, -12, "no connection")                                                  \
  X(ETLS, -13, "TLS failed")                                                         \
  X(EAUTH, -14, "login refused")                                                     \
  X(EFILTER, -15, "event filter refused")                                            \
  X(EPROTO, -16, "the peer does not speak AMI")                                      \
  X(ELIMIT, -17, "a bound on received data was exceeded")                            \
  X(ELOST, -18, "connection lost")                                                   \
  X(ETIMEDOUT, -19, "timed out")                                                     \
  X(ECANCELED, -20, "canceled")                                                      \
  X(ECLOSED, -21, "closed by this side")                                             \
  X(EREPLY, -22, "Asterisk answered with an error")                                  \
  X(EFORK, -23, "not usable in a forked child")                                      \
  X(ENOENT, -24, "no such id")                                                       \
  X(ENORESPONSE, -25, "Asterisk went on to later actions without answering this one")

enum {
#define AMI_ERROR_CONSTANT(name, number, text) AMI_##name = (number),
  AMI_ERROR_MAP(AMI_ERROR_CONSTANT)
#undef AMI_ERROR_CONSTANT
  AMI_OK = 0
};

/* -------------------------------------------------------------------------------------------- types */

typedef struct ami_client ami_t;        /* a client */
typedef struct ami_action ami_action_t; /* what is to be sent */
typedef struct ami_reply ami_reply_t;   /* what came of it */
typedef struct ami_msg ami_msg_t;       /* one message: event, response, list item or notice */
typedef struct ami_queue ami_queue_t;   /* items waiting for the application, of one or many clients */
struct uv_loop_s;

/* A header of a message. Both strings also end in NUL; they may hold NULs and any other byte.
   A line without a colon has an empty key. The layout is frozen. */
typedef struct ami_field {
  const char *key, *value;
  uint32_t key_len, value_len;
} ami_field_t;

/* What ami_queue_poll() hands out. client is ami_id(); id is the subscription (AMI_ITEM_EVENT) or the
   action; user is what was given with that subscription or action; msg or reply is NULL where it does
   not apply. The layout is frozen. */
typedef struct ami_item {
  uint64_t client, id;
  void *user;
  ami_msg_t *msg;
  ami_reply_t *reply;
  uint32_t kind, reserved;
} ami_item_t;

enum { /* ami_item_t.kind */
  AMI_ITEM_EVENT = 1,
  AMI_ITEM_REPLY = 2,
  AMI_ITEM_LISTITEM = 3
};

enum {               /* ami_msg_kind() */
  AMI_MSG_EVENT = 1, /* an event of Asterisk's */
  AMI_MSG_RESPONSE = 2,
  AMI_MSG_NOTICE = 3,  /* the library's own: the names under NOTICES below */
  AMI_MSG_LISTITEM = 4 /* an event that belongs to an action of ours */
};

enum { /* ami_reply_fate() */
  AMI_NOT_SENT = 1,
  AMI_MAYBE_RUN = 2,
  AMI_ANSWERED = 3
};

enum {                /* ami_state() */
  AMI_STATE_IDLE = 0, /* not connected, and not trying */
  AMI_STATE_CONNECTING = 1,
  AMI_STATE_LOGIN = 2, /* connected; greeting, login, filters and mask under way */
  AMI_STATE_READY = 3,
  AMI_STATE_BACKOFF = 4, /* waiting for the next attempt */
  AMI_STATE_CLOSING = 5  /* ami_disconnect() under way */
};

/* ami_stat(): counters since ami_new(), or present levels. The counters of what was received and of what is
   in flight are written at the end of a turn: a callback may see them without what has come with it. */
enum {
  AMI_STAT_EVENTS = 1,        /* events received, list items not counted */
  AMI_STAT_RESPONSES = 2,     /* responses received */
  AMI_STAT_BYTES_IN = 3,
  AMI_STAT_BYTES_OUT = 4,
  AMI_STAT_ACTIONS = 5,       /* actions accepted by ami_send() and ami_call() */
  AMI_STAT_REPLIES = 6,       /* replies given */
  AMI_STAT_INFLIGHT = 7,      /* level: accepted and not yet replied */
  AMI_STAT_DROPPED = 8,       /* events and notices dropped at the bound of the queue */
  AMI_STAT_QUEUED = 9,        /* level: items waiting for delivery */
  AMI_STAT_QUEUED_BYTES = 10, /* level: bytes of their messages */
  AMI_STAT_QUEUE_AGE_MS = 11, /* level: how long the oldest of them has waited */
  AMI_STAT_CONNECTS = 12,     /* connections established */
  AMI_STAT_GENERATION = 13,   /* successful logins */
  AMI_STAT_RESYNCS = 14,      /* times garbage was skipped to find the next message */
  AMI_STAT_STRAYS = 15,       /* responses that belonged to no pending action */
  AMI_STAT_WRITES = 16        /* system calls that sent bytes */
};

/* Gives user back, exactly once; see RULES. */
typedef void (*ami_release_cb)(void *user);
/* An event, notice or list item; msg is borrowed for the call: ami_msg_ref() keeps it. */
typedef void (*ami_event_cb)(ami_t *ami, const ami_msg_t *msg, void *user);
/* The one reply of an action; borrowed for the call: ami_reply_ref() keeps it. */
typedef void (*ami_reply_cb)(ami_t *ami, const ami_reply_t *reply, void *user);
/* A line of log without a line end. level: 0 error, 1 warning, 2 info, 3 debug. */
typedef void (*ami_log_cb)(int level, const char *line, void *user);
/* The queue went from empty to not empty. */
typedef void (*ami_wake_cb)(void *user);

/* ---------------------------------------------------------------------------------- library, errors */

/* The version of the loaded library as major * 10000 + minor * 100 + patch, and as text. */
AMI_API uint32_t ami_version(void);
AMI_API const char *ami_version_string(void);
/* The text ("timed out") and the name ("AMI_ETIMEDOUT") of an error number; never NULL. */
AMI_API const char *ami_strerror(int err);
AMI_API const char *ami_err_name(int err);

/* ------------------------------------------------------------------------------------------- client */

/* A new client, idle, with default options; NULL when out of memory. Ends with ami_destroy(). */
AMI_API ami_t *ami_new(void);
/* The number that stands for this client in ami_item_t.client; 0 for NULL. */
AMI_API uint64_t ami_id(const ami_t *ami);

/*
 * OPTIONS. Set before ami_connect(); while the client is not idle only "events" and "debug" can be set,
 * the others are AMI_ESTATE. An unknown name or a bad value is AMI_EOPTION, and ami_detail() names
 * what is allowed. Booleans are true/on/yes/1 and false/off/no/0.
 *
 *   host                  localhost   name or address; all addresses of a name are tried
 *   port                  5038        1 to 65535; 5039 with tls
 *   username, password    -           the password cannot be read back
 *   url                   -           ami[s]://user:secret@host:port?option=value. Every part may be
 *                                     percent-encoded, an IPv6 address stands in brackets, amis is
 *                                     tls=on and cannot be weakened by the query; no path
 *   auth                  md5         md5 (challenge) or plain; never falls back by itself
 *   events                on          on, off, or class names such as call,agent. Live: set while
 *                                     connected, the change is sent
 *   filter                none        an event filter as of Action: Filter (Asterisk 10 and later, class
 *                                     system). May be set many times; "" clears. A refused filter ends
 *                                     the connect with AMI_EFILTER: there is never an unfiltered stream
 *   reconnect             false       true, or the first delay in ms (true is 1000). Doubles up to
 *                                     reconnect.max_ms, each delay drawn evenly between 0 and its value
 *                                     (full jitter); starts anew after a connection that lasted
 *   reconnect.max_ms      30000       the longest of these delays
 *   reconnect.jitter      full        full, or none: each delay is its value, so that with reconnect.max_ms of
 *                                     the same number all are alike
 *   identifier            none        prefix of every ActionID made here and label of every message; at
 *                                     most 24 printable characters without blanks
 *   encoding              ascii       ascii, binary: bytes pass untouched. utf-8: invalid bytes of
 *                                     received messages are replaced, invalid text to send is
 *                                     AMI_EENCODING. latin1: converted to and from UTF-8
 *   debug                 false       true: log to stderr
 *   tls                   off         implicit TLS 1.2 or later; never falls back
 *   tls.ca                -           PEM file with the trusted certificates instead of the system's
 *   tls.cert, tls.key     -           client certificate and key, PEM files
 *   tls.verify            full        full: chain and host name; ca: chain only; none (it is logged)
 *   tls.server_name       host        the name to send (SNI) and to verify
 *   tls.pin               -           sha256//BASE64 of the server's public key (SubjectPublicKeyInfo);
 *                                     replaces the checks of chain and name
 *   connect.timeout_ms    10000       name, TCP and TLS together
 *   login.timeout_ms      10000       from there to ready: greeting, login, filters, mask
 *   action.timeout_ms     30000       0 is never. Counts from when the action is the oldest unanswered
 *                                     one, since Asterisk works on one action at a time; for a
 *                                     synchronous Originate and WaitEvent it is their own Timeout plus
 *                                     5 s; in a list it counts from the last item
 *   ping.interval_ms      30000       silence after which a Ping is sent; 0 is never. Apart from that, a
 *                                     Ping goes out where an action may never be answered, to find out
 *   ping.timeout_ms       10000       silence after that Ping that ends the connection
 *   blocked.max_ms        120000      how long an action that timed out may hold up those behind it
 *                                     before the connection is given up
 *   offline               refuse      refuse: ami_send() is AMI_ESTATE unless ready. queue: actions
 *                                     wait for ready, in order
 *   offline.max           1000        actions that may wait so
 *   inflight.max          65536       actions accepted and not yet replied; over it AMI_EFULL
 *   queue.overflow        drop        at the bound of the queue: drop the oldest events, with a gap; or
 *                                     wait: stop reading (Asterisk cuts such a client after 100 ms). A login
 *                                     goes on all the same: events that come with it while the queue is
 *                                     still full are dropped, with a gap
 *   queue.max_items       65536       undelivered events, and as many notices beside them; thread and queue
 *                                     delivery
 *   queue.max_bytes       67108864    undelivered bytes of them
 *   message.max_bytes     16777216    longest message accepted; over it the connection ends, AMI_ELIMIT
 *   line.max_bytes        1048576     longest line accepted; the same
 *   list.max_items        1000000     items of one action; over it the reply is AMI_ELIMIT
 *   list.max_bytes        268435456   bytes of them; the same. Of each action: lists that grow at the same
 *                                     time may hold this times inflight.max
 *   list.events           false       true: items of own lists also go to name and glob handlers
 *   disconnect.grace_ms   5000        how long actions in flight may finish after ami_disconnect()
 */
AMI_API int ami_set(ami_t *ami, const char *name, const char *value);

/* Reads an option, or "server.banner" (the greeting) or "server.version" (the AMI version in it; both
   empty before the first greeting) into buf, cut to cap and ended by NUL. Returns the length without
   NUL that the whole value has. buf may be NULL when cap is 0. "password" is AMI_EOPTION. */
AMI_API int ami_get(const ami_t *ami, const char *name, char *buf, size_t cap);

/* Why the last failing call on this client failed, or, when none failed since, why the connection was
   lost, or which bound ended an action with AMI_ELIMIT; the same way as ami_get(). */
AMI_API int ami_detail(const ami_t *ami, char *buf, size_t cap);

/* Chooses loop delivery. To be called on the loop's thread, before ami_connect(); AMI_ESTATE later. The
   loop must outlive the client: after ami_destroy() run it until the client's handles have closed. */
AMI_API int ami_set_loop(ami_t *ami, struct uv_loop_s *loop);
/* Chooses queue delivery, before ami_connect(); AMI_ESTATE later. The queue outlives the client. */
AMI_API int ami_set_queue(ami_t *ami, ami_queue_t *queue);

/* Sends log lines of this level and below to cb; one callback a client, NULL ends it. */
AMI_API int ami_on_log(ami_t *ami, int level, ami_log_cb cb, void *user, ami_release_cb release);

/* Starts to connect and returns. Whether it succeeds is told by notices and ami_wait(). AMI_ESTATE
   unless idle. */
AMI_API int ami_connect(ami_t *ami);

/* Blocks until ready (0), until finally failed (the AMI_E* of the last failure), or for timeout_ms
   (AMI_ETIMEDOUT); -1 is no limit. AMI_ESTATE when idle and never failed. AMI_ETHREAD on a thread that
   delivers messages. */
AMI_API int ami_wait(ami_t *ami, int timeout_ms);

/*
 * Ends the connection in good order: new sends are AMI_ESTATE; actions that wait offline are replied
 * AMI_ECLOSED and AMI_NOT_SENT; those in flight may finish for disconnect.grace_ms, the rest is replied
 * AMI_ECLOSED and AMI_MAYBE_RUN; then Logoff, whose answer is awaited for a second at most, and close.
 * Returns at once; the last notice is connection-close with Final: true. While connecting or in back-off it
 * ends at once. 0 when idle. The client may be connected again.
 */
AMI_API int ami_disconnect(ami_t *ami);

/*
 * Ends the client and frees it: closes without Logoff, discards undelivered events, and ends every
 * pending action with AMI_ECLOSED. NULL is allowed.
 *
 * Thread delivery: reply callbacks run on the calling thread before it returns. It waits for callbacks of
 * this client on other threads, so hold no lock that a handler takes. Inside one of the client's own
 * callbacks it returns at once and finishes when that callback has returned.
 * Queue delivery: replies stay in the queue as items, and ami_queue_dispatch() gives them to their
 * callbacks with NULL for ami; a call of it under way on another thread is waited for.
 * Loop delivery, on the loop's thread: replies are given before it returns and uv handles close in later
 * turns; from another thread it only posts.
 * The last release of a handler is the proof of the end. Where the thread of all clients ends with its last
 * one, the caller may wait for up to a second until the server has taken what was written.
 */
AMI_API void ami_destroy(ami_t *ami);

/* One of AMI_STATE_*; it may have changed by the time it is read. */
AMI_API int ami_state(const ami_t *ami);
/* One of AMI_STAT_*, or AMI_EINVAL. */
AMI_API int64_t ami_stat(const ami_t *ami, int which);

/*
 * HANDLERS. name is an event's name, a glob with * and ?, or one of the library's names; case does not
 * matter. A handler stays over every reconnect. sub (may be NULL) receives the id for ami_off(). cb may be
 * NULL in queue delivery. May be called inside a handler.
 *
 * The library's names:
 *   data       every message from the server: events, responses, list items
 *   response   every response
 *   pong       the response to a Ping, ours or the keep-alive's
 * and the NOTICES, which a glob can match too:
 *
 *   name                       fields beside Event
 *   connection-connect         Host, Address, Port; with TLS also TLS (protocol version) and CertificateEnd (of
 *                              the server's, unix seconds; 0 when it cannot be read)
 *   login                      Status (Success or Error), Reason, Error
 *   ready                      Generation, Banner. Logged in; filters and mask are in force. It does not
 *                              mean that Asterisk is fully booted
 *   connection-drain           a write that was held up by the peer has been written
 *   connection-unwritable      Action, Reason: an action was refused because there is no login. Left out, since
 *                              who was refused knows it, while queue.max_items wait, or 1,024 calls (in any
 *                              delivery) for the thread that reads
 *   connection-error           Error, Reason
 *   connection-timeout         Phase (connect, login or keep-alive), Reason
 *   connection-end             the server closed its side
 *   connection-close           Final (true: no further attempt), Error, Reason
 *   connection-reconnecting    Attempt, Delay (ms)
 *   gap                        Cause (reconnect or overflow), From, To (unix seconds with fraction),
 *                              Generation, and Dropped (how many) when known. That of a reconnect comes before
 *                              the first event behind it and before ready, which is the time to ask anew.
 *                              Where the connection is lost between its gap and its ready, the next one tells
 *                              of a gap again, with the same Generation
 *
 * Error is the name of an AMI_E* number. A login that is refused is final before the handle's first
 * successful one; later it is tried again every reconnect.max_ms, each refusal a login notice.
 */
AMI_API int ami_on(ami_t *ami, const char *name, ami_event_cb cb, void *user, ami_release_cb release,
                   uint64_t *sub);
/* Ends a handler: no call of it starts after this returns, those already queued included; one that runs
   may finish, and release follows it. Never blocks. AMI_ENOENT for an id that is not (or no longer) there. */
AMI_API int ami_off(ami_t *ami, uint64_t sub);

/* ------------------------------------------------------------------------------------------ actions */

/*
 * An action under construction. Nothing that Asterisk would misread can get into it: CR, LF or NUL
 * anywhere and blanks or a colon in a key are AMI_EINJECT, an empty key is AMI_EINVAL, a line of more than
 * 1,022 bytes and more than 128 lines are AMI_ETOOBIG, a bad ActionID (over 64 bytes or not printable
 * ASCII) is AMI_EINVAL. A refused field spoils the action: ami_send() refuses it too, with the same error,
 * so that no action goes out with a part missing. An action may be sent any number of times.
 *
 * ami_action_new() returns NULL only when out of memory; a bad name is told by ami_action_detail() and by
 * every later call.
 */
AMI_API ami_action_t *ami_action_new(const char *name);
AMI_API void ami_action_free(ami_action_t *action);
/* Adds a header. "ActionID" sets the caller's own id instead of a generated one; it must be unlike those
   of every other program on the same Asterisk, since Asterisk shows it to them. */
AMI_API int ami_action_add(ami_action_t *action, const char *key, const char *value);
AMI_API int ami_action_addn(ami_action_t *action, const char *key, size_t key_len, const char *value,
                            size_t value_len);
/* key_value holds 2 * pairs strings: key, value, key, value ... Adds all or, on an error, none. */
AMI_API int ami_action_add_all(ami_action_t *action, const char *const *key_value, size_t pairs);
/* Adds "Variable: name=value" with commas, quotes and backslashes of value escaped as Asterisk 1.6 and
   later read them; parentheses need none. name may not hold = or a comma. */
AMI_API int ami_action_variable(ami_action_t *action, const char *name, const char *value);
/* A limit that counts from ami_send(): the reply is never later. 0 is none; without it
   action.timeout_ms holds. */
AMI_API int ami_action_timeout(ami_action_t *action, int ms);
/*
 * The reply comes with the first event of this name that carries our ActionID (ami_reply_end()); earlier
 * events with it are items; Response: Error ends it at once. UserEvent is refused (AMI_EINVAL), since
 * anyone can send one with our id. OriginateResponse needs Async: true (AMI_EINVAL) and a mask that
 * lets class call through (AMI_ESTATE, at ami_send()).
 */
AMI_API int ami_action_until(ami_action_t *action, const char *event);
/* The bytes that ami_send() would write, for eyes and logs: with no ActionID but the caller's own, and in the
   encoding binary; the same way as ami_get(). An action that cannot be sent as it is gives ami_send()'s error.
   Whatever the action was given stands there in clear: a Login's Secret, too. */
AMI_API int ami_action_bytes(ami_action_t *action, char *buf, size_t cap);
/* Why the last failing call on this action failed; "" if none did. */
AMI_API const char *ami_action_detail(const ami_action_t *action);

/*
 * Sends. 0: accepted, and cb gets exactly one reply. id (may be NULL) is written before any callback can
 * run. cb may be NULL. Errors: what the action was refused for; AMI_ESTATE without a login (see "offline")
 * or after ami_disconnect(); AMI_EFULL; AMI_EEXIST; AMI_EENCODING; AMI_ENOMEM. Sends of one loop turn, and
 * sends of many threads at once, leave in one write, in the order in which they were accepted.
 * Queues and IAXnetstats are AMI_EINVAL: they have no answer that could be told from the stream (use Command).
 */
AMI_API int ami_send(ami_t *ami, const ami_action_t *action, ami_reply_cb cb, void *user,
                     ami_release_cb release, uint64_t *id);
/* The same, but list items are given to each as they come (AMI_ITEM_LISTITEM) and are not kept in the reply. */
AMI_API int ami_send_each(ami_t *ami, const ami_action_t *action, ami_event_cb each, ami_reply_cb cb,
                          void *user, ami_release_cb release, uint64_t *id);
/*
 * Sends and blocks until the reply is there. 0 whenever a reply exists, whatever its status: unref it.
 * Otherwise *reply is NULL and the error is as of ami_send(). The reply does not pass the queue, so it may
 * overtake earlier events. AMI_ETHREAD on a thread that delivers messages (callbacks included).
 */
AMI_API int ami_call(ami_t *ami, const ami_action_t *action, ami_reply_t **reply);
/* Ends an action: its reply comes without waiting for the server, AMI_ECANCELED; a late answer is swallowed.
   If no byte of it has left, it is not sent at all. AMI_ENOENT when it has no reply outstanding. */
AMI_API int ami_cancel(ami_t *ami, uint64_t id);

/* ------------------------------------------------------------------------------------------ replies */

/* 0, AMI_EREPLY (Asterisk said Error, or the awaited event said Failure), or what prevented the answer. */
AMI_API int ami_reply_status(const ami_reply_t *reply);
/* AMI_NOT_SENT, AMI_MAYBE_RUN or AMI_ANSWERED. */
AMI_API int ami_reply_fate(const ami_reply_t *reply);
/* The id that ami_send() gave. */
AMI_API uint64_t ami_reply_id(const ami_reply_t *reply);
/* The response, or NULL when there was none. */
AMI_API const ami_msg_t *ami_reply_response(const ami_reply_t *reply);
/* The items of a list, without the message that ends it. NULL for an index out of range. */
AMI_API size_t ami_reply_count(const ami_reply_t *reply);
AMI_API const ami_msg_t *ami_reply_at(const ami_reply_t *reply, size_t index);
/* The event that ended the action: a list's terminator (with ListItems and the like) or the event of
   ami_action_until(); NULL when a response ended it. */
AMI_API const ami_msg_t *ami_reply_end(const ami_reply_t *reply);
/* Counted references; NULL is allowed. */
AMI_API ami_reply_t *ami_reply_ref(const ami_reply_t *reply);
AMI_API void ami_reply_unref(ami_reply_t *reply);

/* ----------------------------------------------------------------------------------------- messages */

/* AMI_MSG_*; 0 for NULL, and see ami_msg_new(). */
AMI_API int ami_msg_kind(const ami_msg_t *msg);
/* The event's or notice's name, or "response"'s value (Success, Error ...). "" if it has none. */
AMI_API const char *ami_msg_name(const ami_msg_t *msg);
/* The first value of key, whatever the case; NULL if there is none. len (may be NULL) gets its length. */
AMI_API const char *ami_msg_get(const ami_msg_t *msg, const char *key, size_t *len);
/* The nth field (from 0) of that key, or NULL. Keys repeat: Variable, ChanVariable, Output ... */
AMI_API const ami_field_t *ami_msg_find(const ami_msg_t *msg, const char *key, size_t nth);
/* All fields in wire order, as an array; returns how many. */
AMI_API size_t ami_msg_fields(const ami_msg_t *msg, const ami_field_t **out);
/* The message as it came, with its final blank line; NULL when out of memory. */
AMI_API const char *ami_msg_raw(const ami_msg_t *msg, size_t *len);
/* The text of a Command: lines joined by LF, from the Output headers of Asterisk 14 and later or the block
   of earlier ones; NULL when the message has none (or out of memory). */
AMI_API const char *ami_msg_output(const ami_msg_t *msg, size_t *len);
/* 0, or AMI_EREPLY when there is a Response header that does not tell of success. */
AMI_API int ami_msg_status(const ami_msg_t *msg);
/* The place in the order of this client's messages, from 1; over all reconnects. */
AMI_API uint64_t ami_msg_seq(const ami_msg_t *msg);
/* When it was received: nanoseconds since 1970-01-01 UTC. */
AMI_API uint64_t ami_msg_time(const ami_msg_t *msg);
/* The client's "identifier"; "" without one. */
AMI_API const char *ami_msg_label(const ami_msg_t *msg);
/*
 * A message from bytes that are one, as ami_msg_raw() gives it, and from what the functions above tell of it: to
 * play a recording, or to try a handler. kind 0 is what the bytes say, which may be none (it stays 0 then); label
 * may be NULL. Values are the bytes as they are: no encoding is undone. NULL when it is no such kind, when the bytes
 * are not exactly one message with its final blank line, or when out of memory. Unref it.
 */
AMI_API ami_msg_t *ami_msg_new(int kind, const char *bytes, size_t len, uint64_t seq, uint64_t time,
                               const char *label);
/* Counted references; NULL is allowed. */
AMI_API ami_msg_t *ami_msg_ref(const ami_msg_t *msg);
AMI_API void ami_msg_unref(ami_msg_t *msg);

/* ------------------------------------------------------------------------------------------- queues */

/*
 * A queue for queue delivery, shared by any number of clients; its bounds (queue.max_items,
 * queue.max_bytes) count for each client. There is one item for each matching subscription. Over a bound
 * the oldest events go, and over queue.max_items notices the oldest notices, gaps of cause reconnect too.
 * A gap of cause overflow stands where they stood, for each subscription to which "gap" matches. It is never
 * dropped; nor are replies and list items, of which there are only those that were asked for.
 */
AMI_API ami_queue_t *ami_queue_new(void);
/* AMI_ESTATE while clients are attached: destroy them first. Undelivered items are released. NULL is
   allowed. */
AMI_API int ami_queue_free(ami_queue_t *queue);
/* A descriptor that is readable while the queue is not empty, for any event loop. It belongs to the queue
   and is never to be read. */
AMI_API int ami_queue_fd(const ami_queue_t *queue);
/* Calls cb when the queue goes from empty to not empty; NULL ends it. */
AMI_API int ami_queue_on_wake(ami_queue_t *queue, ami_wake_cb cb, void *user, ami_release_cb release);
/*
 * Takes up to max items, waiting up to timeout_ms (-1: for ever) for the first; runs no callback. Returns how
 * many. Each item holds a reference to its message or reply until ami_queue_release().
 */
AMI_API int ami_queue_poll(ami_queue_t *queue, ami_item_t *out, size_t max, int timeout_ms);
AMI_API void ami_queue_release(const ami_item_t *items, size_t count);
/* The same, but runs the callbacks on the calling thread instead, and releases. Returns how many items. */
AMI_API int ami_queue_dispatch(ami_queue_t *queue, size_t max, int timeout_ms);
/*
 * The first value of each of nkeys keys in each of n items, in one call: out gets n * nkeys fields, item by
 * item; where a message lacks the key (or the item has no message) key and value are NULL. For items of
 * kind AMI_ITEM_REPLY the response is looked at. Valid until the items are released.
 */
AMI_API int ami_items_get(const ami_item_t *items, size_t n, const char *const *keys, size_t nkeys,
                          ami_field_t *out);

/*
 * A stream socket from which a byte can be read each time the queue has gone from empty to not empty, and one
 * at once: for event loops that read descriptors and cannot only watch them, such as Node's. The caller owns
 * it and closes it; it ends when the queue is freed. Takes the place of ami_queue_on_wake(), and of the stream
 * before it. AMI_ENOMEM when the system gives no sockets.
 */
AMI_API int ami_queue_stream(ami_queue_t *queue);
/*
 * Copies items into two flat pieces of memory, for languages to which every pointer costs a call: numbers to
 * words, bytes to text. Returns how many of the n items fit, from the first on. When the first does not, that
 * is 0, words[0] is how many words and words[1] how many bytes of text it takes (words_cap is 2 or more).
 *
 * With keys the first value of each of nkeys keys is copied, without (NULL) every field. An item is
 *
 *   0      how many words it has             6   ami_reply_status()
 *   1      kind                              7   ami_reply_fate()
 *   2, 3   client, low and high word         8   1: a message follows, the response of a reply;
 *   4, 5   id, likewise                          2: the end of a reply follows (3: both)
 *                                            9   length of ami_msg_output() of a reply's response, or UINT32_MAX
 * and a message
 *   0      ami_msg_kind()                    6   length of all keys together, each with CR LF behind it; 0
 *   1      ami_msg_status()                      where keys were chosen
 *   2, 3   ami_msg_seq()                     7   a hash of these bytes, for tables; good within this process
 *   4, 5   ami_msg_time()                    8   number of fields, then the length of each value; UINT32_MAX
 *                                                where the message lacks the key
 *
 * The text has, without gaps and in this order, the keys and values of the messages, and the output.
 */
AMI_API int ami_items_pack(const ami_item_t *items, size_t n, const char *const *keys, size_t nkeys,
                           uint32_t *words, size_t words_cap, char *text, size_t text_cap);

#ifdef __cplusplus
}
#endif

#endif
