'use strict';

const { ITEM_WORDS, MESSAGE_WORDS, NOWHERE } = require('./message');

/** Events of which only chosen fields were copied. A field becomes a string when it is asked for. */
class Batch {
  #text;
  #places;
  #encoding;

  constructor(keys, length, text, places, encoding) {
    this.keys = keys;
    this.length = length;
    this.dropped = 0; // events before these that were not read in time
    this.#text = text;
    this.#places = places;
    this.#encoding = encoding;
  }

  /** The field of an event: both by number, in the order of the keys. undefined where the event lacks it. */
  get(index, key = 0) {
    const at = 2 * (index * this.keys.length + key);
    const from = this.#places[at];
    if (from === NOWHERE) return undefined;
    const to = this.#places[at + 1];
    return this.#encoding === 'utf8' ? this.#text.utf8Slice(from, to) : this.#text.latin1Slice(from, to);
  }

  /** Each event as an array of its fields. */
  *[Symbol.iterator]() {
    for (let i = 0; i < this.length; i++) yield this.keys.map((_, key) => this.get(i, key));
  }

  /** What ami_items_pack() wrote for these keys. */
  static read(keys, words, text, count, encoding) {
    const places = new Uint32Array(2 * count * keys.length);
    let at = 0;
    let place = 0;
    let byte = 0;
    for (let i = 0; i < count; i++) {
      const first = at + ITEM_WORDS + MESSAGE_WORDS;
      for (let key = 0; key < keys.length; key++) {
        const length = words[first + key];
        places[place++] = length === NOWHERE ? NOWHERE : byte;
        if (length !== NOWHERE) byte += length;
        places[place++] = byte;
      }
      at += words[at];
    }
    return new Batch(keys, count, Buffer.from(text.subarray(0, byte)), places, encoding);
  }
}

module.exports = Batch;
