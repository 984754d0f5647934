'use strict';

// The bench client counts what the load server sends, in every form.

const assert = require('assert');
const { execFile, spawn } = require('child_process');
const path = require('path');
const readline = require('readline');
const test = require('node:test');

const { BENCH_SERVER, BENCH_CORPUS } = process.env;
const CLIENT = path.join(__dirname, '../bench/bench_client');

function client(port, ...more) {
  return new Promise((resolve, reject) => execFile(process.execPath, [CLIENT, '127.0.0.1', port, ...more],
    (err, output, errors) => (err ? reject(new Error(errors)) : resolve(JSON.parse(output)))));
}

async function withServer(body) {
  const server = spawn(BENCH_SERVER, [BENCH_CORPUS], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const lines = readline.createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    await body(/:(\d+)$/.exec((await lines.next()).value)[1]);
  } finally {
    server.stdin.end();
  }
}

test('every form of the bench client', { skip: BENCH_SERVER === undefined && 'BENCH_SERVER is not set' }, () => withServer(async (port) => {
  const sums = [];
  for (const delivery of ['batch', 'emitter', 'iterator']) {
    const { events, evlen, uid, uidlen, vlen } = await client(port, 'verify', '3000', '--delivery', delivery);
    assert.strictEqual(events, 3000);
    sums.push({ events, evlen, uid, uidlen, vlen });
    assert.deepStrictEqual(sums[0], { events, evlen, uid, uidlen, vlen });
  }
  assert.ok(sums[0].uidlen > 0 && sums[0].vlen > 0);
  const { events: paced, p50_ns: p50 } = await client(port, 'paced', '50,rate=1000');
  assert.ok(paced === 50 && p50 > 0);
  for (const delivery of ['batch', 'emitter']) assert.strictEqual((await client(port, 'ping', '500', '20', '--delivery', delivery)).ok, 500);
  assert.strictEqual((await client(port, 'list', '2', '1000')).items, 2000);
  assert.strictEqual((await client(port, 'list', '2', '1000', '--each')).items, 2000);
}));
