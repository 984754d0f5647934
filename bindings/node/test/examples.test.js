'use strict';

// The examples, and those of the README, against the mock.

const assert = require('assert');
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const test = require('node:test');
const { withMock } = require('./support/mock');

const EXAMPLES = path.join(__dirname, '../examples');

function start(mock, name, ...more) {
  const child = spawn(process.execPath, [path.join(EXAMPLES, `${name}.js`), `ami://admin:secret@127.0.0.1:${mock.port}`, ...more],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exit = new Promise((resolve) => child.on('close', resolve));
  return {
    exit,
    line: async () => (await lines.next()).value,
    rest: async () => {
      const all = [];
      for await (const line of lines) all.push(line);
      return all;
    },
    interrupt: () => child.kill('SIGINT'),
  };
}

test('the first program', withMock([], async (mock) => {
  const program = start(mock, 'first');
  assert.ok(Array.isArray(await program.rest()));
  assert.strictEqual(await program.exit, 0);
  assert.strictEqual(await mock.say('count action:CoreShowChannels'), '1');
}));

test('click-to-call', withMock([], async (mock) => {
  const program = start(mock, 'click-to-call', 'Local/100@test', '100', 'test');
  assert.match((await program.rest()).join(), /^answered: Local\/100@test/);
  assert.strictEqual(await program.exit, 0);
  const other = start(mock, 'click-to-call', 'Local/103@test', '100', 'test');
  assert.match((await other.rest()).join(), /^no call: .*Reason: 5.*\(answered\)$/);
  assert.strictEqual(await other.exit, 1);
}));

test('queue-watcher', withMock([], async (mock) => {
  const program = start(mock, 'queue-watcher');
  assert.match(await program.line(), /^\w+: \d+$/);
  while (await mock.emit('Event: QueueCallerJoin', 'Privilege: agent,all', 'Queue: sales', 'Count: 3') === '0');
  let line;
  do line = await program.line(); while (line !== 'sales: 3');
  program.interrupt();
  assert.strictEqual(await program.exit, 0);
}));

test('hangup-logger', withMock([], async (mock) => {
  const program = start(mock, 'hangup-logger');
  assert.strictEqual(await program.line(), 'logging');
  await mock.emit('Event: Hangup', 'Privilege: call,all', 'Channel: SIP/1', 'Cause: 16', 'Cause-txt: Normal Clearing');
  assert.strictEqual(await program.line(), 'SIP/1 ended: Normal Clearing');
  await mock.say('restart');
  assert.match(await program.line(), /^gap from \d{4}-.*Z to .*: reconnect$/);
  await mock.emit('Event: Hangup', 'Privilege: call,all', 'Channel: SIP/2', 'Cause: 16');
  assert.strictEqual(await program.line(), 'SIP/2 ended: 16');
  program.interrupt();
  assert.strictEqual(await program.exit, 0);
}));

test('bulk-originator', withMock([], async (mock) => {
  const program = start(mock, 'bulk-originator', '3', ...Array(7).fill('Local/100@test'), 'Local/103@test');
  assert.deepStrictEqual(await program.rest(), ['7 answered, 1 failed']);
  assert.strictEqual(await program.exit, 0);
}));

test('the README shows these programs', () => {
  const readme = fs.readFileSync(path.join(__dirname, '../README.md'), 'utf8');
  const first = fs.readFileSync(path.join(EXAMPLES, 'first.js'), 'utf8');
  assert.ok(readme.includes(first.replace("'use strict';\n\n", '').replace("require('..')", "require('@libami/asterisk-ami')")));
  for (const name of fs.readdirSync(EXAMPLES)) assert.ok(readme.includes(`examples/${name}`), `the README does not mention ${name}`);
});
