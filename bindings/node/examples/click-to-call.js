'use strict';

// node click-to-call.js URL CHANNEL EXTENSION [CONTEXT]: rings CHANNEL, connects it with EXTENSION, and says what came of it.

const AsteriskAmi = require('..');

async function main([url, channel, extension, context = 'default']) {
  const ami = new AsteriskAmi({ url });
  await ami.connect();
  try {
    const { end } = await ami.action({
      Action: 'Originate', Channel: channel, Context: context, Exten: extension, Priority: 1, CallerID: extension,
      Timeout: 30000, Async: true,
    }, { until: 'OriginateResponse', timeout: 40000 });
    console.log(`answered: ${end.channel}`);
  } catch (err) {
    // fate tells whether it may be tried again: not_sent, maybe_run or answered.
    console.log(`no call: ${err.message} (${err.fate})`);
    process.exitCode = 1;
  }
  await ami.disconnect();
}

main(process.argv.slice(2));
