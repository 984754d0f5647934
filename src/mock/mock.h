/* mock.h: the mock PBX, a fake Asterisk Manager Interface for tests, demos and benchmarks.
 *
 * A mock listens on 127.0.0.1, greets, logs in, answers actions, raises events and misbehaves on demand. It
 * acts as Asterisk 16 or 22 do (or as an older server, see "version"); what the real ones say was recorded,
 * and the mock says the same. It shares no code with libami: what the two agree on, they agree on by the
 * wire.
 *
 * Rules that hold everywhere
 *  - int results are 0 or a count, or -1; after -1 ami_mock_error says why.
 *  - Strings are copied before a call returns. NULL for an ami_mock_t is an error, never a crash.
 *  - Every function may be called from any thread. The ones that drive a running mock are synchronous: when
 *    they return, the mock's loop has done it and has written what the sockets would take.
 *  - Callbacks (ami_mock_on) run on the mock's thread. In them every function but ami_mock_stop,
 * ami_mock_free and the waits may be called.
 *  - Nothing sleeps or polls; the waits block on a condition variable.
 *
 * A test in six lines
 *     ami_mock_t *m = ami_mock_new();
 *     assert_int_equal(ami_mock_start(m), 0);
 *     ... connect to 127.0.0.1:ami_mock_port(m) as admin / secret, send a Ping ...
 *     assert_int_equal(ami_mock_wait_actions(m, "Ping", 1, 5000), 0);
 *     ami_mock_emit(m, "Event: Hello\r\nPrivilege: user,all\r\n\r\n");
 *     ami_mock_free(m);
 */
/* clang-format off */
#ifndef AMI_MOCK_H
#define AMI_MOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ami_mock ami_mock_t;
typedef struct ami_mock_session ami_mock_session_t; /* one connection */
typedef struct ami_mock_request ami_mock_request_t; /* one action as it was received */

/* ---- Life ------------------------------------------------------------------------------------------- */

ami_mock_t *ami_mock_new(void);

/* Options, to be set before the start.
 *
 * name          default     meaning
 * version       22          22 (banner 11.0.0), 20, 18, 16 (5.0.4), 13, 11, 1.8, 1.6, 1.4. From 13 down Command has
 *                           the old framing (Response: Follows, --END COMMAND--), before 13 lists have no EventList,
 *                           1.4 answers Ping with "Response: Pong".
 * banner        of version  the first line without its CRLF
 * host          127.0.0.1   address to listen on (127.0.0.1 or ::1)
 * port          0           0 takes a free port
 * user          see below   NAME:SECRET[:READ[:WRITE[:FLAGS]]], may be set many times; READ and WRITE are class lists
 *                           ("call,user", "all", "" or "none"), default all. FLAGS, with commas: single (no second
 *                           login), denied (an ACL keeps it out), writetimeout=MS. "\:" is a colon in a secret.
 *                           Always there, unless replaced by the same name, all with the secret "secret":
 *                           admin (all, all), reader (all, none), limited (call,user and call,reporting),
 *                           quiet (none, all), single, denied, slow (writetimeout=100), filtered (filters
 *                           "Event: UserEvent" and "!Drop: yes"); odd (secret p:w  d=x;y"z'%#, system).
 * tls           -           CERT:KEY, PEM files: every connection is TLS
 * tls.ca        -           PEM file: a client certificate signed by it is demanded (the real AMI never does)
 * tls.min, tls.max  -       1.0, 1.1, 1.2 or 1.3
 * scene         -           scene to play from the start on, see ami_mock_play
 * auth_delay_ms 0           wait before a refused login is answered (the real one: 1000)
 * authlimit     50          more connections than that without a login are closed without a byte
 * authtimeout_ms 30000      a connection without a login is closed silently after that
 * writetimeout_ms 5000      a write blocked for that long ends the session, the last message truncated. Real
 *                           default: 100. The user's own flag goes first.
 * sndbuf        0           SO_SNDBUF of accepted sockets, to meet the above early; 0: the system's
 * seed          1           of everything random: challenges, noise, scenes
 * speed         1           how many times faster than shown calls, scenes and recordings pass (10: a 3 s call takes
 *                           0.3 s); 0: recordings as fast as everyone reads, calls and scenes as shown
 * serve         -           FILE: play what `ami record` has written; or DIR/NAME: replay the recorded conversation
 *                           NAME.ami, .sent, .tl (see the end)
 */
