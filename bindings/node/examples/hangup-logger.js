'use strict';

// node hangup-logger.js URL: a line for every call that ends, through restarts of the PBX; where calls may have ended
// unseen, a line that says so.

const AsteriskAmi = require('..');

const time = (seconds) => new Date(Number(seconds) * 1000).toISOString();

async function main([url]) {
  const ami = new AsteriskAmi({ url, reconnect: 1000 });
  ami.on('hangup', (event) => console.log(`${event.channel} ended: ${event['cause-txt'] || event.cause}`));
  ami.on('gap', (gap) => console.log(`gap from ${time(gap.from)} to ${time(gap.to)}: ${gap.cause}` +
    `${gap.dropped === undefined ? '' : `, ${gap.dropped} events lost`}`));
  ami.on('connection-close', (hadError, event) => {
    if (hadError) console.error(`connection lost: ${event.reason}`);
  });
  process.once('SIGINT', () => ami.disconnect());
  await ami.connect();
  console.log('logging');
}

main(process.argv.slice(2)).catch((err) => {
  console.error(err.message);
  process.exitCode = 1;
});
