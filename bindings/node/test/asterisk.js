'use strict';

// Against a real Asterisk, which tests/asterisk/run starts: ASTERISK_HOST and ASTERISK_PORT.

const assert = require('assert');
const test = require('node:test');
const AsteriskAmi = require('..');
const { once, send } = require('./support/mock');

function client(options) {
  const { ASTERISK_HOST: host, ASTERISK_PORT: port } = process.env;
  assert.ok(host !== undefined && port !== undefined, 'ASTERISK_HOST and ASTERISK_PORT name the server');
  return new AsteriskAmi({ host, port, username: 'admin', password: 'secret', ...options });
}

test('asterisk-ami\'s way', async () => {
  const ami = client();
  ami.connect();
  assert.strictEqual((await once(ami, 'login'))[0], null);
  const pong = once(ami, 'pong');
  const [err, response] = await send(ami, { action: 'Ping' });
  assert.strictEqual(err, null);
  assert.strictEqual(response.ping, 'Pong');
  await pong;
  const heard = once(ami, 'userevent');
  await send(ami, { Action: 'UserEvent', UserEvent: 'Hi', Text: ['a: b', 'c'] });
  const [event] = await heard;
  assert.strictEqual(event.userevent, 'Hi');
  const closed = once(ami, 'connection-close');
  ami.disconnect();
  assert.strictEqual((await closed)[0], false);
});

test('promises and iterators', async () => {
  const ami = client();
  await ami.connect();
  assert.match(await ami.command('core show version'), /^Asterisk /);
  await assert.rejects(ami.action({ Action: 'Nonsense' }), { code: 'AMI_EREPLY' });
  const commands = await ami.action({ Action: 'ListCommands' });
  assert.ok(Object.keys(commands.response).length > 20);
  for await (const item of ami.list({ Action: 'CoreShowChannels' })) assert.strictEqual(item.event, 'CoreShowChannel');
  await assert.rejects(ami.action({ Action: 'Originate', Channel: 'Local/nobody@nowhere', Application: 'Wait', Async: true },
    { until: 'OriginateResponse' }), (err) => err.code === 'AMI_EREPLY' && err.fate === 'answered');
  await assert.rejects(client({ password: 'wrong' }).connect(), { code: 'AMI_EAUTH' });
  await ami.disconnect();
});