int ami_mock_set(ami_mock_t *, const char *name, const char *value);

int ami_mock_start(ami_mock_t *);       /* listens, and serves on a thread of its own */
int ami_mock_port(const ami_mock_t *);  /* the port it listens on, or -1 */
void ami_mock_stop(ami_mock_t *);       /* closes everything; the log stays readable */
void ami_mock_free(ami_mock_t *);       /* stops first; NULL does nothing */
const char *ami_mock_error(const ami_mock_t *);

/* Closes every connection and goes on with no calls and an uptime of zero. The port stays open all the while: who is back
 * at once is not refused (ami_mock_set_down is for that). */
int ami_mock_restart(ami_mock_t *);
/* 1: closes every connection and the port, so that connecting is refused. 0: listens again on the same port. */
int ami_mock_set_down(ami_mock_t *, int down);
/* CERT:KEY as of the option "tls", for the connections to come: what a renewal, or somebody in the middle, brings. */
int ami_mock_set_certificate(ami_mock_t *, const char *cert_key);

/* What its actions answer is what an Asterisk with a small test configuration would: queues "support" (three members) and
 * "empty", endpoints alice, bob and loop, one parking lot, sample.conf for GetConfig, and in the context "test" these
 * extensions for Originate of Local/EXTEN@test: 100 answers, talks for 300 ms and hangs up, 101 and 102 answer and stay,
 * 103 is busy, 104 congested, 105 rings and never answers, 106 dials 101 and is bridged with it; others do not exist.
 * Other channels than Local fail. Getvar knows BASE64_DECODE(), DB(), CHANNEL(name) and CHANNEL(state). CoreShowChannels
 * and Status take "Items: N" for N made-up channels besides the live ones. Command knows core show channels, core show
 * version, core restart now, manager show connected, manager show settings, manager show user NAME, manager show users,
 * manager kick session N; and GetConfig the Category of a user in manager.conf. */

/* ---- Driving it ------------------------------------------------------------------------------------- */

/* Raises an event. `event` is wire text with CRLF line ends (the closing blank line may be left out). It goes to every
 * session whose user and mask have all the classes of its Privilege line and whose filters let it pass; "<none>", or no
 * such line: to every session. Returns to how many. Sessions that are busy with an action get it afterwards. */
int ami_mock_emit(ami_mock_t *, const char *event);
/* Writes bytes to every session as they are. Returns to how many. */
int ami_mock_emit_raw(ami_mock_t *, const void *bytes, size_t len);
/* `count` copies of an event, in which {n} is the number of the copy (from 0): for benchmarks and floods. */
int ami_mock_emit_many(ami_mock_t *, const char *event, size_t count);
/* Closes every connection without a word, as "manager kick session" does. Returns how many. */
int ami_mock_kick(ami_mock_t *);

/* Plays a scene until the mock stops or another is played: "call" (a call every few hundred ms), "queue" (callers join,
 * agents ring, answer, leave), "bridge" (calls with blind and attended transfers), "storm N" (about N events of calls
 * per second), "none" (no new calls; those under way end). "call once", "queue once" and "bridge once" play one round. */
int ami_mock_play(ami_mock_t *, const char *scene);

/* Ends what "hold", "stall_read" and "stall_write" hold back, on every connection, and disarms them. Returns how many
 * connections went on. */
int ami_mock_release(ami_mock_t *);

