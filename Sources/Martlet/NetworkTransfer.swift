import Bundles
import Foundation
import MartletCore
import Models
import NN
import Project
import Registry
import Training

/// Starts a network from weights that learned something else, and says which of its stages rest while it learns this.
struct NetworkTransfer {
  let transfer: ProjectTransfer
  let file: ImageProject
  /// The registry that versions are looked up in.
  let registry: String

  /// Loads the weights into the network; the head may be for other classes and then keeps its first values.
  /// - Returns: one line about what was loaded.
  /// - Throws: `ModelError` where the weights are of another network; the reader's or the registry's error.
  func load(into model: any Layer) throws -> String {
    let network = try staged(model)
    let path = file.resolve(transfer.weights)
    if FileManager.default.fileExists(atPath: path) {
      return "\(transfer.weights): \(try network.loadPretrained(from: path))"
    }
    let registry = try ModelRegistry.open(at: registry)
    let version: ModelVersion
    do {
      version = try registry.resolve(transfer.weights)
    } catch {
      throw ArgumentError(
        "transfer.weights names '\(transfer.weights)', which is neither a file nor a registered version",
        expected: "a file of weights, which starts from \(file.folder), or NAME@V", remedy: "martlet models")
    }
    let report = try network.loadPretrained(from: try registry.bundle(version).path(of: ModelBundle.WellKnown.weights))
    return "\(version.reference): \(report)"
  }

  /// What rests, and from which epoch on it learns, too; `nil` if everything learns from the start.
  /// - Throws: `ArgumentError` for a stage that the network does not have.
  func freezing(of model: any Layer) throws -> Freezing? {
    let stages = try staged(model).stages
    var freezing: Freezing
    switch transfer.freeze {
    case "none":
      guard let thawed = transfer.thaw.keys.sorted().first else { return nil }
      throw ArgumentError(
        "transfer.thaw names '\(thawed)', but nothing is frozen", expected: "transfer.freeze beside it",
        remedy: "freeze: backbone")
    case "backbone": freezing = .parts(stages.dropLast().flatMap(\.members))
    default:
      let last = try position(of: transfer.freeze, in: stages, key: "transfer.freeze")
      guard last < stages.count - 1 else {
        throw ArgumentError("transfer.freeze names the head '\(transfer.freeze)'", expected: "something that is left to learn")
      }
      freezing = .parts(stages[...last].flatMap(\.members))
    }
    for (name, epoch) in transfer.thaw.sorted(by: { $0.key < $1.key }) {
      let stage = stages[try position(of: name, in: stages, key: "transfer.thaw")]
      freezing = freezing.thaw(atEpoch: epoch - 1, stage.members)
    }
    return freezing
  }

  private func position(of name: String, in stages: [Stage], key: String) throws -> Int {
    if let position = stages.firstIndex(where: { $0.name == name }) { return position }
    let names = stages.map(\.name)
    throw ArgumentError(
      "\(key) names '\(name)', which \(file.project.model.name) does not have", expected: names.joined(separator: ", "),
      remedy: NearestName.of(name, among: names).map { "did you mean '\($0)'?" })
  }

  private func staged(_ model: any Layer) throws -> StagedNetwork {
    guard let network = model as? StagedNetwork else {
      throw ArgumentError("\(file.project.model.name) has no stages to transfer", expected: "a network that classifies pictures")
    }
    return network
  }
}
