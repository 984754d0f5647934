#pragma once

#include <histedit.h>

#include <memory>
#include <string>

#include "cli/handle.h"

namespace ami::cli {

// The lines that were typed, for the editor and for the next time: in ami/history of the user's state folder,
// which nobody else can read.
class TypedLines {
 public:
  TypedLines();

  // Unless it begins with a blank, or may hold a secret.
  void add(const std::string& line);
  [[nodiscard]] History* handle() const { return history_.get(); }

 private:
  void save();

  std::unique_ptr<History, Ender<history_end>> history_;
  std::string file_;  // "": none
};

// Whether one of its words speaks of a password or the like.
bool may_hold_secret(const std::string& line);

}  // namespace ami::cli
