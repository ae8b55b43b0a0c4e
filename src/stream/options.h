// What the keyword options of a dump are set to.
#ifndef CPPICKLE_STREAM_OPTIONS_H_
#define CPPICKLE_STREAM_OPTIONS_H_

#include "identity/tracker.h"

namespace cppickle::stream {

// At first what is built in.  module/options.cc has the names of all this in Python.
struct Options {
  identity::IdScope class_ids = identity::IdScope::kContent;
};

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_OPTIONS_H_
