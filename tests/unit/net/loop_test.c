#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "core_net.h"

/* ThreadSanitizer would end a child that starts a thread, whether it finds anything or not. */
__attribute__((visibility("default"))) const char* __tsan_default_options(void);
const char* __tsan_default_options(void) {
  return "die_after_fork=0";
}

/* What a task saw. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t came;
  int runs;
  int is_current;
  pthread_t thread;
  core_loop_t* loop;
} seen_t;

static seen_t nothing_seen(core_loop_t* loop) {
  return (seen_t){.mutex = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER, .loop = loop};
}

static void look(void* user) {
  seen_t* seen = user;
  pthread_mutex_lock(&seen->mutex);
  seen->runs++;
  seen->thread = pthread_self();
  if (seen->loop != NULL) seen->is_current = core_loop_is_current(seen->loop);
  pthread_cond_signal(&seen->came);
  pthread_mutex_unlock(&seen->mutex);
}

static void wait_for(seen_t* seen, int runs) {
  pthread_mutex_lock(&seen->mutex);
  while (seen->runs < runs) pthread_cond_wait(&seen->came, &seen->mutex);
  pthread_mutex_unlock(&seen->mutex);
}

static void one_thread_for_all(void** state) {
  (void)state;
  core_loop_t* one = core_loop_shared();
  core_loop_t* other = core_loop_shared();
  assert_true(core_loop_same(one, other));
  assert_true(core_loop_is_shared(one));
  assert_false(core_loop_is_current(one));
  seen_t first = nothing_seen(one);
  seen_t second = nothing_seen(other);
  core_loop_post(one, look, &first);
  core_loop_post(other, look, &second);
  wait_for(&first, 1);
  wait_for(&second, 1);
  assert_true(first.is_current);
  assert_true(pthread_equal(first.thread, second.thread));
  assert_false(pthread_equal(first.thread, pthread_self()));
  core_loop_free(one);
  core_loop_post(other, look, &second);
  wait_for(&second, 2);
  core_loop_free(other);
}

#ifdef __linux__
static int threads(void) {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  for (struct dirent* task; (task = readdir(tasks)) != NULL;) count += task->d_name[0] != '.';
  closedir(tasks);
  return count;
}

static int threads_before; /* without a loop */

/* A joined thread may stay listed for a moment, so it is the least of many. A sanitizer has a thread of its
   own from the first one on. */
static int count_threads(void** state) {
  (void)state;
  core_loop_free(core_loop_shared());
  threads_before = threads();
  for (int i = 0; i < 1000; ++i) {
    const int now = threads();
    if (now < threads_before) threads_before = now;
    sched_yield();
  }
  return 0;
}

static void await_threads(int count) {
  for (int tries = 0; threads() != count; ++tries) {
    if (tries == 1000000) fail_msg("%d threads, not %d", threads(), count);
    sched_yield();
  }
}

static int descriptors(void) {
  int count = 0;
  DIR* all = opendir("/proc/self/fd");
  assert_non_null(all);
  for (struct dirent* fd; (fd = readdir(all)) != NULL;) count += fd->d_name[0] != '.';
  closedir(all);
  return count;
}

static void the_thread_ends_with_the_last(void** state) {
  (void)state;
  core_loop_free(core_loop_shared()); /* what libuv keeps is there now */
  const int descriptors_before = descriptors();
  for (int i = 0; i < 20; i++) {
    core_loop_t* loop = core_loop_shared();
    await_threads(threads_before + 1);
    core_loop_free(loop);
    assert_int_equal(descriptors(), descriptors_before);
  }
  await_threads(threads_before);
}

