import MartletCore
import NN
import Torch

/// A resting weight in a quarter or an eighth of its memory. Forward and backward make it anew; only the input's gradient is computed.
final class RoundedWeight {
  private static let group = 64
  /// The sixteen levels of NF4: quantiles of a normal distribution, scaled to ±1, with an exact zero.
  private static let levels: [Float] = [
    -1, -0.696_192_8, -0.525_073_05, -0.394_917_5, -0.284_441_38, -0.184_773_43, -0.091_050_04, 0, 0.079_580_3, 0.160_930_2, 0.246_112_3,
    0.337_915_24, 0.440_709_83, 0.562_617, 0.722_956_84, 1,
  ]

  private let kind: WeightQuantization
  private let values: Tensor
  private let scales: Tensor
  private let shape: [Int]
  private let dtype: DType

  /// - Parameter weight: `[out, in]`.
  init(_ weight: Tensor, _ kind: WeightQuantization) throws {
    self.kind = kind
    shape = weight.shape
    dtype = weight.dtype
    let width = shape[1], padded = (width + Self.group - 1) / Self.group * Self.group
    let filled = try weight.to(.float32).pad([0, padded - width]).reshape([-1, Self.group])
    let largest = try filled.abs().amax(dims: [1], keepDim: true).clampMin(1e-12)
    switch kind {
    case .int8:
      scales = try largest / 127
      values = try (filled / scales).round().to(.int8)
    case .nf4:
      scales = largest
      let bounds = zip(Self.levels, Self.levels.dropFirst()).map { ($0 + $1) / 2 }
      let codes = try (filled / scales).bucketize(Tensor(bounds)).to(.uint8).reshape([-1, Self.group / 2, 2])
      values = try codes.select(dim: 2, index: 0) + codes.select(dim: 2, index: 1) * 16
    }
  }

  /// The weight again, rounded, `[out, in]`.
  func restored() throws(TorchError) -> Tensor {
    let width = shape[1], padded = (width + Self.group - 1) / Self.group * Self.group
    let numbers: Tensor
    switch kind {
    case .int8: numbers = try values.to(.float32)
    case .nf4:
      let low = try values.remainder(16), high = try values.div(.int(16), roundingMode: "floor")
      let codes = try Tensor.stack([low, high], dim: 2).to(.int64).reshape([-1])
      numbers = try Tensor(Self.levels).indexSelect(dim: 0, codes).reshape([-1, Self.group])
    }
    return try (numbers * scales).reshape([shape[0], padded]).narrow(dim: 1, start: 0, length: width).to(dtype)
  }

  /// x Wᵀ.
  func product(_ x: Tensor) throws(TorchError) -> Tensor { try RoundedProduct(weight: self).apply([x])[0] }
}

/// `@unchecked Sendable`: nothing changes after `init`.
private struct RoundedProduct: DifferentiableFunction, @unchecked Sendable {
  let weight: RoundedWeight

  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    ([try inputs[0].linear(weight.restored())], [])
  }

  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] {
    [try gradients[0].map { try $0.matmul(weight.restored()) }]
  }
}
