import Bundles
import Foundation
import MartletCore

let sampleSignature = Signature(
  inputs: [TensorSpec(name: "images", dtype: .float32, shape: [nil, 1, 28, 28])],
  outputs: [TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 2])])

/// Runs `body` with a new empty folder and removes it.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("bundles-" + UUID().uuidString).path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

/// Writes a small bundle with four files.
@discardableResult
func writeSample(at path: String, replacing: Bool = false, weights: String = "weights") throws -> ModelBundle {
  let writer = try BundleWriter(at: path, replacing: replacing)
  try writer.add(Data(weights.utf8), as: "weights.safetensors")
  try writer.add(json: ["width": JSONValue.int(32)] as JSONValue, as: "config.json")
  try writer.add(Data("<html>".utf8), as: "report/index.html")
  try writer.write("report/pictures/curve.txt") { try Data("curve".utf8).write(to: URL(fileURLWithPath: $0)) }
  return try writer.finish(
    name: "fashion", kind: "image-classifier", signature: sampleSignature, labels: ["boot", "shirt"],
    lineage: Lineage(data: [.init(role: "training", digest: "d", items: 3)], seed: 7, parent: "fashion@1"),
    metrics: ["accuracy": MetricSummary(0.92, lower: 0.91, upper: 0.93, level: 0.95, higherIsBetter: true)],
    created: Date(timeIntervalSince1970: 1_700_000_000))
}

/// Names in a folder, hidden ones too.
func names(in folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

/// Replaces the text of a bundle's manifest.
func editManifest(of bundle: String, _ edit: (inout [String: Any]) -> Void) throws {
  let path = URL(fileURLWithPath: bundle + "/manifest.json")
  var document = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any] ?? [:]
  edit(&document)
  try JSONSerialization.data(withJSONObject: document).write(to: path)
}

func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
