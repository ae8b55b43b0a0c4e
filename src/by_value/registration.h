// Which reducer writes objects of which type.
#ifndef CPPICKLE_BY_VALUE_REGISTRATION_H_
#define CPPICKLE_BY_VALUE_REGISTRATION_H_

#include "stream/by_value_context.h"

namespace cppickle::by_value {

// To be called once, when `context` has been loaded.
void register_reducers(stream::ByValueContext& context);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_REGISTRATION_H_
