/* The secret lives in one buffer, and what else has held it is wiped: the memory of this process is searched
   for it. The mock is a process of its own, since it knows the secret too. Logs and details are in
   log_test.c. */
#define _GNU_SOURCE
/* clang-format off */
#include <setjmp.h> /* cmocka.h takes these four for granted */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ami/ami.h"
#include "certificates.h"
#include "mock.h"

enum { WAIT_MS = 30000, LONGEST = 300 };

/* ------------------------------------------------------------------------------------------- the search */

/* They stand in the program's own data, which is not searched. */
static char secrets[3][LONGEST + 1];
enum { SECRETS = sizeof secrets / sizeof *secrets };

static void make_secrets(void) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static const size_t lengths[SECRETS] = {12, 40, LONGEST};
  uint32_t x = 1;
  for (int i = 0; i < SECRETS; ++i) {
    for (size_t at = 0; at < lengths[i]; ++at) {
      x = x * 1664525U + 1013904223U;
      secrets[i][at] = letters[x >> 26];
    }
  }
}

enum { PIECE = 8 }; /* that many bytes in a row are one too many */

/* What the pieces of a secret begin with, two bytes each. */
static bool begins[1 << 16];

static size_t pieces_in(const char* at, const char* end, const char* secret) {
  const size_t pieces = strlen(secret) - PIECE + 1;
  size_t found = 0;
  for (; at + PIECE <= end; ++at) {
    if (!begins[(uint8_t)at[0] << 8 | (uint8_t)at[1]]) continue;
    for (size_t i = 0; i < pieces; ++i) {
      if (memcmp(at, secret + i, PIECE) == 0) ++found;
    }
  }
  return found;
}

/* Pages that were never touched, as most of a thread's stack, hold nothing. */
static size_t pieces_in_pages(char* begin, char* end, const char* secret) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t pages = (size_t)(end - begin) / page;
  unsigned char* touched = mmap(NULL, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(touched, MAP_FAILED);
  assert_int_equal(mincore(begin, (size_t)(end - begin), touched), 0);
  size_t found = 0;
  for (size_t i = 0; i < pages; ++i) {
    size_t behind = i;
    while (behind < pages && (touched[behind] & 1) != 0) ++behind;
    found += pieces_in(begin + i * page, begin + behind * page, secret);
    i = behind;
  }
  munmap(touched, pages);
  return found;
}

/* How many pieces of the secret are in memory: each of them once, when it is there as a whole. */
static size_t pieces_in_memory(const char* secret) {
  memset(begins, 0, sizeof begins);
  for (size_t i = 0; i + PIECE <= strlen(secret); ++i)
    begins[(uint8_t)secret[i] << 8 | (uint8_t)secret[i + 1]] = true;
  FILE* maps = fopen("/proc/self/maps", "re");
  assert_non_null(maps);
  size_t found = 0;
  for (char line[512]; fgets(line, sizeof line, maps) != NULL;) {
    char* rest = NULL;
    char* begin = (char*)(uintptr_t)strtoull(line, &rest, 16);
    char* end = (char*)(uintptr_t)strtoull(rest + 1, &rest, 16);
    const bool is_ours = begin < (char*)secrets + sizeof secrets && (char*)secrets < end;
    if (strncmp(rest, " rw", 3) == 0 && !is_ours) found += pieces_in_pages(begin, end, secret);
  }
  fclose(maps);
  return found;
}

static void assert_kept_once(const char* secret) {
  assert_int_equal(pieces_in_memory(secret), strlen(secret) - PIECE + 1);
}

static void assert_gone(const char* secret) {
  assert_int_equal(pieces_in_memory(secret), 0);
}

/* --------------------------------------------------------------------------------------------- the mock */

/* Commands to its process, of one letter each: k cuts all connections, l waits for a Login. Each is answered
   by a number when it is done. */
typedef struct {
  pid_t process;
  int commands, answers;
  int port;
} server_t;

static void serve(const char* secret, const char* tls, const char* fault, int commands, int answers) {
  ami_mock_t* mock = ami_mock_new();
  char user[LONGEST + 10];
  snprintf(user, sizeof user, "joe:%s", secret);
  bool good = ami_mock_set(mock, "user", user) == 0;
  if (tls != NULL) good = good && ami_mock_set(mock, "tls", tls) == 0;
  good = good && ami_mock_start(mock) == 0;
  if (fault != NULL) good = good && ami_mock_fault(mock, fault, 0) == 0;
  int answer = good ? ami_mock_port(mock) : -1;
  for (char command = 0; write(answers, &answer, sizeof answer) == sizeof answer;) {
    if (read(commands, &command, 1) != 1) break;
    answer = command == 'k' ? ami_mock_kick(mock) : ami_mock_wait_actions(mock, "Login", 1, WAIT_MS);
  }
  ami_mock_free(mock);
  _exit(0);
}

static int answer_of(const server_t* server) {
  int answer = -1;
  assert_int_equal(read(server->answers, &answer, sizeof answer), sizeof answer);
  return answer;
}

static int command(const server_t* server, const char* letter) {
  assert_int_equal(write(server->commands, letter, 1), 1);
  return answer_of(server);
}

