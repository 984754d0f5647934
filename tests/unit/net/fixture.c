#define _GNU_SOURCE
#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int listen_on(const char* address, uint16_t* port) {
  struct sockaddr_storage any = {0};
  struct sockaddr_in* v4 = (struct sockaddr_in*)&any;
  struct sockaddr_in6* v6 = (struct sockaddr_in6*)&any;
  socklen_t size = sizeof *v4;
  if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    any.ss_family = AF_INET;
    v4->sin_port = htons(*port);
  } else {
    any.ss_family = AF_INET6;
    assert_int_equal(inet_pton(AF_INET6, address, &v6->sin6_addr), 1);
    v6->sin6_port = htons(*port);
    size = sizeof *v6;
  }
  const int fd = socket(any.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd == -1 || bind(fd, (struct sockaddr*)&any, size) != 0 || listen(fd, 16) != 0) {
    if (fd != -1) close(fd);
    return -1;
  }
  assert_int_equal(getsockname(fd, (struct sockaddr*)&any, &size), 0);
  *port = ntohs(v4->sin_port); /* at the same place in both */
  return fd;
}

int listen_deaf(const char* address, uint16_t* port, int filler[2]) {
  const int fd = listen_on(address, port);
  assert_int_not_equal(fd, -1);
  assert_int_equal(listen(fd, 0), 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(*port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  for (int i = 0; i < 2; i++) {
    filler[i] = socket(AF_INET, SOCK_STREAM | (i == 0 ? 0 : SOCK_NONBLOCK), 0);
    connect(filler[i], (struct sockaddr*)&to, sizeof to);
  }
  return fd;
}

void close_deaf(int fd, const int filler[2]) {
  close(fd);
  close(filler[0]);
  close(filler[1]);
}

int world_open(void** state) {
  world_t* world = calloc(1, sizeof *world);
  assert_non_null(world);
  *state = world;
  system_reset();
  world->peer = -1;
  world->listener = listen_on("127.0.0.1", &world->port);
  assert_int_not_equal(world->listener, -1);
  assert_int_equal(uv_loop_init(&world->uv), 0);
  world->loop = core_loop_around(&world->uv);
  assert_non_null(world->loop);
  world->transport = core_transport_new(world->loop);
  assert_non_null(world->transport);
  return 0;
}

int world_close(void** state) {
  world_t* world = *state;
  if (world->transport != NULL) {
    core_transport_on(world->transport, NULL, NULL);
    core_transport_forget(world->transport);
    core_transport_close(world->transport);
    system_advance_ms(1000); /* the time of a peer that does not close */
    until(world, told(world, "close"));
    assert_string_equal(core_transport_told(world->transport), "close");
    core_transport_free(world->transport);
  }
  if (world->loop != NULL) core_loop_free(world->loop);
  system_let_names_go();
  until(world, uv_loop_close(&world->uv) == 0);
  SSL_free(world->peer_tls);
  SSL_CTX_free(world->peer_context);
  free(world->peer_received);
  if (world->peer != -1) close(world->peer);
  close(world->listener);
  free(world);
  return 0;
}

void step(world_t* world) {
  uv_run(&world->uv, UV_RUN_NOWAIT);
  if (world->peer_tls != NULL) peer_read(world);
  struct pollfd ready[] = {{uv_backend_fd(&world->uv), POLLIN, 0}, {world->peer, POLLIN, 0}};
  const bool peer_reads = world->peer_tls != NULL && !world->peer_ended;
  poll(ready, peer_reads ? 2 : 1, 5);
}

void idle(world_t* world) {
  for (int i = 0; i < 5; i++) step(world);
}

bool told(const world_t* world, const char* word) {
  char all[4096];
  char wanted[64];
  snprintf(all, sizeof all, " %s ", core_transport_told(world->transport));
  snprintf(wanted, sizeof wanted, " %s ", word);
  return strstr(all, wanted) != NULL;
}

void assert_told(world_t* world, const char* words) {
  assert_string_equal(core_transport_told(world->transport), words);
  core_transport_forget(world->transport);
}

void assert_lost(world_t* world, int error, const char* words) {
  until(world, told(world, "disconnect"));
  assert_contains(core_transport_detail(world->transport), words);
  assert_int_equal(core_transport_error(world->transport), error);
}

void make_narrow(world_t* world) {
  const int small = 8192;
  assert_int_equal(setsockopt(world->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  system_send_buffer(small);
}

void connect_plain(world_t* world) {
  core_transport_connect(world->transport, "127.0.0.1", world->port, NULL, 10000);
  until(world, told(world, "connect") || told(world, "disconnect"));
  assert_told(world, "connect");
  peer_accept(world);
}

void connect_tls(world_t* world, core_tls_t* tls) {
  assert_non_null(tls);
  core_transport_connect(world->transport, "127.0.0.1", world->port, tls, 10000);
  peer_accept(world);
  until(world,
        (told(world, "connect") && SSL_is_init_finished(world->peer_tls)) || told(world, "disconnect"));
}

void peer_accept(world_t* world) {
  until(world, (world->peer = accept4(world->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1);
  if (world->peer_context == NULL) return;
  world->peer_tls = SSL_new(world->peer_context);
  assert_non_null(world->peer_tls);
  SSL_set_bio(world->peer_tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(world->peer_tls);
}

static void keep(world_t* world, const char* bytes, size_t size) {
  world->peer_received = realloc(world->peer_received, world->peer_received_size + size + 1);
  assert_non_null(world->peer_received);
  memcpy(world->peer_received + world->peer_received_size, bytes, size);
  world->peer_received_size += size;
  world->peer_received[world->peer_received_size] = '\0';
}

/* One SSL_read() takes from one record. */
static void read_records(world_t* world) {
  char text[1 << 15];
  size_t count = 0;
  ERR_clear_error();
  int done = 0;
  while ((done = SSL_read_ex(world->peer_tls, text, sizeof text, &count)) == 1) {
    if (count > world->largest_record) world->largest_record = count;
    world->records++;
    keep(world, text, count);
  }
  const int error = SSL_get_error(world->peer_tls, done);
  if (error == SSL_ERROR_ZERO_RETURN) world->peer_closed = true;
  if (error == SSL_ERROR_SSL && world->peer_error == 0) world->peer_error = ERR_GET_REASON(ERR_peek_error());
  ERR_clear_error();
}

void peer_read(world_t* world) {
  char bytes[1 << 16];
  ssize_t count = 0;
  while (!world->peer_ended && (count = read(world->peer, bytes, sizeof bytes)) > 0) {
    if (world->peer_tls == NULL) {
      keep(world, bytes, (size_t)count);
    } else {
      assert_int_equal(BIO_write(SSL_get_rbio(world->peer_tls), bytes, (int)count), count);
    }
  }
  if (count == 0 || (count < 0 && errno != EAGAIN)) world->peer_ended = true;
  if (world->peer_tls == NULL) return;
  const bool before = SSL_is_init_finished(world->peer_tls);
  read_records(world);
  if (!before) peer_flush(world); /* the handshake goes on by itself */
}

void peer_say(world_t* world, const char* text, size_t size) {
  if (world->peer_tls != NULL) {
    assert_int_equal(SSL_write(world->peer_tls, text, (int)size), size);
    return;
  }
  while (size > 0) {
    const ssize_t sent = write(world->peer, text, size);
    if (sent < 0) {
      assert_int_equal(errno, EAGAIN);
      step(world);
      continue;
    }
    text += sent;
    size -= (size_t)sent;
  }
}

void peer_flush(world_t* world) {
  char bytes[1 << 14];
  int size = 0;
  while ((size = BIO_read(SSL_get_wbio(world->peer_tls), bytes, sizeof bytes)) > 0) {
    for (int sent = 0; sent < size && !world->peer_ended;) {
      const ssize_t count = sendto(world->peer, bytes + sent, (size_t)(size - sent), MSG_NOSIGNAL, NULL, 0);
      if (count > 0) {
        sent += (int)count;
      } else if (errno == EAGAIN) {
        uv_run(&world->uv, UV_RUN_NOWAIT);
      } else {
        return; /* the transport has broken off */
      }
    }
  }
}

void peer_shutdown(world_t* world) {
  SSL_shutdown(world->peer_tls);
}

void peer_close(world_t* world) {
  close(world->peer);
  world->peer = -1;
  world->peer_ended = true;
}

void peer_reset(world_t* world) {
  const struct linger at_once = {1, 0};
  assert_int_equal(setsockopt(world->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  peer_close(world);
}