/* The last hold goes on the I/O thread itself, which then cannot be joined. */
static void the_thread_may_end_itself(void** state) {
  (void)state;
  core_loop_free(core_loop_shared());
  const int descriptors_before = descriptors();
  for (int i = 0; i < 20; i++) {
    core_loop_t* loop = core_loop_shared();
    seen_t seen = nothing_seen(NULL);
    core_loop_post_last(loop, look, &seen);
    core_loop_free(loop);
    wait_for(&seen, 1);
  }
  await_threads(threads_before);
  while (descriptors() != descriptors_before) sched_yield();
}
#endif

static void every_task_runs(void** state) {
  (void)state;
  for (int i = 0; i < 50; i++) {
    core_loop_t* loop = core_loop_shared();
    seen_t seen = nothing_seen(NULL);
    for (int task = 0; task < 10; task++) core_loop_post(loop, look, &seen);
    core_loop_free(loop); /* also those that were posted right before the end */
    wait_for(&seen, 10);
  }
}

static void a_task_that_throws_ends_nothing(void** state) {
  (void)state;
  core_loop_t* loop = core_loop_shared();
  seen_t seen = nothing_seen(loop);
  core_loop_post_throwing(loop);
  core_loop_post(loop, look, &seen);
  wait_for(&seen, 1);
  core_loop_free(loop);
}

/* ---- the caller's loop ---- */

static void one_for_each_loop(void** state) {
  uv_loop_t uv;
  uv_loop_t other_uv;
  (void)state;
  assert_int_equal(uv_loop_init(&uv), 0);
  assert_int_equal(uv_loop_init(&other_uv), 0);
  core_loop_t* one = core_loop_around(&uv);
  core_loop_t* same = core_loop_around(&uv);
  core_loop_t* other = core_loop_around(&other_uv);
  assert_true(core_loop_same(one, same));
  assert_false(core_loop_same(one, other));
  assert_false(core_loop_is_shared(one));
  assert_true(core_loop_is_current(one));
  core_loop_free(one);
  core_loop_free(same);
  core_loop_free(other);
  assert_int_equal(uv_run(&uv, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_run(&other_uv, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&uv), 0);
  assert_int_equal(uv_loop_close(&other_uv), 0);
}

static void does_not_keep_the_loop_running(void** state) {
  uv_loop_t uv;
  (void)state;
  assert_int_equal(uv_loop_init(&uv), 0);
  core_loop_t* loop = core_loop_around(&uv);
  assert_int_equal(uv_run(&uv, UV_RUN_DEFAULT), 0); /* returns */
  core_loop_free(loop);
  uv_run(&uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&uv), 0);
}

static void a_new_one_after_the_last(void** state) {
  uv_loop_t uv;
  (void)state;
  assert_int_equal(uv_loop_init(&uv), 0);
  core_loop_free(core_loop_around(&uv));
  core_loop_t* loop = core_loop_around(&uv); /* the first is not closed yet */
  seen_t seen = nothing_seen(loop);
  core_loop_post(loop, look, &seen);
  while (seen.runs == 0) uv_run(&uv, UV_RUN_NOWAIT);
  assert_true(seen.is_current);
  core_loop_free(loop);
  uv_run(&uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&uv), 0);
}

static void* free_elsewhere(void* loop) {
  if (core_loop_is_current(loop)) return loop;
  core_loop_free(loop);
  return NULL;
}

static void nothing(uv_idle_t* idle) {
  (void)idle;
}

static void posted_and_freed_by_another_thread(void** state) {
  uv_loop_t uv;
  uv_idle_t something; /* a loop that has nothing of the caller's does not run */
  pthread_t thread;
  void* result = NULL;
  (void)state;
  assert_int_equal(uv_loop_init(&uv), 0);
  uv_idle_init(&uv, &something);
  uv_idle_start(&something, nothing);
  core_loop_t* loop = core_loop_around(&uv);
  seen_t seen = nothing_seen(NULL);
  core_loop_post(loop, look, &seen);
  assert_int_equal(pthread_create(&thread, NULL, free_elsewhere, loop), 0);
  assert_int_equal(pthread_join(thread, &result), 0);
  assert_null(result);
  while (seen.runs == 0) uv_run(&uv, UV_RUN_NOWAIT);
  uv_close((uv_handle_t*)&something, NULL);
  uv_run(&uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&uv), 0);
  assert_int_equal(seen.runs, 1);
  assert_true(pthread_equal(seen.thread, pthread_self()));
}

