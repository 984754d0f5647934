'use strict';

const { EventEmitter } = require('events');

/** What stands for the socket: its events come over every reconnect. */
class Connection extends EventEmitter {
  #client;

  constructor(client) {
    super();
    this.#client = client;
  }

  get writable() { return this.#client.state === 'ready'; }
  end() { this.#client.disconnect(); }
  destroy() { this.#client.destroy(); }

  say(name, ...values) {
    if (name !== 'error' || this.listenerCount(name) > 0) this.emit(name, ...values);
  }
}

module.exports = Connection;
