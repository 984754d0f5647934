#include <ami/ami.h>
#include <stdio.h>
#include <stdlib.h>

static void print_event(ami_t* ami, const ami_msg_t* event, void* user) {
  const char* channel = ami_msg_get(event, "Channel", NULL);
  printf("%s %s\n", ami_msg_name(event), channel ? channel : "");
}

int main(void) {
  char why[256];
  ami_t* ami = ami_new();
  ami_on(ami, "*", print_event, NULL, NULL, NULL);
  int failed = ami_set(ami, "url", getenv("AMI_URL")) || ami_connect(ami) || ami_wait(ami, 10000);
  ami_detail(ami, why, sizeof why);
  if (failed) fprintf(stderr, "%s\n", why);
  if (!failed) getchar(); /* until Enter */
  ami_destroy(ami);
  return failed;
}
