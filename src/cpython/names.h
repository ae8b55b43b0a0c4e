// Interned strings that the engine looks up by, made once per module.
#ifndef CPPICKLE_CPYTHON_NAMES_H_
#define CPPICKLE_CPYTHON_NAMES_H_

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// Field name and text; one row a string.
#define CPPICKLE_NAMES(X)                                                                \
  X(abc_impl, "_abc_impl")                                                               \
  X(abstractmethods, "__abstractmethods__")                                              \
  X(add_note, "add_note")                                                                \
  X(annotate, "__annotate__")                                                            \
  X(annotations, "__annotations__")                                                      \
  X(attr_class, "__class__")                                                             \
  X(attr_dict, "__dict__")                                                               \
  X(attr_module, "__module__")                                                           \
  X(attr_name, "__name__")                                                               \
  X(attr_new, "__new__")                                                                 \
  X(builtins_attribute, "__builtins__")                                                  \
  X(cached, "__cached__")                                                                \
  X(cell_contents, "cell_contents")                                                      \
  X(cppickle_path, "cppickle_path")                                                      \
  X(defaults, "__defaults__")                                                            \
  X(dispatch_table, "dispatch_table")                                                    \
  X(doc, "__doc__")                                                                      \
  X(file, "__file__")                                                                    \
  X(getattr, "__getattr__")                                                              \
  X(getnewargs, "__getnewargs__")                                                        \
  X(getnewargs_ex, "__getnewargs_ex__")                                                  \
  X(getstate, "__getstate__")                                                            \
  X(items, "items")                                                                      \
  X(kwdefaults, "__kwdefaults__")                                                        \
  X(latin1, "latin1")                                                                    \
  X(loader, "__loader__")                                                                \
  X(main, "__main__")                                                                    \
  X(maps, "maps")                                                                        \
  X(mp_main, "__mp_main__")                                                              \
  X(newobj, "__newobj__")                                                                \
  X(newobj_ex, "__newobj_ex__")                                                          \
  X(package, "__package__")                                                              \
  X(path, "__path__")                                                                    \
  X(persistent_id, "persistent_id")                                                      \
  X(qualname, "__qualname__")                                                            \
  X(reduce, "__reduce__")                                                                \
  X(reduce_ex, "__reduce_ex__")                                                          \
  X(reducer_override, "reducer_override")                                                \
  X(slots, "__slots__")                                                                  \
  X(spec, "__spec__")                                                                    \
  X(type_params, "__type_params__")                                                      \
  X(weakref, "__weakref__")                                                              \
  X(write, "write")

struct Names {
#define CPPICKLE_DECLARE_NAME(field, text) PyObject* field;
  CPPICKLE_NAMES(CPPICKLE_DECLARE_NAME)
#undef CPPICKLE_DECLARE_NAME

  void load();     // throws ErrorSet
  void release();  // allowed after a load() that failed
};

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_NAMES_H_
