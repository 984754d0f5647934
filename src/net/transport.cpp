#include "net/transport.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ami/ami.h"
#include "net/clock.h"
#include "net/connector.h"
#include "net/handle.h"
#include "net/linger.h"
#include "net/records.h"
#include "net/socket.h"

namespace ami {
namespace {

// A turn reads at most this many buffers of one connection, so that a flood on one does not starve the
// others.
constexpr int kReadsPerTurn = 4;
// How much is encrypted ahead of the kernel: what TLS has taken can no longer be called not sent.
constexpr size_t kTlsBatchBytes = 16U << 10U;

class SocketTransport final : public Transport, public HandleOwner, public ConnectorSink {
 public:
  SocketTransport(std::shared_ptr<Loop> loop, TransportSink& sink)
      : HandleOwner(std::move(loop)), sink_(sink) {}
  // Throws when the loop takes no more handles: to be followed by give_up().
  void open();
  void give_up() noexcept;

  void wake() override { wake_->send(); }
  void flush_soon() override;
  void set_timer(uint64_t at_ms) override;
  [[nodiscard]] uint64_t now() const override { return HandleOwner::now(); }
  void connect(const Address& address) override;
  size_t write(std::string_view bytes) override;
  void pause() override;
  void resume() override;
  void disconnect() override;
  void close() override;
  void abandon() override;
  [[nodiscard]] uint64_t writes() const override { return writes_; }
  [[nodiscard]] int64_t certificate_end() const override { return tls_ ? tls_->certificate_end() : 0; }

 private:
  enum class Stage { kIdle, kConnecting, kHandshake, kOpen };
  static SocketTransport* of(void* self) { return static_cast<SocketTransport*>(self); }

  void on_connected(Socket socket, std::string address) override;
  void on_connect_failed(int err, const std::string& detail) override { lose(err, detail); }
  void on_handles_closed() noexcept override;
  void on_exception() noexcept override;
  void on_timer();
  void on_limit();
  void on_before_block();
  void on_ready(int status, int events);

  void watch();
  void go_on_with_handshake();
  bool read_turn();
  void deliver_tls(std::string_view ciphertext);
  void deliver(std::string_view text);
  void end_of_stream();
  size_t write_tls(std::string_view bytes);
  size_t send_now(std::string_view bytes);
  bool flush_tls();
  // Whether TLS has come to an end, which may have to wait for resume() to be told.
  [[nodiscard]] bool tls_is_over() const {
    return tls_ && (tls_->state() == Tls::State::kClosed || tls_->state() == Tls::State::kFailed);
  }
  void break_off(int error);
  void lose(int err, const std::string& detail);
  void lose_by(int error);
  void drop();

  TransportSink& sink_;
  std::unique_ptr<Wake> wake_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> limit_;  // of the TLS handshake
  std::unique_ptr<BeforeBlock> before_block_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Linger> linger_;
  std::unique_ptr<Tls> tls_;
  Socket socket_;
  std::unique_ptr<Watch> watch_;

