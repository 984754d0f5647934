'use strict';

const native = require('./native');
const { AmiError } = require('./errors');

// Node's names of encodings, and what the library is to do: what is one byte a letter is turned into text here.
const ENCODINGS = { ascii: 'binary', latin1: 'binary', binary: 'binary', utf8: 'utf-8', 'utf-8': 'utf-8' };

/** The library's options, as pairs, of one of this module; and debug, for the client. */
function read(name, value) {
  if (value === undefined || value === null || (name === 'identifier' && value === false)) return { pairs: [] };
  if (name === 'debug') {
    const isFunction = typeof value === 'function';
    return { pairs: [['debug', isFunction ? 'false' : value]], debug: isFunction ? value : false };
  }
  if (name === 'reconnect' && (typeof value === 'number' || value instanceof Number)) {
    if (value > 0) return { pairs: [['reconnect', value], ['reconnect.max_ms', value], ['reconnect.jitter', 'none']] };
    return { pairs: [['reconnect', value.valueOf() === 0 ? 'false' : value]] };
  }
  if (name === 'encoding') {
    const encoding = ENCODINGS[String(value).toLowerCase()];
    if (encoding === undefined) {
      throw new AmiError(native.EOPTION, `encoding: "${value}" is none of ${Object.keys(ENCODINGS).join(', ')}`);
    }
    return { pairs: [['encoding', encoding]] };
  }
  if (name === 'events' && Array.isArray(value)) return { pairs: [[name, value.join(',')]] };
  return { pairs: (Array.isArray(value) ? value : [value]).map((one) => [name, one]) };
}

module.exports = read;
