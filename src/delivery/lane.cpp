#include "delivery/lane.h"

namespace ami {
namespace {
thread_local const Delivering* innermost = nullptr;
}  // namespace

Delivering::Delivering(const void* client) noexcept : client_(client), outer_(innermost) {
  innermost = this;
}

Delivering::~Delivering() {
  innermost = outer_;
}

bool Delivering::any() noexcept {
  return innermost != nullptr;
}

bool Delivering::of(const void* client) noexcept {
  for (const auto* scope = innermost; scope != nullptr; scope = scope->outer_) {
    if (scope->client_ == client) return true;
  }
  return false;
}

}  // namespace ami
