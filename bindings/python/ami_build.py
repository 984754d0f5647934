"""The extension module ami._ami: ami.h as it is, and a few functions that cross the border once for many messages.

setup.py builds it; what cffi has to know of ami.h it reads in ami.h itself.
"""

import os
import pathlib
import shlex
import subprocess
import sysconfig

from cffi import FFI

# Declared as they are to cffi, and defined beside ami.h.
BULK_DECLARATIONS = """
typedef struct run { uint64_t id; uint32_t kind, begin, end, reserved; } run_t;
int bulk_poll(ami_queue_t *queue, ami_item_t *items, size_t max, void **taken, run_t *runs);
void bulk_unref(void **msgs, size_t count);
ptrdiff_t bulk_pack(void **msgs, size_t count, const char *const *keys, size_t nkeys, char *out, size_t room,
                    int32_t *missing, size_t *nmissing);
"""

BULK_SOURCE = r"""
#include <string.h>
#include <ami/ami.h>

/* Items in a row with the same id and kind. */
typedef struct run { uint64_t id; uint32_t kind, begin, end, reserved; } run_t;

/* Takes up to max items without waiting: their messages or replies into taken, a reference with each, and how they
   follow one another into runs. Returns how many runs, or an error. */
static int bulk_poll(ami_queue_t *queue, ami_item_t *items, size_t max, void **taken, run_t *runs) {
  const int count = ami_queue_poll(queue, items, max, 0);
  int last = -1;
  for (int i = 0; i < count; i++) {
    taken[i] = items[i].kind == AMI_ITEM_REPLY ? (void *)items[i].reply : (void *)items[i].msg;
    if (last < 0 || runs[last].id != items[i].id || runs[last].kind != items[i].kind) {
      last++;
      runs[last].id = items[i].id;
      runs[last].kind = items[i].kind;
      runs[last].begin = (uint32_t)i;
    }
    runs[last].end = (uint32_t)i + 1;
  }
  return count < 0 ? count : last + 1;
}

static void bulk_unref(void **msgs, size_t count) {
  for (size_t i = 0; i < count; i++) ami_msg_unref((ami_msg_t *)msgs[i]);
}

/* The first value of each key in each message, one behind the other with a NUL between. missing gets the places of those
   that are not there. Returns the length, which may be more than room: then nothing was written; -1: a value holds a NUL. */
static ptrdiff_t bulk_pack(void **msgs, size_t count, const char *const *keys, size_t nkeys, char *out, size_t room,
                           int32_t *missing, size_t *nmissing) {
  size_t used = 0, place = 0;
  *nmissing = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < nkeys; k++, place++) {
      size_t length = 0;
      const char *value = ami_msg_get((const ami_msg_t *)msgs[i], keys[k], &length);
      if (value == NULL) {
        missing[(*nmissing)++] = (int32_t)place;
      } else if (memchr(value, 0, length) != NULL) {
        return -1;
      } else if (used + length < room) {
        memcpy(out + used, value, length);
      }
      used += length;
      if (used < room) out[used] = 0;
      used++;
    }
  }
  return used == 0 ? 0 : (ptrdiff_t)used - 1;
}
"""


def declarations(header):
    """What ami.h declares, for cffi: run through the preprocessor, without the system's headers."""
    text = "\n".join(line for line in header.read_text().splitlines() if not line.startswith("#include"))
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    return subprocess.run([compiler, "-E", "-P", "-DAMI_API=", "-"], input=text, capture_output=True, text=True,
                          check=True).stdout


def extension(header, **options):
    """The cffi builder; options as for a distutils Extension."""
    builder = FFI()
    builder.cdef(declarations(pathlib.Path(header)) + BULK_DECLARATIONS)
    builder.set_source("ami._ami", BULK_SOURCE, **options)
    return builder
