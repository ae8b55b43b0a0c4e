#include "identity/content_graph.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cppickle::identity {

using core::Hash128;

namespace {

// Part of what ids are made of, as the form of the texts is: "cppickle", "identity".
constexpr core::SipHashKey kKey{0x656c6b6369707063u, 0x797469746e656469u};

// A text of hashes, and its hash.
class HashText {
 public:
  HashText& add(char tag, const Hash128& hash) {
    text_.push_back(tag);
    auto bytes = hash.bytes();
    text_.append(bytes.data(), bytes.size());
    return *this;
  }
  Hash128 take() {
    Hash128 hash = core::siphash128(text_, kKey);
    text_.clear();
    return hash;
  }

 private:
  std::string text_;
};

std::size_t distinct(std::vector<Hash128> colors) {
  std::ranges::sort(colors);
  return static_cast<std::size_t>(std::ranges::unique(colors).begin() - colors.begin());
}

// What one member of a set of nodes refers to: another member, or something outside.
struct Target {
  bool inside;
  std::size_t member;
  Hash128 outside;
};

// Colors the members so that two have the same color only if their texts, and all that
// they reach, are the same; then mixes into each what the whole set has.
std::vector<Hash128> refined(std::vector<Hash128> colors,
                             const std::vector<std::vector<Target>>& targets) {
  HashText text;
  std::vector<Hash128> next(colors.size());
  for (std::size_t before = 0, now = distinct(colors); now != before;) {
    for (std::size_t i = 0; i < colors.size(); ++i) {
      text.add('n', colors[i]);
      for (const Target& target : targets[i])
        target.inside ? text.add('i', colors[target.member])
                      : text.add('o', target.outside);
      next[i] = text.take();
    }
    colors.swap(next);
    before = now;
    now = distinct(colors);
  }
  if (colors.size() == 1) return colors;
  // How many members there are counts, too: in a circle of two nodes and in one of
  // three, all of one text, each node sees the same neighbours.
  std::vector<Hash128> sorted = colors;
  std::ranges::sort(sorted);
  for (const Hash128& color : sorted) text.add('m', color);
  Hash128 mixed = text.take();
  for (Hash128& color : colors) color = text.add('n', color).add('s', mixed).take();
  return colors;
}

}  // namespace

Expander::~Expander() = default;

std::size_t ContentGraph::number_of(const NodeKey& key) {
  auto [entry, is_new] =
      numbers_.try_emplace({key.object.get(), key.name.get()}, nodes_.size());
  if (is_new) {
    nodes_.push_back(std::make_unique<Node>());
    nodes_.back()->key = {cpython::Ref::borrow(key.object.get()),
                          cpython::Ref::borrow(key.name.get())};
  }
  return entry->second;
}

void ContentGraph::expand(std::size_t number, Expander& expander) {
  Node& expanded = node(number);
  expanded.expansion = expander.expand(expanded.key);
  expanded.edges.reserve(expanded.expansion.edges.size());
  for (const NodeKey& edge : expanded.expansion.edges)
    expanded.edges.push_back(number_of(edge));
  expanded.is_expanded = true;
}

std::size_t ContentGraph::close(const NodeKey& key, Expander& expander) {
  struct Visit {
    std::size_t number;
    std::size_t next_edge = 0;
  };
  std::size_t root = number_of(key);
  std::vector<Visit> visits;
  Component open;  // nodes that belong to no component yet
  std::size_t discovered = 0;
  auto enter = [&](std::size_t number) {
    if (!node(number).is_expanded) expand(number, expander);
    node(number).order = node(number).low = ++discovered;
    open.push_back(number);
    visits.push_back({number});
  };
  // What an error has left over is found as if for the first time.
  for (const auto& known : nodes_) known->order = 0;
  if (!node(root).is_closed) enter(root);
  while (!visits.empty()) {
    std::size_t number = visits.back().number;
    Node& visited = node(number);
    if (visits.back().next_edge < visited.edges.size()) {
      std::size_t target = visited.edges[visits.back().next_edge++];
      if (node(target).is_closed) continue;
      if (node(target).order == 0) {
        enter(target);
      } else {
        visited.low = std::min(visited.low, node(target).order);
      }
      continue;
    }
    visits.pop_back();
    if (!visits.empty()) {
      Node& parent = node(visits.back().number);
      parent.low = std::min(parent.low, visited.low);
    }
    if (visited.low != visited.order) continue;
    auto first = std::ranges::find(open, number);
    close_component(Component(first, open.end()));
    open.erase(first, open.end());
  }
  return root;
}

// As close_component() for one node that does not refer to itself.
void ContentGraph::close_alone(Node& node) {
  HashText text;
  node.is_determined = node.expansion.is_determined;
  text.add('n', node.expansion.own);
  for (std::size_t edge : node.edges) {
    node.is_determined = node.is_determined && nodes_[edge]->is_determined;
    text.add('o', nodes_[edge]->digest);
  }
  node.digest = text.take();
  node.is_closed = true;
}

void ContentGraph::close_component(const Component& component) {
  Node& only = node(component[0]);
  if (component.size() == 1 &&
      std::ranges::find(only.edges, component[0]) == only.edges.end())
    return close_alone(only);
  std::map<std::size_t, std::size_t> members;  // by number of node
  for (std::size_t i = 0; i < component.size(); ++i) members.emplace(component[i], i);
  bool is_determined = true;
  std::vector<Hash128> colors;
  std::vector<std::vector<Target>> targets(component.size());
  for (std::size_t i = 0; i < component.size(); ++i) {
    const Node& node = *nodes_[component[i]];
    is_determined = is_determined && node.expansion.is_determined;
    colors.push_back(node.expansion.own);
    for (std::size_t edge : node.edges) {
      auto member = members.find(edge);
      bool inside = member != members.end();
      is_determined = is_determined && (inside || nodes_[edge]->is_determined);
      targets[i].push_back({inside, inside ? member->second : 0, nodes_[edge]->digest});
    }
  }
  std::vector<Hash128> digests = refined(std::move(colors), targets);
  for (std::size_t i = 0; i < component.size(); ++i) {
    Node& node = *nodes_[component[i]];
    node.digest = digests[i];
    node.is_determined = is_determined;
    node.is_closed = true;
  }
}

bool ContentGraph::digest_over(std::size_t number, std::span<const Hash128> labels,
                               Hash128& digest) const {
  Component members{number};
  std::map<std::size_t, std::size_t> places{{number, 0}};
  std::vector<Hash128> colors;
  std::vector<std::vector<Target>> targets;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Node& node = *nodes_[members[i]];
    if (!node.expansion.is_determined) return false;
    colors.push_back(node.expansion.own);
    targets.emplace_back();
    for (std::size_t edge : node.edges) {
      if (nodes_[edge]->key.is_tracked()) {
        targets.back().push_back({false, 0, labels[edge]});
        continue;
      }
      auto [place, is_new] = places.try_emplace(edge, members.size());
      if (is_new) members.push_back(edge);
      targets.back().push_back({true, place->second, {}});
    }
  }
  digest = refined(std::move(colors), targets)[0];
  return true;
}

}  // namespace cppickle::identity
