'use strict';

// One queue for all clients of this JavaScript thread. The library rings a socket when the queue has something;
// then items are taken in batches, copied in one call, and dispatched by the id of their subscription or action.

const net = require('net');
const native = require('./native');
const { AmiError } = require('./errors');
const { Unpacker } = require('./message');

const BATCH = 256; // items
const TURN = 4; // batches, before other work of the event loop has its turn
const ITEM_BYTES = 48; // sizeof(ami_item_t), which is frozen
const LISTITEM = 3;
const REPLY = 2;

class Engine {
  constructor() {
    this.queue = native.queueNew();
    this.items = Buffer.alloc(BATCH * ITEM_BYTES);
    this.some = Buffer.alloc(BATCH * ITEM_BYTES);
    this.heads = new Uint32Array(this.items.buffer, this.items.byteOffset, this.items.length / 4);
    this.words = new Uint32Array(64 * 1024);
    this.text = Buffer.allocUnsafeSlow(512 * 1024);
    this.subscriptions = new Map(); // by id
    this.actions = new Map(); // by id
    this.clients = new Set(); // those that are to be destroyed when the thread ends
    this.active = 0; // clients that are not idle
    this.waiting = []; // deliveries that were unpacked
    this.delivered = 0; // how many of them have been delivered
    this.scheduled = false;
    this.turn = () => {
      this.scheduled = false;
      this.drain();
    };
    this.listen();
    process.once('exit', () => this.end());
  }

  listen() {
    const fd = native.queueStream(this.queue);
    if (fd < 0) throw new AmiError(fd, 'no socket for the queue: has this process too many open files?');
    const onread = { buffer: Buffer.alloc(64), callback: () => { this.drain(); return true; } };
    this.socket = new net.Socket({ fd, readable: true, writable: false, onread });
    this.socket.unref();
  }

  /** A client starts (1) or has ended (-1): the process lives as long as one is not idle. */
  count(change) {
    this.active += change;
    if (this.active > 0) this.socket.ref();
    else this.socket.unref();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.turn);
  }

  drain() {
    if (this.waiting.length > 0) this.deliver();
    for (let i = 0; i < TURN; i++) {
      const count = native.queuePoll(this.queue, this.items, BATCH, 0);
      if (count <= 0) return;
      try {
        this.unpack(count);
      } finally {
        native.queueRelease(this.items, count);
      }
      this.deliver();
      if (count < BATCH) return;
    }
    this.schedule();
  }

  /** Turns the items into deliveries: those for batches by one copy for each subscription, the others by one for all. */
  unpack(count) {
    const groups = new Map();
    for (let i = 0; i < count; i++) {
      const batch = this.batchAt(i);
      const group = groups.get(batch);
      if (group === undefined) groups.set(batch, [i]);
      else group.push(i);
    }
    for (const [batch, indexes] of groups) {
      const items = groups.size === 1 ? this.items : this.gather(indexes);
      if (batch === undefined) this.copy(items, indexes.length, null, (n) => this.unpackItems(n));
      else this.copy(items, indexes.length, batch.keys, (n) => this.unpackBatch(batch, n));
    }
  }

  /** Some of the items, side by side. */
  gather(indexes) {
    const { items, some } = this;
    indexes.forEach((index, i) => items.copy(some, i * ITEM_BYTES, index * ITEM_BYTES, (index + 1) * ITEM_BYTES));
    return some;
  }

  /** The subscription of an item, if it is one for batches. */
  batchAt(index) {
    const head = index * (ITEM_BYTES / 4);
    const subscription = this.subscriptions.get(this.heads[head + 2] + this.heads[head + 3] * 2 ** 32);
    return subscription !== undefined && subscription.keys !== undefined ? subscription : undefined;
  }

  /** Copies items, in as many pieces as it takes, and reads each. */
  copy(items, count, keys, read) {
    let from = 0;
    while (from < count) {
      const { words, text } = this;
      const packed = native.itemsPack(items.subarray(from * ITEM_BYTES), count - from, keys, keys === null ? 0 : keys.length,
        words, words.length, text, text.length);
      if (packed < 0) throw new AmiError(packed);
      if (packed === 0) {
        // One item that is larger than all the room: there is more from now on.
        if (words[0] > words.length) this.words = new Uint32Array(2 * words[0]);
        if (words[1] > text.length) this.text = Buffer.allocUnsafeSlow(2 * words[1]);
        continue;
      }
      read(packed);
      from += packed;
    }
  }

  unpackItems(count) {
    const unpacker = new Unpacker(this.words, this.text);
    let last;
    let lastSeq = -1;
    let lastClient = -1;
    for (let i = 0; i < count; i++, unpacker.next()) {
      const { kind, id } = unpacker;
      const target = kind === REPLY || kind === LISTITEM ? this.actions.get(id) : this.subscriptions.get(id);
      unpacker.latin1 = target === undefined || target.client.latin1;
      if (kind === REPLY) {
        this.actions.delete(id);
        this.waiting.push(target, kind, unpacker.reply());
        continue;
      }
      // The same message for another subscription is the same object.
      const { client, seq } = unpacker;
      if (seq === lastSeq && client === lastClient) {
        unpacker.skip();
      } else {
        last = { kind: unpacker.messageKind, event: unpacker.event() };
        lastSeq = seq;
        lastClient = client;
      }
      this.waiting.push(target, kind, last);
    }
  }

  unpackBatch(subscription, count) {
    this.waiting.push(subscription, 0, subscription.read(this.words, this.text, count));
  }

  deliver() {
    const { waiting } = this;
    let done = false;
    try {
      while (this.delivered < waiting.length) {
        const target = waiting[this.delivered];
        const kind = waiting[this.delivered + 1];
        const what = waiting[this.delivered + 2];
        this.delivered += 3;
        if (target === undefined || target.id === 0) continue; // it has ended meanwhile
        if (kind === REPLY) target.finish(what);
        else target.take(what.event === undefined ? what : what.event, what.kind);
      }
      done = true;
    } finally {
      if (this.delivered === waiting.length) {
        waiting.length = 0;
        this.delivered = 0;
      }
      // A listener has thrown: what is left here and in the queue comes in another turn.
      if (!done) this.schedule();
    }
  }

  end() {
    for (const client of this.clients) client.destroyNow();
    this.socket.destroy();
  }
}

let engine;

/** This thread's engine, made when it is first needed. */
module.exports = () => {
  if (engine === undefined) engine = new Engine();
  return engine;
};
