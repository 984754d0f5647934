// Writing a list: the response, its items, its end; and the faults that strike lists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text.h"

namespace ami::mock {

class Session;
struct Request;

class List {
 public:
  List(Session& session, const Request& request, std::string_view message);
  // An item from its template; {id} is filled in here.
  void item(const std::string& text, const Resolver& values);
  void pretend_count(int64_t count) { shown_ = count; }
  void complete(std::string_view event, std::string_view extra = "");
  int64_t count() const { return count_; }

 private:
  bool strike();  // true when a fault has ended the list here

  Session& session_;
  const Request& request_;
  int64_t count_ = 0, shown_ = -1;
  int64_t error_after_ = -1, cut_in_ = -1;
  bool endless_ = false, over_ = false;
  std::string id_line_, items_;
};

}  // namespace ami::mock
