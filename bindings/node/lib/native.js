'use strict';

// The functions of ami.h, as koffi calls them. Handles are opaque pointers; `bytes` is memory of ours.

const fs = require('fs');
const path = require('path');
const koffi = require('koffi');

const FILE = process.platform === 'darwin' ? 'libami.0.dylib' : 'libami.so.0';

/** Where the library is looked for: what AMI_LIBRARY names, a build of this checkout, the system's places. */
function load() {
  const chosen = process.env.AMI_LIBRARY;
  const built = path.join(__dirname, '../../../build/release/src', FILE);
  const place = chosen || (fs.existsSync(built) ? built : FILE);
  let library;
  try {
    library = koffi.load(place);
  } catch (err) {
    throw new Error(`libami is not found: ${err.message}. Install it (cmake --install), or let the environment ` +
      `variable AMI_LIBRARY name the file ${FILE}`);
  }
  try {
    library.func('int ami_queue_stream(void *)');
  } catch {
    throw new Error(`${place} is too old for this module: it lacks ami_queue_stream()`);
  }
  return library;
}

const library = load();
const f = (prototype) => library.func(prototype);

module.exports = {
  EINVAL: -1,
  EOPTION: -3,
  ESTATE: -5,
  EINJECT: -6,
  EENCODING: -10,
  ELIMIT: -17,
  ELOST: -18,
  ECANCELED: -20,
  ECLOSED: -21,
  EREPLY: -22,

  version: f('const char *ami_version_string()')(),
  strerror: f('const char *ami_strerror(int err)'),
  errName: f('const char *ami_err_name(int err)'),

  clientNew: f('void *ami_new()'),
  set: f('int ami_set(void *ami, const char *name, const char *value)'),
  get: f('int ami_get(void *ami, const char *name, void *bytes, size_t cap)'),
  detail: f('int ami_detail(void *ami, void *bytes, size_t cap)'),
  setQueue: f('int ami_set_queue(void *ami, void *queue)'),
  connect: f('int ami_connect(void *ami)'),
  disconnect: f('int ami_disconnect(void *ami)'),
  destroy: f('void ami_destroy(void *ami)'),
  state: f('int ami_state(void *ami)'),
  stat: f('int64_t ami_stat(void *ami, int which)'),
  on: f('int ami_on(void *ami, const char *name, void *cb, void *user, void *release, void *id)'),
  off: f('int ami_off(void *ami, uint64_t id)'),

  actionNew: f('void *ami_action_new(void *name)'),
  actionFree: f('void ami_action_free(void *action)'),
  actionAddAll: f('int ami_action_add_all(void *action, const char **key_value, size_t pairs)'),
  actionAddBytes: f('int ami_action_addn(void *action, void *key, size_t key_len, void *value, size_t value_len)'),
  actionVariable: f('int ami_action_variable(void *action, void *name, void *value)'),
  actionTimeout: f('int ami_action_timeout(void *action, int ms)'),
  actionUntil: f('int ami_action_until(void *action, const char *event)'),
  actionDetail: f('const char *ami_action_detail(void *action)'),
  sendEach: f('int ami_send_each(void *ami, void *action, void *each, void *cb, void *user, void *release, void *id)'),
  cancel: f('int ami_cancel(void *ami, uint64_t id)'),

  queueNew: f('void *ami_queue_new()'),
  queueFree: f('int ami_queue_free(void *queue)'),
  queueStream: f('int ami_queue_stream(void *queue)'),
  queuePoll: f('int ami_queue_poll(void *queue, void *items, size_t max, int timeout_ms)'),
  queueRelease: f('void ami_queue_release(void *items, size_t count)'),
  itemsPack: f('int ami_items_pack(void *items, size_t n, const char **keys, size_t nkeys, void *words, ' +
    'size_t words_cap, void *text, size_t text_cap)'),

  /** The text of a function that fills a buffer and returns the whole length. */
  text(call) {
    let bytes = Buffer.alloc(512);
    const length = call(bytes, bytes.length);
    if (length < 0) return '';
    if (length >= bytes.length) {
      bytes = Buffer.alloc(length + 1);
      call(bytes, bytes.length);
    }
    return bytes.toString('utf8', 0, length);
  },
};
