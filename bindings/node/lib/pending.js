'use strict';

const native = require('./native');
const { AmiError, AbortError, FATES } = require('./errors');

/** An action that waits for its reply. */
class Pending {
  constructor(client, name, onItem, done) {
    this.client = client;
    this.name = name;
    this.items = [];
    this.onItem = onItem;
    this.done = done;
    this.id = 0;
    this.signal = undefined;
  }

  take(item) {
    if (this.onItem !== undefined) this.onItem(item);
    else this.items.push(item);
  }

  finish({ status, fate, response, end, output }) {
    if (this.unfollow !== undefined) this.unfollow();
    const reply = { response, items: this.items, end, output, fate: FATES[fate] };
    if (status === 0) {
      this.done(null, reply);
    } else if (status === native.ECANCELED && this.signal !== undefined && this.signal.aborted) {
      this.done(new AbortError(this.signal, { action: this.name, ...reply }), reply);
    } else {
      this.done(new AmiError(status, this.why(status, reply), { action: this.name, ...reply }), reply);
    }
  }

  why(status, { response, end, output }) {
    let detail = '';
    if (status === native.ELOST || status === native.ELIMIT) {
      detail = this.client.detail();
    } else if (status === native.EREPLY) {
      // A refused command says why in its output.
      const reason = end !== undefined && end.reason !== undefined ? `Reason: ${end.reason}` : undefined;
      detail = output || (end !== undefined && end.message) || reason || (response !== undefined && response.message);
    }
    return `${this.name}: ${native.strerror(status)}${detail ? `: ${detail}` : ''}`;
  }

  follow(signal) {
    this.signal = signal;
    const abort = () => this.client.cancel(this.id);
    signal.addEventListener('abort', abort, { once: true });
    this.unfollow = () => signal.removeEventListener('abort', abort);
  }
}

module.exports = Pending;
