#include <memory>
#include <string>
#include <utility>

#include "capi.h"
#include "protocol/action.h"
#include "protocol/digest.h"

using ami::capi::copy_out;
using ami::capi::guard;

namespace {

// An action of which a part is missing for lack of memory is spoilt, as by any refusal.
template <typename Work>
int on_action(ami_action_t* action, Work work) noexcept {
  if (action == nullptr) return AMI_EINVAL;
  const int err = guard(work);
  return err == AMI_ENOMEM ? action->refuse(err, "out of memory") : err;
}

}  // namespace

ami_action_t* ami_action_new(const char* name) {
  try {
    auto action = std::make_unique<ami_action>(name == nullptr ? "" : name);
    return action.release();
  } catch (...) {
    return nullptr;
  }
}

void ami_action_free(ami_action_t* action) {
  delete action;
}

int ami_action_add(ami_action_t* action, const char* key, const char* value) {
  return on_action(action, [&] {
    if (key == nullptr || value == nullptr)
      return action->refuse(AMI_EINVAL, "key and value may not be NULL");
    return action->add(key, value);
  });
}

int ami_action_addn(ami_action_t* action, const char* key, size_t key_len, const char* value,
                    size_t value_len) {
  return on_action(action, [&] {
    if (key == nullptr || (value == nullptr && value_len > 0)) {
      return action->refuse(AMI_EINVAL, "key and value may not be NULL");
    }
    return action->add({key, key_len}, {value_len == 0 ? "" : value, value_len});
  });
}

int ami_action_add_all(ami_action_t* action, const char* const* key_value, size_t pairs) {
  return on_action(action, [&] {
    if (key_value == nullptr && pairs > 0) return action->refuse(AMI_EINVAL, "the pairs may not be NULL");
    return action->add_all(key_value, pairs);
  });
}

int ami_action_variable(ami_action_t* action, const char* name, const char* value) {
  return on_action(action, [&] {
    if (name == nullptr || value == nullptr)
      return action->refuse(AMI_EINVAL, "name and value may not be NULL");
    return action->variable(name, value);
  });
}

int ami_action_timeout(ami_action_t* action, int ms) {
  return on_action(action, [&] { return action->set_timeout(ms); });
}

int ami_action_until(ami_action_t* action, const char* event) {
  return on_action(action, [&] {
    if (event == nullptr) return action->refuse(AMI_EINVAL, "the event's name may not be NULL");
    return action->set_until(event);
  });
}

int ami_action_bytes(ami_action_t* action, char* buf, size_t cap) {
  if (action == nullptr) return AMI_EINVAL;
  std::string why;
  const int err = guard([&] {
    if (buf == nullptr && cap > 0) {
      why = "buf may not be NULL where cap is not 0";
      return static_cast<int>(AMI_EINVAL);
    }
    std::string bytes;
    int result = action->check(why);
    if (result == 0) result = action->write(action->own_id(), ami::Encoding::kBytes, bytes, why);
    if (result == 0) result = copy_out(bytes, buf, cap);
    ami::wipe(bytes);  // a secret may have been in it
    return result;
  });
  if (err == AMI_ENOMEM) why = "out of memory";
  if (err < 0) action->explain(std::move(why));
  return err;
}

const char* ami_action_detail(const ami_action_t* action) {
  return action == nullptr ? "" : action->detail().c_str();
}