/* There is no client now, and so no thread that fork() would lose. */
static server_t server_new(const char* secret, const char* tls, const char* fault) {
  int commands[2];
  int answers[2];
  assert_int_equal(pipe(commands), 0);
  assert_int_equal(pipe(answers), 0);
  server_t server = {.process = fork(), .commands = commands[1], .answers = answers[0]};
  assert_true(server.process >= 0);
  if (server.process == 0) {
    close(commands[1]);
    close(answers[0]);
    serve(secret, tls, fault, commands[0], answers[1]);
  }
  close(commands[0]);
  close(answers[1]);
  server.port = answer_of(&server);
  assert_true(server.port > 0);
  return server;
}

static void server_end(const server_t* server) {
  close(server->commands);
  close(server->answers);
  int status = 1;
  assert_int_equal(waitpid(server->process, &status, 0), server->process);
  assert_int_equal(status, 0);
}

/* ------------------------------------------------------------------------------------------- the client */

static ami_queue_t* queue;

static ami_t* client_of(const server_t* server, const char* secret, const char* auth) {
  char port[16];
  snprintf(port, sizeof port, "%d", server->port);
  ami_t* client = ami_new();
  queue = ami_queue_new();
  assert_int_equal(ami_set_queue(client, queue), 0);
  assert_int_equal(ami_set(client, "host", "127.0.0.1"), 0);
  assert_int_equal(ami_set(client, "port", port), 0);
  assert_int_equal(ami_set(client, "username", "joe"), 0);
  assert_int_equal(ami_set(client, "password", secret), 0);
  assert_int_equal(ami_set(client, "auth", auth), 0);
  assert_int_equal(ami_on(client, "ready", NULL, NULL, NULL, NULL), 0);
  assert_int_equal(ami_on(client, "connection-close", NULL, NULL, NULL, NULL), 0);
  return client;
}

static void client_end(ami_t* client) {
  ami_destroy(client);
  assert_int_equal(ami_queue_free(queue), 0);
}

static void until_ready(void) {
  for (bool ready = false; !ready;) {
    ami_item_t item;
    assert_int_equal(ami_queue_poll(queue, &item, 1, WAIT_MS), 1);
    ready = strcmp(ami_msg_name(item.msg), "ready") == 0;
    ami_queue_release(&item, 1);
  }
}

static void until_final(void) {
  for (bool final = false; !final;) {
    ami_item_t item;
    assert_int_equal(ami_queue_poll(queue, &item, 1, WAIT_MS), 1);
    const char* value = ami_msg_get(item.msg, "Final", NULL);
    final = value != NULL && strcmp(value, "true") == 0;
    ami_queue_release(&item, 1);
  }
}

/* Its reply comes behind the Login's, so that the client has nothing more to do with that. */
static void ping(ami_t* client) {
  ami_action_t* action = ami_action_new("Ping");
  ami_reply_t* reply = NULL;
  assert_int_equal(ami_call(client, action, &reply), 0);
  assert_int_equal(ami_reply_status(reply), 0);
  ami_reply_unref(reply);
  ami_action_free(action);
}

/* ------------------------------------------------------------------------------------------------ tests */

static void set_and_destroyed(void** state) {
  (void)state;
  for (int i = 0; i < SECRETS; ++i) {
    ami_t* client = ami_new();
    assert_int_equal(ami_set(client, "password", secrets[i]), 0);
    assert_kept_once(secrets[i]);
    ami_destroy(client);
    assert_gone(secrets[i]);
  }
}

static void changed(void** state) {
  (void)state;
  ami_t* client = ami_new();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < SECRETS; ++i) { /* a short one after a long one too */
      assert_int_equal(ami_set(client, "password", secrets[i]), 0);
      assert_kept_once(secrets[i]);
      for (int j = 0; j < SECRETS; ++j) {
        if (j != i) assert_gone(secrets[j]);
      }
    }
  }
  ami_destroy(client);
  for (int i = 0; i < SECRETS; ++i) assert_gone(secrets[i]);
}

/* On the stack. */
static int set_url(ami_t* client, const char* before, const char* secret, const char* behind) {
  char url[LONGEST + 200];
  snprintf(url, sizeof url, "%s%s%s", before, secret, behind);
  const int result = ami_set(client, "url", url);
  explicit_bzero(url, sizeof url);
  return result;
}

static void in_a_url(void** state) {
  static const char* const urls[][2] = {{"ami://joe:", "@pbx.test:7"},
                                        {"ami://joe:", "@pbx.test?events=off&reconnect=true"},
                                        {"amis://joe@pbx.test/?password=", ""},
                                        {"ami://joe@pbx.test?password=", "&events=off&identifier=pbx1-"},
                                        {"ami://joe@pbx.test?events=%6fn&password=", ""}};
  (void)state;
  for (int i = 0; i < SECRETS; ++i) {
    for (size_t url = 0; url < sizeof urls / sizeof *urls; ++url) {
      ami_t* client = ami_new();
      assert_int_equal(set_url(client, urls[url][0], secrets[i], urls[url][1]), 0);
      assert_kept_once(secrets[i]);
      ami_destroy(client);
      assert_gone(secrets[i]);
    }
  }
}

