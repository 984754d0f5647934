'use strict';

// What programs written for asterisk-ami rely on.

const assert = require('assert');
const { EventEmitter } = require('events');
const net = require('net');
const test = require('node:test');
const AsteriskAmi = require('..');
const { withMock, once, send } = require('./support/mock');

test('an action and its callback', withMock([], async (mock) => {
  const ami = mock.client();
  assert.ok(ami instanceof AsteriskAmi && ami instanceof EventEmitter);
  ami.connect();
  const [err, event] = await once(ami, 'login');
  assert.strictEqual(err, null);
  assert.strictEqual(event.response, 'Success');
  assert.strictEqual(event.message, 'Authentication accepted');
  const action = { action: 'Ping', ActionID: 'mine-1' };
  const pong = once(ami, 'pong');
  const [error, response] = await send(ami, action);
  assert.strictEqual(error, null);
  assert.strictEqual(response.response, 'Success');
  assert.strictEqual(response.ping, 'Pong');
  assert.strictEqual(response.actionid, 'mine-1');
  assert.deepStrictEqual(await pong, [response]);
  assert.deepStrictEqual(action, { action: 'Ping', ActionID: 'mine-1' }, 'the action is the caller\'s');
}));

test('actions can be sent from the login event on', withMock([], async (mock) => {
  const ami = mock.client();
  ami.connect();
  const [err] = await new Promise((resolve) => ami.on('login', () => ami.send({ Action: 'Ping' }, (...values) => resolve(values))));
  assert.strictEqual(err, null);
}));

test('the action object is neither changed nor kept', withMock([], async (mock) => {
  const ami = await mock.ready();
  const action = Object.freeze({ Action: 'Ping', Variable: Object.freeze({ a: 1 }), List: Object.freeze(['x', 'y']) });
  const [err] = await send(ami, action);
  assert.strictEqual(err, null);
  assert.deepStrictEqual(action, { Action: 'Ping', Variable: { a: 1 }, List: ['x', 'y'] });
}));

test('keys are as given, arrays are headers repeated, objects lines', withMock([], async (mock) => {
  const ami = await mock.ready();
  const came = once(ami, 'userevent');
  const [err] = await send(ami, { Action: 'UserEvent', UserEvent: 'Hi', Text: ['one', 2, true], Variable: { a: 1, b: 'two' } });
  assert.strictEqual(err, null);
  const [event] = await came;
  assert.strictEqual(event.event, 'UserEvent');
  assert.deepStrictEqual(event.text, ['one', '2', 'true']);
  assert.deepStrictEqual(event.variable, { a: '1', b: 'two' });
}));

test('an event has keys in lower case, repeated keys as arrays, variables as an object', withMock([], async (mock) => {
  const ami = await mock.ready();
  const came = [once(ami, 'hello'), once(ami, 'data')];
  await mock.emit('Event: Hello', 'Privilege: user,all', 'CallerIDName: Bob', 'Empty: ', 'Foo: 1', 'FOO: 2',
    'Variable: A=1', 'Variable: B=x=y', '__proto__: evil', 'constructor: c');
  const [[event], [data]] = await Promise.all(came);
  const expected = { event: 'Hello', privilege: 'user,all', calleridname: 'Bob', empty: '', foo: ['1', '2'],
    variable: { A: '1', B: 'x=y' }, constructor: 'c' };
  Object.defineProperty(expected, '__proto__', { value: 'evil', enumerable: true, writable: true, configurable: true });
  assert.deepStrictEqual(event, expected);
  assert.strictEqual(Object.getPrototypeOf(event), Object.prototype);
  assert.strictEqual(data, event, 'one message, one object');
  const single = once(ami, 'varset');
  await mock.emit('Event: VarSet', 'Privilege: user,all', 'Variable: NAME', 'Value: 1');
  assert.strictEqual((await single)[0].variable, 'NAME');
}));

