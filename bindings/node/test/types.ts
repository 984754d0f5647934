// Read by the compiler only: programs as they are written with the types.
import AsteriskAmi = require('..');

const { AmiError, AbortError } = AsteriskAmi;

async function modern(signal: AbortSignal): Promise<string> {
  const ami = new AsteriskAmi({ host: 'pbx', port: 5038, reconnect: 1000, events: ['call', 'agent'], 'tls.ca': '/etc/ca.pem' });
  await ami.connect();
  const { response, items, fate } = await ami.action({ Action: 'QueueStatus', Variable: { a: 1 } }, { signal, timeout: 100 });
  const names: string[] = items.map((item) => item.event ?? '');
  for await (const event of ami.events('Queue*')) names.push(event.queue);
  for await (const item of ami.list({ Action: 'CoreShowChannels' }, { signal })) names.push(item.channel);
  for await (const batch of ami.batches('*', ['Event', 'Uniqueid'])) {
    const name: string | undefined = batch.get(0, 1);
    for (const [event] of batch) names.push(event ?? name ?? '');
  }
  try {
    await ami.command('core show version');
  } catch (err) {
    if (err instanceof AbortError) return String(err.cause);
    if (err instanceof AmiError) return `${err.code} ${err.fate} ${err.response?.message}`;
  }
  await ami.disconnect();
  return `${response?.message} ${fate} ${ami.state} ${ami.stat('events')}`;
}

function dropIn(): void {
  const ami = new AsteriskAmi({ username: 'admin', password: 'secret', debug: (line) => line.length });
  ami.on('login', (err, event) => { if (err !== null) event.message?.length; });
  ami.on('hangup', (event) => event.cause);
  ami.on('connection-close', (hadError: boolean) => hadError);
  ami.connection.on('connect', () => ami.connection.writable);
  ami.connect();
  const accepted: boolean = ami.send({ action: 'Ping', Codecs: ['ulaw', 'alaw'] }, (err, event) => err?.code ?? event?.ping);
  if (!accepted) ami.destroy();
  // @ts-expect-error: a header is no function
  ami.send({ Action: 'Ping', Data: () => 1 });
  // @ts-expect-error: no such state
  if (ami.state === 'nonsense') ami.destroy();
}

export { modern, dropIn };
