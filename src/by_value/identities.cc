#include "by_value/identities.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/pickler.h"

namespace cppickle::by_value {

using caching::IdentityLookup;
using core::Hash128;
using cpython::Ref;
using identity::ContentGraph;
using identity::Identity;
using pickling::Pickler;
using stream::StreamState;

namespace {

constexpr core::SipHashKey kShapeKey{0x656c6b6369707063u, 0x6570616873u};

// Ids of cloudpickle are str.
std::string_view content_of(PyObject* id) {
  return PyBytes_Check(id)     ? cpython::bytes_view(id)
         : PyUnicode_Check(id) ? cpython::utf8_view(id)
                               : std::string_view();
}

Hash128 hash_of_id(PyObject* id) { return core::siphash128(content_of(id), kShapeKey); }

}  // namespace

// True when the content gives this id.
bool Identities::is_digest(const ContentGraph::Node& node, PyObject* id) const {
  if (!node.is_determined || !PyBytes_Check(id)) return false;
  auto bytes = tracker_.plain_id(node.digest, scope_).bytes();
  return content_of(id) == std::string_view(bytes.data(), bytes.size());
}

void Identities::add(Found found) {
  auto place = static_cast<cpython::IdentityMap::Number>(known_.size());
  if (places_.add(found.object.get(), place)) known_.push_back(std::move(found));
}

Identity Identities::of(StreamState& state, Pickler& pickler,
                        identity::Expander& expander, PyObject* object) {
  if (const Identity* identity = known(object)) return identity->copy();
  scope_ = state.options().class_ids;
  IdentityLookup lookup(cache_, state, pickler, object);
  for (Found& found : lookup.found()) add(std::move(found));
  if (const Identity* identity = known(object)) return identity->copy();
  // The reducers that write the texts ask objects how they are reduced.
  pickler.before_foreign_code();
  std::size_t number = graph_.close({Ref::borrow(object), Ref()}, expander);
  identify_new_nodes();
  if (lookup.wants_identities()) {
    std::vector<Found> reached;
    if (reached_identities(number, reached)) lookup.keep(reached);
  }
  return known(object)->copy();
}

// Bases and metaclasses come first: which they are is part of a shape.
void Identities::identify_new_nodes() {
  ids_.resize(graph_.size());
  labels_.resize(graph_.size());
  std::vector<std::size_t> waiting;
  for (std::size_t number = graph_.size(); number-- > identified_;) {
    const ContentGraph::Node& node = graph_[number];
    if (node.is_closed && node.key.is_tracked() && !ids_[number])
      waiting.push_back(number);
  }
  while (!waiting.empty()) {
    std::size_t before = waiting.size();
    std::erase_if(waiting, [this](std::size_t number) { return give_id(number); });
    // Nothing is its own base, nor its metaclass's.
    if (waiting.size() == before)
      cpython::raise(PyExc_SystemError, "bases of a class that depend on each other");
  }
  for (std::size_t number = identified_; number < graph_.size(); ++number) {
    const ContentGraph::Node& node = graph_[number];
    if (!ids_[number]) continue;
    PyObject* object = node.key.object.get();
    Found found{Ref::borrow(object), {Ref::borrow(ids_[number].get()), Ref()}};
    found.identity.token = token_of(number);
    add(std::move(found));
  }
  identified_ = graph_.size();
}

// False when a base has no id yet.
bool Identities::give_id(std::size_t number) {
  const ContentGraph::Node& node = graph_[number];
  std::string text;
  auto add = [&](const Hash128& hash) {
    auto bytes = hash.bytes();
    text.append(bytes.data(), bytes.size());
  };
  add(node.expansion.shape.value_or(Hash128{}));
  for (std::size_t i = 0; i < node.expansion.shape_edges; ++i) {
    std::size_t base = node.edges[i];
    if (!graph_[base].key.is_tracked()) continue;
    if (!ids_[base]) return false;
    // Not its id, which is another one in the scope of the process.
    add({tracker_.incarnation_of(graph_[base].key.object.get()), 0});
  }
  std::optional<Hash128> shape;
  if (node.expansion.shape) shape = core::siphash128(text, kShapeKey);
  ids_[number] = tracker_.id_of(node.key.object.get(), shape,
                                node.is_determined ? &node.digest : nullptr, scope_);
  labels_[number] = hash_of_id(ids_[number].get());
  all_ids_are_digests_ = all_ids_are_digests_ && is_digest(node, ids_[number].get());
  return true;
}

// Calls visit(number) for all nodes that the node reaches, itself included, until one
// answers false; answers whether none did.
template <typename Visit>
bool Identities::visit_reached(std::size_t number, Visit visit) const {
  std::vector<bool> seen(graph_.size());
  std::vector<std::size_t> waiting{number};
  while (!waiting.empty()) {
    std::size_t next = waiting.back();
    waiting.pop_back();
    if (seen[next]) continue;
    seen[next] = true;
    if (!visit(next)) return false;
    const std::vector<std::size_t>& edges = graph_[next].edges;
    waiting.insert(waiting.end(), edges.begin(), edges.end());
  }
  return true;
}

bool Identities::reaches_only_digest_ids(std::size_t number) const {
  return all_ids_are_digests_ || visit_reached(number, [this](std::size_t reached) {
           const ContentGraph::Node& node = graph_[reached];
           return !node.key.is_tracked() || is_digest(node, ids_[reached].get());
         });
}

Ref Identities::token_of(std::size_t number) const {
  const ContentGraph::Node& node = graph_[number];
  // One object for equal bytes: a stream then refers to it, in every process alike.
  if (node.is_determined && reaches_only_digest_ids(number))
    return Ref::borrow(ids_[number].get());
  Hash128 digest;
  if (!graph_.digest_over(number, labels_, digest)) return identity::random_id();
  return identity::id_from(digest);
}

// What the node reaches, itself included; false when some of it is not determined, so
// that its token holds for this dump alone.
bool Identities::reached_identities(std::size_t number,
                                    std::vector<Found>& reached) const {
  return visit_reached(number, [&](std::size_t next) {
    const ContentGraph::Node& node = graph_[next];
    if (!node.expansion.is_determined) return false;
    if (node.key.is_tracked()) {
      PyObject* object = node.key.object.get();
      reached.push_back({Ref::borrow(object), known(object)->copy()});
    }
    return true;
  });
}

}  // namespace cppickle::by_value
