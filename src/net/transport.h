#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/loop.h"
#include "net/tls.h"

namespace ami {

struct Address {
  std::string host;
  uint16_t port = 0;
  std::shared_ptr<TlsContext> tls;  // null: plain TCP
  uint64_t timeout_ms = 10000;      // name, TCP and TLS together; all addresses of the name share it
};

// What a transport tells its owner, always on the loop's thread and never from inside a call of the owner's
// (except from close(), which ends all calls).
class TransportSink {
 public:
  // From wake(), timer, and the end of a turn in which flush_soon() was asked for.
  virtual void on_wake() = 0;
  virtual void on_timer() = 0;
  virtual void on_flush() = 0;
  // Connected (with TLS: verified). address is the numeric one, with its port; tls the protocol version or
  // "".
  virtual void on_connect(const std::string& address, const std::string& tls) = 0;
  // Bytes of the stream. now_ms: of now(); unix_ns: when the read returned. May be called many times a turn.
  virtual void on_receive(std::string_view bytes, uint64_t now_ms, uint64_t unix_ns) = 0;
  // After a turn's on_receive calls, also when one of them disconnected: hand over what was gathered.
  virtual void on_received_all() = 0;
  // write() took less than all earlier; now it will take more.
  virtual void on_writable() = 0;
  // The peer closed its side (end of stream). on_disconnect() follows.
  virtual void on_end() = 0;
  // The connection is gone, or was never made: AMI_ERESOLVE, AMI_ECONNECT, AMI_ETLS, AMI_ETIMEDOUT (connect
  // time-out), AMI_ELOST or AMI_ENOMEM, and why. Once for each connect(), unless disconnect() came first.
  virtual void on_disconnect(int err, const std::string& detail) = 0;
  // The answer to close(): every uv handle has closed; nothing of the transport is used any more.
  virtual void on_close() = 0;

 protected:
  ~TransportSink() = default;
};

// One client's hold on a loop: its wake-up, its timer, and its connection. All functions on the loop's
// thread, but wake(). Uses uv_poll and its own recv and send(MSG_NOSIGNAL): libuv 1.44's streams raise
// SIGPIPE, and hide how many bytes have left.
class Transport {
 public:
  static std::unique_ptr<Transport> create(std::shared_ptr<Loop> loop, TransportSink& sink);
  virtual ~Transport() = default;

  // Any thread, until close(): on_wake() follows; calls coalesce. To be called under the lock that guards
  // what on_wake() will look at.
  virtual void wake() = 0;
  // on_flush() before the loop next blocks.
  virtual void flush_soon() = 0;
  // on_timer() at that time (as of now()), instead of an earlier wish; UINT64_MAX: never.
  virtual void set_timer(uint64_t at_ms) = 0;
  [[nodiscard]] virtual uint64_t now() const = 0;

  virtual void connect(const Address& address) = 0;
  // Takes as many bytes as the kernel (or TLS) takes now, 0 to all; a signal never comes of it. If not all,
  // on_writable() follows. An error comes later as on_disconnect().
  virtual size_t write(std::string_view bytes) = 0;
  // Stops and starts reading (queue.overflow=wait). What TLS has decrypted in this turn still comes. While
  // paused no end of the connection is told. A connection begins unpaused.
  virtual void pause() = 0;
  virtual void resume() = 0;
  // Ends the connection or the attempt, with a TLS close_notify if possible; no on_disconnect(). linger:
  // bytes already taken are still given to the peer, for 1 s at most.
  virtual void disconnect() = 0;
  // Ends all; on_close() comes in a later turn, and then the transport may be deleted.
  virtual void close() = 0;
  // In a forked child: closes this connection's descriptor, touches neither loop nor peer.
  virtual void abandon() = 0;
  // System calls that sent bytes.
  [[nodiscard]] virtual uint64_t writes() const = 0;
  // Of the server's, when TLS is in use: in unix seconds; 0 when that is not known.
  [[nodiscard]] virtual int64_t certificate_end() const = 0;
};

}  // namespace ami
