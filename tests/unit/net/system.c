#define _GNU_SOURCE
#include "system.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t let_go = PTHREAD_COND_INITIALIZER;
static char names[512];
static int name_error;
static bool held;
static int lookups;

static _Atomic uint64_t advanced_ns;
static atomic_int interruptions;
static atomic_int send_limit;
static atomic_int send_buffer;
static atomic_int sends;
static atomic_bool send_may_signal;

void system_reset(void) {
  system_let_names_go();
  pthread_mutex_lock(&mutex);
  names[0] = '\0';
  name_error = EAI_NONAME;
  lookups = 0;
  pthread_mutex_unlock(&mutex);
  interruptions = 0;
  send_limit = 0;
  send_buffer = 0;
  sends = 0;
  send_may_signal = false;
}

void system_names(const char* addresses) {
  pthread_mutex_lock(&mutex);
  snprintf(names, sizeof names, "%s", addresses);
  name_error = 0;
  pthread_mutex_unlock(&mutex);
}

void system_no_names(int error) {
  pthread_mutex_lock(&mutex);
  name_error = error;
  pthread_mutex_unlock(&mutex);
}

void system_hold_names(void) {
  pthread_mutex_lock(&mutex);
  held = true;
  pthread_mutex_unlock(&mutex);
}

void system_let_names_go(void) {
  pthread_mutex_lock(&mutex);
  held = false;
  pthread_cond_broadcast(&let_go);
  pthread_mutex_unlock(&mutex);
}

int system_lookups(void) {
  pthread_mutex_lock(&mutex);
  const int begun = lookups;
  pthread_mutex_unlock(&mutex);
  return begun;
}

void system_advance_ms(uint64_t ms) {
  advanced_ns += ms * 1000000;
}
void system_interrupt(int times) {
  interruptions = times;
}
void system_send_limit(int bytes) {
  send_limit = bytes;
}
void system_send_buffer(int bytes) {
  send_buffer = bytes;
}
int system_sends(void) {
  return sends;
}
bool system_send_may_signal(void) {
  return send_may_signal;
}

/* libuv finds these before those of the system. */
#define REPLACES __attribute__((visibility("default")))

/* ---- names: all lists are made here, so that one freeaddrinfo() fits them all ---- */

typedef struct {
  struct addrinfo info;
  struct sockaddr_storage address;
} entry_t;

static void append(struct addrinfo** list, const struct addrinfo* from) {
  entry_t* entry = calloc(1, sizeof *entry);
  if (entry == NULL) abort();
  entry->info = *from;
  memcpy(&entry->address, from->ai_addr, from->ai_addrlen);
  entry->info.ai_addr = (struct sockaddr*)&entry->address;
  entry->info.ai_canonname = NULL;
  entry->info.ai_next = NULL;
  while (*list != NULL) list = &(*list)->ai_next;
  *list = &entry->info;
}

static int look_up(const char* host, const char* service, const struct addrinfo* hints,
                   struct addrinfo** list) {
  int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**) = NULL;
  void (*real_free)(struct addrinfo*) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  *(void**)&real_free = dlsym(RTLD_NEXT, "freeaddrinfo");
  struct addrinfo* found = NULL;
  const int error = real(host, service, hints, &found);
  if (error != 0) return error;
  for (const struct addrinfo* one = found; one != NULL; one = one->ai_next) append(list, one);
  real_free(found);
  return 0;
}

REPLACES int getaddrinfo(const char* host, const char* service, const struct addrinfo* hints,
                         struct addrinfo** list) {
  *list = NULL;
  struct addrinfo numeric = *hints;
  numeric.ai_flags |= AI_NUMERICHOST;
  const int error = look_up(host, service, &numeric, list);
  if (error == 0 || (hints->ai_flags & AI_NUMERICHOST) != 0) return error;
  pthread_mutex_lock(&mutex);
  lookups++;
  while (held) pthread_cond_wait(&let_go, &mutex);
  char found[sizeof names];
  memcpy(found, names, sizeof names);
  const int result = name_error;
  pthread_mutex_unlock(&mutex);
  if (result != 0) return result;
  char* rest = NULL;
  for (char* word = strtok_r(found, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    if (look_up(word, service, &numeric, list) != 0) abort();
  }
  return 0;
}

REPLACES void freeaddrinfo(struct addrinfo* list) {
  while (list != NULL) {
    struct addrinfo* next = list->ai_next;
    free(list);
    list = next;
  }
}

/* ---- the clock ---- */

REPLACES int clock_gettime(clockid_t id, struct timespec* now) {
  static int (*_Atomic real)(clockid_t, struct timespec*);
  static _Atomic uint64_t start_ns;
  int (*call)(clockid_t, struct timespec*) = real;
  if (call == NULL) {
    *(void**)&call = dlsym(RTLD_NEXT, "clock_gettime");
    real = call;
  }
  const int result = call(id, now);
  if (result != 0 || (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)) return result;
  uint64_t ns = (uint64_t)now->tv_sec * 1000000000 + (uint64_t)now->tv_nsec;
  uint64_t none = 0;
  if (!atomic_compare_exchange_strong(&start_ns, &none, ns)) ns = none;
  ns += advanced_ns;
  now->tv_sec = (time_t)(ns / 1000000000);
  now->tv_nsec = (long)(ns % 1000000000);
  return 0;
}

/* ---- sockets ---- */

REPLACES int socket(int domain, int type, int protocol) {
  int (*real)(int, int, int) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "socket");
  const int fd = real(domain, type, protocol);
  const int size = send_buffer;
  if (size > 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return fd;
}

static bool interrupted(void) {
  if (interruptions <= 0) return false;
  interruptions--;
  errno = EINTR;
  return true;
}

REPLACES ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  ssize_t (*real)(int, const void*, size_t, int) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "send");
#ifdef MSG_NOSIGNAL
  if ((flags & MSG_NOSIGNAL) == 0) send_may_signal = true;
#endif
  if (interrupted()) return -1;
  if (send_limit > 0 && size > (size_t)send_limit) size = (size_t)send_limit;
  const ssize_t count = real(fd, bytes, size, flags);
  if (count > 0) sends++;
  return count;
}

REPLACES ssize_t recv(int fd, void* buffer, size_t size, int flags) {
  ssize_t (*real)(int, void*, size_t, int) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "recv");
  return interrupted() ? -1 : real(fd, buffer, size, flags);
}
