import ArgumentParser
import Foundation
import Project
import Testing

@testable import Commands

@Suite struct ExampleProjectTests {
  static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Examples")

  @Test func `what the examples demand is what evaluations have`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.examples.path)
    let files = folders.map { "\(Self.examples.path)/\($0)/martlet.yml" }.filter(FileManager.default.fileExists)
    var demands = 0
    for file in files.sorted() {
      let project = try ProjectFile.load(file, checkingFiles: false)
      try ProjectOptions.checkRequired(project)
      demands += project.project.require.count
    }
    #expect(demands >= 9, "\(files.count) projects")
  }

  @Test func `a metric that no evaluation has is refused before training`() throws {
    let folder = try Folder()
    _ = try folder.write("t.csv", "text\n")
    let path = try folder.write(
      "texts.yml", "name: a\ntask: language-model\ndata: {file: t.csv}\nevaluation: {require: {perplexity_per_charakter: 5}}\n")
    let options = try ProjectOptions.parse(["--project", path])
    let error = #expect(throws: UsageError.self) { try options.load() }
    #expect(error?.remedy == "'perplexity_per_character'" && error?.problem.contains("perplexity_per_charakter") == true)
  }
}
