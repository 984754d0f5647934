'use strict';

const { EventEmitter } = require('events');
const native = require('./native');
const getEngine = require('./engine');
const Batch = require('./batch');
const Connection = require('./connection');
const Pending = require('./pending');
const readOption = require('./options');
const { AmiError, AbortError } = require('./errors');
const { withAction, isObject } = require('./action');
const { Stream, dropOldest, dropOldestBatch, tooMany } = require('./streams');

const NOTICE = 3;
const STATES = ['idle', 'connecting', 'login', 'ready', 'backoff', 'closing'];
const STATS = ['', 'events', 'responses', 'bytes_in', 'bytes_out', 'actions', 'replies', 'inflight', 'dropped', 'queued',
  'queued_bytes', 'queue_age_ms', 'connects', 'generation', 'resyncs', 'strays', 'writes'];
const MOST_EVENTS = 65536;
const MOST_BATCHES = 256;
const MOST_ITEMS = 1000000;

// Names of EventEmitter's own, and those that the client's notices serve.
const OWN_NAMES = new Set(['newListener', 'removeListener', 'error', 'login', 'ready', 'gap', 'connection-connect',
  'connection-drain', 'connection-unwritable', 'connection-error', 'connection-timeout', 'connection-end',
  'connection-close', 'connection-reconnecting']);
const NOTICES = ['connection-*', 'login', 'ready', 'gap'];

/** A handler of events, as the engine sees it. */
class Subscription {
  constructor(client, name, take) {
    this.client = client;
    this.name = name;
    this.take = take;
    this.id = 0; // 0: not registered with the library
  }
}

const handles = new FinalizationRegistry((handle) => native.destroy(handle));

