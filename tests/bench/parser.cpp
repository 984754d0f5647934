// The parser alone, over the corpus in memory, beside a splitter by memchr().
//
//   bench_parser CORPUS MODE MEGABYTES [KERNEL]
//
// MODE: memchr (every header into a view), views (messages found, and their headers outlined), kept (every
// message built: one allocation each). KERNEL: one of the block scan's, not the best. Prints one line of
// JSON.
#include "protocol/parser.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "protocol/message.h"
#include "protocol/scan.h"

extern "C" {
#include "corpus.h"
#include "measure.h"
}

namespace {

using ami::Frame;

constexpr size_t kPiece = size_t{64} << 10U;  // as much as a connection reads at once

struct Counts {
  uint64_t messages = 0, headers = 0, sizes = 0;
};

struct View {
  const char *key, *value;
  size_t key_size, value_size;
};
View views[2048];

struct Views final : ami::ParserSink {
  void on_greeting(std::string_view /*line*/) override {}
  void on_skipped(std::string_view /*bytes*/) override {}
  bool on_frame(const Frame& frame) override {
    const std::string_view text = frame.headers();
    ami::scan::Outline outline;
    if (!outline.draw(text)) return false;
    size_t begin = 0;
    for (size_t line = 0; line < outline.lines(); ++line) {
      const size_t end = outline.line_end(line);
      const size_t colon = outline.colon(line);
      views[line] = {text.data() + begin, text.data() + colon + 1, colon - begin, end - colon - 1};
      begin = end + 2;
    }
    ++counts.messages;
    counts.headers += outline.lines();
    counts.sizes += views[0].value_size;
    return true;
  }
  Counts counts;
};

struct Kept final : ami::ParserSink {
  void on_greeting(std::string_view /*line*/) override {}
  void on_skipped(std::string_view /*bytes*/) override {}
  bool on_frame(const Frame& frame) override {
    const auto message = ami::Message::build(frame, {frame.kind, 0, 0, "", ami::Encoding::kBytes});
    ++counts.messages;
    counts.headers += message->field_count();
    counts.sizes += message->fields()[0].value_len + 1;
    return true;
  }
  Counts counts;
};

template <typename Sink>
Counts parse(const corpus_t& corpus, size_t rounds) {
  static Sink sink;
  ami::Parser parser({});
  parser.feed("greeting\r\n", sink);
  const size_t size = corpus.ends[corpus.count - 1];
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t at = 0; at < size; at += kPiece) {
      parser.feed(std::string_view(corpus.bytes, size).substr(at, kPiece), sink);
    }
  }
  return sink.counts;
}

Counts split(const corpus_t& corpus, size_t rounds) {
  Counts counts;
  const size_t size = corpus.ends[corpus.count - 1];
  for (size_t round = 0; round < rounds; ++round) {
    size_t count = 0;
    const char* const end = corpus.bytes + size;
    for (const char* line = corpus.bytes; line < end;) {
      const auto* lf = static_cast<const char*>(std::memchr(line, '\n', static_cast<size_t>(end - line)));
      const char* stop = lf - 1;
      if (stop == line) {
        ++counts.messages;
        counts.headers += count;
        counts.sizes += views[0].value_size;
        count = 0;
      } else {
        const auto* colon =
            static_cast<const char*>(std::memchr(line, ':', static_cast<size_t>(stop - line)));
        if (colon == nullptr) colon = stop - 1;
        views[count++] = {line, colon + 1, static_cast<size_t>(colon - line),
                          static_cast<size_t>(stop - colon - 1)};
      }
      line = lf + 1;
    }
  }
  return counts;
}

bool use_kernel(std::string_view name) {
  for (const ami::scan::Kernel& kernel : ami::scan::kernels()) {
    if (kernel.name == name) ami::scan::chosen = &kernel;
  }
  return ami::scan::kernel().name == name;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    (void)std::fputs("bench_parser CORPUS memchr|views|kept MEGABYTES [KERNEL]\n", stderr);
    return 2;
  }
  if (count > 4 && !use_kernel(arguments[4])) {
    (void)std::fprintf(stderr, "bench_parser: this processor has no kernel %s\n", arguments[4]);
    return 1;
  }
  const corpus_t corpus = corpus_of_calls(arguments[1]);
  const std::string_view mode = arguments[2];
  const size_t size = corpus.ends[corpus.count - 1];
  const size_t rounds = (std::strtoull(arguments[3], nullptr, 10) << 20U) / size + 1;
  const uint64_t start = process_ns();
  const Counts counts = mode == "views"  ? parse<Views>(corpus, rounds)
                        : mode == "kept" ? parse<Kept>(corpus, rounds)
                                         : split(corpus, rounds);
  std::printf("{\"mode\": \"%s\", \"messages\": %" PRIu64 ", \"headers\": %" PRIu64 ", \"sizes\": %" PRIu64
              ", \"bytes\": %zu, \"cpu_ns\": %" PRIu64 "}\n",
              arguments[2], counts.messages, counts.headers, counts.sizes, size * rounds,
              process_ns() - start);
  return 0;
}
