// How instances of a class are reduced without asking them, where Python would not ask
// either.
#ifndef CPPICKLE_PICKLING_INSTANCE_PLANS_H_
#define CPPICKLE_PICKLING_INSTANCE_PLANS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cpython/compat.h"
#include "cpython/datetimes.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/native_kinds.h"
#include "pickling/native_reductions.h"

namespace cppickle::pickling {

// How an instance is asked for its reduce value.
enum class Asking : std::uint8_t {
  kAnyhow,    // by __reduce_ex__, wherever it comes from
  kReduceEx,  // by the class's __reduce_ex__, which is a function
  kReduce,    // by its __reduce__, which is all that object.__reduce_ex__ would call
  kState      // by its __getstate__: the rest of the value is what object makes it
};

// A class whose instances are reduced by what `object` defines (object.__reduce_ex__
// and copyreg.__newobj__): made in Python over `object`, and nothing of the pickle
// protocol overridden.
struct InstancePlan {
  struct Slot {
    cpython::Ref name;
    Py_ssize_t offset;  // bytes from the object's begin to the value

    // Borrowed, or null.
    PyObject* value_of(PyObject* object) const {
      return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offset);
    }
  };

  std::uint64_t version = 0;        // of the type when the plan was made
  bool native = false;              // false: ask the object
  Asking asking = Asking::kAnyhow;  // an instance that hides no __reduce_ex__
  bool refused = false;             // state of a C type, which object's methods refuse
  cpython::DateTimeKind datetime = cpython::DateTimeKind::kNone;  // else: one of these
  NativeKind kind = NativeKind::kNone;                            // that it may have
  NativeReduction reduction;     // once an object of the class has answered
  std::size_t vain_answers = 0;  // that have taught nothing since
  // The version of a dispatch table that has no reducer for the class; 0: not known.
  std::uint64_t unregistered_in = 0;
  bool has_dict = false;
  std::vector<Slot> slots;  // in the order of copyreg._slotnames
};

// Plans by class; a plan ends with the version of its type, so neither needs to watch
// the other.  Owns the names of slots and no class.
// REQUIRES: a plan is used only until foreign code may run: it may change the class, or
// make other plans.
// Thread safety: requires the GIL.
class InstancePlans {
 public:
  explicit InstancePlans(const cpython::Names& names) : names_(names) {}

  // Valid as long as no foreign code runs.  Runs none.
  InstancePlan& plan_for(PyTypeObject* type) {
    const Recent& recent = recent_[place_of(type)];
    if (recent.type == type && is_current(*recent.plan, type)) [[likely]]
      return *recent.plan;
    return find_plan(type);
  }
  // To be called where no plan is in use: forgets all when they are many, and what they
  // were replaced for.
  void trim();
  const cpython::DateTimes& datetimes() const { return datetimes_; }

  // Learns from what `reducer` (null: the object itself) has answered.
  void learn_reduction(PyObject* object, PyObject* value, PyObject* reducer);

  // What a builtin dtype of numpy was reduced to before, or null; borrowed, and as
  // long-lived as the plans.  Such a dtype never changes.
  PyObject* known_reduction(PyObject* object) const;
  // Notes it, for a builtin dtype.  Runs foreign code.
  void note_reduction(PyObject* object, PyObject* value);

  // True when to look up a type in a dispatch table runs no foreign code: __eq__ of
  // keys that have its hash.
  bool has_plain_keys(PyObject* table);

  void clear() {
    forget_plans();
    dtypes_.clear();
  }

 private:
  struct Recent {
    PyTypeObject* type = nullptr;
    InstancePlan* plan = nullptr;
  };
  static constexpr std::size_t kRecentPlans = 16;  // a power of two

  static std::size_t place_of(PyTypeObject* type) {
    auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(type));
    return static_cast<std::size_t>(address * 0x9E3779B97F4A7C15u >> 60);
  }
  // Types with static storage do not change.
  static bool is_current(const InstancePlan& plan, PyTypeObject* type) {
    bool same = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0 ||
                cpython::has_version(type, plan.version);
    return same &&
           (plan.reduction.kind == NativeKind::kNone || plan.reduction.watched.hold());
  }
  InstancePlan& find_plan(PyTypeObject* type);
  void forget_plans() {
    plans_.clear();
    recent_ = {};
  }

  const cpython::Names& names_;
  cpython::DateTimes datetimes_;
  struct Reduction {
    cpython::Ref dtype;
    cpython::Ref value;
  };

  std::unordered_map<PyTypeObject*, InstancePlan> plans_;
  std::array<Recent, kRecentPlans> recent_;  // some of them
  // Until the next trim(): to let go of what they own may run finalizers.
  std::vector<NativeReduction> outdated_;
  std::vector<Reduction> dtypes_;  // few
  // Tables with plain keys, as long as they have this version; addresses.
  struct PlainTable {
    PyObject* table = nullptr;
    std::uint64_t version = 0;
  };
  std::array<PlainTable, 4> plain_tables_;
  std::size_t next_plain_table_ = 0;  // that is given up for another
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_INSTANCE_PLANS_H_