/* ---- Faults ------------------------------------------------------------------------------------------
 *
 * An armed fault fires once, on the connection that first meets its condition, and is then gone; with AMI_MOCK_EVERY it
 * fires each time (on every connection, once per count) until ami_mock_clear. Connections that are open when it is armed
 * are meant too, unless AMI_MOCK_NEXT is given. Counts run per connection and begin when the fault is armed or the
 * connection accepted, whichever is later; the answer to Login is a response like any other. n = 0 means 1 unless
 * the table says otherwise.
 *
 * name                n            what happens
 * cut_at              bytes        exactly n more bytes (0: none) reach the client, then the connection is closed
 * cut_on_action       action       closes when the n-th action has been read; not run, not answered
 * cut_after_response  response     closes behind the n-th response
 * cut_in_response     response     closes in the middle of the n-th response
 * cut_in_list         item         closes in the middle of the n-th item of a list
 * cut_in_login        login        closes when the n-th Login was read, nothing answered (a Challenge is)
 * cut_on_logoff       -            closes on Logoff without "Goodbye"
 * reset               -            the next connection that the mock closes ends by RST instead of FIN
 * half_close          response     sends FIN behind the n-th response, and goes on reading
 * stall_read          action       reads nothing more behind the n-th action, until ami_mock_release
 * stall_write         response     writes nothing more behind the n-th response, until ami_mock_release
 * hold                response     holds the n-th response and all behind it, until ami_mock_release; actions are still
 *                                  read, run and logged
 * one_byte            size         writes at most n bytes at a time for the rest of the connection
 * garbage             bytes        n bytes of noise and a blank line before the next message (0: 64)
 * wrong_id            response     the n-th response carries an ActionID that nobody sent
 * no_id               response     the n-th response carries no ActionID
 * double_response     response     the n-th response is sent twice
 * no_response         action       the n-th action is run but not answered (items and events still come)
 * error_in_list       items        a list turns into "Response: Error" after n items (0: none); no terminator follows
 * endless_list        -            a list repeats its items for ever
 * endless_line        response     behind the n-th response comes a line without an end
 * endless_message     response     behind the n-th response comes an event without an end
 * shutting_down       action       the n-th action is answered "Asterisk is shutting down"
 * refuse_login        login        the n-th Login is answered "Authentication failed" and closed
 * login_in_use        login        the n-th Login is answered "Login Already In Use" and closed
 * refuse_filter       filter       the n-th Filter action is answered with an error
 * For the next connection, in place of the banner:
 * greet_silence       -            not a byte (nor a TLS handshake); input is read and forgotten
 * greet_none          -            no banner, but everything else works
 * greet_http          -            an HTTP 400 answer, then closed
 * greet_ssh           -            an SSH banner
 * greet_endless       -            a first line without an end
 * greet_eof           -            the banner, then closed
 * greet_cut           bytes        n bytes of the banner, then closed (0: half)
 * greet_close         -            closed at once without a byte, as over authlimit
 */
enum { AMI_MOCK_EVERY = 1, AMI_MOCK_NEXT = 2 };
int ami_mock_fault(ami_mock_t *, const char *name, int64_t n);
int ami_mock_fault_with(ami_mock_t *, const char *name, int64_t n, int flags);
int ami_mock_clear(ami_mock_t *); /* disarms all faults; returns how many were armed */

/* ---- What it saw --------------------------------------------------------------------------------------
 *
 * Counters for ami_mock_count and ami_mock_wait:
 *   connections (accepted)  open (now)  logins (accepted)  refused (logins)  actions (read, before and after the login)
 *   events (written to sessions)  faults (fired)  bytes_in  bytes_out  writes (to sockets)  slow (sessions cut for not
 *   reading)  calls (begun)  calls_open (now)  action:NAME (read, by name, case-blind)  fault:NAME (fired, by name)
 */
