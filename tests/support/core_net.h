/* What src/net does, for tests in C. Nothing here throws, and nothing here asserts: it records and returns.
 * What can run out of memory or descriptors gives NULL or -1 then. */
#ifndef CORE_NET_H
#define CORE_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

struct uv_loop_s;
struct sockaddr;

/* ---- records, pins, MD5 ---- */
size_t core_record_length(const char* text, size_t size);
/* Whether text is a pin; it is written again into out, which takes 64 bytes. */
int core_parse_pin(const char* text, char* out);
int core_md5(const char* text, unsigned char out[16]);

/* ---- sockets ---- */
typedef struct core_socket core_socket_t;
core_socket_t* core_socket_open(int family); /* NULL with errno */
int core_socket_fd(const core_socket_t* socket);
void core_socket_free(core_socket_t* socket);
/* "192.0.2.1:5038"; kept until the next call. */
const char* core_address_text(const struct sockaddr* address, size_t size);
const char* core_error_text(int error);
int core_is_self_connected(int fd);
/* -1 with errno. */
ssize_t core_receive_some(int fd, char* buffer, size_t size);
ssize_t core_send_some(int fd, const char* data, size_t size);

/* ---- doorbell ---- */
typedef struct core_doorbell core_doorbell_t;
core_doorbell_t* core_doorbell_new(void);
void core_doorbell_free(core_doorbell_t* bell);
void core_doorbell_ring(core_doorbell_t* bell);
void core_doorbell_quiet(core_doorbell_t* bell);
int core_doorbell_fd(const core_doorbell_t* bell);

/* ---- threads, fork, clock ---- */
/* Runs it on a thread of the library's, and joins that. */
int core_run_on_thread(void (*run)(void* user), void* user);
uint32_t core_fork_generation(void);
uint64_t core_monotonic_ms(void);
uint64_t core_unix_ns(void);
uint64_t core_random_seed(void);

/* ---- loops: one hold on a Loop ---- */
typedef struct core_loop core_loop_t;
core_loop_t* core_loop_shared(void);
core_loop_t* core_loop_around(struct uv_loop_s* uv);
void core_loop_free(core_loop_t* loop);
/* Whether two holds are of one Loop. */
int core_loop_same(const core_loop_t* a, const core_loop_t* b);
int core_loop_is_current(const core_loop_t* loop);
int core_loop_is_shared(const core_loop_t* loop);
void core_loop_post(core_loop_t* loop, void (*run)(void* user), void* user);
/* The task holds the loop, too, and lets go of it where it runs. */
void core_loop_post_last(core_loop_t* loop, void (*run)(void* user), void* user);
/* What a task threw ends there. */
void core_loop_post_throwing(core_loop_t* loop);

/* ---- TLS settings ---- */
typedef struct core_tls core_tls_t;
/* Files and texts may be NULL; verify: "full", "ca", "none". NULL: core_tls_error() says why. */
core_tls_t* core_tls_new(const char* ca, const char* cert, const char* key, const char* verify,
                         const char* server_name, const char* pin);
void core_tls_free(core_tls_t* tls);
/* Kept until the next core_tls_new(). */
const char* core_tls_error(void);

/* ---- transport ---- */
typedef struct core_transport core_transport_t;
core_transport_t* core_transport_new(core_loop_t* loop);
/* Only after "close" was told, or after core_transport_abandon(). */
void core_transport_free(core_transport_t* transport);
void core_transport_connect(core_transport_t* transport, const char* host, uint16_t port, core_tls_t* tls,
                            uint64_t timeout_ms);
size_t core_transport_write(core_transport_t* transport, const char* bytes, size_t size);
void core_transport_pause(core_transport_t* transport);
void core_transport_resume(core_transport_t* transport);
void core_transport_disconnect(core_transport_t* transport);
void core_transport_close(core_transport_t* transport);
void core_transport_abandon(core_transport_t* transport);
void core_transport_wake(core_transport_t* transport);
void core_transport_flush_soon(core_transport_t* transport);
void core_transport_set_timer(core_transport_t* transport, uint64_t at_ms);
uint64_t core_transport_now(const core_transport_t* transport);
uint64_t core_transport_writes(const core_transport_t* transport);
/*
 * What it told, in order: "wake timer flush connect receive all writable end disconnect close". Receive once
 * for all that follow one another without "all" between them.
 */
const char* core_transport_told(const core_transport_t* transport);
/* Called with each such word, from inside the call. */
void core_transport_on(core_transport_t* transport,
                       void (*hook)(core_transport_t* transport, const char* word, void* user), void* user);
void core_transport_forget(core_transport_t* transport); /* what was told, and received */
/* All that was received; ends in NUL. */
const char* core_transport_received(const core_transport_t* transport, size_t* size);
/* Of the last "connect". */
const char* core_transport_address(const core_transport_t* transport);
const char* core_transport_tls(const core_transport_t* transport);
/* Of the last "disconnect". */
int core_transport_error(const core_transport_t* transport);
const char* core_transport_detail(const core_transport_t* transport);

#ifdef __cplusplus
}
#endif
#endif
