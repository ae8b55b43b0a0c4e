// Interned strings that the engine looks up by, made once per module.
#ifndef CPPICKLE_CPYTHON_NAMES_H_
#define CPPICKLE_CPYTHON_NAMES_H_

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// Field name and text; one row a string.
#define CPPICKLE_NAMES(X)                                              \
  X(abc_impl, "_abc_impl")                                             \
  X(abstractmethods, "__abstractmethods__")                            \
  X(add_note, "add_note")                                              \
  X(alias_value, "__value__")                                          \
  X(annotate, "__annotate__")                                          \
  X(annotate_func, "__annotate_func__")                                \
  X(annotations, "__annotations__")                                    \
  X(annotations_cache, "__annotations_cache__")                        \
  X(args, "args")                                                      \
  X(args_text, ".args")                                                \
  X(attr_args, "__args__")                                             \
  X(attr_bound, "__bound__")                                           \
  X(attr_class, "__class__")                                           \
  X(attr_class_text, ".__class__")                                     \
  X(attr_code, "__code__")                                             \
  X(attr_contravariant, "__contravariant__")                           \
  X(attr_covariant, "__covariant__")                                   \
  X(attr_default, "__default__")                                       \
  X(attr_dict, "__dict__")                                             \
  X(attr_func, "__func__")                                             \
  X(attr_infer_variance, "__infer_variance__")                         \
  X(attr_module, "__module__")                                         \
  X(attr_name, "__name__")                                             \
  X(attr_new, "__new__")                                               \
  X(attr_self, "__self__")                                             \
  X(bases_text, ".__bases__")                                          \
  X(bound, "bound")                                                    \
  X(builtins_attribute, "__builtins__")                                \
  X(builtins_name, "builtins")                                         \
  X(bytes_format, "B")                                                 \
  X(cache_parameters, "cache_parameters")                              \
  X(cached, "__cached__")                                              \
  X(call_text, "()")                                                   \
  X(callback, "__callback__")                                          \
  X(cast, "cast")                                                      \
  X(cause, "__cause__")                                                \
  X(cell_contents, "cell_contents")                                    \
  X(cell_contents_text, ".cell_contents")                              \
  X(classcell, "__classcell__")                                        \
  X(classdictcell, "__classdictcell__")                                \
  X(closed, "closed")                                                  \
  X(cloudpickle, "cloudpickle.cloudpickle")                            \
  X(cloudpickle_of_compat, "cppickle.compat.tracking")                 \
  X(cloudpickle_of_joblib, "joblib.externals.cloudpickle.cloudpickle") \
  X(cloudpickle_of_pyspark, "pyspark.cloudpickle.cloudpickle")         \
  X(cloudpickle_of_ray, "ray.cloudpickle.cloudpickle")                 \
  X(co_consts, "co_consts")                                            \
  X(constraints, "__constraints__")                                    \
  X(context, "__context__")                                            \
  X(contravariant, "contravariant")                                    \
  X(covariant, "covariant")                                            \
  X(cppickle_path, "cppickle_path")                                    \
  X(ctype_be, "__ctype_be__")                                          \
  X(ctype_item, "_type_")                                              \
  X(ctype_le, "__ctype_le__")                                          \
  X(ctype_length, "_length_")                                          \
  X(ctypes, "ctypes")                                                  \
  X(data, "data")                                                      \
  X(default_name, "default")                                           \
  X(defaults, "__defaults__")                                          \
  X(defaults_text, ".__defaults__")                                    \
  X(digest, "digest")                                                  \
  X(digest_size, "digest_size")                                        \
  X(dispatch_table, "dispatch_table")                                  \
  X(doc, "__doc__")                                                    \
  X(eq, "__eq__")                                                      \
  X(factory, "factory")                                                \
  X(fdel, "fdel")                                                      \
  X(fget, "fget")                                                      \
  X(fields, "_fields_")                                                \
  X(file, "__file__")                                                  \
  X(firstlineno, "__firstlineno__")                                    \
  X(format, "format")                                                  \
  X(fset, "fset")                                                      \
  X(func, "func")                                                      \
  X(func_text, ".__func__")                                            \
  X(get, "__get__")                                                    \
  X(getattr, "__getattr__")                                            \
  X(getattribute, "__getattribute__")                                  \
  X(getitem, "__getitem__")                                            \
  X(getnewargs, "__getnewargs__")                                      \
  X(getnewargs_call, ".__getnewargs__()")                              \
  X(getnewargs_ex, "__getnewargs_ex__")                                \
  X(getnewargs_ex_0, ".__getnewargs_ex__()[0]")                        \
  X(getnewargs_ex_1, ".__getnewargs_ex__()[1]")                        \
  X(getstate, "__getstate__")                                          \
  X(has_default, "has_default")                                        \
  X(hash, "__hash__")                                                  \
  X(identity, "identity")                                              \
  X(infer_variance, "infer_variance")                                  \
  X(init, "__init__")                                                  \
  X(init_subclass, "__init_subclass__")                                \
  X(initializing, "_initializing")                                     \
  X(isatty, "isatty")                                                  \
  X(isbuiltin, "isbuiltin")                                            \
  X(items, "items")                                                    \
  X(key, "key")                                                        \
  X(keys, "keys")                                                      \
  X(keywords, "keywords")                                              \
  X(kwdefaults, "__kwdefaults__")                                      \
  X(latin1, "latin1")                                                  \
  X(loader, "__loader__")                                              \
  X(locals, "<locals>")                                                \
  X(lock, "lock")                                                      \
  X(lookup_name, "name")                                               \
  X(main, "__main__")                                                  \
  X(magic, "m")                                                        \
  X(mapping, "mapping")                                                \
  X(mapping_text, ".mapping")                                          \
  X(maps, "maps")                                                      \
  X(maxsize, "maxsize")                                                \
  X(member_map, "_member_map_")                                        \
  X(mode, "mode")                                                      \
  X(mp_main, "__mp_main__")                                            \
  X(name, "_name_")                                                    \
  X(named, "n")                                                        \
  X(namespace_name, "namespace")                                       \
  X(namespaces_module, "cppickle._namespaces")                         \
  X(newline, "\n")                                                     \
  X(newobj, "__newobj__")                                              \
  X(newobj_ex, "__newobj_ex__")                                        \
  X(nin, "nin")                                                        \
  X(nout, "nout")                                                      \
  X(objclass, "__objclass__")                                          \
  X(obj_text, ".obj")                                                  \
  X(orig_bases, "__orig_bases__")                                      \
  X(origin, "__origin__")                                              \
  X(package, "__package__")                                            \
  X(path, "__path__")                                                  \
  X(persistent_id, "persistent_id")                                    \
  X(pointer_to, "POINTER")                                             \
  X(post_init, "__post_init__")                                        \
  X(qualname, "__qualname__")                                          \
  X(read, "read")                                                      \
  X(reduce, "__reduce__")                                              \
  X(reduce_0, ".__reduce__()[0]")                                      \
  X(reduce_1, ".__reduce__()[1]")                                      \
  X(reduce_ex, "__reduce_ex__")                                        \
  X(replace, "replace")                                                \
  X(reducer_override, "reducer_override")                              \
  X(remove, "_remove")                                                 \
  X(seek, "seek")                                                      \
  X(self_text, ".__self__")                                            \
  X(setattr, "__setattr__")                                            \
  X(setstate, "__setstate__")                                          \
  X(slotnames, "__slotnames__")                                        \
  X(slots, "__slots__")                                                \
  X(source, "s")                                                       \
  X(spaces, "_spaces")                                                 \
  X(spec, "__spec__")                                                  \
  X(static_attributes, "__static_attributes__")                        \
  X(stderr_, "stderr")                                                 \
  X(stdout_, "stdout")                                                 \
  X(suppress_context, "__suppress_context__")                          \
  X(sys, "sys")                                                        \
  X(tell, "tell")                                                      \
  X(tracker, "_cppickle_tracker")                                      \
  X(tracker_by_class, "_DYNAMIC_CLASS_TRACKER_BY_CLASS")               \
  X(tracker_by_id, "_DYNAMIC_CLASS_TRACKER_BY_ID")                     \
  X(tuple_fields, "_fields")                                           \
  X(type_params, "__type_params__")                                    \
  X(type_params_name, "type_params")                                   \
  X(typed, "typed")                                                    \
  X(tzinfo, "tzinfo")                                                  \
  X(update, "update")                                                  \
  X(value, "_value_")                                                  \
  X(value2member_map, "_value2member_map_")                            \
  X(values, "values")                                                  \
  X(toreadonly, "toreadonly")                                          \
  X(version, "version")                                                \
  X(version_of_writer, "v")                                            \
  X(weakref, "__weakref__")                                            \
  X(wrapped, "__wrapped__")                                            \
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
