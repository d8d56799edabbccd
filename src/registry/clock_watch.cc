#include "registry/clock_watch.h"

#include <charconv>

namespace entrepot::registry {

using std::chrono::microseconds;

namespace {

// Much less than the tolerance, and seldom enough for a disk that sleeps.
constexpr std::chrono::minutes kKeepInterval{10};

}  // namespace

Result<ClockLook> ClockWatch::look(Context& context) {
  ClockLook now{clock_.wall(), clock_.steady(), microseconds(0), !last_};
  microseconds passed(0);
  std::optional<WallTime> before;
  if (last_) {
    passed = std::chrono::duration_cast<microseconds>(now.steady - last_->steady);
    before = last_->wall;
  } else {
    TRY_ASSIGN(before, kept(context));
  }
  if (!before) return now;
  const microseconds jump = now.wall - *before - passed;
  if (jump > tolerance_ || jump < -tolerance_) now.jump = jump;
  return now;
}

Result<void> ClockWatch::settle(Context& context, const ClockLook& look) {
  if (!last_ || look.jump.count() != 0 || look.steady >= keep_again_) {
    TRY(meta_.write(context, [&](meta::Transaction& tx) {
      return tx.settings().set(key_, std::to_string(to_unix_micros(look.wall)));
    }));
    keep_again_ = look.steady + kKeepInterval;
  }
  last_ = look;
  return {};
}

Result<std::optional<WallTime>> ClockWatch::kept(Context& context) {
  TRY_ASSIGN(const auto text,
             if_there(meta_.view<std::string>(context, [&](const meta::Snapshot& snapshot) {
               return snapshot.settings().get(key_);
             })));
  if (!text) return std::nullopt;
  std::int64_t micros = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), micros);
  if (read.ec != std::errc()) return std::nullopt;
  return from_unix_micros(micros);
}

}  // namespace entrepot::registry
