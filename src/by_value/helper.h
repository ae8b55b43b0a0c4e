// The one function that streams with a by-value class carry: it finds or builds the class.
#ifndef CPPICKLE_BY_VALUE_HELPER_H_
#define CPPICKLE_BY_VALUE_HELPER_H_

#include "cpython/ref.h"

namespace cppickle::by_value {

// The tracker's module in sys.modules, the same for the helper, for cppickle and for every stream: it holds
// `objects`, a dict of tracker id to weak reference, and `tokens`, a dict of tracker id to the token of the state that
// was applied last, 0 for objects that were made in this process and are nobody else's to reset.
inline constexpr char kTrackerModule[] = "_cppickle_tracker";

// The helper, a function without a module:
//
//   helper(id, None, make, arguments, keywords={}, hooked=None)
//       The object known under id, or make(*arguments, **keywords).  `hooked` is the class whose __init_subclass__
//       must not run: what it did is part of the state that follows.
//   helper(id, token, set, object, attributes={}, calls=())
//       set(object, name, value) for each attribute and function(*arguments) for each call, unless the state with this
//       token is what was applied last.
//   helper(name, cls, make, arguments, attributes)
//       The member of an enumeration, or make(*arguments) with these attributes.
cpython::Ref made_helper();

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_HELPER_H_
