'use strict';

// Async iterators over what comes by itself: events, list items, batches of events.

const native = require('./native');
const { AmiError, AbortError } = require('./errors');

/** Values between one who pushes and one who awaits them. onEnd is called once, when nobody takes any more. */
class Stream {
  constructor({ signal, onEnd, onOverflow, limit }) {
    this.values = [];
    this.first = 0;
    this.takers = [];
    this.closed = false;
    this.error = undefined;
    this.limit = limit;
    this.onEnd = onEnd;
    this.onOverflow = onOverflow;
    if (signal !== undefined) this.follow(signal);
  }

  follow(signal) {
    const abort = () => {
      this.values = [];
      this.first = 0;
      this.close(new AbortError(signal));
      this.end();
    };
    if (signal.aborted) {
      this.close(new AbortError(signal)); // nothing has begun that would have to end
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.unfollow = () => signal.removeEventListener('abort', abort);
  }

  get size() { return this.values.length - this.first; }

  push(value) {
    if (this.closed) return;
    if (this.takers.length > 0) {
      this.takers.shift().resolve({ value, done: false });
      return;
    }
    this.values.push(value);
    if (this.size > this.limit) this.onOverflow(this);
  }

  shift() {
    const value = this.values[this.first];
    this.values[this.first++] = undefined;
    if (this.first === this.values.length) {
      this.values.length = 0;
      this.first = 0;
    } else if (this.first >= 4096) {
      this.values = this.values.slice(this.first);
      this.first = 0;
    }
    return value;
  }

  /** No more will come; what is there can still be taken. */
  close(error) {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    for (const taker of this.takers.splice(0)) {
      if (this.error === undefined) taker.resolve({ value: undefined, done: true });
      else {
        taker.reject(this.error);
        this.error = undefined;
      }
    }
  }

  end() {
    if (this.unfollow !== undefined) this.unfollow();
    const { onEnd } = this;
    this.onEnd = undefined;
    if (onEnd !== undefined) onEnd();
  }

  next() {
    if (this.size > 0) return Promise.resolve({ value: this.shift(), done: false });
    if (!this.closed) return new Promise((resolve, reject) => this.takers.push({ resolve, reject }));
    const { error } = this;
    this.error = undefined;
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }

  return(value) {
    this.values = [];
    this.first = 0;
    this.close();
    this.end();
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() { return this; }
}

/** Over the limit: the oldest event goes, and a gap stands where it stood. */
function dropOldest(stream) {
  const { values, first } = stream;
  const now = String(Date.now() / 1000);
  const oldest = values[first];
  if (oldest.event === 'gap' && oldest.cause === 'overflow') {
    values[first + 1] = { ...oldest, to: now, dropped: String(Number(oldest.dropped) + 1) };
  } else {
    values[first + 1] = { event: 'gap', cause: 'overflow', from: now, to: now, dropped: '2' };
  }
  stream.shift();
}

function dropOldestBatch(stream) {
  const { dropped, length } = stream.shift();
  stream.values[stream.first].dropped += dropped + length;
}

function tooMany(stream) {
  const { limit } = stream;
  stream.close(new AmiError(native.ELIMIT, `more than ${limit} list items wait to be read`));
  stream.end();
}

module.exports = { Stream, dropOldest, dropOldestBatch, tooMany };
