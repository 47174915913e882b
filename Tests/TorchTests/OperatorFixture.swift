import Foundation
import MartletCore

@testable import Torch

/// What `Tools/fixtures_torch_ops.py` wrote: calls with their results and gradients, as PyTorch gives them.
struct OperatorFixture: Decodable {
  struct Values: Decodable {
    let dtype: String
    let shape: [Int]
    let values: [Double]
    let grad: Bool?

    var type: DType? {
      switch dtype {
      case "f32": .float32
      case "f64": .float64
      case "i64": .int64
      case "i32": .int32
      case "i8": .int8
      case "bool": .bool
      default: nil
      }
    }

    /// A new leaf with these values.
    func tensor() throws -> Tensor {
      // Detached: a conversion's result must become a leaf of its own.
      let tensor = try Tensor(values, shape: shape).to(type ?? .float64)
      return grad == true ? try tensor.detach().requiringGrad() : tensor
    }
  }

  let inputs: [Values]
  let results: [Values]
  /// One for each input that wants a gradient; `nil` where the results do not depend on it.
  let gradients: [Values?]?

  static func load() throws -> [String: OperatorFixture] {
    let url = Bundle.module.bundleURL.appending(path: "Fixtures/operators.json")
    return try JSONDecoder().decode([String: OperatorFixture].self, from: Data(contentsOf: url))
  }
}
