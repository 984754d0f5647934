'use strict';

const AsteriskAmi = require('..');

async function main() {
  const ami = new AsteriskAmi({ url: process.argv[2] });
  await ami.connect();
  for await (const channel of ami.list({ Action: 'CoreShowChannels' })) console.log(channel.channel, channel.channelstatedesc);
  await ami.disconnect();
}

main();
