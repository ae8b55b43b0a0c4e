#include "pickling/reducers.h"

namespace cppickle::pickling {

Reducers::~Reducers() = default;

}  // namespace cppickle::pickling
