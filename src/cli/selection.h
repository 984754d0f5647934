#pragma once

#include <string>
#include <vector>

#include "ami/ami.h"

namespace ami::cli {

// Which of the messages that come are wanted.
class Selection {
 public:
  // names, not_names: globs; no names: all. conditions: Key=glob; each must hold for some value of that
  // header, in events. What the library tells passes names and conditions. Throws Failure.
  Selection(std::vector<std::string> names, std::vector<std::string> not_names,
            const std::vector<std::string>& conditions);

  [[nodiscard]] bool takes(const ami_msg_t* message) const;

 private:
  struct Condition {
    std::string key, glob;
  };

  std::vector<std::string> names_;
  std::vector<std::string> not_names_;
  std::vector<Condition> conditions_;
};

}  // namespace ami::cli