class AsteriskAmi extends EventEmitter {
  #handle = null;
  #engine = getEngine();
  #options;
  #debug = false;
  #subscriptions = new Map(); // of the emitter, by name
  #all = new Set(); // every subscription
  #notices = NOTICES.map((name) => new Subscription(this, name, (event, kind) => {
    if (kind === NOTICE) this.#notice(event.event, event);
  }));
  #streams = new Set();
  #active = false;
  #login = undefined; // its notice, until ready
  #connecting = undefined;
  #disconnecting = undefined;
  #id = new BigUint64Array(1);

  constructor(options = {}) {
    super();
    if (!isObject(options)) throw new AmiError(native.EINVAL, 'the options are an object such as { host: "pbx" }');
    this.connection = new Connection(this);
    this.latin1 = true; // a letter is one byte
    // Here a list's items are events like others.
    this.#options = [['encoding', 'binary'], ['list.events', true], ...Object.entries(options).flatMap((each) => this.#read(...each))];
    this.#open();
  }

  // ----------------------------------------------------------------------------------------- options

  #read(name, value) {
    const { pairs, debug } = readOption(name, value);
    if (debug !== undefined) this.#debug = debug;
    return pairs;
  }

  #set(name, value) {
    const shown = name === 'password' || name === 'url' ? 'a value' : `"${value}"`;
    if (!['string', 'number', 'boolean'].includes(typeof value) && !(value instanceof Number)) {
      throw new AmiError(native.EOPTION, `${name}: a ${typeof value} is no value of an option`);
    }
    const text = String(value);
    if (name.includes('\0') || text.includes('\0')) throw new AmiError(native.EOPTION, `${name}: ${shown} holds a NUL`);
    const err = native.set(this.#handle, name, text);
    if (err < 0) throw new AmiError(err, this.detail());
    // A url may set it too.
    this.latin1 = ['ascii', 'binary'].includes(this.get('encoding'));
  }

  #open() {
    this.#handle = native.clientNew();
    if (this.#handle === null) throw new AmiError(-2);
    try {
      for (const [name, value] of this.#options) this.#set(name, value);
    } catch (err) {
      native.destroy(this.#handle);
      this.#handle = null;
      throw err;
    }
    native.setQueue(this.#handle, this.#engine.queue);
    handles.register(this, this.#handle, this);
  }

  /** Sets an option; while connected only `events` and `debug` can be. */
  set(name, value) {
    if (this.#handle === null) this.#open();
    const pairs = this.#read(name, value);
    for (const [key, one] of pairs) this.#set(key, one);
    this.#options.push(...pairs);
    return this;
  }

  /** Reads an option, or server.banner or server.version. */
  get(name) {
    return native.text((bytes, cap) => native.get(this.#handle, name, bytes, cap));
  }

  get state() {
    return this.#handle === null ? 'idle' : STATES[native.state(this.#handle)];
  }

  /** A counter by its name in ami.h, in lower case: stat('events'). */
  stat(name) {
    const which = STATS.indexOf(name);
    if (which < 1) throw new AmiError(native.EINVAL, `stat: "${name}" is none of ${STATS.slice(1).join(', ')}`);
    return this.#handle === null ? 0 : Number(native.stat(this.#handle, which));
  }

  /** Why the last call failed, or why the connection was lost. */
  detail() {
    return this.#handle === null ? '' : native.text((bytes, cap) => native.detail(this.#handle, bytes, cap));
  }

  // -------------------------------------------------------------------------------------- connection

  /** Starts to connect. The promise is of ready; nobody needs to look at it: everything is told by events, too. */
  connect() {
    if (this.#handle === null) this.#open();
    if (this.#active) return this.#fail(new AmiError(native.ESTATE, 'connect: this client is not idle'));
    // Before the connection: nothing that it says can be missed.
    this.#start();
    const err = native.connect(this.#handle);
    if (err < 0) {
      const error = new AmiError(err, this.detail());
      this.#stop(error);
      return this.#fail(error);
    }
    this.#say(`connecting to ${this.get('host')} port ${this.get('port')}`);
    const promise = new Promise((resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
    promise.catch(() => {});
    return promise;
  }

  #fail(err) {
    const promise = Promise.reject(err);
    promise.catch(() => {});
    return promise;
  }

  #start() {
    this.#active = true;
    this.#engine.clients.add(this);
    this.#engine.count(1);
    for (const subscription of this.#all) this.#register(subscription);
    for (const subscription of this.#notices) this.#register(subscription);
  }

  #stop(err) {
    if (!this.#active) return;
    this.#active = false;
    this.#engine.clients.delete(this);
    this.#engine.count(-1);
    for (const stream of this.#streams) stream.close(err);
    const connecting = this.#connecting;
    this.#connecting = undefined;
    if (connecting !== undefined) connecting.reject(err || new AmiError(native.ECLOSED));
    if (this.#disconnecting !== undefined) this.#disconnecting.resolve();
    this.#disconnecting = undefined;
    // An idle client is held by nobody but its owner. What the same batch has for these is still delivered.
    setImmediate(() => {
      if (!this.#active) [...this.#all, ...this.#notices].forEach((subscription) => this.#unregister(subscription));
    });
  }

  /** Logoff, close, no reconnect. The promise is of the end. */
  disconnect() {
    if (!this.#active) return Promise.resolve();
    if (this.#disconnecting === undefined) {
      const disconnecting = {};
      disconnecting.promise = new Promise((resolve) => { disconnecting.resolve = resolve; });
      this.#disconnecting = disconnecting;
      this.#say('disconnecting');
      native.disconnect(this.#handle);
    }
    return this.#disconnecting.promise;
  }

  /** Closes at once, without Logoff: actions that wait get AMI_ECLOSED. */
  destroy() {
    if (this.#handle === null) return;
    const active = this.#active;
    this.destroyNow();
    for (const subscription of [...this.#all, ...this.#notices]) this.#unregister(subscription);
    if (!active) return;
    // The replies are in the queue.
    this.#engine.schedule();
    setImmediate(() => {
      const event = { event: 'connection-close', final: 'true', error: 'AMI_ECLOSED', reason: 'destroyed by this side' };
      this.#notice(event.event, event);
    });
  }

  /** For the end of the thread. */
  destroyNow() {
    handles.unregister(this);
    native.destroy(this.#handle);
    this.#handle = null;
  }

  // ------------------------------------------------------------------------------------------ events

  on(name, listener) {
    super.on(name, listener);
    this.#follow(name);
    return this;
  }

  addListener(name, listener) { return this.on(name, listener); }

  prependListener(name, listener) {
    super.prependListener(name, listener);
    this.#follow(name);
    return this;
  }

  removeListener(name, listener) {
    super.removeListener(name, listener);
    this.#follow(name);
    return this;
  }

  off(name, listener) { return this.removeListener(name, listener); }

  removeAllListeners(...names) {
    super.removeAllListeners(...names);
    for (const name of names.length > 0 ? names : [...this.#subscriptions.keys()]) this.#follow(name);
    return this;
  }

  /** A name has a subscription as long as it has listeners. */
  #follow(name) {
    if (typeof name !== 'string' || OWN_NAMES.has(name)) return;
    const subscription = this.#subscriptions.get(name);
    if (this.listenerCount(name) === 0) {
      if (subscription !== undefined) this.#unsubscribe(subscription);
      this.#subscriptions.delete(name);
    } else if (subscription === undefined) {
      const take = (event) => this.emit(name, event);
      this.#subscriptions.set(name, this.#subscribe(new Subscription(this, name, take)));
    }
  }

  #subscribe(subscription) {
    this.#all.add(subscription);
    try {
      this.#register(subscription);
    } catch (err) {
      this.#all.delete(subscription);
      throw err;
    }
    return subscription;
  }

  #register(subscription) {
    if (subscription.id !== 0 || !this.#active) return; // connect() does it
    if (subscription.name.includes('\0')) throw new AmiError(native.EINVAL, 'a name of events that holds a NUL');
    const err = native.on(this.#handle, subscription.name, null, null, null, this.#id);
    if (err < 0) throw new AmiError(err, this.detail());
    subscription.id = Number(this.#id[0]);
    this.#engine.subscriptions.set(subscription.id, subscription);
  }

  #unsubscribe(subscription) {
    this.#all.delete(subscription);
    this.#unregister(subscription);
  }

  #unregister(subscription) {
    if (subscription.id === 0) return;
    this.#engine.subscriptions.delete(subscription.id);
    if (this.#handle !== null) native.off(this.#handle, subscription.id);
    subscription.id = 0;
  }

  /** What the library tells of the connection. */
  #notice(name, event) {
    const failed = event.error !== undefined && event.error !== 'AMI_ECLOSED' && event.error !== 'AMI_OK';
    const error = () => new AmiError(errnoOf(event.error), event.reason);
    if (this.#debug !== false) this.#say(Object.entries(event).map(([key, value]) => (key === 'event' ? value : `${key}=${value}`)).join(' '));
    switch (name) {
      case 'login':
        if (event.status === 'Success') {
          this.#login = event; // told when actions can be sent
        } else {
          this.emit(name, error(), { ...event, response: 'Error', message: event.reason });
        }
        return;
      case 'ready': {
        const login = this.#login || event;
        this.#login = undefined;
        this.emit('login', null, { ...login, response: 'Success', message: login.reason || 'Authentication accepted' });
        const connecting = this.#connecting;
        this.#connecting = undefined;
        if (connecting !== undefined) connecting.resolve(this);
        this.emit(name, event);
        return;
      }
      case 'connection-error':
        this.connection.say('error', error());
        this.emit(name, error(), event);
        return;
      case 'connection-close':
        if (event.final === 'true') this.#stop(failed ? error() : undefined);
        this.connection.say('close', failed);
        this.emit(name, failed, event);
        return;
      case 'connection-connect':
      case 'connection-drain':
      case 'connection-timeout':
      case 'connection-end':
        this.connection.say(name.slice('connection-'.length));
        this.emit(name, event);
        return;
      default:
        this.emit(name, event);
    }
  }

  #say(line) {
    if (this.#debug !== false) this.#debug(line);
  }

  // ----------------------------------------------------------------------------------------- actions

  /**
   * Sends; callback(err, event, reply) is called once, with the response. Without a callback a bad action is thrown
   * and an action without a connection only told by connection-unwritable. True when it was accepted.
   */
  send(action, callback) {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new AmiError(native.EINVAL, `send: the callback is a ${typeof callback}, not a function`);
    }
    const done = (err, reply) => {
      if (callback !== undefined) callback(err, reply.response, reply);
    };
    try {
      this.#send(action, {}, undefined, done);
      return true;
    } catch (err) {
      if (!(err instanceof AmiError)) throw err;
      // Of a client that is not idle the library tells it.
      if (err.code === 'AMI_ESTATE' && !this.#active) this.#unwritable(err);
      if (callback !== undefined) process.nextTick(callback, err);
      else if (err.code !== 'AMI_ESTATE') throw err;
      return false;
    }
  }

  #unwritable(err) {
    process.nextTick(() => this.emit('connection-unwritable', { event: 'connection-unwritable', reason: err.message }));
  }

  #send(fields, options, onItem, done) {
    return withAction(fields, options, this.latin1, (action, name) => {
      if (this.#handle === null) throw new AmiError(native.ESTATE, `${name}: there is no connection: connect() first`);
      const pending = new Pending(this, name, onItem, done);
      const err = native.sendEach(this.#handle, action, null, null, null, null, this.#id);
      if (err < 0) throw new AmiError(err, native.actionDetail(action) || this.detail(), { action: name, fate: 'not_sent' });
      pending.id = Number(this.#id[0]);
      this.#engine.actions.set(pending.id, pending);
      if (this.#debug !== false) this.#say(`sent ${name}`);
      return pending;
    });
  }

  cancel(id) {
    if (this.#handle !== null) native.cancel(this.#handle, id);
  }

  /**
   * Sends and resolves to { response, items, end, output, fate }. options: timeout (ms), until (the event that ends
   * it, such as OriginateResponse), signal.
   */
  action(fields, options = {}) {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal !== undefined && signal.aborted) throw new AbortError(signal, { fate: 'not_sent' });
      const pending = this.#send(fields, options, undefined, (err, reply) => (err === null ? resolve(reply) : reject(err)));
      if (signal !== undefined) pending.follow(signal);
    });
  }

  /** The text that a command of the CLI writes. */
  async command(text, options) {
    return (await this.action({ Action: 'Command', Command: text }, options)).output || '';
  }

  /** The items of a list as they come: for await (const channel of ami.list({ Action: 'CoreShowChannels' })). */
  list(fields, options = {}) {
    let pending;
    const stream = new Stream({
      signal: options.signal,
      limit: MOST_ITEMS,
      onOverflow: tooMany,
      onEnd: () => {
        if (pending !== undefined) this.cancel(pending.id);
      },
    });
    if (stream.closed) return stream;
    pending = this.#send(fields, options, (item) => stream.push(item), (err) => {
      pending = undefined;
      stream.close(err === null ? undefined : err);
      if (stream.unfollow !== undefined) stream.unfollow();
    });
    return stream;
  }

  /** Events by name or glob: for await (const event of ami.events('Queue*')). Ends with the client. */
  events(pattern = '*', options = {}) {
    return this.#stream(pattern, options, MOST_EVENTS, dropOldest, (subscription, stream) => {
      subscription.take = (event) => stream.push(event);
    });
  }

  /** Batches of events with chosen fields, the fastest way: batch.get(i, k) is field keys[k] of event i. */
  batches(pattern = '*', keys = ['Event'], options = {}) {
    return this.#stream(pattern, options, MOST_BATCHES, dropOldestBatch, (subscription, stream) => {
      subscription.keys = keys;
      subscription.read = (words, text, count) => Batch.read(keys, words, text, count, this.latin1 ? 'latin1' : 'utf8');
      subscription.take = (batch) => stream.push(batch);
    });
  }

  #stream(pattern, { signal, limit }, most, onOverflow, fill) {
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
      throw new AmiError(native.EINVAL, `limit: ${limit} is no number of values that may wait, from 1`);
    }
    const subscription = new Subscription(this, pattern);
    const stream = new Stream({
      signal,
      limit: limit || most,
      onOverflow,
      onEnd: () => {
        this.#streams.delete(stream);
        this.#unsubscribe(subscription);
      },
    });
    if (stream.closed) return stream;
    fill(subscription, stream);
    this.#subscribe(subscription);
    this.#streams.add(stream);
    return stream;
  }
}

const errnos = new Map();
for (let errno = 0; errno >= -64; errno--) errnos.set(native.errName(errno), errno);

function errnoOf(name) {
  return errnos.get(name) || native.ELOST;
}

module.exports = AsteriskAmi;
