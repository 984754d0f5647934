'use strict';

// How a process with clients ends, and clients in worker threads.

const assert = require('assert');
const { spawn } = require('child_process');
const path = require('path');
const test = require('node:test');
const { Worker } = require('worker_threads');
const { withMock } = require('./support/mock');

const MODULE = path.join(__dirname, '..');

/** Runs a program with the mock's port as its argument, until it ends by itself. */
function run(mock, source) {
  const program = `const AsteriskAmi = require(${JSON.stringify(MODULE)});
    const ami = new AsteriskAmi({ host: '127.0.0.1', port: process.argv[1], username: 'admin', password: 'secret' });
    (async () => { ${source} })();`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', program, mock.port], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => { output += data; });
    child.stderr.on('data', (data) => { output += data; });
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

test('nothing keeps a process alive after disconnect()', withMock([], async (mock) => {
  assert.deepStrictEqual(await run(mock, `ami.on('hangup', () => {}); await ami.connect(); await ami.action({ Action: 'Ping' });
    const events = ami.events(); await ami.disconnect(); console.log('over');`), { code: 0, signal: null, output: 'over\n' });
  assert.strictEqual(await mock.say('count action:Logoff'), '1');
}));

test('nor a client that was never connected, was destroyed, or could not connect', withMock([], async (mock) => {
  assert.deepStrictEqual(await run(mock, ''), { code: 0, signal: null, output: '' });
  assert.deepStrictEqual(await run(mock, 'await ami.connect(); ami.send({ Action: "Ping" }); ami.destroy();'),
    { code: 0, signal: null, output: '' });
  await mock.say('down 1');
  assert.deepStrictEqual(await run(mock, 'ami.connect(); ami.on("connection-close", () => console.log("closed"));'),
    { code: 0, signal: null, output: 'closed\n' });
}));

test('a connection keeps it alive', withMock([], async (mock) => {
  const running = run(mock, 'await ami.connect(); ami.once("hello", () => { console.log("heard"); ami.disconnect(); });');
  await mock.say('wait logins 1');
  // It may not have listened to the first yet.
  const { promise, stop } = repeat(() => mock.emit('Event: Hello', 'Privilege: user,all'));
  assert.deepStrictEqual(await running, { code: 0, signal: null, output: 'heard\n' });
  stop();
  await promise;
}));

function repeat(work) {
  let going = true;
  const promise = (async () => { while (going) await work(); })();
  return { promise, stop: () => { going = false; } };
}

test('process.exit() in the middle of it all', withMock([], async (mock) => {
  const { code, signal, output } = await run(mock, `await ami.connect();
    for (let i = 0; i < 100; i++) ami.send({ Action: 'Ping' }, () => {}); process.exit(3);`);
  assert.deepStrictEqual({ code, signal, output }, { code: 3, signal: null, output: '' });
}));

test('debug: true is a log on stderr, without secrets', withMock([], async (mock) => {
  const { code, output } = await run(mock, `const noisy = new AsteriskAmi({ url: 'ami://admin:secret@127.0.0.1:' + process.argv[1], debug: true });
    await noisy.connect(); await noisy.disconnect();`);
  assert.strictEqual(code, 0);
  assert.match(output, /libami info: ready/);
  assert.doesNotMatch(output, /secret/);
}));

test('in worker threads', withMock([], async (mock) => {
  const source = `const { parentPort, workerData } = require('worker_threads');
    const AsteriskAmi = require(workerData.module);
    const ami = new AsteriskAmi({ host: '127.0.0.1', port: workerData.port, username: 'admin', password: 'secret' });
    (async () => {
      const events = ami.events('UserEvent');
      await ami.connect();
      ami.send({ Action: 'UserEvent', UserEvent: 'from ' + workerData.number });
      for await (const event of events) if (event.userevent === 'from ' + workerData.number) break;
      parentPort.postMessage((await ami.action({ Action: 'Ping' })).response);
      await ami.disconnect();
    })();`;
  const all = [...Array(4).keys()].map((number) => new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, workerData: { module: MODULE, port: mock.port, number } });
    let message;
    worker.on('message', (value) => { message = value; });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve({ code, ping: message && message.ping }));
  }));
  for (const result of await Promise.all(all)) assert.deepStrictEqual(result, { code: 0, ping: 'Pong' });
}));

test('a worker that ends by process.exit() leaves no connection', withMock([], async (mock) => {
  const worker = new Worker(`const { workerData } = require('worker_threads');
    const AsteriskAmi = require(workerData.module);
    new AsteriskAmi({ host: '127.0.0.1', port: workerData.port, username: 'admin', password: 'secret' })
      .connect().then(() => process.exit(7));`, { eval: true, workerData: { module: MODULE, port: mock.port } });
  const code = await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  assert.strictEqual(code, 7);
  assert.strictEqual(await mock.say('wait open 0'), '0');
}));
