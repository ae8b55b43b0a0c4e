#include "by_value/registration.h"

#include "by_value/code_objects.h"
#include "by_value/functions.h"
#include "by_value/imports.h"
#include "by_value/sentinel_objects.h"
#include "by_value/stream_state.h"
#include "by_value/type_aliases.h"
#include "by_value/typing_objects.h"
#include "by_value/views.h"
#include "by_value/wrappers.h"
#include "cpython/compat.h"
#include "cpython/imported.h"
#include "pickling/pickler.h"

namespace cppickle::by_value {
namespace {

bool save_known(StreamState& reducers, pickling::Pickler& pickler, PyObject* object) {
  return reducers.shared().save_known_global(pickler, object);
}

constexpr LateType kLateTypes[] = {
    {"typing", "TypeVar", save_type_variable},
    {"typing", "ParamSpec", save_type_variable},
    {"typing", "TypeVarTuple", save_type_variable},
    {"typing", "TypeAliasType", save_type_alias},
    {"typing", "NewType", save_new_type},
    {"functools", "partialmethod", save_partial_method},
    {"builtins", "frozendict", save_as_dict},
    {"weakref", "WeakSet", save_weak_set},
    {"weakref", "WeakKeyDictionary", save_as_dict},
    {"weakref", "WeakValueDictionary", save_as_dict},
    {"weakref", "WeakMethod", save_weak_method},
    {"dataclasses", "MISSING", save_known, true},
    {"dataclasses", "KW_ONLY", save_known, true},
    {"dataclasses", "_FIELD", save_known, true},
    {"dataclasses", "_FIELD_CLASSVAR", save_known, true},
    {"dataclasses", "_FIELD_INITVAR", save_known, true},
    {"dataclasses", "_HAS_DEFAULT_FACTORY", save_known, true},
    {"enum", "EnumMeta", save_known, true},
    {"enum", "Enum", save_known, true},
    {"enum", "IntEnum", save_known, true},
    {"enum", "StrEnum", save_known, true},
    {"enum", "Flag", save_known, true},
    {"enum", "IntFlag", save_known, true},
    {"abc", "ABC", save_known, true},
};

}  // namespace

void register_reducers(Shared& shared) {
  shared.serve_later(kLateTypes);
  auto builtin = [&](PyTypeObject& type, Reducer reducer) {
    shared.serve(reinterpret_cast<PyObject*>(&type), reducer);
  };
  builtin(PyCode_Type, save_code);
  builtin(PyCell_Type, save_cell);
  builtin(PyMethod_Type, save_method);
  builtin(PyModule_Type, save_module);
  builtin(PyCFunction_Type, save_builtin_function);
  builtin(PyMethodDescr_Type, save_known);
  builtin(PyWrapperDescr_Type, save_known);
  builtin(PyGetSetDescr_Type, save_getset_descriptor);
  builtin(PyStaticMethod_Type, save_method_wrapper);
  builtin(PyClassMethod_Type, save_method_wrapper);
  builtin(PyProperty_Type, save_property);
  builtin(PyDictProxy_Type, save_mapping_proxy);
  builtin(PyMemoryView_Type, save_memory_view);
  builtin(PyDictKeys_Type, save_dict_view);
  builtin(PyDictValues_Type, save_dict_view);
  builtin(PyDictItems_Type, save_dict_view);
  builtin(PyODictKeys_Type, save_dict_view);
  builtin(PyODictValues_Type, save_dict_view);
  builtin(PyODictItems_Type, save_dict_view);
  builtin(PyBaseObject_Type, save_sentinel);
  shared.serve(cpython::import_attribute("_weakref", "ref").get(), save_weak_reference);
  shared.serve(cpython::import_attribute("io", "TextIOWrapper").get(), save_text_file);
  shared.serve(shared.imported().lru_cache_type, save_lru_cache);
  shared.serve(shared.imported().cached_property, save_cached_property);
}

}  // namespace cppickle::by_value
