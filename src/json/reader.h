#pragma once
// json/reader.h — JSON that others wrote: strict, and what is wrong with it is told with its place.

#include <array>
#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <simdjson.h>

#include "base/bytes.h"
#include "base/result.h"
#include "json/key.h"

namespace entrepot::json {

// Where something stands: "layers[3].platform.os". It is cheap; text is made of it only for a
// message. Of what lies deeper than four steps, the first four are told.
class Place {
 public:
  // `document`: what messages call the whole, such as "manifest".
  explicit Place(std::string_view document) : document_(document) {}

  Place at(std::string_view name) const { return behind({name.data(), name.size()}); }
  Place at(std::size_t index) const { return behind({nullptr, index}); }
  std::string text() const;

 private:
  struct Step {
    const char* name = nullptr;  // null: an index
    std::size_t number = 0;      // the length of the name, or the index
  };
  Place behind(Step step) const;

  std::string_view document_;
  std::array<Step, 4> steps_;
  std::size_t depth_ = 0;
};

// The fields of an object that its reader knows, each by its index from then on.
template <std::size_t N>
using Names = std::array<std::string_view, N>;

// The names in a table of what is read alike.
template <class Row, std::size_t N>
constexpr Names<N> names_of(const Row (&table)[N]) {
  Names<N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = table[i].name;
  return names;
}

template <std::size_t N>
class Fields;

// A value in a Document, which must outlive it. Errors are InvalidArgument.
class Value {
 public:
  Value(simdjson::dom::element element, const Place& place) : element_(element), place_(place) {}

  // The value, if it is a T: bool, std::int64_t, std::uint64_t or std::string_view. Nothing is
  // converted: neither 2.0 nor "2" is an integer.
  template <class T>
  std::optional<T> as() const {
    T value{};
    return element_.get(value) ? std::nullopt : std::optional<T>(value);
  }
  // The same, or "layers[3].digest: not a string"; a std::string, too.
  template <class T>
  Result<T> get() const;

  // The fields of that name; others are ignored. One that is there twice, or in other letter case,
  // is an error: one reader would take the first, another the second. `names` must outlive them.
  template <std::size_t N>
  Result<Fields<N>> fields(const Names<N>& names) const;

  // Calls visit(const Value&) for each element of a list, or visit(std::string_view key, const
  // Value&) for each member of an object, until it fails. What is none: "layers: not a list", with
  // `wanted` behind the "not". (A member has the object's place: keys are no text for messages.)
  template <class Visit>
  Result<void> each_element(std::string_view wanted, const Visit& visit) const;
  template <class Visit>
  Result<void> each_member(std::string_view wanted, const Visit& visit) const;

  // "layers[3].digest: " and what is wrong.
  Failure invalid(std::string_view what) const;

 private:
  simdjson::dom::element element_;
  Place place_;
};

// Some fields of an object. null is as good as absent.
template <std::size_t N>
class Fields {
 public:
  bool has(std::size_t field) const { return present_[field]; }
  bool is_named(std::size_t field) const { return named_[field]; }  // also as null

  std::optional<Value> find(std::size_t field) const {
    if (!has(field)) return std::nullopt;
    return Value(elements_[field], place_.at((*names_)[field]));
  }
  // Sets `target`, if the field is there.
  template <class T>
  Result<void> read(std::size_t field, T& target) const {
    if (const auto value = find(field)) {
      TRY_ASSIGN(target, value->template get<T>());
    }
    return {};
  }

  // "layers[3].size: is missing".
  Result<void> require(std::initializer_list<std::size_t> fields) const {
    for (const std::size_t field : fields) {
      if (!has(field)) return invalid(field, "is missing");
    }
    return {};
  }
  Failure invalid(std::size_t field, std::string_view what) const;

 private:
  friend class Value;
  Fields(const Names<N>& names, const Place& place) : names_(&names), place_(place) {}

  const Names<N>* names_;
  Place place_;
  std::array<simdjson::dom::element, N> elements_;
  std::bitset<N> present_;
  std::bitset<N> named_;
};

// A text that was read. It is parsed whole, so that every byte of it was checked, also in the
// fields that nobody reads. Nesting stops at 100 levels; numbers have no largest size.
class Document {
 public:
  // `name`: what messages call the whole; not copied. InvalidArgument, such as "manifest: not valid
  // UTF-8"; Unavailable without memory. Time is linear in the size.
  static Result<Document> parse(ByteView text, std::string_view name);

  Value root() const { return {parser_.doc.root(), Place(name_)}; }

 private:
  explicit Document(std::string_view name) : name_(name) {}

  simdjson::dom::parser parser_;
  std::string_view name_;
};

// --- The bodies of the templates -----------------------------------------------------------------

template <class T>
Result<T> Value::get() const {
  using Held = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;
  if (const auto value = as<Held>()) return T(*value);
  if constexpr (std::is_same_v<Held, bool>) return invalid("neither true nor false");
  if constexpr (std::is_same_v<Held, std::string_view>) return invalid("not a string");
  if constexpr (std::is_same_v<Held, std::uint64_t>) return invalid("not an integer from 0 on");
  return invalid("not an integer");
}

template <std::size_t N>
Result<Fields<N>> Value::fields(const Names<N>& names) const {
  simdjson::dom::object object;
  if (element_.get(object)) return invalid("not a JSON object");
  Fields<N> fields(names, place_);
  for (const auto& [key, child] : object) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!reads_as(key, names[i])) continue;
      if (key != names[i]) return fields.invalid(i, "written in other letters");
      if (fields.named_[i]) return fields.invalid(i, "is there twice");
      fields.named_.set(i);
      fields.elements_[i] = child;
      fields.present_[i] = !child.is_null();
      break;
    }
  }
  return fields;
}

template <class Visit>
Result<void> Value::each_element(std::string_view wanted, const Visit& visit) const {
  simdjson::dom::array array;
  if (element_.get(array)) return invalid(fmt::format("not {}", wanted));
  std::size_t index = 0;
  for (const simdjson::dom::element child : array) TRY(visit(Value(child, place_.at(index++))));
  return {};
}

template <class Visit>
Result<void> Value::each_member(std::string_view wanted, const Visit& visit) const {
  simdjson::dom::object object;
  if (element_.get(object)) return invalid(fmt::format("not {}", wanted));
  for (const auto& [key, child] : object) TRY(visit(key, Value(child, place_)));
  return {};
}

template <std::size_t N>
Failure Fields<N>::invalid(std::size_t field, std::string_view what) const {
  return fail(ErrorCode::InvalidArgument, "{}: {}", place_.at((*names_)[field]).text(), what);
}

}  // namespace entrepot::json
