import Bundles
import Foundation
import Images
import MartletCore
import Models

/// The parts of an image classifier's bundle.
struct ImageBundle {
  /// The `kind` in manifests.
  static let kind = "image-classifier"

  let name: String
  let configuration: ModelConfiguration
  let recipe: ImageRecipe
  let labels: [String]
  /// The weights' file.
  let weights: String
  /// The report's folder.
  let report: String
  let projectText: String
  let lineage: Lineage
  let metrics: [String: MetricSummary]

  /// Writes the bundle's directory, whole or not at all.
  func write(to directory: String) throws -> ModelBundle {
    let writer = try BundleWriter(at: directory, replacing: true)
    try writer.add(json: configuration, as: ModelBundle.WellKnown.configuration)
    try writer.add(json: recipe, as: ModelBundle.WellKnown.recipe)
    try writer.add(file: weights, as: ModelBundle.WellKnown.weights)
    try writer.add(folder: report, as: ModelBundle.WellKnown.report)
    try writer.add(Data(projectText.utf8), as: "martlet.yml")
    return try writer.finish(
      name: name, kind: Self.kind, signature: TorchClassifier.signature(input: configuration.input, classes: labels.count), labels: labels,
      lineage: lineage, metrics: metrics)
  }
}
