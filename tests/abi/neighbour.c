/* A library of somebody else's that happens to export names of libami's, as nothing in C forbids. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int ami_connect(void* line) {
  return line == 0 ? 4711 : 4712;
}

EXPORT const char* ami_strerror(int number) {
  return number == 0 ? "the neighbour is well" : "the neighbour is not well";
}

EXPORT const char* ami_err_name(int number) {
  return number == 0 ? "NEIGHBOUR_OK" : "NEIGHBOUR_ERROR";
}

EXPORT void ami_msg_unref(void* anything) {
  (void)anything;
}

/* As its own programs reach it. */
EXPORT int neighbour_connect(void) {
  return ami_connect(0);
}
