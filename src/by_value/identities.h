// The ids and tokens of what one dump writes by value.
#ifndef CPPICKLE_BY_VALUE_IDENTITIES_H_
#define CPPICKLE_BY_VALUE_IDENTITIES_H_

#include <cstddef>
#include <memory_resource>
#include <vector>

#include "caching/expansion_cache.h"
#include "caching/identity_lookup.h"
#include "core/siphash.h"
#include "cpython/identity_map.h"
#include "cpython/ref.h"
#include "identity/content_graph.h"
#include "identity/tracker.h"
#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::by_value {

// An object's id is the digest of its content when it is met for the first time, or in
// the scope of a process what the tracker makes of that.  Its token is the same of its
// present content as long as all that it reaches still has the id that its content
// gives.  Where something has been changed in place, or has an equal beside it, the
// token is made of the object's own text and the *ids* of the classes in it: what a
// worker has to set again is that text, in which classes are found by their ids.
// Content that is not determined counts as changed: its token is another at each dump.
//
// Holds all objects, so it lives no longer than the dump.
// Thread safety: requires the GIL.
class Identities {
 public:
  Identities(identity::Tracker& tracker, caching::ExpansionCache& cache)
      : tracker_(tracker), cache_(cache) {}

  // Runs foreign code.
  identity::Identity of(stream::StreamState& state, pickling::Pickler& pickler,
                        identity::Expander& expander, PyObject* object);

 private:
  using Found = caching::IdentityLookup::Found;

  const identity::Identity* known(PyObject* object) const {
    const cpython::IdentityMap::Number* place = places_.find(object);
    return place == nullptr ? nullptr : &known_[*place].identity;
  }
  void add(Found found);
  void identify_new_nodes();
  bool give_id(std::size_t number);
  bool is_digest(const identity::ContentGraph::Node& node, PyObject* id) const;
  template <typename Visit>
  bool visit_reached(std::size_t number, Visit visit) const;
  bool reaches_only_digest_ids(std::size_t number) const;
  cpython::Ref token_of(std::size_t number) const;
  bool reached_identities(std::size_t number, std::vector<Found>& reached) const;

  identity::Tracker& tracker_;
  caching::ExpansionCache& cache_;
  identity::IdScope scope_ = identity::IdScope::kContent;  // of the dump in progress
  identity::ContentGraph graph_;
  std::vector<Found> known_;
  cpython::IdentityMap places_{std::pmr::get_default_resource()};  // in known_
  // By number of node: the id of a class or type variable, and a hash of it.
  std::vector<cpython::Ref> ids_;
  std::vector<core::Hash128> labels_;
  std::size_t identified_ = 0;       // nodes before this one have a token
  bool all_ids_are_digests_ = true;  // each id is what the content gives
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_IDENTITIES_H_
