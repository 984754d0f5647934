/// <reference types="node" />
import { EventEmitter } from 'events';

declare namespace AsteriskAmi {
  type Value = string | number | bigint | boolean;

  /**
   * What is to be sent: a key Action (in any case) and headers as they are to be named. An array is a header several
   * times; an object is lines `name=value`, of which those under Variable are escaped as Asterisk reads them.
   */
  interface Action {
    [header: string]: Value | ReadonlyArray<Value> | { readonly [name: string]: Value };
  }

  /** A message of Asterisk's, or a notice of the library's: keys in lower case, a repeated key as an array. */
  interface AmiEvent {
    [key: string]: any;
    event?: string;
    response?: string;
    message?: string;
    actionid?: string;
    /** The lines Variable: name=value. */
    variable?: { [name: string]: string } | string | string[];
  }

  type Fate = 'not_sent' | 'maybe_run' | 'answered';

  interface Reply {
    /** The response; missing when there was none. */
    response?: AmiEvent;
    /** The items of a list, without the message that ends it. */
    items: AmiEvent[];
    /** The event that ended the action: that of a list, or of `until`. */
    end?: AmiEvent;
    /** The text of a Command. */
    output?: string;
    fate: Fate;
  }

  interface Options {
    host?: string;
    port?: number | string;
    username?: string;
    password?: string;
    /** Or all of it at once: ami[s]://user:secret@host:port?option=value */
    url?: string;
    /** true: the library's log on stderr; or a function that gets a line for what happens. */
    debug?: boolean | ((line: string) => void);
    /** true: with growing delays drawn by lot; a number: always after so many ms. */
    reconnect?: boolean | number;
    /** Which events: all, none, or those of classes such as 'call,agent'. */
    events?: boolean | string | string[];
    /** Begins every ActionID. */
    identifier?: string | false;
    encoding?: 'ascii' | 'latin1' | 'binary' | 'utf8' | 'utf-8';
    /** Event filters of Asterisk's. */
    filter?: string | string[];
    /** Every other option of ami.h, such as 'tls.ca', 'queue.overflow' or 'action.timeout_ms'. */
    [name: string]: unknown;
  }

  interface ActionOptions {
    /** Milliseconds from now until which there is a reply. */
    timeout?: number;
    /** The event that ends the action, such as OriginateResponse. */
    until?: string;
    signal?: AbortSignal;
  }

  interface EventOptions {
    signal?: AbortSignal;
    /**
     * How many may wait to be read (65536 events, 256 batches): over it the oldest go, and an event `gap` stands where
     * they stood, or `dropped` of the batch behind them counts them.
     */
    limit?: number;
  }

  /** Events of which only chosen fields were copied. */
  interface Batch extends Iterable<Array<string | undefined>> {
    readonly keys: readonly string[];
    readonly length: number;
    /** How many events before these went, because too many batches waited to be read. */
    readonly dropped: number;
    /** Field keys[key] of event index; undefined where the event lacks it. */
    get(index: number, key?: number): string | undefined;
  }

  type State = 'idle' | 'connecting' | 'login' | 'ready' | 'backoff' | 'closing';

  /** What stands for the socket, over every reconnect: connect, drain, error, timeout, end, close. */
  interface Connection extends EventEmitter {
    readonly writable: boolean;
    end(): void;
    destroy(): void;
  }

  /** What went wrong, in the library's words. */
  class AmiError extends Error {
    constructor(errno: number, detail?: string, more?: object);
    /** The name of the error number in ami.h, such as AMI_ETIMEDOUT. */
    readonly code: string;
    readonly errno: number;
    /** Of an action: its name, whether Asterisk may have run it, and what came of it. */
    readonly action?: string;
    readonly fate?: Fate;
    readonly response?: AmiEvent;
    readonly items?: AmiEvent[];
    readonly end?: AmiEvent;
  }

  /** Ended by an AbortSignal, whose reason is `cause`. */
  class AbortError extends AmiError {
    readonly cause: unknown;
  }

  /** Of the loaded libami. */
  const version: string;
}

/**
 * A client of one Asterisk. As an emitter it has the events of the library (login, ready, gap, data, response, pong,
 * connection-*) and those of Asterisk by their names in lower case; a name with * or ? is a glob.
 */
declare class AsteriskAmi extends EventEmitter {
  constructor(options?: AsteriskAmi.Options);

  static AsteriskAmi: typeof AsteriskAmi;
  static default: typeof AsteriskAmi;

  readonly connection: AsteriskAmi.Connection;
  readonly state: AsteriskAmi.State;

  /** Starts to connect; the promise is of ready. Need not be looked at: events tell, too. */
  connect(): Promise<this>;
  /** Logoff, close, no reconnect; the promise is of the end. */
  disconnect(): Promise<void>;
  /** Closes at once; what waits for an answer gets AMI_ECLOSED. */
  destroy(): void;

  /** callback is called once. Without one a bad action is thrown. True when accepted. */
  send(
    action: AsteriskAmi.Action,
    callback?: (err: AsteriskAmi.AmiError | null, event?: AsteriskAmi.AmiEvent, reply?: AsteriskAmi.Reply) => void,
  ): boolean;

  action(action: AsteriskAmi.Action, options?: AsteriskAmi.ActionOptions): Promise<AsteriskAmi.Reply>;
  command(text: string, options?: AsteriskAmi.ActionOptions): Promise<string>;
  /** The items of a list as they come. */
  list(action: AsteriskAmi.Action, options?: AsteriskAmi.ActionOptions): AsyncIterableIterator<AsteriskAmi.AmiEvent>;
  /** Events by name or glob, until the client ends. */
  events(pattern?: string, options?: AsteriskAmi.EventOptions): AsyncIterableIterator<AsteriskAmi.AmiEvent>;
  /** The same in batches with chosen fields: the fastest way. */
  batches(pattern?: string, keys?: string[], options?: AsteriskAmi.EventOptions): AsyncIterableIterator<AsteriskAmi.Batch>;

  /** Options by their names in ami.h; while connected only `events` and `debug` can be set. */
  set(name: string, value: unknown): this;
  get(name: string): string;
  /** A counter of ami.h in lower case, such as 'events'. */
  stat(name: string): number;
  /** Why the last call failed, or why the connection was lost. */
  detail(): string;

  on(event: 'login', listener: (err: AsteriskAmi.AmiError | null, event: AsteriskAmi.AmiEvent) => void): this;
  on(event: 'connection-error', listener: (err: AsteriskAmi.AmiError, event: AsteriskAmi.AmiEvent) => void): this;
  on(event: 'connection-close', listener: (hadError: boolean, event: AsteriskAmi.AmiEvent) => void): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;
}

export = AsteriskAmi;
