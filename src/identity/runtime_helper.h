// The helper that gives each process one object for a tracker id.  It travels as text,
// packed, which a process compiles when it meets the first stream with a class; from
// then on it is found in `sys`.
//
//   helper := get (key eval) REDUCE (expression {'s': source, 'm': magic,
//             'v': version, 'n': name}) REDUCE MEMOIZE
//   get    := sys.__dict__.get
//
//   helper (id make arguments [1])             the object known under id, or else
//                                              make(*arguments) from now on
//   helper (id token attributes object type [functions])
//                                              type.__setattr__ for each attribute and
//                                              __delattr__ for those that the state
//                                              before had alone, unless the state with
//                                              this token is what was applied last
//   helper (id token functions object type None)
//                                              the same for a part that comes first
//   helper (text dict)                         the helper itself, in the place of eval
//
// It guards what follows it in the stream, as the first code object does elsewhere
// (code_objects.h): the source compares the magic number of the bytecode before it
// registers anything, and the key holds that number.
#ifndef CPPICKLE_IDENTITY_RUNTIME_HELPER_H_
#define CPPICKLE_IDENTITY_RUNTIME_HELPER_H_

#include "cpython/ref.h"

namespace cppickle::identity {

// What travels with tracked objects.  A change of the text needs another
// kKeyPrefix, and tools/pack_helper.py: processes keep the helper that they met first.
// Owned by the Tracker.
struct RuntimeHelper {
  cpython::Ref key;         // str
  cpython::Ref expression;  // str
  cpython::Ref source;      // bytes, packed; or str, where there is no zlib
  cpython::Ref magic;       // int
  cpython::Ref version;     // str: "3.11"
  cpython::Ref memo_key;    // the memo's key for the helper
  // without_init_subclass(owner, make, *arguments): make(*arguments) while owner's
  // __init_subclass__ does nothing.  A function without a module, and without line
  // numbers.
  cpython::Ref without_init_subclass;
};

RuntimeHelper made_runtime_helper();

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_RUNTIME_HELPER_H_
