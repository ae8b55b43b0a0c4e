// Dicts that became part of the stream before it was known that they would.
//
// A view of a dict shows keys or values, and the other half need not be sendable: so
// the stream has a dict of what the view shows.  When the dict itself is met
// afterwards, that one becomes it, and the view shows what it is a view of.
//
//   dict := dict.clear (GET stand-in) REDUCE POP GET stand-in items
#include "core/opcode.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "pickling/script.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::checked;
using cpython::Ref;

bool Pickler::fill_stand_in(PyObject* dict) {
  const Memo::StandIn* found = memo_.stand_in_for(dict);
  if (found == nullptr || !memoizing()) return false;
  before_foreign_code();
  PyObject* stand_in = found->stand_in.get();
  memo_.alias(dict, memo_.find(stand_in));
  Ref items = checked(PyObject_CallMethod(dict, "items", nullptr));
  Ref iterator = checked(PyObject_GetIter(items.get()));
  Script script(*this);
  script.save(imported_.dict_clear)
      .op(Opcode::MARK)
      .get(stand_in)
      .op(Opcode::TUPLE)
      .op(Opcode::REDUCE)
      .op(Opcode::POP);
  script.get(stand_in).pairs(iterator.get()).start(dict);
  return true;
}

}  // namespace cppickle::pickling
