import Foundation
import Learners
import MartletCore
import Tables
import Testing

/// Models of xgboost that say what cannot be: xgboost itself would follow them out of its memory.
@Suite struct BoostedCheckTests {
  private static func fitted() throws -> BoostedClassifier {
    let data = try ContractData.classes(3)
    return try #require(
      GradientBoosting(rounds: 2, maxDepth: 2).fit(data.x, data.target, weights: nil, context: FitContext(seed: 1, threads: 1))
        as? BoostedClassifier)
  }

  @Test func liesInJSONAreRefused() throws {
    let model = try Self.fitted()
    let text = String(decoding: try model.json(), as: UTF8.self)
    func read(_ text: String) throws {
      _ = try BoostedClassifier(json: Array(text.utf8), featureNames: model.featureNames, labels: model.labels)
    }
    try read(text)
    let changes: [(what: String, from: String, to: String)] = [
      ("a child that is its parent", #""left_children":\[1,"#, #""left_children":[0,"#),
      ("a child beyond the last", #""right_children":\[2,"#, #""right_children":[2000,"#),
      ("a child below the first", #""right_children":\[2,"#, #""right_children":[-7,"#),
      ("two ways to a node", #""right_children":\[2,"#, #""right_children":[1,"#),
      ("a feature that there is not", #""split_indices":\[[0-9]+,"#, #""split_indices":[99,"#),
      ("a parent that there is not", #""parents":\[2147483647,[0-9]+,"#, #""parents":[2147483647,-5,"#),
      ("a class that there is not", #""tree_info":\[0,"#, #""tree_info":[7,"#),
      ("other trees than it has", #""num_trees":"6""#, #""num_trees":"7""#),
      ("two trees of one number", #""id":1,"#, #""id":0,"#),
      ("other classes", #""num_class":"3""#, #""num_class":"2""#),
      ("no tree at a time", #""num_parallel_tree":"1""#, #""num_parallel_tree":"0""#),
      ("other nodes than it has", #""num_nodes":"[0-9]+""#, #""num_nodes":"90""#),
      ("a list too short", #""default_left":\[[0-9]+,"#, #""default_left":["#),
      ("another kind", #""name":"gbtree""#, #""name":"forest""#),
      ("a name twice", #""version":"#, #""version":[1,7,4],"version":"#),
      ("what is no value", #""version":\["#, #""version":[x,"#),
      ("no end", #"\}$"#, ""), ("more than an end", #"\}$"#, "}}"),
    ]
    for (what, from, to) in changes {
      let changed = try text.replacing(Regex(from), with: to, maxReplacements: 1)
      #expect(changed != text, "\(what) was not said")
      #expect(throws: LearnerError.self, "\(what) is accepted") { try read(changed) }
    }
    let deep = String(repeating: #"{"a":"#, count: 100_000)
    #expect(throws: LearnerError.self) { try read(deep) }
  }

  @Test func binaryModelsAreReadToTheEndOrRefused() throws {
    let archive = try Self.fitted().archive()
    let bytes = try #require(archive.arrays["model"]).bytes
    func read(_ bytes: [UInt8]) throws {
      var changed = archive
      changed.arrays["model"] = try HostArray(bytes)
      _ = try LearnerCatalogue.fitted(changed)
    }
    try read(bytes)
    for length in [0, 1, 2, 9, bytes.count / 2, bytes.count - 1] {
      #expect(throws: LearnerError.self) { try read(Array(bytes.prefix(length))) }
    }
    #expect(throws: LearnerError.self) { try read(bytes + [0]) }
    #expect(throws: LearnerError.self) { try read(Array("binf".utf8) + bytes) }
    // Sizes of eight bytes behind their letter: so large that nothing holds them.
    let sizes = bytes.indices.dropLast(9).filter { bytes[$0] == UInt8(ascii: "L") && bytes[$0 + 1..<$0 + 6].allSatisfy { $0 == 0 } }
    #expect(sizes.count > 50)
    for place in sizes.prefix(200) {
      var changed = bytes
      changed[place + 2] = 0x7f
      #expect(throws: LearnerError.self) { try read(changed) }
    }
  }
}
