'use strict';

const native = require('./native');

const FATES = [undefined, 'not_sent', 'maybe_run', 'answered'];

/** What went wrong, in libami's words. `code` is the name of its error number, such as `AMI_ETIMEDOUT`. */
class AmiError extends Error {
  constructor(errno, detail, more) {
    super(detail || native.strerror(errno));
    this.name = 'AmiError';
    this.errno = errno;
    this.code = native.errName(errno);
    Object.assign(this, more);
  }
}

/** An action or an iterator that was ended by an AbortSignal; `cause` is the signal's reason. */
class AbortError extends AmiError {
  constructor(signal, more) {
    super(native.ECANCELED, 'The operation was aborted', { ...more, cause: signal.reason });
    this.name = 'AbortError';
    this.code = 'ABORT_ERR';
  }
}

module.exports = { AmiError, AbortError, FATES };
