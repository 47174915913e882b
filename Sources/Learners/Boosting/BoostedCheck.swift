import MartletCore

/// What xgboost believes of a model that it reads and must not: places of nodes, features and classes that there are not lead its
/// predictions out of its memory, or round in circles.
struct BoostedCheck {
  private let features: Int
  /// Numbers that a row gets.
  private var groups = 1

  /// - Throws: `LearnerError` saying what is wrong with a model of so many features and so many numbers a row.
  static func check(_ bytes: [UInt8], features: Int, outputs: Int) throws {
    let root = try BoostedReader.read(bytes)
    var check = BoostedCheck(features: features)
    try check.learner(root["learner"] ?? .null, outputs)
  }

  private init(features: Int) { self.features = features }

  private func refuse(_ what: String, expected: String? = nil) -> LearnerError {
    LearnerError("a model of xgboost \(what)", expected: expected, remedy: "save the model again: this file is damaged")
  }

  /// xgboost writes numbers that are settings as text.
  private func setting(_ object: BoostedValue?, _ name: String, standard: Int? = nil) throws -> Int {
    guard let value = object?[name] else {
      if let standard { return standard }
      throw refuse("lacks '\(name)'")
    }
    guard let text = value.text, let number = Int(text) else { throw refuse("has a '\(name)' that is no number") }
    return number
  }

  private mutating func learner(_ learner: BoostedValue, _ outputs: Int) throws {
    let shape = learner["learner_model_param"]
    let count = try setting(shape, "num_feature")
    guard count == features else { throw refuse("has \(count) features", expected: "\(features)") }
    let classes = try setting(shape, "num_class")
    guard (0...1_000_000).contains(classes), try setting(shape, "num_target", standard: 1) == 1 else {
      throw refuse("has \(classes) classes, or many targets")
    }
    groups = max(classes, 1)
    guard outputs == groups else { throw refuse("gives \(groups) numbers a row", expected: "\(outputs)") }
    let objective = learner["objective"]
    if let name = objective?["name"]?.text, name.hasPrefix("multi:") {
      guard name == "multi:softprob", try setting(objective?["softmax_multiclass_param"], "num_class") == classes, classes > 0 else {
        throw refuse("has the objective \(name) of other classes", expected: "multi:softprob of \(classes)")
      }
    }
    let booster = learner["gradient_booster"]
    switch booster?["name"]?.text {
    case "gbtree": try forest(booster?["model"])
    case "dart":
      let trees = try forest(booster?["gbtree"]?["model"])
      guard booster?["weight_drop"]?.count == trees else { throw refuse("weighs other trees than it has") }
    case "gblinear":
      guard booster?["model"]?["weights"]?.count == (features + 1) * groups else { throw refuse("has other weights than features") }
    case let name: throw refuse("is of the kind '\(name ?? "")'", expected: "gbtree, dart or gblinear")
    }
  }

  @discardableResult private func forest(_ model: BoostedValue?) throws -> Int {
    let shape = model?["gbtree_model_param"]
    guard let trees = model?["trees"]?.list, let groupOf = model?["tree_info"]?.integers else { throw refuse("has no trees") }
    guard try setting(shape, "num_trees") == trees.count, groupOf.count == trees.count, groupOf.allSatisfy((0..<groups).contains) else {
      throw refuse("has \(trees.count) trees that do not fit its classes")
    }
    guard (1...max(trees.count, 1)).contains(try setting(shape, "num_parallel_tree", standard: 1)) else {
      throw refuse("grows more trees at once than it has")
    }
    var seen = [Bool](repeating: false, count: trees.count)
    for tree in trees {
      guard case .int(let id)? = tree["id"], seen.indices.contains(id), !seen[id] else { throw refuse("does not number its trees") }
      seen[id] = true
      try self.tree(tree)
    }
    return trees.count
  }

  private static let statistics = ["loss_changes", "sum_hessian", "base_weights", "split_conditions", "default_left"]
  /// xgboost goes down trees by recursion when it says what features contribute.
  private static let deepest = 2000

  private func tree(_ tree: BoostedValue) throws {
    guard let left = tree["left_children"]?.integers, let right = tree["right_children"]?.integers,
      let parents = tree["parents"]?.integers, let split = tree["split_indices"]?.integers
    else { throw refuse("has a tree without nodes") }
    let count = left.count
    guard count > 0, right.count == count, parents.count == count, split.count == count,
      try setting(tree["tree_param"], "num_nodes") == count, Self.statistics.allSatisfy({ tree[$0]?.count == count }),
      try setting(tree["tree_param"], "size_leaf_vector", standard: 0) <= 1
    else { throw refuse("has a tree whose lists do not fit each other") }
    guard parents.dropFirst().allSatisfy((0..<count).contains) else { throw refuse("has a tree of nodes without parents") }
    // Nodes that pruning cut off are not reached, and may be anything.
    var depths = [Int](repeating: -1, count: count), open = [0]
    depths[0] = 0
    while let node = open.popLast() {
      guard left[node] != -1 else { continue }
      for child in [left[node], right[node]] {
        guard (0..<count).contains(child), depths[child] < 0, depths[node] < Self.deepest else {
          throw refuse("has a tree whose nodes do not lead to leaves")
        }
        depths[child] = depths[node] + 1
        open.append(child)
      }
      guard (0..<features).contains(split[node]) else {
        throw refuse("splits by feature \(split[node])", expected: "0 to \(features - 1)")
      }
    }
    try categories(tree, count)
  }

  private func categories(_ tree: BoostedValue, _ count: Int) throws {
    guard let types = tree["split_type"] else { return }
    guard let types = types.integers, types.count == count, types.allSatisfy((0...1).contains),
      let nodes = tree["categories_nodes"]?.integers, let starts = tree["categories_segments"]?.integers,
      let sizes = tree["categories_sizes"]?.integers, let codes = tree["categories"]?.integers, starts.count == nodes.count,
      sizes.count == nodes.count, codes.allSatisfy((0..<1 << 24).contains), zip(nodes, nodes.dropFirst()).allSatisfy(<),
      nodes.allSatisfy((0..<count).contains)
    else { throw refuse("has a tree whose categories do not fit each other") }
    for (start, size) in zip(starts, sizes) {
      guard start >= 0, size > 0, start <= codes.count, size <= codes.count - start else {
        throw refuse("has a tree with categories that there are not")
      }
    }
    let set = Set(nodes)
    guard types.indices.allSatisfy({ (types[$0] == 1) == set.contains($0) }) else {
      throw refuse("has a tree that splits by categories without any")
    }
  }
}
