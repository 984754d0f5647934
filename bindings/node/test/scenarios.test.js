'use strict';

// Plays bindings/scenarios/scenarios.json; its README.md says what the steps mean.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const test = require('node:test');
const AsteriskAmi = require('..');
const { Mock } = require('./support/mock');

const TABLE = process.env.SCENARIOS || path.join(__dirname, '../../scenarios/scenarios.json');

function known(object, ...keys) {
  for (const key of Object.keys(object)) assert.ok(keys.includes(key), `this player does not know "${key}"`);
}

function has(event, fields) {
  return Object.entries(fields).every(([key, value]) => {
    const own = event[key.toLowerCase()];
    if (value === null) return own === undefined;
    return Array.isArray(value) ? assertEqual(own, value) : own === value;
  });
}

function assertEqual(own, expected) {
  return JSON.stringify([].concat(own)) === JSON.stringify(expected);
}

function matches(event, fields, what) {
  if (fields === undefined) return;
  if (fields === null) assert.strictEqual(event, undefined, what);
  else assert.ok(event !== undefined && has(event, fields), `${what}: ${JSON.stringify(event)} is not ${JSON.stringify(fields)}`);
}

/** The library's names for what this module turns into values. */
function isOf(err, { error, says = '', fate }) {
  assert.ok(err instanceof AsteriskAmi.AmiError, String(err && err.stack));
  assert.strictEqual(err.code, error, err.message);
  assert.ok(err.message.includes(says), `"${err.message}" lacks "${says}"`);
  if (fate !== undefined) assert.strictEqual(err.fate, fate);
}

class Player {
  constructor(mock, options) {
    this.mock = mock;
    this.options = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, value.replace('$AUTHORITY', mock.authority)]));
    this.subscriptions = [];
    this.streams = {};
  }

  makeClient() {
    if (this.client !== undefined) return;
    const options = { ...this.options };
    this.client = this.mock.client(options);
    for (const { name, word } of this.subscriptions) this.streams[word] = this.client.events(name);
  }

  async play(step) {
    const verb = ['on', 'connect', 'disconnect', 'event', 'await', 'off', 'none', 'send', 'flood'].find((name) => name in step);
    assert.ok(verb !== undefined, `this player does not know the verb of ${JSON.stringify(step)}`);
    await this[verb](step);
  }

  on(step) {
    known(step, 'on', 'as');
    this.subscriptions.push({ name: step.on, word: step.as });
  }

  async connect(step) {
    known(step, 'connect', 'error', 'says');
    if (step.connect) {
      this.makeClient();
      await this.client.connect();
      return;
    }
    let failure;
    try {
      this.makeClient();
      await this.client.connect();
    } catch (err) {
      failure = err;
    }
    isOf(failure, step);
  }

  async disconnect(step) {
    known(step, 'disconnect');
    await this.client.disconnect();
  }

  async next(word) {
    const { value, done } = await this.streams[word].next();
    assert.ok(!done, `the events of "${word}" have ended`);
    return value;
  }

  async event(step) {
    known(step, 'event', 'is');
    matches(await this.next(step.event), step.is, step.event);
  }

  async await(step) {
    known(step, 'await', 'is');
    while (!has(await this.next(step.await), step.is));
  }

  async off(step) {
    known(step, 'off');
    this.stopped = this.streams[step.off];
    this.left = this.stopped.size;
    await this.stopped.return();
  }

  async none(step) {
    known(step, 'none');
    const stream = this.streams[step.none];
    assert.strictEqual(stream === this.stopped ? this.left + stream.size : stream.size, 0);
  }

  async send(step) {
    known(step, 'send', 'fields', 'variables', 'until', 'timeout_ms', 'refused', 'error', 'fate', 'response', 'end', 'items', 'output', 'says');
    const action = { Action: step.send };
    for (const [key, value] of step.fields || []) action[key] = key in action ? [].concat(action[key], value) : value;
    if (step.variables !== undefined) action.Variable = step.variables;
    let failure;
    let reply;
    try {
      reply = await this.client.action(action, { until: step.until, timeout: step.timeout_ms });
    } catch (err) {
      failure = err;
    }
    if (step.refused !== undefined) {
      isOf(failure, { error: step.refused, says: step.says });
      assert.ok(failure.fate === undefined || failure.fate === 'not_sent');
      return;
    }
    if (step.error !== undefined) isOf(failure, { error: step.error, says: step.says, fate: step.fate || 'answered' });
    else assert.strictEqual(failure, undefined, String(failure && failure.stack));
    const outcome = reply || failure;
    assert.strictEqual(outcome.fate, step.fate || 'answered');
    matches(outcome.response, step.response, 'the response');
    matches(outcome.end, step.end, 'the end');
    if (step.output !== undefined) assert.strictEqual(outcome.output, step.output);
    if (step.items === undefined) return;
    assert.strictEqual(outcome.items.length, step.items.length);
    step.items.forEach((fields, i) => matches(outcome.items[i], fields, `item ${i}`));
  }

  async flood(step) {
    known(step, 'flood', 'count', 'events', 'gaps');
    const before = this.client.stat('events');
    const answer = this.mock.say(`emit_many ${step.count} ${step.flood}`);
    // Nothing is taken while this thread waits.
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (this.client.stat('events') - before < step.count) Atomics.wait(pause, 0, 0, 1);
    await answer;
    let dropped = 0;
    let last;
    let got = 0;
    let gaps = 0;
    const { signal, abort } = controller();
    const count = async () => {
      if (got + dropped === step.count) abort();
    };
    const readers = [this.reader(step.events, signal, (event) => { got++; last = event; return count(); }),
      this.reader(step.gaps, signal, (gap) => {
        assert.strictEqual(gap.cause, 'overflow');
        dropped += Number(gap.dropped);
        gaps++;
        return count();
      })];
    await Promise.all(readers);
    assert.ok(gaps > 0 && dropped > 0);
    assert.strictEqual(got + dropped, step.count);
    assert.strictEqual(last.number, String(step.count - 1));
  }

  /** Reads a word until the signal. */
  async reader(word, signal, take) {
    const stopped = new Promise((resolve) => signal.addEventListener('abort', () => resolve({ done: true })));
    for (;;) {
      const { value, done } = await Promise.race([this.streams[word].next(), stopped]);
      if (done) return;
      await take(value);
    }
  }
}

function controller() {
  const one = new AbortController();
  return { signal: one.signal, abort: () => one.abort() };
}

for (const scenario of JSON.parse(fs.readFileSync(TABLE, 'utf8'))) {
  test(scenario.name, async () => {
    known(scenario, 'name', 'mock', 'client', 'steps');
    const mock = await Mock.start(...(scenario.mock || []));
    try {
      const player = new Player(mock, scenario.client || {});
      for (const step of scenario.steps) {
        if ('mock' in step) {
          known(step, 'mock', 'answer');
          const answer = await mock.say(step.mock);
          if ('answer' in step) assert.strictEqual(answer, step.answer, step.mock);
        } else {
          await player.play(step);
        }
      }
    } finally {
      await mock.end();
    }
  });
}
