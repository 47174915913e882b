import Foundation
public import MartletCore

/// A project of any task.
///
/// It encodes as the project that it holds; the task tells them apart.
public enum AnyProject: Codable, Sendable, Hashable {
  case images(Project)
  case table(TableProject)
  case text(TextProject)

  private enum CodingKeys: CodingKey { case task }

  public init(from decoder: any Decoder) throws {
    let task = try decoder.container(keyedBy: CodingKeys.self).decode(ProjectTask.self, forKey: .task)
    if task == .imageClassification {
      self = .images(try Project(from: decoder))
    } else {
      self = task.isText ? .text(try TextProject(from: decoder)) : .table(try TableProject(from: decoder))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .images(let project): try project.encode(to: encoder)
    case .table(let project): try project.encode(to: encoder)
    case .text(let project): try project.encode(to: encoder)
    }
  }

  /// The project, if it is one of pictures.
  public var images: Project? { if case .images(let project) = self { project } else { nil } }
  /// The project, if it is one of tables.
  public var table: TableProject? { if case .table(let project) = self { project } else { nil } }

  /// The project, if it is one of texts.
  public var text: TextProject? { if case .text(let project) = self { project } else { nil } }

  /// The model's name in the registry.
  public var name: String {
    switch self {
    case .images(let project): project.name
    case .table(let project): project.name
    case .text(let project): project.name
    }
  }

  /// What the model does.
  public var task: ProjectTask {
    switch self {
    case .images(let project): project.task
    case .table(let project): project.task
    case .text(let project): project.task
    }
  }

  /// One line about the model.
  public var description: String? {
    switch self {
    case .images(let project): project.description
    case .table(let project): project.description
    case .text(let project): project.description
    }
  }

  /// By metric, what the test part has to show before a version is registered.
  public var require: [String: Double] {
    switch self {
    case .images(let project): project.evaluation.require
    case .table(let project): project.evaluation.require
    case .text(let project): project.evaluation.require
    }
  }

  /// What must hold before a version gets an alias.
  public var gates: [String] {
    switch self {
    case .images(let project): project.gates ?? []
    case .table(let project): project.gates ?? []
    case .text(let project): project.gates ?? []
    }
  }

  /// Where the server listens.
  public var serve: ProjectServing {
    switch self {
    case .images(let project): project.serve
    case .table(let project): project.serve
    case .text(let project): project.serve
    }
  }

  /// Where messages come from and answers go; `nil` says nothing.
  public var stream: ProjectStream? {
    switch self {
    case .images(let project): project.stream
    case .table(let project): project.stream
    case .text(let project): project.stream
    }
  }

  /// The folder for reports, logs and checkpoints, relative to the project file.
  public var output: String {
    switch self {
    case .images(let project): project.output
    case .table(let project): project.output
    case .text(let project): project.output
    }
  }

  /// Everything random follows from it.
  public var seed: UInt64 {
    switch self {
    case .images(let project): project.training.seed
    case .table(let project): project.training.seed
    case .text(let project): project.training.seed
    }
  }

  /// The SHA-256 of the configuration as JSON with sorted keys: equal for files that mean the same.
  /// - Throws: what encoding throws, which no project that was read from a file does.
  public func digest() throws -> String { Digest.sha256(try JSON.encode(self, pretty: false)) }

  /// The configuration as JSON, for lineage and comparison.
  /// - Throws: what encoding throws, which no project that was read from a file does.
  public func jsonValue() throws -> JSONValue { try JSON.decode(JSONValue.self, from: JSON.encode(self), source: "project") }
}
