'use strict';

// node bulk-originator.js URL AT_ONCE CHANNEL...: calls all channels, AT_ONCE of them at a time.

const AsteriskAmi = require('..');

async function main([url, atOnce, ...channels]) {
  const ami = new AsteriskAmi({ url });
  await ami.connect();
  const tally = { answered: 0, failed: 0 };

  const call = async (channel) => {
    try {
      await ami.action({ Action: 'Originate', Channel: channel, Application: 'Playback', Data: 'hello-world', Async: true },
        { until: 'OriginateResponse', timeout: 60000 });
      tally.answered++;
    } catch (err) {
      tally.failed++;
      console.error(`${channel}: ${err.message}`);
    }
  };
  // So many workers share one row of channels.
  const row = channels.values();
  const worker = async () => {
    for (const channel of row) await call(channel);
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, worker));
  console.log(`${tally.answered} answered, ${tally.failed} failed`);
  await ami.disconnect();
}

main(process.argv.slice(2)).catch((err) => {
  console.error(err.message);
  process.exitCode = 1;
});