test('the same event, when it comes often', withMock([], async (mock) => {
  const ami = await mock.ready();
  const events = [];
  const all = new Promise((resolve) => ami.on('hello', (event) => events.push(event) === 1000 && resolve()));
  await mock.say('emit_many 1000 Event: Hello\\nPrivilege: user,all\\nN: {n}\\nFoo: 1\\n__proto__: p\\nFoo: {n}\\nVariable: a={n}\\nEmpty: \\n');
  await all;
  events.forEach((event, i) => {
    const n = String(i);
    const expected = { event: 'Hello', privilege: 'user,all', n, foo: ['1', n], variable: { a: n }, empty: '' };
    Object.defineProperty(expected, '__proto__', { value: 'p', enumerable: true, writable: true, configurable: true });
    assert.deepStrictEqual(event, expected);
  });
}));

test('list items are emitted by name, too', withMock([], async (mock) => {
  const ami = await mock.ready();
  const names = [];
  ami.on('coreshowchannel', (event) => names.push(event.channel));
  const [err, response, reply] = await send(ami, { Action: 'CoreShowChannels', Items: 2 });
  assert.strictEqual(err, null);
  assert.strictEqual(response.eventlist, 'start');
  assert.deepStrictEqual(names, ['PJSIP/bench-00000000', 'PJSIP/bench-00000001']);
  assert.deepStrictEqual(reply.items.map((item) => item.channel), names);
  assert.strictEqual(reply.end.event, 'CoreShowChannelsComplete');
}));

test('the callback is given what went wrong, once', withMock([], async (mock) => {
  const ami = await mock.ready();
  let calls = 0;
  const ask = (action) => new Promise((resolve) => ami.send(action, (...values) => { calls++; resolve(values); }));
  const [refused, event] = await ask({ Action: 'Nonsense' });
  assert.ok(refused instanceof AsteriskAmi.AmiError);
  assert.strictEqual(refused.code, 'AMI_EREPLY');
  assert.match(refused.message, /Nonsense.*Invalid\/unknown command/);
  assert.strictEqual(event.response, 'Error');
  const [injected] = await ask({ Action: 'Ping', Data: 'a\r\nAction: Logoff' });
  assert.strictEqual(injected.code, 'AMI_EINJECT');
  await mock.say('fault cut_on_action 1');
  const [lost, nothing] = await ask({ Action: 'Ping' });
  assert.strictEqual(lost.code, 'AMI_ELOST');
  assert.strictEqual(lost.fate, 'maybe_run');
  assert.strictEqual(nothing, undefined);
  const [late] = await ask({ Action: 'Ping' });
  assert.strictEqual(late.code, 'AMI_ESTATE');
  assert.strictEqual(calls, 4);
  assert.strictEqual(await mock.say('count action:Ping'), '1');
}));

test('a time-out is an error', withMock([], async (mock) => {
  const ami = await mock.ready({ 'action.timeout_ms': 30 });
  await mock.say('fault no_response 1');
  const [err] = await send(ami, { Action: 'Ping' });
  assert.strictEqual(err.code, 'AMI_ETIMEDOUT');
}));

test('without a connection an action is unwritable', withMock([], async (mock) => {
  const ami = mock.client();
  const unwritable = once(ami, 'connection-unwritable');
  assert.strictEqual(ami.send({ Action: 'Ping' }), false);
  await unwritable;
  const again = once(ami, 'connection-unwritable');
  const [err] = await send(ami, { Action: 'Ping' });
  assert.strictEqual(err.code, 'AMI_ESTATE');
  await again;
  ami.connect();
  const third = once(ami, 'connection-unwritable');
  assert.strictEqual(ami.send({ Action: 'Ping' }), false);
  await third;
}));

