import Foundation
import MartletCore

extension TextProject {
  /// One head of a project for several tasks.
  public struct Head: Sendable, Hashable {
    public let name: String
    /// What its loss weighs.
    public let weight: Double
    /// The project as if there were this head only.
    public let project: TextProject
  }

  /// The heads in the order of their names.
  /// - Throws: `ArgumentError` naming the head that lacks something.
  public func headProjects() throws -> [Head] {
    guard let heads, !heads.isEmpty else { throw ArgumentError("heads is empty", expected: "1 or more heads") }
    let common = try JSON.decode(JSONValue.self, from: JSON.encode(data), source: "data").objectValue ?? [:]
    return try heads.sorted { $0.key < $1.key }.map { name, choice in
      guard let task = ProjectTask(rawValue: choice.name) else {
        throw ArgumentError("heads.\(name) is for '\(choice.name)'", expected: "a task of texts")
      }
      var project = self
      project.task = task
      project.heads = nil
      project.mixing = nil
      project.loss = task == .embedding ? choice.word("loss").map { NamedChoice($0, $0 == "cosine" ? [:] : ["scale": 20]) } : nil
      let own = choice.settings.filter { !["weight", "loss"].contains($0.key) }
      project.data = try JSON.decode(
        TextData.self, from: JSON.encode(JSONValue.object(common.merging(own) { _, own in own })), source: "heads.\(name)")
      guard project.data.file != nil || project.data.dataset != nil else {
        throw ArgumentError("heads.\(name) has no texts", expected: "file, or dataset")
      }
      return Head(name: name, weight: choice.number("weight") ?? 1, project: project)
    }
  }
}
