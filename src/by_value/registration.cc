#include "by_value/registration.h"

#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/ref.h"
#include "kinds/code_objects.h"
#include "kinds/functions.h"
#include "kinds/library_objects.h"
#include "kinds/methods.h"
#include "kinds/module_members.h"
#include "kinds/modules.h"
#include "kinds/type_aliases.h"
#include "kinds/typing_objects.h"
#include "kinds/views.h"
#include "kinds/weak_references.h"
#include "kinds/wrappers.h"
#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::by_value {

using stream::ByValueContext;
using stream::LazilyImportedType;
using stream::Reducer;
using stream::StreamState;

namespace {

bool save_by_known_name(StreamState& state, pickling::Pickler& pickler,
                        PyObject* object) {
  return state.context().save_known_global(pickler, object);
}

constexpr LazilyImportedType kLazilyImportedTypes[] = {
    {"typing", "TypeVar", kinds::save_type_variable},
    {"typing", "ParamSpec", kinds::save_type_variable},
    {"typing", "TypeVarTuple", kinds::save_type_variable},
    {"typing", "TypeAliasType", kinds::save_type_alias},
    {"typing", "NewType", kinds::save_new_type},
    {"functools", "partialmethod", kinds::save_partial_method},
    {"struct", "Struct", kinds::save_struct},
    {"numpy", "ufunc", kinds::save_ufunc},
    {"msgspec._core", "Factory", kinds::save_field_factory},
    {"msgspec._core", "Meta", kinds::save_field_constraints},
    {"builtins", "frozendict", kinds::save_as_dict},
    {"weakref", "WeakSet", kinds::save_weak_set},
    {"weakref", "WeakKeyDictionary", kinds::save_as_dict},
    {"weakref", "WeakValueDictionary", kinds::save_as_dict},
    {"weakref", "WeakMethod", kinds::save_weak_method},
    {"dataclasses", "MISSING", save_by_known_name, true},
    {"dataclasses", "KW_ONLY", save_by_known_name, true},
    {"dataclasses", "_FIELD", save_by_known_name, true},
    {"dataclasses", "_FIELD_CLASSVAR", save_by_known_name, true},
    {"dataclasses", "_FIELD_INITVAR", save_by_known_name, true},
    {"dataclasses", "_HAS_DEFAULT_FACTORY", save_by_known_name, true},
    {"enum", "EnumMeta", save_by_known_name, true},
    {"enum", "Enum", save_by_known_name, true},
    {"enum", "IntEnum", save_by_known_name, true},
    {"enum", "StrEnum", save_by_known_name, true},
    {"enum", "Flag", save_by_known_name, true},
    {"enum", "IntFlag", save_by_known_name, true},
    {"abc", "ABC", save_by_known_name, true},
};

}  // namespace

void register_reducers(ByValueContext& context) {
  context.register_lazily_imported(kLazilyImportedTypes);
  auto builtin = [&](PyTypeObject& type, Reducer reducer) {
    context.register_reducer(reinterpret_cast<PyObject*>(&type), reducer);
  };
  builtin(PyCode_Type, kinds::save_code);
  builtin(PyCell_Type, kinds::save_cell);
  builtin(PyMethod_Type, kinds::save_method);
  builtin(PyModule_Type, kinds::save_module);
  builtin(PyCFunction_Type, kinds::save_builtin_function);
  builtin(PyCMethod_Type, kinds::save_builtin_function);
  builtin(PySuper_Type, kinds::save_super);
  builtin(PyMethodDescr_Type, save_by_known_name);
  builtin(PyWrapperDescr_Type, save_by_known_name);
  builtin(PyGetSetDescr_Type, kinds::save_getset_descriptor);
  builtin(PyClassMethodDescr_Type, kinds::save_class_method_descriptor);
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
  context.register_reducer(
      cpython::import_attribute("types", "MethodWrapperType").get(),
      kinds::save_slot_method);
  context.register_reducer(cpython::import_attribute("_weakref", "ref").get(),
                           kinds::save_weak_reference);
  context.register_reducer(context.imported().proxy_type, kinds::save_weak_proxy);
  context.register_reducer(context.imported().callable_proxy_type,
                           kinds::save_weak_proxy);
  context.register_reducer(cpython::import_attribute("io", "TextIOWrapper").get(),
                           kinds::save_text_file);
  cpython::Ref key =
      cpython::checked(PyObject_CallOneArg(context.imported().cmp_to_key, Py_None));
  context.register_reducer(reinterpret_cast<PyObject*>(Py_TYPE(key.get())),
                           kinds::save_comparison_key);
  context.register_reducer(context.imported().lru_cache_type, kinds::save_lru_cache);
  context.register_reducer(context.imported().cached_property,
                           kinds::save_cached_property);
}

}  // namespace cppickle::by_value
