#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "core_protocol.h"
#include "protocol/message.h"
#include "protocol/parser.h"

using ami::Frame;
using ami::Message;
using ami::MessagePtr;
using ami::Parser;

namespace {

// A frame of the recording as parsed whole, and the message made of it.
struct Heard {
  size_t begin, end;  // in the file
  Frame frame;
  MessagePtr msg;
};

bool same_place(std::string_view part, const Frame& of, std::string_view other, const Frame& other_of) {
  if (part.data() == nullptr || other.data() == nullptr) return part.data() == other.data();
  return part.size() == other.size() && part.data() - of.bytes.data() == other.data() - other_of.bytes.data();
}

// A message is made of its frame alone, so that equal frames make equal fields, names and outputs.
bool same_frame(const Frame& a, const Frame& b) {
  return a.kind == b.kind && a.bytes == b.bytes && same_place(a.name, a, b.name, b) &&
         same_place(a.raw, a, b.raw, b);
}

MessagePtr built(const Frame& frame) {
  return Message::build(frame, {frame.kind, 0, 0, "", ami::Encoding::kBytes});
}

// Keeps what it hears.
struct Recorder : ami::ParserSink {
  explicit Recorder(const char* file) : from(file) {}
  void on_greeting(std::string_view line) override { greeting = line; }
  void on_skipped(std::string_view bytes) override { skipped += bytes.size(); }
  bool on_frame(const Frame& frame) override {
    const auto begin = static_cast<size_t>(frame.bytes.data() - from);
    all.push_back({begin, begin + frame.bytes.size(), frame, built(frame)});
    return true;
  }
  const char* from;
  std::string greeting;
  size_t skipped = 0;
  std::vector<Heard> all;
};

// Compares what it hears with what was heard before.
struct Checker : ami::ParserSink {
  Checker(const Heard* first, const Heard* last) : next(first), end(last) {}
  void on_greeting(std::string_view line) override { greeting = line; }
  void on_skipped(std::string_view /*bytes*/) override { good = false; }
  bool on_frame(const Frame& frame) override {
    good = good && next != end && same_frame(frame, next++->frame);
    return good;
  }
  [[nodiscard]] bool content() const { return good && next == end; }

  const Heard* next;
  const Heard* end;
  std::string greeting;
  bool good = true;
};

void digest(std::string_view text, uint64_t& state) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
}

}  // namespace

struct core_transcript {
  core_transcript(const char* file, size_t size) : bytes(file, size), heard(file) {
    err = parser.feed(bytes, heard);
    summarize();
  }

  void summarize() {
    static const char* const kinds[] = {"unknown ", "event ", "response "};
    std::map<std::string, size_t> counts;
    size_t fields = 0;
    uint64_t state = 0xCBF29CE484222325U;
    for (const Heard& one : heard.all) {
      const Message& msg = *one.msg;
      const auto kind = static_cast<size_t>(msg.kind());
      fields += msg.field_count();
      ++counts[std::string(kinds[kind]) + msg.name()];
      digest(std::to_string(kind) + " " + msg.name() + "\n", state);
      for (size_t i = 0; i < msg.field_count(); ++i) {
        const ami_field_t& field = msg.fields()[i];
        digest({field.key, field.key_len + size_t{1}}, state);
        digest({field.value, field.value_len}, state);
        digest("\n", state);
      }
      if (msg.output().data() != nullptr) digest("output " + std::string(msg.output()) + "\n", state);
    }
    char text[160];
    (void)std::snprintf(text, sizeof text, "messages %zu fields %zu held %zu digest %016llx",
                        heard.all.size(), fields, parser.tail().size(),
                        static_cast<unsigned long long>(state));
    summary = text;
    for (const auto& [name, count] : counts) summary += "; " + name + " " + std::to_string(count);
    if (heard.skipped != 0) summary += "; skipped " + std::to_string(heard.skipped);
    if (err != 0) summary += "; error " + std::to_string(err);
  }

  [[nodiscard]] bool restores_raw() const {
    return std::all_of(heard.all.begin(), heard.all.end(), [this](const Heard& one) {
      return one.msg->raw() == bytes.substr(one.begin, one.end - one.begin);
    });
  }

  // Feeds the file in pieces: the first one of "first" bytes, all others of "step".
  [[nodiscard]] bool same_in_pieces(size_t first, size_t step) const {
    Checker checker(heard.all.data(), heard.all.data() + heard.all.size());
    Parser other({});
    other.feed(bytes.substr(0, first), checker);
    for (size_t at = first; at < bytes.size(); at += step) other.feed(bytes.substr(at, step), checker);
    return checker.content() && checker.greeting == heard.greeting && other.tail() == parser.tail();
  }

  // The messages before and after the one that the split falls into, parsed alone with that split.
  [[nodiscard]] bool same_around(size_t split) const {
    const auto at = std::partition_point(heard.all.begin(), heard.all.end(),
                                         [split](const Heard& one) { return one.end <= split; });
    const auto index = static_cast<size_t>(at - heard.all.begin());
    const size_t first = index == 0 ? 0 : index - 1;
    const size_t last = std::min(index + 2, heard.all.size());
    if (first >= last) return true;
    const size_t begin = heard.all[first].begin;
    const size_t end = last == heard.all.size() ? bytes.size() : heard.all[last - 1].end;
    const size_t middle = std::clamp(split, begin, end);
    Checker checker(heard.all.data() + first, heard.all.data() + last);
    Parser other({});
    other.feed("greeting\r\n", checker);
    other.feed(bytes.substr(begin, middle - begin), checker);
    other.feed(bytes.substr(middle, end - middle), checker);
    return checker.content();
  }

  std::string_view bytes;
  Recorder heard;
  Parser parser{{}};
  int err = 0;
  std::string summary;
};

extern "C" {

core_transcript_t* core_transcript_new(const char* bytes, size_t size) {
  return new core_transcript(bytes, size);
}
void core_transcript_free(core_transcript_t* transcript) {
  delete transcript;
}
const char* core_transcript_summary(const core_transcript_t* transcript) {
  return transcript->summary.c_str();
}
int core_transcript_restores_raw(const core_transcript_t* transcript) {
  return transcript->restores_raw() ? 1 : 0;
}
int core_transcript_same_in_pieces(const core_transcript_t* transcript, size_t first, size_t step) {
  return transcript->same_in_pieces(first, step) ? 1 : 0;
}
int core_transcript_same_around(const core_transcript_t* transcript, size_t split) {
  return transcript->same_around(split) ? 1 : 0;
}

}  // extern "C"
