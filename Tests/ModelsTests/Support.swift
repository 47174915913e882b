import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// What `Tools/fixtures_models_vision.py` and its like do to a network before it answers.
enum Reference {
  static let seed: UInt64 = 20

  /// Reads `Fixtures/NAME`.
  static func read<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/" + name)
    return try JSON.decode(type, from: Data(contentsOf: url), source: name)
  }

  /// Fills every floating tensor of the state in its order from uniform numbers.
  static func fill(_ model: Module) throws {
    try RandomState.with(seed: seed) {
      for (name, tensor) in try model.state().entries where tensor.dtype.isFloatingPoint {
        let shape = tensor.shape
        var values = try Tensor.rand(shape) * 2 - 1
        if name.hasSuffix("running_var") {
          values = try values * 0.5 + 1
        } else if shape.count >= 2, name.contains("weight") {
          values = try values * (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
        } else if shape.count == 1, name.hasSuffix("weight") {
          values = try values * 0.1 + 1
        } else {
          values = try values * 0.1
        }
        try withoutGrad { try tensor.copy_(values) }
      }
    }
  }

  /// Uniform numbers from -1 to 1.
  static func input(_ shape: [Int]) throws -> Tensor {
    try RandomState.with(seed: seed + 1) { try Tensor.rand(shape) * 2 - 1 }
  }

  /// SHA-256 over the state's names and shapes.
  static func digest(_ model: Module) throws -> String {
    let lines = try model.state().entries.map { "\($0.name) \($0.tensor.shape)" }
    return Digest.sha256(Data(lines.joined(separator: "\n").utf8))
  }

  /// Compares the first values with the expected ones, at a tolerance relative to the largest.
  static func expect(_ tensor: Tensor, _ expected: [Double], tolerance: Double = 1e-4, _ what: String) throws {
    let values = try tensor.detach().flatten(from: 0).array(of: Double.self).prefix(expected.count)
    let scale = expected.map(abs).max() ?? 1
    let worst = zip(values, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(values.count == expected.count && worst <= tolerance * scale, "\(what): \(worst) at scale \(scale)")
  }
}
