// Which reducer writes objects of which type.
#ifndef CPPICKLE_BY_VALUE_REGISTRATION_H_
#define CPPICKLE_BY_VALUE_REGISTRATION_H_

#include "stream/shared.h"

namespace cppickle::by_value {

// To be called once, when `shared` has been loaded.
void register_reducers(stream::Shared& shared);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_REGISTRATION_H_
