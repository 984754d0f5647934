#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace ami {

// A queue in one piece of memory. It grows by doubling, and gives back what it needed in its worst hour as
// soon as it has run empty.
template <typename T>
class Ring {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] size_t size() const noexcept { return size_; }
  // From the oldest on.
  [[nodiscard]] T& operator[](size_t index) noexcept { return slots_[(first_ + index) & (room_ - 1)]; }
  [[nodiscard]] const T& operator[](size_t index) const noexcept {
    return slots_[(first_ + index) & (room_ - 1)];
  }
  [[nodiscard]] T& front() noexcept { return (*this)[0]; }
  [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }
  [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

  // Throws std::bad_alloc, and then has neither changed nor taken the value.
  void push_back(T&& value) {
    if (size_ == room_) grow();
    slots_[(first_ + size_) & (room_ - 1)] = std::move(value);
    ++size_;
  }
  T pop_front() noexcept {
    T value = std::move(front());
    first_ = (first_ + 1) & (room_ - 1);
    if (--size_ == 0 && room_ > kKeep) *this = Ring();
    return value;
  }
  void swap(Ring& other) noexcept { std::swap(*this, other); }
  void clear() noexcept { *this = Ring(); }

  Ring() = default;
  Ring(Ring&& other) noexcept
      : slots_(std::move(other.slots_)),
        room_(std::exchange(other.room_, 0)),
        first_(std::exchange(other.first_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  Ring& operator=(Ring&& other) noexcept {
    slots_ = std::move(other.slots_);
    room_ = std::exchange(other.room_, 0);
    first_ = std::exchange(other.first_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

 private:
  static constexpr size_t kLeast = 16;
  static constexpr size_t kKeep = 1024;

  void grow() {
    const size_t room = room_ == 0 ? kLeast : 2 * room_;
    std::unique_ptr<T[]> slots(new T[room]);
    for (size_t i = 0; i < size_; ++i) slots[i] = std::move((*this)[i]);
    slots_ = std::move(slots);
    room_ = room;
    first_ = 0;
  }

  std::unique_ptr<T[]> slots_;
  size_t room_ = 0;  // a power of two
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace ami
