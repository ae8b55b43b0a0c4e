// What by-value classes consist of, as a graph: the ground of their ids and tokens.
//
// A node is a class or type variable by value, or an entry of a globals dict that
// functions by value name.  Its text is what the reducers write for it, in which other
// nodes are edges.  A node's digest stands for all that can be reached from it.
#ifndef CPPICKLE_IDENTITY_CONTENT_GRAPH_H_
#define CPPICKLE_IDENTITY_CONTENT_GRAPH_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/siphash.h"
#include "cpython/ref.h"

namespace cppickle::identity {

// What a node stands for: a class or type variable, or the entry `name` of the dict
// `object`.
struct NodeKey {
  cpython::Ref object;
  cpython::Ref name;  // null for the former

  bool is_tracked() const { return !name; }
};

// What the reducers write for a node.
struct Expansion {
  core::Hash128 own;  // of its text
  // Of the text's beginning that only making the object anew can change; nothing when
  // an error came before its end, or there is none.
  std::optional<core::Hash128> shape;
  std::size_t shape_edges = 0;  // the edges in that beginning
  std::vector<NodeKey> edges;   // in the order of their first mention
  bool is_determined = true;    // false: too large, or an error ended it
};

// Writes what nodes stand for.  Runs foreign code.  Throws ErrorSet for errors that
// must not be lost.
class Expander {
 public:
  Expander() = default;
  Expander(const Expander&) = delete;
  Expander& operator=(const Expander&) = delete;
  virtual ~Expander();

  virtual Expansion expand(const NodeKey& key) = 0;
};

// Digests are closed over the graph by strongly connected components (Tarjan, "Depth-
// first search and linear graph algorithms", 1972; iteratively, so that depth costs
// heap alone), which takes time linear in what is written.  Inside of a component,
// nodes are refined by what they refer to until no more of them differ (partition
// refinement, as for the equivalence of automata): so equal graphs have equal digests
// whichever class is dumped first.
//
// Whether a mutable object is one and the same in two nodes does not count.
//
// Keeps the objects alive.
// REQUIRES: clear() at the end of each dump.  A node is expanded once, so its object
// must not be changed by anybody but the foreign code that this dump runs.
// Thread safety: requires the GIL.
class ContentGraph {
 public:
  struct Node {
    NodeKey key;
    Expansion expansion;
    std::vector<std::size_t> edges;
    core::Hash128 digest;        // of all that can be reached
    bool is_determined = false;  // all of it is
    bool is_expanded = false;
    // While components are looked for: the order of discovery, and the earliest node
    // that is known to be reached.
    std::size_t order = 0, low = 0;
    bool is_closed = false;
  };

  // The number of the key's node, which is closed, as all that it reaches are.
  std::size_t close(const NodeKey& key, Expander& expander);
  const Node& operator[](std::size_t number) const { return *nodes_[number]; }
  std::size_t size() const { return nodes_.size(); }

  // A digest of what `number` refers to, where classes and type variables count as
  // their `labels` (by number of node) and not as their content.  False when an entry
  // of a globals dict on the way is not determined.
  // REQUIRES: a closed node.
  bool digest_over(std::size_t number, std::span<const core::Hash128> labels,
                   core::Hash128& digest) const;

 private:
  using Component = std::vector<std::size_t>;

  Node& node(std::size_t number) { return *nodes_[number]; }
  std::size_t number_of(const NodeKey& key);
  void expand(std::size_t number, Expander& expander);
  void close_alone(Node& node);
  void close_component(const Component& component);

  using Key = std::pair<PyObject*, PyObject*>;
  struct HashOfKey {
    std::size_t operator()(const Key& key) const {
      std::hash<PyObject*> hash;
      return hash(key.first) * 31 + hash(key.second);
    }
  };

  std::vector<std::unique_ptr<Node>> nodes_;
  std::unordered_map<Key, std::size_t, HashOfKey> numbers_;
};

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_CONTENT_GRAPH_H_