  Stage stage_ = Stage::kIdle;
  Address wanted_;
  std::string address_;  // the numeric one
  uint64_t deadline_ = 0;
  uint64_t timer_at_ = UINT64_MAX;
  // The sink may end the connection, and even begin another, inside any call: whoever calls it compares.
  uint64_t connection_ = 0;
  uint64_t writes_ = 0;
  uint64_t received_at_ = 0;  // unix ns
  // errno of a failed send, until the reader has come to the end; or of a recv, until resume().
  int error_ = 0;
  bool blocked_ = false;  // the kernel takes no more
  bool writable_owed_ = false;
  bool paused_ = false;
  bool received_ = false;  // in this turn
  bool flush_wanted_ = false;
  bool closing_ = false;
  bool given_up_ = false;
};

void SocketTransport::open() {
  wake_ = std::make_unique<Wake>(*this, this, [](void* self, int, int) { of(self)->sink_.on_wake(); });
  timer_ = std::make_unique<Timer>(*this, this, [](void* self, int, int) { of(self)->on_timer(); });
  limit_ = std::make_unique<Timer>(*this, this, [](void* self, int, int) { of(self)->on_limit(); });
  before_block_ =
      std::make_unique<BeforeBlock>(*this, this, [](void* self, int, int) { of(self)->on_before_block(); });
}

void SocketTransport::give_up() noexcept {
  given_up_ = true;
  wake_.reset();
  timer_.reset();
  limit_.reset();
  if (!has_handles()) delete this;
}

void SocketTransport::flush_soon() {
  flush_wanted_ = true;
  before_block_->start();
}

void SocketTransport::set_timer(uint64_t at_ms) {
  if (at_ms == timer_at_) return;
  timer_at_ = at_ms;
  if (at_ms == UINT64_MAX) return timer_->stop();
  const uint64_t present = now();
  timer_->start(at_ms > present ? at_ms - present : 0);
}

void SocketTransport::on_timer() {
  timer_at_ = UINT64_MAX;
  sink_.on_timer();
}

// ------------------------------------------------------------------------------------------- connecting

void SocketTransport::connect(const Address& address) {
  drop();
  stage_ = Stage::kConnecting;
  try {
    wanted_ = address;
    deadline_ = now() + address.timeout_ms;
    connector_ = std::make_unique<Connector>(*this, *this, address.host, address.port, address.timeout_ms);
  } catch (const std::exception&) {
    limit_->start(0);  // told in a later turn, as every failure
  }
}

void SocketTransport::on_connected(Socket socket, std::string address) {
  connector_.reset();
  socket_ = std::move(socket);
  address_ = std::move(address);
  watch_ = std::make_unique<Watch>(*this, socket_.fd(), this, [](void* self, int status, int events) {
    of(self)->on_ready(status, events);
  });
  if (!wanted_.tls) {
    stage_ = Stage::kOpen;
    watch();
    return sink_.on_connect(address_, "");
  }
  std::string detail;
  tls_ = Tls::create(wanted_.tls, detail);
  if (!tls_) return lose(AMI_ETLS, detail);
  stage_ = Stage::kHandshake;
  limit_->start(deadline_ - std::min(deadline_, now()));
  tls_->start();
  go_on_with_handshake();
}

void SocketTransport::on_limit() {
  if (stage_ == Stage::kConnecting) return on_exception();
  lose(AMI_ETIMEDOUT, "the TLS handshake with " + address_ + " was not finished within " +
                          std::to_string(wanted_.timeout_ms) + " ms of connecting: is this its TLS port?");
}

void SocketTransport::go_on_with_handshake() {
  flush_tls();
  if (tls_->state() == Tls::State::kFailed) {
    return lose(AMI_ETLS, "no TLS with " + address_ + ": " + tls_->detail());
  }
  watch();
  if (tls_->state() == Tls::State::kHandshake) return;
  limit_->stop();
  stage_ = Stage::kOpen;
  sink_.on_connect(address_, tls_->version());
}

// --------------------------------------------------------------------------------------------- reading

// Asks the loop for no more than what is wanted now.
void SocketTransport::watch() {
  if (!watch_) return;
  const bool reads = !paused_ || stage_ != Stage::kOpen;
  watch_->want((reads ? UV_READABLE : 0) | (blocked_ ? UV_WRITABLE : 0));
}

void SocketTransport::on_ready(int status, int events) {
  const uint64_t connection = connection_;
  if (status < 0 && paused_) return break_off(connect_result(socket_.fd()));
  // An error is found by reading, after what the peer had said before it.
  if (status < 0 || (events & UV_READABLE) != 0) read_turn();
  if (connection != connection_) return;
  if ((events & UV_WRITABLE) != 0) {
    blocked_ = false;
    if (tls_) flush_tls();
  }
  watch();
  if (!blocked_ && stage_ == Stage::kOpen && std::exchange(writable_owed_, false)) sink_.on_writable();
}

// Whether there is more, which fairness leaves for the next turn.
bool SocketTransport::read_turn() {
  const uint64_t connection = connection_;
  char* buffer = loop()->read_buffer();
  ssize_t count = 0;
  int error = 0;
  int reads = 0;
  do {
    count = receive_some(socket_.fd(), buffer, Loop::kReadBufferBytes);
    error = count < 0 ? errno : 0;
    if (count <= 0) break;
    received_at_ = unix_ns();
    const std::string_view bytes(buffer, static_cast<size_t>(count));
    if (tls_) {
      deliver_tls(bytes);
    } else {
      deliver(bytes);
    }
    // Less than a full buffer is all there is; should more have come by now, poll tells.
  } while (connection == connection_ && !paused_ && count == Loop::kReadBufferBytes &&
           ++reads < kReadsPerTurn);
  if (closing_) return false;
  if (std::exchange(received_, false)) sink_.on_received_all();
  if (connection != connection_) return false;
  if (paused_) {
    if (error != 0 && !would_block(error)) error_ = error;  // the kernel tells it only once
    return false;
  }
  if (count == 0 || (tls_ && tls_->state() == Tls::State::kClosed)) {
    end_of_stream();
  } else if (tls_ && tls_->state() == Tls::State::kFailed) {
    lose(AMI_ETLS, "TLS with " + address_ + " failed: " + tls_->detail());
  } else if (error != 0 && !would_block(error)) {
    lose_by(error);
  }
  return count == Loop::kReadBufferBytes;
}

void SocketTransport::deliver_tls(std::string_view ciphertext) {
  const uint64_t connection = connection_;
  tls_->receive(ciphertext);
  if (stage_ == Stage::kHandshake) go_on_with_handshake();
  char* text = loop()->text_buffer();
  size_t filled = 0;
  while (connection == connection_ && stage_ == Stage::kOpen) {
    const size_t count = tls_->read(text + filled, Loop::kReadBufferBytes - filled);
    filled += count;
    if (count != 0 && filled < Loop::kReadBufferBytes) continue;
    if (filled != 0) deliver({text, std::exchange(filled, 0)});
    if (count == 0) break;
  }
  // TLS may have had something to answer.
  if (connection == connection_) flush_tls();
}

void SocketTransport::deliver(std::string_view text) {
  received_ = true;
  sink_.on_receive(text, now(), received_at_);
}

void SocketTransport::end_of_stream() {
  if (stage_ == Stage::kHandshake) {
    return lose(AMI_ETLS,
                "no TLS with " + address_ + ": the server closed the connection during the handshake");
  }
  // After a failed send, the kernel gives an end of stream that the peer never sent; EPIPE is its own doing.
  if (error_ != 0 && error_ != EPIPE) return lose_by(error_);
  const uint64_t connection = connection_;
  sink_.on_end();
  if (connection != connection_) return;
  lose(AMI_ELOST, "connection with " + address_ + " closed by the server");
}

// --------------------------------------------------------------------------------------------- writing

size_t SocketTransport::write(std::string_view bytes) {
  if (stage_ != Stage::kOpen || error_ != 0) return 0;
  size_t taken = 0;
  if (!blocked_) taken = tls_ ? write_tls(bytes) : send_now(bytes);
  writable_owed_ = taken < bytes.size() && error_ == 0;
  return taken;
}

size_t SocketTransport::write_tls(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !blocked_ && error_ == 0) {
    const std::string_view rest = bytes.substr(taken);
    size_t batch = 0;
    while (batch < rest.size() && batch < kTlsBatchBytes) batch += record_length(rest.substr(batch));
    const size_t encrypted = tls_->write(rest.substr(0, batch));
    taken += encrypted;
    flush_tls();
    if (tls_->state() == Tls::State::kFailed) break_off(EPROTO);
    if (encrypted < batch) break;  // else the reader knows that it has ended
  }
  return taken;
}

// Whether nothing is left to be sent.
bool SocketTransport::flush_tls() {
  while (!tls_->output().empty() && !blocked_ && error_ == 0) tls_->consumed(send_now(tls_->output()));
  return tls_->output().empty();
}

size_t SocketTransport::send_now(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const ssize_t count = send_some(socket_.fd(), bytes.data(), bytes.size());
  if (count < 0 && !would_block(errno)) {
    break_off(errno);
    return 0;
  }
  const size_t sent = count < 0 ? 0 : static_cast<size_t>(count);
  if (count >= 0) ++writes_;
  if (sent < bytes.size()) {
    blocked_ = true;
    watch();
  }
  return sent;
}

// Nothing can be sent any more. What the peer said before may hold the reason: it is read first, right before
// the loop blocks.
void SocketTransport::break_off(int error) {
  error_ = error != 0 ? error : ECONNRESET;
  blocked_ = false;
  watch();
  before_block_->start();
}

void SocketTransport::on_before_block() {
  if (std::exchange(flush_wanted_, false)) sink_.on_flush();
  if (closing_ || paused_ || (error_ == 0 && !tls_is_over())) return;
  const uint64_t connection = connection_;
  const bool more = read_turn();
  if (connection != connection_ || paused_) return;
  if (more) return before_block_->start();
  lose_by(error_);
}

// --------------------------------------------------------------------------------------------- the end

void SocketTransport::pause() {
  paused_ = true;
  watch();
}

void SocketTransport::resume() {
  paused_ = false;
  watch();
  if (error_ != 0 || tls_is_over()) before_block_->start();
}

void SocketTransport::lose_by(int error) {
  if (stage_ == Stage::kHandshake) {
    return lose(AMI_ETLS, "no TLS with " + address_ + ": " + error_text(error) + " during the handshake");
  }
  if (tls_ && tls_->state() == Tls::State::kFailed) {
    return lose(AMI_ETLS, "TLS with " + address_ + " failed: " + tls_->detail());
  }
  lose(AMI_ELOST, "connection with " + address_ + " lost: " + error_text(error));
}

void SocketTransport::lose(int err, const std::string& detail) {
  drop();
  sink_.on_disconnect(err, detail);
}

void SocketTransport::drop() {
  ++connection_;
  stage_ = Stage::kIdle;
  limit_->stop();
  connector_.reset();
  watch_.reset();
  socket_.close();
  tls_.reset();
  wanted_.tls.reset();  // lest the next attempt finds the files of this one
  error_ = 0;
  blocked_ = writable_owed_ = paused_ = false;
}

void SocketTransport::disconnect() {
  if (stage_ == Stage::kOpen && error_ == 0) {
    try {
      if (tls_) tls_->shutdown();
      std::string unsent(tls_ ? tls_->output() : std::string_view());
      watch_.reset();
      linger_.reset();
      linger_ = std::make_unique<Linger>(*this, std::move(socket_), std::move(unsent), this,
                                         [](void* self) { of(self)->linger_.reset(); });
    } catch (const std::exception&) {
      // Without memory the connection ends at once.
    }
  }
  drop();
}

void SocketTransport::close() {
  drop();
  closing_ = true;
  wake_.reset();
  timer_.reset();
  limit_.reset();
  before_block_.reset();
}

void SocketTransport::abandon() {
  closing_ = true;
  ++connection_;
  if (connector_) connector_->abandon();
  if (linger_) linger_->abandon();
  socket_.close();
  connector_.reset();
  linger_.reset();
  watch_.reset();
  wake_.reset();
  timer_.reset();
  limit_.reset();
  before_block_.reset();
}

void SocketTransport::on_handles_closed() noexcept {
  if (given_up_) {
    delete this;
    return;
  }
  try {
    sink_.on_close();
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

void SocketTransport::on_exception() noexcept {
  if (stage_ == Stage::kIdle) return;
  try {
    lose(AMI_ENOMEM, "out of memory");
  } catch (const std::exception&) {
    // The sink has been told.
  }
}

}  // namespace

std::unique_ptr<Transport> Transport::create(std::shared_ptr<Loop> loop, TransportSink& sink) {
  auto transport = std::make_unique<SocketTransport>(std::move(loop), sink);
  try {
    transport->open();
  } catch (...) {
    transport.release()->give_up();
    throw;
  }
  return transport;
}

}  // namespace ami
