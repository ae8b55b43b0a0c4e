// What the keyword options of a dump are set to.
#ifndef CPPICKLE_STREAM_OPTIONS_H_
#define CPPICKLE_STREAM_OPTIONS_H_

#include <cstdint>

#include "identity/tracker.h"

namespace cppickle::stream {

// Where the globals of a function arrive that belongs to a module by value.
enum class Namespaces : std::uint8_t {
  kFresh,   // in a dict of this stream's own
  kShared,  // in one for the module, where the sender is who started the process
};

// At first what is built in.  module/options.cc has the names of all this in Python.
struct Options {
  identity::IdScope class_ids = identity::IdScope::kContent;
  Namespaces namespaces = Namespaces::kFresh;
};

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_OPTIONS_H_