test('bad actions without a callback are thrown', withMock([], async (mock) => {
  const ami = await mock.ready();
  const bad = [
    [undefined, 'AMI_EINVAL', /object/], [{}, 'AMI_EINVAL', /Action/], [{ Channel: 'x' }, 'AMI_EINVAL', /Channel/],
    [{ Action: 'Ping', A: undefined }, 'AMI_EINVAL', /A: undefined/], [{ Action: 'Ping', A: null }, 'AMI_EINVAL', /A: null/],
    [{ Action: 'Ping', A: () => 1 }, 'AMI_EINVAL', /function/], [{ Action: 'Ping', A: [['x']] , B: { c: {} } }, 'AMI_EINVAL', /B c/],
    [{ Action: 'Ping\0x' }, 'AMI_EINJECT', /NUL/], [{ Action: 'Ping', A: 'a\0b' }, 'AMI_EINJECT', /A/],
    [{ Action: 'Ping', 'A\0': 'b' }, 'AMI_EINJECT', /A/], [{ Action: 'Ping', Variable: { a: 'b\0c' } }, 'AMI_EINJECT', /a/],
    [{ Action: 'Ping', Variable: { 'a=b': 'c' } }, 'AMI_EINVAL', /a=b/], [{ Action: 'Ping', 'A b': 1 }, 'AMI_EINJECT', /A b/],
    [{ Action: 'Ping', A: 'x'.repeat(2000) }, 'AMI_ETOOBIG', /A/], [{ Action: 'Ping', A: '\u20ac' }, 'AMI_EENCODING', /U\+20AC/],
  ];
  for (const [action, code, message] of bad) {
    assert.throws(() => ami.send(action), (err) => {
      assert.ok(err instanceof AsteriskAmi.AmiError, String(err.stack));
      assert.strictEqual(err.code, code, `${JSON.stringify(action)}: ${err.message}`);
      assert.match(err.message, message);
      return true;
    });
  }
  assert.throws(() => ami.send({ Action: 'Ping' }, 'callback'), { code: 'AMI_EINVAL' });
  assert.strictEqual(await mock.say('count action:Ping'), '0');
}));

test('bad options are thrown', () => {
  for (const [options, message] of [[{ nonsense: 1 }, /nonsense/], [{ port: 'x' }, /port/], [{ encoding: 'hex' }, /hex/],
    [{ events: 'none' }, /none/], [{ reconnect: 'soon' }, /soon/], [{ reconnect: -1 }, /-1/], [{ host: 'a\0b' }, /host/], [{ tls: {} }, /tls/]]) {
    assert.throws(() => new AsteriskAmi(options), (err) => {
      assert.strictEqual(err.code, 'AMI_EOPTION', JSON.stringify(options));
      assert.match(err.message, message);
      return true;
    });
  }
  assert.throws(() => new AsteriskAmi('pbx'), { code: 'AMI_EINVAL' });
  new AsteriskAmi();
  new AsteriskAmi({ host: undefined, debug: false, reconnect: false, events: true, identifier: 'pbx1-', encoding: 'UTF8' });
});

test('what the socket says, before and after connect()', withMock([], async (mock) => {
  const ami = mock.client();
  const heard = [];
  const { connection } = ami;
  connection.on('connect', () => heard.push('connect'));
  ami.on('connection-connect', () => heard.push('connection-connect'));
  await ami.connect();
  assert.deepStrictEqual(heard, ['connect', 'connection-connect']);
  assert.strictEqual(ami.connection, connection);
  assert.strictEqual(connection.writable, true);
  connection.on('end', () => heard.push('end'));
  connection.on('close', (hadError) => heard.push(`close ${hadError}`));
  connection.on('error', (err) => heard.push(`error ${err.code}`));
  ami.on('connection-end', () => heard.push('connection-end'));
  ami.on('connection-error', (err) => heard.push(`connection-error ${err.code}`));
  const closed = once(ami, 'connection-close');
  heard.length = 0;
  await mock.say('kick');
  assert.deepStrictEqual((await closed)[0], true);
  assert.deepStrictEqual(heard, ['end', 'connection-end', 'error AMI_ELOST', 'connection-error AMI_ELOST', 'close true']);
}));

test('a server that says nothing times out', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ami = new AsteriskAmi({ host: '127.0.0.1', port: server.address().port, username: 'admin', password: 'secret', 'login.timeout_ms': 20 });
  const heard = [once(ami, 'connection-timeout'), once(ami.connection, 'timeout'), once(ami, 'connection-close')];
  ami.connect();
  const [[event]] = await Promise.all(heard);
  assert.strictEqual(event.phase, 'login');
  server.close();
});

