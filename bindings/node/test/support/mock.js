'use strict';

// The mock PBX of the scenarios, driven by lines; see bindings/scenarios/README.md.

const { spawn } = require('child_process');
const path = require('path');
const readline = require('readline');
const AsteriskAmi = require('../..');

const PROGRAM = process.env.SCENARIO_MOCK ||
  path.join(__dirname, '../../../../build/release/tests/bindings-scenarios/scenario_mock');

class Mock {
  static async start(...options) {
    const child = spawn(PROGRAM, options, { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = new Promise((_, reject) => child.once('error', (err) => reject(
      new Error(`${err.message}: build scenario_mock, or name it in SCENARIO_MOCK`))));
    const mock = new Mock();
    mock.child = child;
    mock.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await Promise.race([mock.line(), failed]);
    [, mock.port, mock.authority] = /^listening on 127\.0\.0\.1:(\d+) (.*)$/.exec(first);
    mock.clients = [];
    return mock;
  }

  async line() {
    return (await this.lines.next()).value;
  }

  /** A command and its answer. */
  async say(command) {
    this.child.stdin.write(`${command}\n`);
    return this.line();
  }

  /** An event as lines, without its blank one; to how many it went. */
  emit(...lines) {
    return this.say(`emit ${lines.map((line) => `${line}\\n`).join('')}`);
  }

  client(options) {
    const client = new AsteriskAmi({ host: '127.0.0.1', port: this.port, username: 'admin', password: 'secret', ...options });
    this.clients.push(client);
    return client;
  }

  async ready(options) {
    const client = this.client(options);
    await client.connect();
    return client;
  }

  async end() {
    for (const client of this.clients) client.destroy();
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    await ended;
  }
}

/** A test with a mock of its own. */
function withMock(options, body) {
  return async (context) => {
    const mock = await Mock.start(...options);
    try {
      await body(mock, context);
    } finally {
      await mock.end();
    }
  };
}

/** The arguments of the next time that this is emitted. */
function once(emitter, name) {
  return new Promise((resolve) => emitter.once(name, (...values) => resolve(values)));
}

/** What send() gives its callback. */
function send(client, action) {
  return new Promise((resolve) => client.send(action, (...values) => resolve(values)));
}

module.exports = { Mock, withMock, once, send, PROGRAM };
