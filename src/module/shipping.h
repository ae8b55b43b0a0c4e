// Streams that bring modules along, or say that they should: what cppickle._shipping
// adds to a stream when it is known which modules that names.
#ifndef CPPICKLE_MODULE_SHIPPING_H_
#define CPPICKLE_MODULE_SHIPPING_H_

#include <utility>

#include "cpython/ref.h"
#include "module/state.h"
#include "pickling/name_observer.h"

namespace cppickle::module {

// True when somebody wants to know which modules a stream names.
inline bool is_observed(const DumpOptions& options) {
  return options.ship || options.warn_local;
}

// How often an object is dumped anew at most.
inline constexpr int kMostTries = 3;

// `stream`, which `observer` has watched, with the shipment put in after its PROTO.
// Runs Python code.  Empty: a module that was to be shipped goes by value from now on,
// so the object has to be dumped once more; `may_dump_again` is false where that
// cannot be done, and a PicklingError is raised then.  Throws ErrorSet.
cpython::Ref with_shipment(const DumpOptions& options,
                           const pickling::NameObserver& observer, cpython::Ref stream,
                           int protocol, bool may_dump_again);

// The stream of what dump(observer) writes, with the shipment: dumped again where that
// is asked for, `tries` times at most, after forget().  Throws ErrorSet.
template <typename Dump, typename Forget>
cpython::Ref shipped(const DumpOptions& options, int protocol, int tries, Dump dump,
                     Forget forget) {
  for (;; --tries) {
    pickling::NameObserver observer;
    cpython::Ref stream = dump(observer);
    cpython::Ref whole =
        with_shipment(options, observer, std::move(stream), protocol, tries > 0);
    if (whole) return whole;
    forget();
  }
}

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_SHIPPING_H_
