#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

static int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

static void a_socket_of_a_client(void** state) {
  (void)state;
  core_socket_t* made = core_socket_open(AF_INET);
  assert_non_null(made);
  const int fd = core_socket_fd(made);
  assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  assert_int_not_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
  assert_int_not_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
#ifdef TCP_KEEPIDLE
  assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
  assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
#endif
  core_socket_free(made);
  assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void no_socket_of_an_unknown_family(void** state) {
  (void)state;
  errno = 0;
  assert_null(core_socket_open(12345));
  assert_int_not_equal(errno, 0);
}

static void addresses_in_words(void** state) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(5038)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(5039)};
  (void)state;
  inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
  inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
  assert_string_equal(core_address_text((struct sockaddr*)&v4, sizeof v4), "192.0.2.1:5038");
  assert_string_equal(core_address_text((struct sockaddr*)&v6, sizeof v6), "[2001:db8::1]:5039");
}

static void errors_in_words(void** state) {
  (void)state;
  assert_string_equal(core_error_text(ECONNREFUSED), "connection refused");
  assert_string_equal(core_error_text(ECONNRESET), "connection reset by peer");
}

static void to_itself(void** state) {
  (void)state;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  assert_int_equal(bind(fd, (struct sockaddr*)&address, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr*)&address, &size), 0);
  assert_false(core_is_self_connected(fd));
  assert_int_equal(connect(fd, (struct sockaddr*)&address, size), 0);
  assert_true(core_is_self_connected(fd));
  close(fd);
}

static void to_another(void** state) {
  uint16_t port = 0;
  (void)state;
  const int listener = listen_on("127.0.0.1", &port);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(connect(fd, (const struct sockaddr*)&address, sizeof address), 0);
  assert_false(core_is_self_connected(fd));
  close(fd);
  close(listener);
}

static void signals_do_not_end_a_call(void** state) {
  int ends[2];
  char text[8] = "";
  (void)state;
  system_reset();
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  system_interrupt(3);
  assert_int_equal(core_send_some(ends[0], "hello", 5), 5);
  system_interrupt(3);
  assert_int_equal(core_receive_some(ends[1], text, sizeof text), 5);
  assert_string_equal(text, "hello");
  system_interrupt(1);
  assert_int_equal(core_receive_some(ends[1], text, sizeof text), -1);
  assert_int_equal(errno, EAGAIN);
  close(ends[0]);
  close(ends[1]);
}

static void a_closed_peer_raises_no_signal(void** state) {
  int ends[2];
  (void)state;
  system_reset();
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  close(ends[1]);
  assert_int_equal(core_send_some(ends[0], "hello", 5), -1); /* SIGPIPE would end this process */
  assert_int_equal(errno, EPIPE);
  assert_false(system_send_may_signal());
  close(ends[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_socket_of_a_client),
      cmocka_unit_test(no_socket_of_an_unknown_family),
      cmocka_unit_test(addresses_in_words),
      cmocka_unit_test(errors_in_words),
      cmocka_unit_test(to_itself),
      cmocka_unit_test(to_another),
      cmocka_unit_test(signals_do_not_end_a_call),
      cmocka_unit_test(a_closed_peer_raises_no_signal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
