'use strict';

// node queue-watcher.js URL: the callers that wait in each queue, live.

const AsteriskAmi = require('..');

async function main([url]) {
  const ami = new AsteriskAmi({ url, reconnect: true });
  const waiting = new Map();
  const show = (queue) => console.log(`${queue}: ${waiting.get(queue)}`);

  // At the start and after every gap the numbers are asked for anew.
  const load = async () => {
    for await (const item of ami.list({ Action: 'QueueStatus' })) {
      if (item.event !== 'QueueParams') continue;
      waiting.set(item.queue, Number(item.calls));
      show(item.queue);
    }
  };
  const reload = () => load().catch((err) => console.error(`the queues could not be read: ${err.message}`));
  ami.on('ready', reload);
  ami.on('gap', ({ cause }) => { if (cause !== 'reconnect') reload(); }); // ready follows that one
  for (const [name, change] of [['queuecallerjoin', 1], ['queuecallerleave', -1]]) {
    ami.on(name, (event) => {
      waiting.set(event.queue, event.count === undefined ? (waiting.get(event.queue) || 0) + change : Number(event.count));
      show(event.queue);
    });
  }
  process.once('SIGINT', () => ami.disconnect());
  await ami.connect();
}

main(process.argv.slice(2)).catch((err) => {
  console.error(err.message);
  process.exitCode = 1;
});
