// Playing a recording of `ami record` to whoever is logged in.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "recording/reader.h"

namespace ami::mock {

class Server;

class Playback {
 public:
  explicit Playback(Server& server) : server_(server) {}

  static bool is_recording(const std::string& path);
  bool open(const std::string& path, std::string& reason);
  bool is_open() const { return reader_.has_value(); }
  bool waits_for_readers() const;                        // however slow they are
  const std::string& banner() const { return banner_; }  // of the recorded server

  void logged_in();
  // Raises what is due, as far as there is room; to be called whenever there may be.
  void pump();

 private:
  void rewind();
  void read_next();
  void note(const recording::Entry& notice);
  bool wait_until_due();
  void raise_next();

  Server& server_;
  std::string banner_;
  std::ifstream file_;
  std::optional<recording::Reader> reader_;
  std::optional<recording::Entry> next_;
  bool playing_ = false;
  bool played_ = false;                    // something, since the beginning or the last recorded login
  bool lost_ = false;                      // the recorded connection, before next_
  bool goes_on_ = false;                   // with the next login; else that begins anew
  uint64_t begun_ns_ = 0;                  // when this time of the recording was played:
  std::optional<uint64_t> begun_at_ns_{};  // none: the next entry's is the first
  uint64_t timer_ = 0;
};

}  // namespace ami::mock
