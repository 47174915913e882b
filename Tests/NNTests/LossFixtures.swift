import Foundation
import MartletCore
import Testing
import Torch

/// What Tools/fixtures_nn_losses.py wrote.
struct LossFixtures: Decodable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    /// Cases of one base share their inputs.
    let base: String
    let loss: String
    let config: [String: JSONValue]
    /// The names of the tensors that get gradients.
    let inputs: [String]
    let constants: [String]
    var testDescription: String { name }
  }
  struct Initial: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let initializer: String
    let config: [String: JSONValue]
    var testDescription: String { name }
  }
  let seed: UInt64
  let losses: [Case]
  let initializers: [Initial]

  static let shared: LossFixtures = {
    do {
      return try JSON.decode(LossFixtures.self, from: Data(contentsOf: url("losses.json")), source: "losses.json")
    } catch {
      return LossFixtures(seed: 0, losses: [], initializers: [])
    }
  }()

  private init(seed: UInt64, losses: [Case], initializers: [Initial]) {
    (self.seed, self.losses, self.initializers) = (seed, losses, initializers)
  }

  static let tensors = Result { try SafetensorsFile(path: url("losses.safetensors").path) }

  private static func url(_ name: String) throws -> URL {
    guard let url = Bundle.module.url(forResource: "Fixtures/" + name, withExtension: nil) else {
      throw ArgumentError("the test bundle holds no \(name)")
    }
    return url
  }
}

/// A case's settings with Swift's types.
struct LossConfig {
  let values: [String: JSONValue]

  func double(_ key: String, _ otherwise: Double) -> Double { values[key]?.doubleValue ?? otherwise }
  func int(_ key: String, _ otherwise: Int) -> Int { values[key]?.intValue ?? otherwise }
  func bool(_ key: String, _ otherwise: Bool) -> Bool { values[key]?.boolValue ?? otherwise }
  func string(_ key: String, _ otherwise: String) -> String { values[key]?.stringValue ?? otherwise }
  func ints(_ key: String) -> [Int] { values[key]?.arrayValue?.compactMap(\.intValue) ?? [] }
  func doubles(_ key: String) -> [Double] { values[key]?.arrayValue?.compactMap(\.doubleValue) ?? [] }
  var reduction: Reduction { ["sum": Reduction.sum, "none": Reduction.none][string("reduction", "mean")] ?? .mean }
}
