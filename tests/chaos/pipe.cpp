#include "pipe.h"

#include <algorithm>

#include "connection.h"

namespace chaos {
namespace {

constexpr size_t most_held = 262144;
constexpr size_t longest_needle = 32;
constexpr std::string_view blank_line = "\r\n\r\n";
constexpr size_t largest_write = 65536;

struct Write {
  uv_write_t request{};
  std::string bytes;
  Pipe* pipe = nullptr;
};

}  // namespace

Pipe::Pipe(Connection& connection, uv_tcp_t& from, uv_tcp_t& to, uint64_t seed)
    : connection_(connection), from_(from), to_(to), random_(seed) {}

void Pipe::add(const Step& step) {
  const bool known = step.needle.empty() && step.after_ms == 0;
  armed_.push_back(
      {step, known ? step.bytes : never, step.after_ms == 0 ? never : connection_.now() + step.after_ms});
}

void Pipe::calm() {
  armed_.clear();
  delay_ms_ = jitter_ms_ = split_ = 0;
  stalled_until_ = 0;
  for (Piece& piece : pieces_) piece.due = 0;
}

void Pipe::start() {
  from_.data = this;
  read_or_not();
}

void Pipe::read_or_not() {
  const bool wanted = !ended_ && held_ < most_held && stalled_until_ <= connection_.now();
  if (wanted == reading_ || connection_.closing()) return;
  reading_ = wanted;
  auto* stream = reinterpret_cast<uv_stream_t*>(&from_);
  if (!wanted) {
    uv_read_stop(stream);
    return;
  }
  uv_read_start(
      stream,
      [](uv_handle_t*, size_t, uv_buf_t* buffer) {
        static char room[largest_write];  // of the only thread that reads
        *buffer = uv_buf_init(room, sizeof room);
      },
      [](uv_stream_t* source, ssize_t count, const uv_buf_t* buffer) {
        auto& pipe = *static_cast<Pipe*>(source->data);
        if (count > 0) {
          pipe.take({buffer->base, static_cast<size_t>(count)});
        } else if (count == UV_EOF) {
          pipe.connection_.read_all();
          pipe.end();
        } else if (count < 0) {
          return pipe.connection_.close(true);
        }
        pipe.connection_.update();
      });
}

void Pipe::take(std::string_view bytes) {
  look_for_needles(bytes);
  for (;;) {
    uint64_t next = offset_ + bytes.size() + 1;
    for (const Armed& armed : armed_) next = std::min(next, armed.at);
    const auto size = static_cast<size_t>(std::min<uint64_t>(bytes.size(), next - offset_));
    forward(bytes.substr(0, size));
    bytes.remove_prefix(size);
    offset_ += size;
    if (next > offset_) return;
    fire_due();
    if (connection_.closing() || ended_) return;
  }
}

void Pipe::look_for_needles(std::string_view bytes) {
  const size_t old = tail_.size();
  tail_.append(bytes);
  for (Armed& armed : armed_) {
    const std::string_view needle = armed.step.needle;
    if (armed.at != never || needle.empty()) continue;
    size_t at = old >= needle.size() ? old - needle.size() + 1 : 0;
    while (armed.seen < armed.step.nth && (at = tail_.find(needle, at)) != std::string::npos) {
      at += needle.size();
      if (++armed.seen == armed.step.nth) armed.at = offset_ + (at - old) + armed.step.bytes;
    }
  }
  if (tail_.size() > longest_needle) tail_.erase(0, tail_.size() - longest_needle);
}

// Those whose place has been reached.
void Pipe::fire_due() {
  for (size_t i = 0; i < armed_.size() && !ended_ && !connection_.closing();) {
    if (armed_[i].at > offset_) {
      ++i;
      continue;
    }
    const Step step = armed_[i].step;
    armed_.erase(armed_.begin() + static_cast<std::ptrdiff_t>(i));
    fire(step);
  }
}

void Pipe::fire(const Step& step) {
  if (step.fault != Fault::truncate) connection_.tell(step);
  switch (step.fault) {
    case Fault::delay:
      delay_ms_ = step.amount;
      return;
    case Fault::jitter:
      jitter_ms_ = step.amount;
      return;
    case Fault::split:
      split_ = step.amount;
      return;
    case Fault::stall:
      stalled_until_ = connection_.now() + step.amount;
      return;
    case Fault::noise:
      return say_noise(step.amount, "\r\n\r\n");
    case Fault::garbage:
      say_noise(step.amount, "");
      return end();
    case Fault::truncate:
      return truncate(step);
    case Fault::half_close:
      connection_.half_closed();
      return end();
    case Fault::reset:
      return connection_.close(true);
    case Fault::cut:
      return connection_.close(false);
  }
}

// No letters, digits or line ends: what it cuts off cannot become another's name or number.
void Pipe::say_noise(uint32_t size, std::string_view end) {
  std::string text;
  for (uint32_t i = 0; i < size; ++i) text += static_cast<char>(random_.between(0x80, 0xff));
  forward(text.append(end));
}

// In the middle of a message, so behind the next byte where one has just ended.
void Pipe::truncate(const Step& step) {
  if (said_.empty() || said_ == blank_line) {
    armed_.push_back({step, offset_ + 1, never});
    return;
  }
  connection_.tell(step);
  end();
  connection_.drop_other(*this);
}

void Pipe::drop() {
  pieces_.clear();
  held_ = 0;
  end();
}

void Pipe::end() {
  ended_ = true;
  read_or_not();
}

void Pipe::forward(std::string_view bytes) {
  if (bytes.empty() || ended_) return;
  uint64_t due = 0;
  if (delay_ms_ + jitter_ms_ > 0) due = connection_.now() + delay_ms_ + random_.below(jitter_ms_ + 1);
  said_.append(bytes);
  if (said_.size() > blank_line.size()) said_.erase(0, said_.size() - blank_line.size());
  held_ += bytes.size();
  if (!pieces_.empty() && pieces_.back().due >= due && pieces_.back().bytes.size() < largest_write) {
    pieces_.back().bytes.append(bytes);
  } else {
    pieces_.push_back({due, std::string(bytes)});
  }
}

uint64_t Pipe::due() const {
  uint64_t at = never;
  for (const Armed& armed : armed_) at = std::min(at, armed.due);
  if (writing_) return at;
  if (stalled_until_ > connection_.now()) return std::min(at, stalled_until_);
  return pieces_.empty() ? at : std::min(at, pieces_.front().due);
}

void Pipe::pump() {
  const uint64_t now = connection_.now();
  for (Armed& armed : armed_) {
    if (armed.due <= now) armed.at = offset_;
  }
  fire_due();
  if (connection_.closing()) return;
  read_or_not();
  if (writing_ || shut_ || stalled_until_ > now) return;
  if (!pieces_.empty()) {
    if (pieces_.front().due > now) return;
    const size_t size = std::min(pieces_.front().bytes.size(), largest_write);
    return write(split_ > 0 ? 1 : size);
  }
  if (!ended_) return;
  shut_ = true;
  auto* request = new uv_shutdown_t;
  const int status = uv_shutdown(request, reinterpret_cast<uv_stream_t*>(&to_),
                                 [](uv_shutdown_t* done, int) { delete done; });
  if (status != 0) delete request;
}

void Pipe::write(size_t size) {
  auto* write = new Write;
  write->pipe = this;
  write->bytes = pieces_.front().bytes.substr(0, size);
  write->request.data = write;
  pieces_.front().bytes.erase(0, size);
  if (pieces_.front().bytes.empty()) pieces_.pop_front();
  held_ -= size;
  if (split_ > 0) split_ -= std::min<uint32_t>(split_, static_cast<uint32_t>(size));
  writing_ = true;
  const uv_buf_t buffer = uv_buf_init(write->bytes.data(), static_cast<unsigned>(size));
  const int status = uv_write(&write->request, reinterpret_cast<uv_stream_t*>(&to_), &buffer, 1,
                              [](uv_write_t* request, int result) {
                                auto* done = static_cast<Write*>(request->data);
                                Pipe& pipe = *done->pipe;
                                delete done;
                                pipe.writing_ = false;
                                if (result < 0) return pipe.connection_.close(false);
                                pipe.connection_.update();
                              });
  if (status == 0) return;
  delete write;
  connection_.close(false);
}

}  // namespace chaos
