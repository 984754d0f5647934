#include "net/connector.h"

#include <algorithm>
#include <cerrno>

#include "ami/ami.h"

namespace ami {
namespace {

// Of a name with very many addresses the first ones are named in the error.
constexpr size_t kFailuresTold = 8;

}  // namespace

Connector::Connector(HandleOwner& owner, ConnectorSink& sink, std::string host, uint16_t port,
                     uint64_t timeout_ms)
    : owner_(owner),
      sink_(sink),
      host_(std::move(host)),
      port_(port),
      timeout_ms_(timeout_ms),
      deadline_(owner.now() + timeout_ms),
      resolver_(owner, this,
                [](void* self, int error, std::vector<SocketAddress> addresses) {
                  static_cast<Connector*>(self)->on_resolved(error, std::move(addresses));
                }),
      timer_(owner, this, [](void* self, int, int) { static_cast<Connector*>(self)->on_timer(); }) {
  // All begins in the next turn: nothing is to be told from inside connect().
  timer_.start(0);
}

uint64_t Connector::time_left() const {
  return deadline_ - std::min(deadline_, owner_.now());
}

void Connector::on_timer() {
  switch (stage_) {
    case Stage::kStart: {
      stage_ = Stage::kResolving;
      auto numeric = numeric_addresses(host_, port_);
      if (!numeric.empty()) return on_resolved(0, std::move(numeric));
      if (const int error = resolver_.start(host_, port_); error != 0) return on_resolved(error, {});
      return timer_.start(time_left());
    }
    case Stage::kResolving:
      return fail(AMI_ETIMEDOUT,
                  "the look-up of its address took more than " + std::to_string(timeout_ms_) + " ms");
    case Stage::kConnecting:
      last_timed_out_ = true;
      note_failure("no answer");
      return try_next();
  }
}

void Connector::on_resolved(int error, std::vector<SocketAddress> addresses) {
  if (error != 0 || addresses.empty()) {
    char text[128] = "it has no address";
    if (error != 0) uv_strerror_r(error, text, sizeof text);
    return fail(AMI_ERESOLVE, text);
  }
  stage_ = Stage::kConnecting;
  addresses_ = std::move(addresses);
  try_next();
}

void Connector::try_next() {
  watch_.reset();
  socket_.close();
  while (tried_ < addresses_.size()) {
    const uint64_t share = time_left() / (addresses_.size() - tried_);
    if (try_address(addresses_[tried_++])) return timer_.start(share);
    last_timed_out_ = false;
  }
  if (last_timed_out_) {
    return fail(AMI_ETIMEDOUT, failures_ + " within " + std::to_string(timeout_ms_) + " ms");
  }
  fail(AMI_ECONNECT, failures_);
}

bool Connector::try_address(const SocketAddress& address) {
  socket_ = open_tcp(address.storage.ss_family);
  int error = socket_.fd() == -1 ? errno : start_connect(socket_.fd(), address);
  if (error == 0) {
    watch_ = std::make_unique<Watch>(owner_, socket_.fd(), this,
                                     [](void* self, int, int) { static_cast<Connector*>(self)->on_ready(); });
    watch_->want(UV_WRITABLE);
    return true;
  }
  socket_.close();
  note_failure(error_text(error));
  return false;
}

void Connector::on_ready() {
  int error = connect_result(socket_.fd());
  if (error == 0 && is_self_connected(socket_.fd())) {
    reset_on_close(socket_.fd());
    error = ECONNREFUSED;  // what it would have been with any other local port
  }
  if (error == 0) {
    watch_.reset();
    return sink_.on_connected(std::move(socket_), text_of(addresses_[tried_ - 1]));
  }
  last_timed_out_ = false;
  note_failure(error_text(error));
  try_next();
}

void Connector::note_failure(const std::string& why) {
  if (tried_ > kFailuresTold) return;
  if (!failures_.empty()) failures_ += "; ";
  failures_ += text_of(addresses_[tried_ - 1]) + " " + why;
  if (tried_ == kFailuresTold && tried_ < addresses_.size()) {
    failures_ += "; and " + std::to_string(addresses_.size() - tried_) + " more addresses";
  }
}

void Connector::fail(int err, const std::string& why) {
  timer_.stop();
  sink_.on_connect_failed(err, "cannot connect to " + host_ + " port " + std::to_string(port_) + ": " + why);
}

}  // namespace ami
