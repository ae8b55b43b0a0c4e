#include "by_value/registration.h"

#include "cpython/imported.h"
#include "kinds/code_objects.h"
#include "kinds/functions.h"
#include "kinds/imports.h"
#include "kinds/sentinel_objects.h"
#include "kinds/type_aliases.h"
#include "kinds/typing_objects.h"
#include "kinds/views.h"
#include "kinds/wrappers.h"
#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::by_value {

using stream::LateType;
using stream::Reducer;
using stream::Shared;
using stream::StreamState;

namespace {

bool save_known(StreamState& reducers, pickling::Pickler& pickler, PyObject* object) {
  return reducers.shared().save_known_global(pickler, object);
}

constexpr LateType kLateTypes[] = {
    {"typing", "TypeVar", kinds::save_type_variable},
    {"typing", "ParamSpec", kinds::save_type_variable},
    {"typing", "TypeVarTuple", kinds::save_type_variable},
    {"typing", "TypeAliasType", kinds::save_type_alias},
    {"typing", "NewType", kinds::save_new_type},
    {"functools", "partialmethod", kinds::save_partial_method},
    {"builtins", "frozendict", kinds::save_as_dict},
    {"weakref", "WeakSet", kinds::save_weak_set},
    {"weakref", "WeakKeyDictionary", kinds::save_as_dict},
    {"weakref", "WeakValueDictionary", kinds::save_as_dict},
    {"weakref", "WeakMethod", kinds::save_weak_method},
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
  builtin(PyCode_Type, kinds::save_code);
  builtin(PyCell_Type, kinds::save_cell);
  builtin(PyMethod_Type, kinds::save_method);
  builtin(PyModule_Type, kinds::save_module);
  builtin(PyCFunction_Type, kinds::save_builtin_function);
  builtin(PyMethodDescr_Type, save_known);
  builtin(PyWrapperDescr_Type, save_known);
  builtin(PyGetSetDescr_Type, kinds::save_getset_descriptor);
  builtin(PyStaticMethod_Type, kinds::save_method_wrapper);
  builtin(PyClassMethod_Type, kinds::save_method_wrapper);
  builtin(PyProperty_Type, kinds::save_property);
  builtin(PyDictProxy_Type, kinds::save_mapping_proxy);
  builtin(PyMemoryView_Type, kinds::save_memory_view);
  builtin(PyDictKeys_Type, kinds::save_dict_view);
  builtin(PyDictValues_Type, kinds::save_dict_view);
  builtin(PyDictItems_Type, kinds::save_dict_view);
  builtin(PyODictKeys_Type, kinds::save_dict_view);
  builtin(PyODictValues_Type, kinds::save_dict_view);
  builtin(PyODictItems_Type, kinds::save_dict_view);
  builtin(PyBaseObject_Type, kinds::save_sentinel);
  shared.serve(cpython::import_attribute("_weakref", "ref").get(),
               kinds::save_weak_reference);
  shared.serve(cpython::import_attribute("io", "TextIOWrapper").get(),
               kinds::save_text_file);
  shared.serve(shared.imported().lru_cache_type, kinds::save_lru_cache);
  shared.serve(shared.imported().cached_property, kinds::save_cached_property);
}

}  // namespace cppickle::by_value
