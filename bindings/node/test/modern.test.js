'use strict';

// Promises, async iterators, AbortSignal.

const assert = require('assert');
const test = require('node:test');
const AsteriskAmi = require('..');
const getEngine = require('../lib/engine');
const { AmiError, AbortError } = AsteriskAmi;
const { withMock, once, send } = require('./support/mock');

const HELLO = 'Event: Hello\\nPrivilege: user,all\\nN: {n}\\n';

test('connect() is a promise of ready', withMock([], async (mock) => {
  const ami = mock.client();
  assert.strictEqual(await ami.connect(), ami);
  assert.strictEqual(ami.state, 'ready');
  assert.match(ami.get('server.banner'), /Asterisk Call Manager/);
  await assert.rejects(ami.connect(), { code: 'AMI_ESTATE' });
  const wrong = mock.client({ password: 'wrong' });
  await assert.rejects(wrong.connect(), (err) => err instanceof AmiError && err.code === 'AMI_EAUTH');
  assert.strictEqual(wrong.state, 'idle');
}));

test('action() and command()', withMock([], async (mock) => {
  const ami = await mock.ready();
  const { response, items, end, fate } = await ami.action({ Action: 'CoreShowChannels', Items: 2 });
  assert.strictEqual(response.response, 'Success');
  assert.strictEqual(items.length, 2);
  assert.strictEqual(end.listitems, '2');
  assert.strictEqual(fate, 'answered');
  assert.match(await ami.command('core show version'), /^Asterisk 22/);
  await assert.rejects(ami.command('nonsense now'), /No such command/);
  await assert.rejects(ami.action({ Action: 'Ping', A: '\r' }), { code: 'AMI_EINJECT' });
  await assert.rejects(ami.action({ Action: 'Ping' }, { timeout: -1 }), { code: 'AMI_EINVAL' });
  await assert.rejects(ami.action({ Action: 'Ping' }, { until: 'UserEvent' }), { code: 'AMI_EINVAL' });
  assert.strictEqual(await mock.say('count action:Ping'), '0');
}));

test('an action is aborted', withMock([], async (mock) => {
  const ami = await mock.ready();
  await mock.say('fault no_response 1');
  const controller = new AbortController();
  const waiting = ami.action({ Action: 'CoreSettings' }, { signal: controller.signal });
  await mock.say('wait action:CoreSettings 1');
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, (err) => {
    assert.ok(err instanceof AbortError && err instanceof AmiError);
    assert.strictEqual(err.name, 'AbortError');
    assert.strictEqual(err.code, 'ABORT_ERR');
    assert.strictEqual(err.fate, 'maybe_run');
    assert.strictEqual(err.cause.message, 'enough');
    return true;
  });
  await assert.rejects(ami.action({ Action: 'CoreSettings' }, { signal: controller.signal }), { name: 'AbortError', fate: 'not_sent' });
  assert.strictEqual(await mock.say('count action:CoreSettings'), '1');
}));

test('events() is an async iterator', withMock([], async (mock) => {
  const ami = await mock.ready();
  const events = ami.events('hel*');
  await mock.say(`emit_many 300 ${HELLO}`);
  let n = 0;
  for await (const event of events) {
    assert.strictEqual(event.n, String(n));
    if (++n === 300) break;
  }
  assert.deepStrictEqual(await events.next(), { value: undefined, done: true });
}));

test('events() ends with the client, and tells why', withMock([], async (mock) => {
  const ami = mock.client();
  const before = ami.events('FullyBooted');
  await ami.connect();
  assert.strictEqual((await before.next()).value.event, 'FullyBooted');
  const waiting = before.next();
  await ami.disconnect();
  assert.deepStrictEqual(await waiting, { value: undefined, done: true });
  const other = await mock.ready();
  const lost = other.events();
  await mock.say('kick');
  await assert.rejects((async () => { for await (const event of lost) assert.ok(event); })(), { code: 'AMI_ELOST' });
  assert.deepStrictEqual(await lost.next(), { value: undefined, done: true });
}));

test('events() is aborted', withMock([], async (mock) => {
  const ami = await mock.ready();
  const controller = new AbortController();
  const waiting = ami.events('Nothing', { signal: controller.signal }).next();
  controller.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await assert.rejects(ami.events('*', { signal: controller.signal }).next(), { name: 'AbortError' });
}));

test('list() and batches() are aborted', withMock([], async (mock) => {
  const ami = await mock.ready();
  const controller = new AbortController();
  await mock.say('fault endless_list');
  const list = ami.list({ Action: 'CoreShowChannels', Items: 5 }, { signal: controller.signal });
  assert.ok((await list.next()).value.channel);
  const waiting = ami.batches('Nothing', ['Event'], { signal: controller.signal }).next();
  controller.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await assert.rejects(list.next(), { name: 'AbortError' });
  while (ami.stat('inflight') > 0) await new Promise(setImmediate); // the library was told
}));

test('events() over its limit has a gap where events were', withMock([], async (mock) => {
  const ami = await mock.ready();
  const events = ami.events('Hello', { limit: 10 });
  const seen = once(ami, 'enough');
  await mock.say(`emit_many 25 ${HELLO}`);
  await mock.emit('Event: Enough', 'Privilege: user,all');
  await seen;
  const first = (await events.next()).value;
  assert.strictEqual(first.event, 'gap');
  assert.strictEqual(first.cause, 'overflow');
  const rest = [];
  while (rest.length < 9) rest.push((await events.next()).value.n);
  assert.deepStrictEqual(rest, [...Array(9).keys()].map((i) => String(25 - 9 + i)));
  assert.strictEqual(Number(first.dropped), 25 - 9);
}));

