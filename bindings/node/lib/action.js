'use strict';

// From { Action: 'Originate', Variable: { a: 1 } } to an ami_action_t.

const native = require('./native');
const { AmiError } = require('./errors');

const PLAIN = /^[\x01-\x7f]*$/;

/** Bytes of a text on the wire, with a NUL behind; what the encoding lacks is an error, never another letter. */
function bytesOf(text, latin1, what) {
  if (!latin1) return Buffer.from(text + '\0', 'utf8');
  const wrong = /[^\x00-\xff]/u.exec(text);
  if (wrong !== null) {
    throw new AmiError(native.EENCODING, `${what}: U+${wrong[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0')} ` +
      'cannot be said in this encoding; set the option encoding to utf8 if the server takes that');
  }
  return Buffer.from(text + '\0', 'latin1');
}

function textOf(value, key) {
  switch (typeof value) {
    case 'string': return value;
    case 'number':
    case 'bigint':
    case 'boolean': return String(value);
    default: {
      const shown = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : typeof value;
      throw new AmiError(native.EINVAL, `${key}: ${shown} is no value of a header; give a string, number or boolean`);
    }
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Gathers plain headers, to add them in one call, and keeps the order. */
class Builder {
  constructor(name, latin1) {
    this.latin1 = latin1;
    if (name.includes('\0')) throw new AmiError(native.EINJECT, `the action's name ${JSON.stringify(name)} holds a NUL`);
    this.action = native.actionNew(bytesOf(name, latin1, 'Action'));
    this.pairs = [];
  }

  check(err) {
    if (err < 0) throw new AmiError(err, native.actionDetail(this.action));
  }

  flush() {
    if (this.pairs.length === 0) return;
    const { pairs } = this;
    this.pairs = [];
    this.check(native.actionAddAll(this.action, pairs, pairs.length / 2));
  }

  add(key, value) {
    if (PLAIN.test(key) && PLAIN.test(value)) {
      this.pairs.push(key, value);
      return;
    }
    this.flush();
    const keyBytes = bytesOf(key, this.latin1, key);
    const valueBytes = bytesOf(value, this.latin1, key);
    this.check(native.actionAddBytes(this.action, keyBytes, keyBytes.length - 1, valueBytes, valueBytes.length - 1));
  }

  variable(name, value) {
    this.flush();
    for (const text of [name, value]) {
      if (text.includes('\0')) throw new AmiError(native.EINJECT, `Variable ${JSON.stringify(name)} holds a NUL`);
    }
    this.check(native.actionVariable(this.action, bytesOf(name, this.latin1, name), bytesOf(value, this.latin1, name)));
  }

  header(key, value) {
    if (Array.isArray(value)) {
      for (const one of value) this.header(key, one);
    } else if (isObject(value)) {
      const escaped = key.toLowerCase() === 'variable';
      for (const name of Object.keys(value)) {
        const text = textOf(value[name], `${key} ${name}`);
        if (escaped) this.variable(name, text);
        else this.add(key, `${name}=${text}`);
      }
    } else {
      this.add(key, textOf(value, key));
    }
  }
}

/** Works with an action made of fields, and frees it. options: timeout (ms), until (an event's name). */
function withAction(fields, options, latin1, work) {
  if (!isObject(fields)) throw new AmiError(native.EINVAL, 'an action is an object such as { Action: "Ping" }');
  const keys = Object.keys(fields);
  const nameKey = keys.find((key) => key.toLowerCase() === 'action');
  if (nameKey === undefined) {
    throw new AmiError(native.EINVAL, `an action has a key Action with its name; this one has ${keys.join(', ') || 'no key'}`);
  }
  const builder = new Builder(textOf(fields[nameKey], nameKey), latin1);
  try {
    for (const key of keys) {
      if (key !== nameKey) builder.header(key, fields[key]);
    }
    builder.flush();
    if (options.timeout !== undefined) {
      if (!Number.isInteger(options.timeout) || options.timeout < 0 || options.timeout > 0x7fffffff) {
        throw new AmiError(native.EINVAL, `timeout: ${options.timeout} is no number of milliseconds`);
      }
      builder.check(native.actionTimeout(builder.action, options.timeout));
    }
    if (options.until !== undefined) builder.check(native.actionUntil(builder.action, textOf(options.until, 'until')));
    return work(builder.action, textOf(fields[nameKey], nameKey));
  } finally {
    native.actionFree(builder.action);
  }
}

module.exports = { withAction, isObject };
