#!/usr/bin/env node
'use strict';

// The bench client, with the interface of tests/bench/client.c:
//
//   client.js HOST PORT MODE ARGUMENTS... [--form batch|emitter|iterator] [--set NAME=VALUE] [--tls] [--each]
//
// modes flood, verify, paced (SPEC), ping (K W), list (K N) and idle; one line of JSON. cpu_ns is the processor time of
// all threads from the start of the work, so also that of the library's.

const fs = require('fs');
const AsteriskAmi = require('..');

const plain = [];
const options = { 'queue.overflow': 'wait', 'inflight.max': 1000000, 'list.events': false };
let form = 'batch';
let each = false;
for (let i = 2; i < process.argv.length; i++) {
  const name = process.argv[i];
  if (name === '--form') form = process.argv[++i];
  else if (name === '--each') each = true;
  else if (name === '--tls') Object.assign(options, { tls: 'on', 'tls.verify': 'none' });
  else if (name === '--set') {
    const [, key, value] = /^([^=]*)=(.*)$/.exec(process.argv[++i]);
    options[key] = value;
  } else plain.push(name);
}
const [host, port, mode, first = '0', second = '1'] = plain;
if (mode === undefined || !['batch', 'emitter', 'iterator'].includes(form)) {
  console.error('client.js HOST PORT MODE ARGUMENTS... [--form batch|emitter|iterator]; see the head of its source');
  process.exit(2);
}

const sums = { events: 0, evlen: 0, uid: 0, uidlen: 0, vlen: 0, items: 0, ok: 0 };
const samples = [];
let started;
let processor;

const now = () => process.hrtime.bigint();

function start() {
  processor = process.cpuUsage();
  started = now();
}

function quantile(q) {
  return samples[Math.min(samples.length - 1, Math.floor(samples.length * q))];
}

function show() {
  const wall = Number(now() - started);
  const { user, system } = process.cpuUsage(processor);
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const kb = (name) => Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)[1]);
  const result = { mode };
  for (const [name, sum] of Object.entries(sums)) if (sum > 0) result[name] = sum;
  if (samples.length > 0) {
    samples.sort((a, b) => a - b);
    Object.assign(result, { p50_ns: quantile(0.5), p99_ns: quantile(0.99), max_ns: samples[samples.length - 1] });
  }
  Object.assign(result, { wall_ns: wall, cpu_ns: (user + system) * 1000, resident_kb: kb('VmRSS'), peak_kb: kb('VmHWM') });
  console.log(JSON.stringify(result));
}

const length = (text) => (text === undefined ? 0 : text.length);

/** True when the flood is over. */
function count(name, uniqueid, values, stamp) {
  if (name === 'FullyBooted') return false;
  if (name === 'FloodDone') return true;
  sums.events++;
  sums.evlen += name.length;
  if (uniqueid !== undefined) {
    sums.uid++;
    sums.uidlen += uniqueid.length;
  }
  sums.vlen += values;
  if (stamp !== undefined) samples.push(Number(now() - BigInt(stamp)));
  return false;
}

function countEvent(event) {
  const values = mode === 'verify' ? length(event.calleridname) + length(event.value) + length(event.appdata) : 0;
  return count(event.event, event.uniqueid, values, mode === 'paced' ? event.benchts : undefined);
}

async function countBatches(batches) {
  const verify = mode === 'verify';
  const paced = mode === 'paced';
  for await (const batch of batches) {
    for (let i = 0; i < batch.length; i++) {
      const values = verify ? length(batch.get(i, 2)) + length(batch.get(i, 3)) + length(batch.get(i, 4)) : 0;
      if (count(batch.get(i, 0), batch.get(i, 1), values, paced ? batch.get(i, 2) : undefined)) return;
    }
  }
}

async function flood(ami) {
  const keys = ['Event', 'Uniqueid'];
  if (mode === 'verify') keys.push('CallerIDName', 'Value', 'AppData');
  if (mode === 'paced') keys.push('BenchTs');
  let done;
  if (form === 'batch') {
    done = countBatches(ami.batches('*', keys));
  } else if (form === 'emitter') {
    done = new Promise((resolve) => ami.on('*', (event) => countEvent(event) && resolve()));
  } else {
    done = (async () => {
      for await (const event of ami.events('*')) if (countEvent(event)) return;
    })();
  }
  ami.send({ Action: 'UserEvent', UserEvent: 'bench', Flood: first });
  await done;
}

/** K pings, at most W in flight; with callbacks in the emitter form, else with promises. */
async function ping(ami) {
  let left = Number(first);
  const one = form === 'emitter'
    ? () => new Promise((resolve, reject) => ami.send({ Action: 'Ping' }, (err) => (err ? reject(err) : resolve())))
    : () => ami.action({ Action: 'Ping' });
  const worker = async () => {
    while (left-- > 0) {
      const sent = now();
      await one();
      samples.push(Number(now() - sent));
      sums.ok++;
    }
  };
  await Promise.all(Array.from({ length: Number(second) }, worker));
}

async function list(ami) {
  const action = { Action: 'CoreShowChannels', Items: second };
  for (let k = Number(first); k > 0; k--) {
    const items = each ? ami.list(action) : (await ami.action(action)).items;
    for await (const item of items) {
      sums.items++;
      sums.uidlen += length(item.uniqueid);
    }
  }
}

async function main() {
  const ami = new AsteriskAmi({ host, port, username: 'bench', password: 'bench', ...options });
  await ami.connect();
  const work = { flood, verify: flood, paced: flood, ping, list, idle: async () => {} }[mode];
  if (work === undefined) throw new Error(`there is no mode ${mode}`);
  start();
  await work(ami);
  show();
  ami.destroy();
}

main().catch((err) => {
  console.error(`client.js: ${err.message}`);
  process.exit(1);
});
