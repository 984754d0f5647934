/* events.c without a line of the library at link time: all of it is found while the program runs. */
#include <ami/ami.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static const char* (*msg_get)(const ami_msg_t*, const char*, size_t*);
static const char* (*msg_name)(const ami_msg_t*);

static void* find(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  return symbol;
}

static void print_event(ami_t* ami, const ami_msg_t* event, void* user) {
  const char* channel = msg_get(event, "Channel", NULL);
  (void)ami;
  (void)user;
  printf("%s %s\n", msg_name(event), channel == NULL ? "" : channel);
}

int main(void) {
  void* library = dlopen("libami.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  /* ISO C has no cast from an object pointer to a function's; POSIX reads it through the variable. */
  ami_t* (*client_new)(void);
  int (*set)(ami_t*, const char*, const char*);
  int (*on)(ami_t*, const char*, ami_event_cb, void*, ami_release_cb, uint64_t*);
  int (*start)(ami_t*);
  int (*wait)(ami_t*, int);
  void (*destroy)(ami_t*);
  *(void**)&msg_get = find(library, "ami_msg_get");
  *(void**)&msg_name = find(library, "ami_msg_name");
  *(void**)&client_new = find(library, "ami_new");
  *(void**)&set = find(library, "ami_set");
  *(void**)&on = find(library, "ami_on");
  *(void**)&start = find(library, "ami_connect");
  *(void**)&wait = find(library, "ami_wait");
  *(void**)&destroy = find(library, "ami_destroy");

  ami_t* ami = client_new();
  on(ami, "*", print_event, NULL, NULL, NULL);
  int failed = set(ami, "url", getenv("AMI_URL")) || start(ami) || wait(ami, 10000);
  if (!failed) getchar();
  destroy(ami);
  dlclose(library); /* must leave the code of the library's threads where it is */
  return failed;
}
