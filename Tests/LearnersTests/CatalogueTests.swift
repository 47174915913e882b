import Foundation
import Learners
import MartletCore
import Testing

@Suite struct CatalogueTests {
  @Test func learnersAreFoundByName() throws {
    let forest = try #require(
      LearnerCatalogue.learner("random-forest", settings: ["trees": 7, "max-depth": 3, "features": "log2", "class-weights": "balanced"])
        as? RandomForest)
    #expect(forest.trees == 7 && forest.maxDepth == 3 && forest.features == .log2 && forest.classWeights == .balanced)
    #expect(forest.minLeaf == 1 && forest.bootstrap)
    #expect(try LearnerCatalogue.learner("random_forest") is RandomForest)
    #expect(try (LearnerCatalogue.learner("tree", settings: ["minLeaf": 3]) as? DecisionTree)?.minLeaf == 3)
  }

  @Test func wrongNamesGetTheNearest() throws {
    let kind = #expect(throws: LearnerError.self) { try LearnerCatalogue.learner("random-forst") }
    #expect(kind?.remedy?.contains("random_forest") == true)
    let setting = #expect(throws: LearnerError.self) { try LearnerCatalogue.learner("random_forest", settings: ["max-dept": 3]) }
    #expect(setting?.problem.contains("max-dept") == true && setting?.remedy?.contains("max-depth") == true)
    let value = #expect(throws: LearnerError.self) { try LearnerCatalogue.learner("random_forest", settings: ["trees": "many"]) }
    #expect(value?.problem.contains("trees") == true)
    #expect(throws: LearnerError.self) { try LearnerCatalogue.learner("tree", settings: [1, 2]) }
  }

  @Test func everyEntryDescribesItsSettings() throws {
    #expect(Set(LearnerCatalogue.kinds).count == LearnerCatalogue.entries.count)
    for entry in LearnerCatalogue.entries {
      #expect(!entry.summary.isEmpty && !entry.tasks.isEmpty)
      let learner = try LearnerCatalogue.learner(entry.kind)
      #expect(learner.kind == entry.kind)
      // What it says of its standard settings makes the same learner.
      let given = JSONValue.object(Dictionary(entry.settings.filter { $0.standard != .null }.map { ($0.name, $0.standard) }) { a, _ in a })
      let again = try LearnerCatalogue.learner(entry.kind, settings: given)
      #expect(try LearnerCatalogue.describe(learner) == LearnerCatalogue.describe(again))
    }
  }

  @Test func aLearnerInsideAnotherIsNamed() throws {
    let inner = NamedLearner(ExtraTrees(trees: 3))
    let text = try JSON.encode(inner)
    let read = try JSON.decode(NamedLearner.self, from: text, source: "test")
    #expect((read.learner as? ExtraTrees)?.trees == 3)
    #expect(try JSON.decode(NamedLearner.self, from: Data("\"tree\"".utf8), source: "test").learner is DecisionTree)
    #expect(throws: (any Error).self) { try JSON.decode(NamedLearner.self, from: Data("3".utf8), source: "test") }
  }

  @Test func archivesWithPartsAreKept() throws {
    let leaf = LearnerArchive(kind: "a", settings: ["x": 0.1], arrays: ["n": try HostArray([Double.nan, -0.0, .infinity], shape: [3, 1])])
    let archive = LearnerArchive(
      kind: "b", settings: .null, arrays: ["bytes": try HostArray([UInt8](0...9)), "none": try HostArray([Float]())], parts: [leaf, leaf])
    let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try archive.write(to: folder)
    #expect(try LearnerArchive(folder: folder) == archive)
    // Written over by a smaller one, nothing of the old is left.
    try leaf.write(to: folder)
    #expect(try LearnerArchive(folder: folder) == leaf)
    #expect(!FileManager.default.fileExists(atPath: folder + "/parts"))
    try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/settings.json"))
    #expect(throws: FileError.self) { try LearnerArchive(folder: folder) }
    #expect(throws: FileError.self) { try LearnerArchive(folder: folder + "/nowhere") }
  }
}