test('a write that was held up drains', withMock([], async (mock) => {
  const ami = await mock.ready({ 'inflight.max': 1000000 });
  const heard = [once(ami, 'connection-drain'), once(ami.connection, 'drain')];
  await mock.say('fault stall_read 1');
  const action = { Action: 'UserEvent', UserEvent: 'x', Text: 'y'.repeat(900) };
  const answers = [];
  for (let i = 0; i < 12000; i++) answers.push(send(ami, action)); // more than sockets hold
  await mock.say('wait action:UserEvent 1');
  await mock.say('release');
  await Promise.all(heard);
  for (const [err] of await Promise.all(answers)) assert.strictEqual(err, null);
}));

test('nobody needs to listen to errors', withMock([], async (mock) => {
  const ami = await mock.ready();
  const closed = once(ami, 'connection-close');
  await mock.say('kick');
  await closed;
}));

test('a refused login', withMock([], async (mock) => {
  const ami = mock.client({ password: 'wrong' });
  ami.connect();
  const [err, event] = await once(ami, 'login');
  assert.ok(err instanceof Error);
  assert.strictEqual(err.code, 'AMI_EAUTH');
  assert.match(err.message, /Authentication failed/);
  assert.strictEqual(event.response, 'Error');
  assert.match(event.message, /Authentication failed/);
}));

test('a number for reconnect is the delay, every time', withMock([], async (mock) => {
  const ami = await mock.ready({ reconnect: 3 });
  const delays = [];
  ami.on('connection-reconnecting', (event) => delays.push(event.delay));
  await mock.say('down 1');
  while (delays.length < 5) await once(ami, 'connection-reconnecting');
  assert.deepStrictEqual(delays.slice(0, 5), ['3', '3', '3', '3', '3']);
  assert.strictEqual(new AsteriskAmi({ reconnect: true }).get('reconnect'), '1000');
  const login = once(ami, 'login');
  await mock.say('down 0');
  assert.strictEqual((await login)[0], null);
  const pong = once(ami, 'pong'); // heard over the new connection
  ami.send({ Action: 'Ping' });
  await pong;
}));

test('disconnect() ends it for good', withMock([], async (mock) => {
  const ami = await mock.ready({ reconnect: 1 });
  const closed = once(ami, 'connection-close');
  ami.disconnect();
  const [hadError, event] = await closed;
  assert.strictEqual(hadError, false);
  assert.strictEqual(event.final, 'true');
  assert.strictEqual(await mock.say('count action:Logoff'), '1');
  assert.strictEqual(await mock.say('wait open 0'), '0');
  assert.strictEqual(await mock.say('count connections'), '1');
  await ami.connect(); // it can come again
  assert.strictEqual((await send(ami, { Action: 'Ping' }))[0], null);
}));

test('destroy() ends what waits, and the client can connect again', withMock([], async (mock) => {
  const ami = await mock.ready();
  await mock.say('fault no_response 1');
  const waiting = send(ami, { Action: 'Ping' });
  await mock.say('wait action:Ping 1');
  const closed = once(ami, 'connection-close');
  ami.destroy();
  ami.destroy();
  assert.strictEqual((await waiting)[0].code, 'AMI_ECLOSED');
  assert.strictEqual((await closed)[0], false);
  assert.strictEqual((await send(ami, { Action: 'Ping' }))[0].code, 'AMI_ESTATE');
  assert.strictEqual(ami.state, 'idle');
  const pong = once(ami, 'pong');
  await ami.connect();
  ami.send({ Action: 'Ping' });
  await pong;
}));

test('debug as a function, and without secrets', withMock([], async (mock) => {
  const lines = [];
  const ami = await mock.ready({ debug: (line) => lines.push(line) });
  await send(ami, { Action: 'Ping' });
  await ami.disconnect();
  assert.ok(lines.every((line) => typeof line === 'string'));
  assert.match(lines.join('\n'), /connecting to 127\.0\.0\.1[^]*ready[^]*sent Ping[^]*connection-close/);
  assert.doesNotMatch(lines.join('\n'), /secret/);
}));

