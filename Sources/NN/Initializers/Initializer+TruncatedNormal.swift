import Foundation
import Torch

extension Initializer {
  /// Normal with a mean and a standard deviation, values outside `low`…`high` drawn again.
  public static func truncatedNormal(mean: Double = 0, std: Double = 1, low: Double = -2, high: Double = 2) -> Initializer {
    Initializer(
      "truncatedNormal",
      inPlace: { (tensor) throws(TorchError) in
        guard low < high, std > 0 else {
          throw TorchError.layer(
            "a normal distribution of standard deviation \(std) cannot be cut to \(low)…\(high)", in: "truncatedNormal",
            expected: "std > 0 and low < high")
        }
        func cumulative(_ x: Double) -> Double { (1 + erf(x / 2.0.squareRoot())) / 2 }
        let inside = cumulative((high - mean) / std) - cumulative((low - mean) / std)
        // Both ways are PyTorch's, draw by draw, so that equal seeds give equal values.
        if inside > 0.3 {
          try redrawingNormals(tensor, mean: mean, std: std, low: low, high: high)
        } else {
          try rejectingUniforms(tensor, mean: mean, std: std, low: low, high: high)
        }
      })
  }

  /// Draws normals and draws again those outside: quick where most are inside.
  private static func redrawingNormals(_ tensor: Tensor, mean: Double, std: Double, low: Double, high: Double) throws(TorchError) {
    try tensor.normal_(mean: mean, std: std)
    var result = tensor
    while true {
      let outside = try (result .< low).logicalOr(result .> high)
      guard try outside.any().double() != 0 else { break }
      let drawn = try Tensor.empty(tensor.shape, dtype: tensor.dtype, device: tensor.device)
      try drawn.normal_(mean: mean, std: std)
      result = try Tensor.where(outside, drawn, result)
    }
    if !result.isIdentical(to: tensor) { try tensor.copy_(result) }
  }

  /// Draws uniforms and keeps each with the probability of the normal there: for tails that normals hardly reach.
  private static func rejectingUniforms(_ tensor: Tensor, mean: Double, std: Double, low: Double, high: Double) throws(TorchError) {
    let peak = (max(low, min(mean, high)) - mean) / std
    let logPeak = -0.5 * (peak * peak)
    let candidates = try Tensor.empty(tensor.shape, dtype: tensor.dtype, device: tensor.device)
    let chance = try Tensor.empty(tensor.shape, dtype: tensor.dtype, device: tensor.device)
    func rejected() throws(TorchError) -> Tensor {
      try candidates.sub_(Scalar(mean))
      try candidates.div_(Scalar(std))
      try candidates.pow_(2)
      try candidates.mul_(-0.5)
      try candidates.sub_(Scalar(logPeak))
      try chance.uniform_(from: 0, to: 1)
      try chance.log_()
      return try chance.gt(candidates)
    }
    try tensor.uniform_(from: low, to: high)
    try candidates.copy_(tensor)
    var pending = try rejected()
    var result = tensor
    while try pending.any().double() != 0 {
      try candidates.uniform_(from: low, to: high)
      result = try Tensor.where(pending, candidates, result)
      pending = try Tensor.where(pending, rejected(), pending)
    }
    if !result.isIdentical(to: tensor) { try tensor.copy_(result) }
  }
}
