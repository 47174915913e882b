import Foundation
public import MartletCore

/// A project as `martlet.yml` describes it, with every default filled in.
///
/// It encodes to JSON with the file's own keys; `digest` names the configuration in a version's lineage.
public struct Project: Codable, Sendable, Hashable {
  /// The model's name in the registry.
  public var name: String
  /// What the model does.
  public var task: ProjectTask
  /// One line about the model.
  public var description: String?
  /// The pictures and their classes.
  public var data: ProjectData
  /// The network, by its architecture's name.
  public var model: NamedChoice
  /// What the network starts from; `nil` starts from scratch.
  public var transfer: ProjectTransfer?
  /// How the network learns.
  public var training: ProjectTraining
  /// How the network is judged.
  public var evaluation: ProjectEvaluation
  /// What must hold before a version gets an alias; `nil` asks for nothing.
  public var gates: [String]?
  /// Where the server listens.
  public var serve: ProjectServing
  /// Where messages come from and answers go; `nil` says nothing.
  public var stream: ProjectStream?
  /// The folder for reports, logs and checkpoints, relative to the project file.
  public var output: String

  /// The SHA-256 of the configuration as JSON with sorted keys: equal for files that mean the same.
  /// - Throws: what encoding throws, which no project that was read from a file does.
  public func digest() throws -> String { Digest.sha256(try JSON.encode(self, pretty: false)) }

  /// The configuration as JSON, for lineage and comparison.
  /// - Throws: what encoding throws, which no project that was read from a file does.
  public func jsonValue() throws -> JSONValue { try JSON.decode(JSONValue.self, from: JSON.encode(self), source: "project") }
}

/// How the network is judged.
public struct ProjectEvaluation: Codable, Sendable, Hashable {
  /// The confidence level of the metrics' intervals.
  public var intervals: Double
  /// Also report accuracy among the first k answers, for each of these.
  public var topK: [Int]
  /// How many of the worst mistakes the report shows.
  public var worst: Int
  /// By metric, what the test part has to show before a version is registered.
  public var require: [String: Double]

  private enum CodingKeys: String, CodingKey {
    case intervals, worst, require
    case topK = "top-k"
  }
}