test('encodings, there and back', withMock([], async (mock) => {
  const url = `ami://admin:secret@127.0.0.1:${mock.port}?encoding=`;
  for (const [options, text] of [[{ encoding: 'utf8' }, 'Gr\u00fc\u00dfe \u20ac \u{1f600}'], [{ encoding: 'latin1' }, 'Gr\u00fc\u00dfe'],
    [{ encoding: 'binary' }, '\u00ff\u0080'], [{ encoding: 'ascii' }, 'plain'], [{ url: `${url}utf-8` }, 'Gr\u00fc\u00dfe \u20ac'],
    [{ url: `${url}latin1` }, 'Gr\u00fc\u00dfe']]) {
    const ami = await mock.ready(options);
    assert.throws(() => ami.set('encoding', ami.get('encoding') === 'utf-8' ? 'ascii' : 'utf8'), { code: 'AMI_ESTATE' });
    const came = once(ami, 'userevent');
    const [err] = await send(ami, { Action: 'UserEvent', UserEvent: text, Text: [text, 'x'], Variable: { [`v${text}`]: text } });
    assert.strictEqual(err, null);
    const [event] = await came;
    assert.strictEqual(event.userevent, text);
    assert.deepStrictEqual(event.text, [text, 'x']);
    assert.deepStrictEqual(event.variable, { [`v${text}`]: text });
    ami.destroy();
  }
}));

test('handlers come and go', withMock([], async (mock) => {
  const ami = await mock.ready();
  const heard = [];
  const first = () => heard.push('first');
  ami.on('hello', first);
  ami.once('hello', () => heard.push('once'));
  ami.addListener('h*', (event) => heard.push(`glob ${event.event}`));
  const emit = async () => {
    const seen = once(ami, 'data');
    await mock.emit('Event: Hello', 'Privilege: user,all');
    await seen;
    await send(ami, { Action: 'Ping' }); // what was to be delivered before, has been
  };
  await emit();
  assert.deepStrictEqual(heard.splice(0).sort(), ['first', 'glob Hello', 'once']);
  ami.removeListener('hello', first);
  await emit();
  assert.deepStrictEqual(heard.splice(0), ['glob Hello']);
  ami.removeAllListeners();
  ami.on('hello', first);
  await emit();
  assert.deepStrictEqual(heard.splice(0), ['first']);
}));

test('a listener that throws takes no event from the others', withMock([], async (mock) => {
  const ami = await mock.ready();
  const numbers = [];
  let thrown = 0;
  process.setUncaughtExceptionCaptureCallback(() => thrown++);
  try {
    const all = new Promise((resolve) => ami.on('hello', (event) => {
      numbers.push(Number(event.n));
      if (numbers.length === 600) resolve();
      throw new Error('a listener\'s');
    }));
    await mock.say('emit_many 600 Event: Hello\\nPrivilege: user,all\\nN: {n}\\n');
    await all;
    assert.strictEqual((await send(ami, { Action: 'Ping' }))[0], null);
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  assert.strictEqual(thrown, 600);
  assert.deepStrictEqual(numbers, [...Array(600).keys()]);
}));

test('after destroy() and off() in a listener nothing comes any more', withMock([], async (mock) => {
  const ami = await mock.ready();
  const heard = [];
  ami.on('hello', (event) => {
    heard.push(event.n);
    if (event.n === '2') ami.destroy();
  });
  const closed = once(ami, 'connection-close');
  await mock.say('emit_many 50 Event: Hello\\nPrivilege: user,all\\nN: {n}\\n');
  await closed;
  assert.deepStrictEqual(heard, ['0', '1', '2']);
  await ami.connect();
  ami.removeAllListeners('hello');
  heard.length = 0;
  const listener = (event) => {
    heard.push(event.n);
    ami.off('hello', listener);
  };
  ami.on('hello', listener);
  await mock.say('emit_many 50 Event: Hello\\nPrivilege: user,all\\nN: {n}\\n');
  await send(ami, { Action: 'Ping' });
  assert.deepStrictEqual(heard, ['0']);
}));