/* ---- in a child ---- */

static void assert_child_succeeds(pid_t child) {
  int status = -1;
  assert_int_not_equal(child, -1);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

/* The C library would give the next thread the stack, and with it the pthread_t, of a thread that only the
   parent has; ThreadSanitizer takes the two for one. A larger stack is a new one. */
static void new_threads_get_new_stacks(void) {
#ifdef __GLIBC__
  pthread_attr_t attributes;
  size_t size = 0;
  if (pthread_getattr_default_np(&attributes) != 0) _exit(2);
  if (pthread_attr_getstacksize(&attributes, &size) != 0) _exit(2);
  if (pthread_attr_setstacksize(&attributes, 2 * size) != 0) _exit(2);
  if (pthread_setattr_default_np(&attributes) != 0) _exit(2);
  pthread_attr_destroy(&attributes);
#endif
}

static void a_child_gets_a_thread_of_its_own(void** state) {
  (void)state;
  core_loop_t* loop = core_loop_shared();
  const pid_t child = fork();
  if (child == 0) {
    new_threads_get_new_stacks();
    core_loop_t* own = core_loop_shared();
    if (own == NULL || core_loop_same(own, loop)) _exit(1);
    seen_t seen = nothing_seen(own);
    core_loop_post(own, look, &seen);
    wait_for(&seen, 1);
    core_loop_free(own);
    core_loop_free(loop); /* joins nothing */
    _exit(0);
  }
  assert_child_succeeds(child);
  seen_t seen = nothing_seen(loop);
  core_loop_post(loop, look, &seen);
  wait_for(&seen, 1);
  core_loop_free(loop);
}

/* The same uv loop, which the child goes on with. */
static void a_child_begins_anew_on_its_loop(void** state) {
  uv_loop_t uv;
  (void)state;
  assert_int_equal(uv_loop_init(&uv), 0);
  core_loop_t* loop = core_loop_around(&uv);
  const pid_t child = fork();
  if (child == 0) {
    if (uv_loop_fork(&uv) != 0) _exit(2);
    core_loop_t* own = core_loop_around(&uv);
    if (own == NULL || core_loop_same(own, loop)) _exit(3);
    uv_idle_t something;
    uv_idle_init(&uv, &something);
    uv_idle_start(&something, nothing);
    seen_t seen = nothing_seen(own);
    core_loop_post(own, look, &seen);
    while (seen.runs == 0) uv_run(&uv, UV_RUN_NOWAIT);
    core_loop_free(own);
    core_loop_free(loop);
    uv_close((uv_handle_t*)&something, NULL);
    uv_run(&uv, UV_RUN_DEFAULT);
    _exit(0);
  }
  assert_child_succeeds(child);
  core_loop_free(loop);
  uv_run(&uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&uv), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_thread_for_all),
#ifdef __linux__
      cmocka_unit_test(the_thread_ends_with_the_last),
      cmocka_unit_test(the_thread_may_end_itself),
#endif
      cmocka_unit_test(every_task_runs),
      cmocka_unit_test(a_task_that_throws_ends_nothing),
      cmocka_unit_test(one_for_each_loop),
      cmocka_unit_test(does_not_keep_the_loop_running),
      cmocka_unit_test(a_new_one_after_the_last),
      cmocka_unit_test(posted_and_freed_by_another_thread),
      cmocka_unit_test(a_child_gets_a_thread_of_its_own),
      cmocka_unit_test(a_child_begins_anew_on_its_loop),
  };
#ifdef __linux__
  return cmocka_run_group_tests(tests, count_threads, NULL);
#else
  return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