test('batches() has chosen fields', withMock([], async (mock) => {
  for (const encoding of ['ascii', 'utf8']) {
    const ami = await mock.ready({ encoding });
    const batches = ami.batches('Hello', ['n', 'Missing', 'Event', 'Text']);
    await mock.say(`emit_many 700 ${HELLO}Text: x\u00fcy\\n`);
    let n = 0;
    for await (const batch of batches) {
      for (const [number, missing, name, text] of batch) {
        assert.strictEqual(number, String(n++));
        assert.strictEqual(missing, undefined);
        assert.strictEqual(name, 'Hello');
        assert.strictEqual(text, encoding === 'utf8' ? 'x\u00fcy' : 'x\u00c3\u00bcy');
      }
      assert.strictEqual(batch.get(batch.length - 1, 0), String(n - 1));
      assert.strictEqual(batch.get(batch.length - 1), String(n - 1));
      if (n === 700) break;
    }
    ami.destroy();
  }
}));

test('batches() over its limit counts what went', withMock([], async (mock) => {
  const ami = await mock.ready();
  assert.throws(() => ami.batches('*', ['N'], { limit: 0 }), { code: 'AMI_EINVAL' });
  const batches = ami.batches('Hello', ['N'], { limit: 1 });
  let dropped = 0;
  let last = -1;
  // Not read until all is there.
  for (let i = 0; i < 3; i++) {
    const seen = once(ami, 'enough');
    await mock.say(`emit_many 300 ${HELLO}`);
    await mock.emit('Event: Enough', 'Privilege: user,all');
    await seen;
  }
  while (last !== 299) {
    const { value: batch } = await batches.next();
    dropped += batch.dropped;
    for (const [n] of batch) last = Number(n);
    dropped += batch.length;
  }
  assert.strictEqual(dropped, 900);
}));

test('batches beside other handlers keep each their own', withMock([], async (mock) => {
  const ami = await mock.ready();
  const numbers = [];
  const batches = ami.batches('Hello', ['N']);
  ami.on('hello', (event) => numbers.push(event.n));
  await mock.say(`emit_many 300 ${HELLO}`);
  const own = [];
  while (own.length < 300) own.push(...[...(await batches.next()).value].flat());
  assert.deepStrictEqual(own, [...Array(300).keys()].map(String));
  await send(ami, { Action: 'Ping' });
  assert.deepStrictEqual(numbers, own);
}));

test('list() streams', withMock([], async (mock) => {
  const ami = await mock.ready();
  const names = [];
  for await (const item of ami.list({ Action: 'CoreShowChannels', Items: 500 })) names.push(item.channel);
  assert.strictEqual(new Set(names).size, 500);
  for await (const item of ami.list({ Action: 'CoreShowChannels', Items: 500 })) {
    assert.ok(item.channel);
    break; // the rest is not awaited
  }
  assert.strictEqual((await ami.action({ Action: 'Ping' })).response.ping, 'Pong');
  await assert.rejects(ami.list({ Action: 'Nonsense' }).next(), { code: 'AMI_EREPLY' });
  await mock.say('fault cut_in_list 3');
  let items = 0;
  await assert.rejects((async () => {
    for await (const item of ami.list({ Action: 'CoreShowChannels', Items: 5 })) items += item.channel ? 1 : 0;
  })(), { code: 'AMI_ELOST' });
  assert.strictEqual(items, 2);
}));

test('what is larger than the room for a batch makes room', withMock([], async (mock) => {
  const ami = await mock.ready();
  const engine = getEngine();
  engine.words = new Uint32Array(16);
  engine.text = Buffer.alloc(16);
  const { items } = await ami.action({ Action: 'CoreShowChannels', Items: 100 });
  assert.deepStrictEqual(items.map((item) => item.uniqueid), [...Array(100).keys()].map((i) => `1700000000.${i}`));
  assert.ok(engine.words.length > 16 && engine.text.length > 16);
}));

test('many clients in one process', withMock([], async (mock) => {
  const clients = await Promise.all([...Array(20)].map(() => mock.ready()));
  const answers = await Promise.all(clients.flatMap((ami) => [...Array(50)].map(() => ami.action({ Action: 'Ping' }))));
  assert.strictEqual(answers.length, 1000);
  assert.ok(answers.every(({ response }) => response.ping === 'Pong'));
  await Promise.all(clients.map((ami) => ami.disconnect()));
}));

test('options can be set later, and counters read', withMock([], async (mock) => {
  const ami = mock.client();
  ami.set('identifier', 'pbx7-');
  assert.strictEqual(ami.get('identifier'), 'pbx7-');
  assert.throws(() => ami.set('nonsense', 1), { code: 'AMI_EOPTION' });
  await ami.connect();
  const { response } = await ami.action({ Action: 'Ping' });
  assert.ok(response.actionid.startsWith('pbx7-'));
  assert.strictEqual(ami.stat('generation'), 1);
  assert.throws(() => ami.stat('nonsense'), { code: 'AMI_EINVAL' });
  assert.throws(() => ami.set('host', 'x'), { code: 'AMI_ESTATE' });
}));
