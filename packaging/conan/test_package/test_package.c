#include <ami/ami.h>
#include <stdio.h>

int main(void) {
  ami_t *ami = ami_new();
  int failed = ami == NULL || ami_set(ami, "url", "ami://user:secret@localhost") != 0;
  printf("libami %s\n", ami_version_string());
  ami_destroy(ami);
  return failed;
}