/* Nothing of it is taken, and nothing of it stays. */
static void in_a_bad_url(void** state) {
  static const char* const urls[][2] = {
      {"ami://joe:", "@pbx.test:0"},        {"ami://joe:", "@pbx.test/path"},
      {"ami://joe:", "%@pbx.test"},         {"ami://joe:", "%0A@pbx.test"},
      {"ami://joe:", "@pbx.test?nosuch=1"}, {"ami://joe:", ""},
      {"ami://joe:", "?@pbx.test"},         {"ami://pbx.test?password=", "&nosuch=1"},
      {"ami://pbx.test?password=", "%"},    {"ami://pbx.test?password=", "%0A"},
  };
  (void)state;
  for (int i = 0; i < SECRETS; ++i) {
    for (size_t url = 0; url < sizeof urls / sizeof *urls; ++url) {
      ami_t* client = ami_new();
      assert_true(set_url(client, urls[url][0], secrets[i], urls[url][1]) < 0);
      assert_gone(secrets[i]);
      ami_destroy(client);
    }
  }
}

/* Two logins of one client, and one more behind each, when the connection was cut. */
static void check_logins(const char* secret, const char* auth, const char* encoding,
                         const certificate_t* pbx) {
  char tls[400] = "";
  if (pbx != NULL) snprintf(tls, sizeof tls, "%s:%s", certificate_file(pbx), certificate_key_file(pbx));
  const server_t server = server_new(secret, pbx != NULL ? tls : NULL, NULL);
  ami_t* client = client_of(&server, secret, auth);
  assert_int_equal(ami_set(client, "encoding", encoding), 0);
  assert_int_equal(ami_set(client, "reconnect", "1"), 0);
  if (pbx != NULL) {
    assert_int_equal(ami_set(client, "tls", "on"), 0);
    assert_int_equal(ami_set(client, "tls.pin", certificate_pin(pbx)), 0);
  }
  for (int round = 0; round < 2; ++round) {
    assert_int_equal(ami_connect(client), 0);
    until_ready();
    ping(client);
    assert_kept_once(secret);
    assert_int_equal(command(&server, "k"), 1);
    until_ready();
    ping(client);
    assert_kept_once(secret);
    assert_int_equal(ami_disconnect(client), 0);
    until_final();
    assert_kept_once(secret);
  }
  client_end(client);
  assert_gone(secret);
  server_end(&server);
}

static void in_a_login(void** state) {
  (void)state;
  for (int i = 0; i < SECRETS; ++i) {
    check_logins(secrets[i], "plain", "ascii", NULL);
    check_logins(secrets[i], "plain", "utf-8", NULL);
    check_logins(secrets[i], "plain", "latin1", NULL);
    check_logins(secrets[i], "md5", "ascii", NULL);
    check_logins(secrets[i], "md5", "latin1", NULL);
  }
}

static void in_a_login_over_tls(void** state) {
  (void)state;
  certificate_t* pbx = certificate_new((certificate_wish_t){.subject = "pbx"});
  for (int i = 0; i < SECRETS; ++i) {
    check_logins(secrets[i], "plain", "ascii", pbx);
    check_logins(secrets[i], "md5", "ascii", pbx);
  }
  certificate_free(pbx);
}

static void in_a_login_that_fails(void** state) {
  static const char* const faults[] = {"cut_in_login", "refuse_login", "greet_eof", "greet_http"};
  (void)state;
  for (size_t fault = 0; fault < sizeof faults / sizeof *faults; ++fault) {
    for (int i = 0; i < 2 * SECRETS; ++i) {
      const char* secret = secrets[i / 2];
      const server_t server = server_new(secret, NULL, faults[fault]);
      ami_t* client = client_of(&server, secret, i % 2 == 0 ? "plain" : "md5");
      assert_int_equal(ami_connect(client), 0);
      assert_true(ami_wait(client, WAIT_MS) < 0);
      until_final();
      assert_kept_once(secret);
      client_end(client);
      assert_gone(secret);
      server_end(&server);
    }
  }
}

static void in_a_login_that_is_broken_off(void** state) {
  (void)state;
  for (int i = 0; i < 2 * SECRETS; ++i) {
    const char* secret = secrets[i / 2];
    const server_t server = server_new(secret, NULL, i % 2 == 0 ? "no_response" : NULL);
    ami_t* client = client_of(&server, secret, "plain");
    assert_int_equal(ami_connect(client), 0);
    assert_int_equal(command(&server, "l"), 0);
    client_end(client);
    assert_gone(secret);
    server_end(&server);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(set_and_destroyed),
    cmocka_unit_test(changed),
    cmocka_unit_test(in_a_url),
    cmocka_unit_test(in_a_bad_url),
    cmocka_unit_test(in_a_login),
    cmocka_unit_test(in_a_login_over_tls),
    cmocka_unit_test(in_a_login_that_fails),
    cmocka_unit_test(in_a_login_that_is_broken_off),
};

int main(void) {
  make_secrets();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
