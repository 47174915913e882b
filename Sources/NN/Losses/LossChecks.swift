import MartletCore
import Torch

extension Tensor {
  /// One number, or one for each item.
  func reduced(_ reduction: Reduction) throws(TorchError) -> Tensor {
    switch reduction {
    case .none: self
    case .mean: try mean()
    case .sum: try sum()
    }
  }

  /// Classes as libtorch takes them.
  /// - Throws: `TorchError` where they are no whole numbers.
  func asClasses(_ name: String) throws(TorchError) -> Tensor {
    guard dtype.isInteger else {
      throw TorchError(.type, name, "the targets are \(dtype)", expected: "classes as whole numbers", remedy: "target.to(.int64)")
    }
    return dtype == .int64 ? self : try to(.int64)
  }
}

/// Classes out of range would be read outside of memory by some kernels, and trained as something else by others.
func requireClasses(_ name: String, _ target: Tensor, below count: Int, ignoring ignored: Int? = nil) throws(TorchError) {
  try withoutGrad { () throws(TorchError) in
    var wrong = try (target .< 0).logicalOr(target .>= count)
    if let ignored { wrong = try wrong.logicalAnd(target .!= ignored) }
    guard try wrong.any().int() != 0 else { return }
    let first = try target.maskedSelect(wrong).array(of: Int.self)
    throw TorchError(.index, name, "class \(first.first ?? 0) is out of bounds", expected: "classes in 0..<\(count)")
  }
}

/// Losses of the hinge family take -1 and 1; given 0 and 1 they would train nothing for half of the items, in silence.
func requireSigns(_ name: String, _ target: Tensor) throws(TorchError) {
  try withoutGrad { () throws(TorchError) in
    guard try (target.abs() .!= 1).any().int() != 0 else { return }
    throw TorchError(
      .value, name, "the targets hold values other than -1 and 1", expected: "-1 or 1 for each item",
      remedy: "for targets of 0 and 1: target * 2 - 1")
  }
}

/// Values in 0…1, one for each value of the output.
func requireShares(_ name: String, _ target: Tensor) throws(TorchError) {
  try withoutGrad { () throws(TorchError) in
    guard try (target .< 0).logicalOr(target .> 1).any().int() != 0 else { return }
    throw TorchError(.value, name, "the targets hold values outside 0…1", expected: "values in 0…1")
  }
}

/// Two or more sets of vectors of one shape, `[batch, dimension]`.
func requireVectors(_ name: String, _ first: Tensor, _ others: Tensor...) throws(TorchError) {
  guard first.ndim == 2 else {
    throw TorchError(.value, name, "vectors of shape \(first.shape)", expected: "[batch, dimension]")
  }
  for other in others where other.shape != first.shape {
    throw TorchError(.value, name, "vectors of shapes \(first.shape) and \(other.shape)", expected: "equal shapes")
  }
}

/// A setting that only makes sense above zero.
func requirePositive(_ name: String, _ what: String, _ value: Double) throws(TorchError) {
  guard value > 0, value.isFinite else { throw TorchError(.value, name, "\(what) is \(value)", expected: "a number above 0") }
}
