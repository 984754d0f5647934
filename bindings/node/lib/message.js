'use strict';

// From the words and bytes of ami_items_pack() to objects: keys in lower case, repeated keys as arrays, and
// `variable` lines as one object.

const NOWHERE = 0xffffffff;
const ITEM_WORDS = 10;
const MESSAGE_WORDS = 9;
const MOST_LAYOUTS = 1024;
const OFTEN = 200;
const MOST_FIELDS = 128;

/** Messages with the same keys in the same order share a layout. The server chooses the keys: the table is bounded. */
const layouts = new Map();

/** slots: each name once, with the numbers of its fields. */
function makeLayout(keys, count) {
  const slots = new Map();
  keys.split('\r\n', count).forEach((key, i) => {
    const name = key.toLowerCase();
    const fields = slots.get(name);
    if (fields === undefined) slots.set(name, [i]);
    else fields.push(i);
  });
  return { keys, count, slots, uses: 0, build: buildBySlots };
}

function layoutOf(hash, keys, count) {
  const known = layouts.get(hash);
  // The hash only finds it: that of other keys may be the same.
  if (known !== undefined && known.keys === keys && known.count === count) return known;
  if (layouts.size >= MOST_LAYOUTS) layouts.clear();
  const layout = makeLayout(keys, count);
  layouts.set(hash, layout);
  return layout;
}

/** An own property whatever its name is: the server's `__proto__` is a name like any other. */
function put(object, name, value) {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[name] = value;
  }
}

/** { a: '1', b: '2' } of ['a=1', 'b=2']; the lines themselves unless all of them are name=value. */
function variables(lines) {
  const result = {};
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals < 1) return lines.length === 1 ? lines[0] : lines;
    put(result, line.slice(0, equals), line.slice(equals + 1));
  }
  return result;
}

/** An event of a layout, whose values stand one behind the other in the text, with these lengths. */
function buildBySlots(layout, text, lengths, at, place) {
  const values = [];
  for (let i = 0; i < layout.count; i++) values.push(text.slice(place, place += lengths[at + i]));
  return buildOfValues(layout, values);
}

function buildOfValues({ slots }, values) {
  const event = {};
  for (const [name, fields] of slots) {
    const list = fields.map((field) => values[field]);
    put(event, name, name === 'variable' ? variables(list) : list.length === 1 ? list[0] : list);
  }
  return event;
}

/**
 * The same as buildBySlots(), written out for one layout: an object literal is made three times as fast as an object
 * whose properties come one by one. Worth it for layouts that come often, and only those: the server chooses the
 * keys. They get into the code as JSON.
 */
function writeOut(layout) {
  const literal = [];
  for (const [name, fields] of layout.slots) {
    const list = fields.map((field) => `v${field}`).join();
    const value = name === 'variable' ? `variables([${list}])` : fields.length === 1 ? list : `[${list}]`;
    literal.push(`${name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)}: ${value}`);
  }
  let values = '';
  for (let i = 0; i < layout.count; i++) values += `const v${i} = text.slice(place, place += lengths[at + ${i}]);\n`;
  try {
    return new Function('variables', `return (layout, text, lengths, at, place) => {\n${values}return {${literal}};\n}`)(variables);
  } catch {
    return buildBySlots; // this process makes no code from strings
  }
}

/** Reads what ami_items_pack() wrote, from the first item on. */
class Unpacker {
  constructor(words, text) {
    this.words = words;
    this.text = text;
    this.at = 0; // of the item, in words
    this.byte = 0; // of its text
    this.latin1 = true;
  }

  get kind() { return this.words[this.at + 1]; }
  get client() { return this.words[this.at + 2] + this.words[this.at + 3] * 2 ** 32; }
  get id() { return this.words[this.at + 4] + this.words[this.at + 5] * 2 ** 32; }

  /** The kind of the message of an event or a list item. */
  get messageKind() { return this.words[this.at + ITEM_WORDS]; }
  /** The place of that message among those of its client. */
  get seq() { return this.words[this.at + ITEM_WORDS + 2] + this.words[this.at + ITEM_WORDS + 3] * 2 ** 32; }

  /** To the next item. */
  next() {
    this.at += this.words[this.at];
  }

  /** The message of an event or a list item. */
  event() { return this.message(this.at + ITEM_WORDS); }

  /** Passes over the text of an event that is known. */
  skip() {
    const from = this.at + ITEM_WORDS;
    this.byte += this.length(from);
  }

  reply() {
    const { words, at } = this;
    const which = words[at + 8];
    let from = at + ITEM_WORDS;
    let response;
    let end;
    if (which & 1) {
      response = this.message(from);
      from += MESSAGE_WORDS + words[from + 8];
    }
    if (which & 2) end = this.message(from);
    const length = words[at + 9];
    let output;
    if (length !== NOWHERE) {
      output = this.slice(this.byte, this.byte + length);
      this.byte += length;
    }
    return { status: words[at + 6] | 0, fate: words[at + 7], response, end, output };
  }

  slice(from, to) {
    return this.latin1 ? this.text.latin1Slice(from, to) : this.text.utf8Slice(from, to);
  }

  length(from) {
    const { words } = this;
    let length = words[from + 6];
    const first = from + MESSAGE_WORDS;
    const last = first + words[from + 8];
    for (let i = first; i < last; i++) length += words[i];
    return length;
  }

  message(from) {
    const { words } = this;
    const keysLength = words[from + 6];
    const count = words[from + 8];
    const first = from + MESSAGE_WORDS;
    const begin = this.byte + keysLength;
    const keys = this.slice(this.byte, begin);
    const end = this.byte + this.length(from);
    this.byte = end;
    const layout = layoutOf(words[from + 7], keys, count);
    // One string for the message, of which the values are parts.
    const all = this.slice(begin, end);
    // UTF-8 of more than one byte: the places in the string are not those in the bytes.
    if (all.length !== end - begin) return this.messageOfParts(layout, first, begin);
    if (++layout.uses === OFTEN && count <= MOST_FIELDS) layout.build = writeOut(layout);
    return layout.build(layout, all, words, first, 0);
  }

  messageOfParts(layout, first, byte) {
    const values = [];
    for (let i = first; values.length < layout.count; i++) values.push(this.slice(byte, byte += this.words[i]));
    return buildOfValues(layout, values);
  }
}

module.exports = { Unpacker, ITEM_WORDS, MESSAGE_WORDS, NOWHERE };