int64_t ami_mock_count(const ami_mock_t *, const char *what);
/* 0 when the counter has reached n (open and calls_open: is n), -1 when timeout_ms have passed. */
int ami_mock_wait(ami_mock_t *, const char *what, int64_t n, int timeout_ms);
/* The same for actions by name; a NULL name stands for any. */
int ami_mock_wait_actions(ami_mock_t *, const char *name, int64_t n, int timeout_ms);

/* How often an action with this ActionID was read, over all connections. */
int ami_mock_saw(const ami_mock_t *, const char *action_id);
/* The i-th ActionID read, in order (an action without one does not count). Returns its length, -1 if there is none. */
int64_t ami_mock_action_id(const ami_mock_t *, size_t i, char *buf, size_t cap);
/* The raw bytes received on the connection accepted last, decrypted; the first MiB of them. Returns the length; copies
 * at most cap - 1 bytes and a NUL. */
int64_t ami_mock_received(const ami_mock_t *, char *buf, size_t cap);
/* The subject of the client certificate of the last TLS handshake, in one line; as above. */
int64_t ami_mock_peer(const ami_mock_t *, char *buf, size_t cap);

/* ---- Answers of your own -------------------------------------------------------------------------------
 *
 * The callback answers every action of that name (case-blind; "*" for all without one of their own) in place of the
 * built-in one, before and after login. NULL takes it away again. */
typedef void (*ami_mock_action_cb)(void *user, const ami_mock_request_t *, ami_mock_session_t *);
int ami_mock_on(ami_mock_t *, const char *action, ami_mock_action_cb, void *user);

const char *ami_mock_request_name(const ami_mock_request_t *);                  /* "" if it has none */
const char *ami_mock_request_get(const ami_mock_request_t *, const char *key);  /* first, case-blind; NULL if absent */
size_t ami_mock_request_count(const ami_mock_request_t *);                      /* lines */
const char *ami_mock_request_line(const ami_mock_request_t *, size_t i);        /* "Key: value" as sent */

/* Writes text in which {id} is "ActionID: ...\r\n" or nothing, and {Key} the request's value of that key or nothing.
 * Response faults see a text that begins with "Response:". For example "Response: Success\r\n{id}Message: hi\r\n\r\n". */
int ami_mock_answer(ami_mock_session_t *, const ami_mock_request_t *, const char *text);
int ami_mock_write(ami_mock_session_t *, const void *bytes, size_t len);   /* as it is */
int ami_mock_builtin(ami_mock_session_t *, const ami_mock_request_t *);    /* what the mock would have answered */
int ami_mock_close(ami_mock_session_t *);                                  /* closes behind what was written */
uint64_t ami_mock_session_id(const ami_mock_session_t *);                  /* 1 for the first connection, then 2 ... */

/* ---- Recorded conversations ----------------------------------------------------------------------------
 *
 * With "serve" every connection gets the server's side of one recorded conversation, in step with what the client
 * sends: what the server had sent before it read the client's k-th action goes out when k-1 actions were received, and
 * so on to the end. Actions are counted, not compared. The ActionIDs of the recording are replaced by those the client
 * sends, in order. When the recording ended with a close by the server, so does the replay.
 *
 * A file of `ami record` is played to all who are logged in, as their masks and filters let it pass: the events at their
 * pace, byte for byte, behind the recorded banner. Logins and actions are answered by the mock itself, but it raises no
 * event at a login. Playing begins with the first login, and anew with the first after everybody has left. Where the
 * recorded connection was lost, every connection is closed, and it goes on with the next login. */

/* ---- The program ---------------------------------------------------------------------------------------
 *
 * `ami mock [--port N] [--user NAME:SECRET]... [--tls CERT:KEY] [--version V] [--scene NAME] [--serve FILE]
 * [--speed N]`. The first line on stdout
 * is "listening on 127.0.0.1:PORT". Ends at SIGINT or SIGTERM, which it keeps blocked, and leaves SIGPIPE ignored.
 * Returns the exit code: 0, or 2 for wrong usage, 3 if it cannot listen. */
int ami_mock_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
