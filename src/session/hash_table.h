#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace ami {

// What an object carries for each table that it may be in.
template <typename T>
struct HashLink {
  T* next = nullptr;
  size_t hash = 0;
};

// A table of objects that carry their links themselves: to add one takes no memory, and cannot fail. Only the
// row of chains grows, and without memory it stays as long as it is. Owns none of the objects.
template <typename T, HashLink<T> T::*Link>
class HashTable {
 public:
  [[nodiscard]] size_t size() const noexcept { return size_; }

  // Equal ones are found in the order in which they were added.
  void add(T& object, size_t hash) noexcept {
    if (size_ >= length_) grow();
    (object.*Link).hash = hash;
    append(object);
    ++size_;
  }
  // For one that is in it.
  void remove(const T& object) noexcept {
    T** at = &chain((object.*Link).hash);
    while (*at != &object) at = &((*at)->*Link).next;
    *at = (object.*Link).next;
    --size_;
  }
  // The first of this hash that is() accepts; null if there is none.
  template <typename Is>
  [[nodiscard]] T* find(size_t hash, Is is) const noexcept {
    T* object = chain(hash);
    while (object != nullptr && ((object->*Link).hash != hash || !is(*object))) object = (object->*Link).next;
    return object;
  }
  // Takes all out, in no order; with each of them it may do as it likes.
  template <typename Take>
  void clear(Take take) {
    for (size_t i = 0; i < length_; ++i) {
      for (T* object = std::exchange(chains()[i], nullptr); object != nullptr;) {
        T* const next = (object->*Link).next;
        --size_;
        take(*object);
        object = next;
      }
    }
  }
  template <typename Look>
  void for_each(Look look) const {
    for (size_t i = 0; i < length_; ++i) {
      for (T* object = chains()[i]; object != nullptr; object = (object->*Link).next) look(*object);
    }
  }

 private:
  static constexpr size_t kFew = 16;

  [[nodiscard]] T** chains() const noexcept { return many_ ? many_.get() : few_; }
  // The upper bits of a product depend on all bits of the hash, which may be numbers with a stride.
  [[nodiscard]] T*& chain(size_t hash) const noexcept {
    constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;
    return chains()[hash * kGoldenRatio >> (64 - std::countr_zero(length_))];
  }

  void append(T& object) noexcept {
    (object.*Link).next = nullptr;
    T** at = &chain((object.*Link).hash);
    while (*at != nullptr) at = &((*at)->*Link).next;
    *at = &object;
  }
  void grow() noexcept {
    std::unique_ptr<T*[]> longer(new (std::nothrow) T*[4 * length_]());
    if (!longer) return;
    T** const old = chains();
    const size_t old_length = length_;
    const auto kept = std::exchange(many_, std::move(longer));
    length_ = 4 * old_length;
    for (size_t i = 0; i < old_length; ++i) {
      for (T* object = old[i]; object != nullptr;) {
        T* const next = (object->*Link).next;
        append(*object);
        object = next;
      }
    }
  }

  mutable T* few_[kFew] = {};
  std::unique_ptr<T*[]> many_;
  size_t length_ = kFew;  // a power of two
  size_t size_ = 0;
};

}  // namespace ami
