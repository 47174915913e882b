public import Torch

/// Splits a layer's parameter into its length and its direction, trained apart (Salimans, Kingma 2016, arXiv:1602.07868).
///
/// State as of `torch.nn.utils.parametrizations.weight_norm`: `parametrizations.weight.original0` (the lengths) and
/// `parametrizations.weight.original1` (the directions) in place of `weight`. ``removeNorm(of:_:)`` undoes it.
/// An optimizer has to be made afterwards, since the trained parameters are others.
///
/// ```swift
/// let conv = try weightNorm(Conv1d(16, 32, kernel: 3))
/// ```
/// - Parameters:
///   - module: the layer; it is changed.
///   - name: the parameter's name in the state.
///   - dim: the dimension that keeps a length for each index; `nil` for one length of all.
/// - Returns: the layer.
/// - Throws: `TorchError` where there is no such parameter or dimension, or it has a norm already.
@discardableResult
public func weightNorm<Normalized: Module>(_ module: Normalized, _ name: String = "weight", dim: Int? = 0) throws(TorchError) -> Normalized
{
  let parameter = try module.ownParameter(name, for: "weightNorm")
  let axis = try NormalizedParameter.axis(dim, of: parameter, name, in: "weightNorm of \(module.place)")
  let norm = try WeightNorm(parameter.value.detach(), dim: axis)
  norm.setTraining(module.isTraining)
  parameter.parametrization = norm
  parameter.clearGrad()
  module.structureChanged()
  return module
}

/// The parameters that a weight with weight norm is made of.
private final class WeightNorm: Parametrization {
  let original0: Parameter
  let original1: Parameter
  private let dim: Int

  /// - Parameter dim: the dimension that keeps its lengths, -1 for one length of all.
  init(_ weight: Tensor, dim: Int?) throws(TorchError) {
    let axis = dim ?? -1
    self.dim = axis
    original0 = Parameter(try weight.normExceptDim(pow: 2, dim: axis))
    original1 = Parameter(weight)
  }

  override func value() throws(TorchError) -> Tensor {
    let operation = try TorchOperator("aten::_weight_norm")
    return try operation(.tensor(original1.value), .tensor(original0.value), .scalar(.int(dim)))[0].asTensor()
  }

  override var shape: [Int] { original1.shape }
  override var details: String { dim < 0 ? "one length" : "dim \(dim)" }
}

/// What weight norm and spectral norm check alike.
enum NormalizedParameter {
  /// The dimension counted from the front.
  static func axis(_ dim: Int?, of parameter: Parameter, _ name: String, in place: String) throws(TorchError) -> Int? {
    guard parameter.parametrization == nil else {
      throw TorchError.layer("'\(name)' has a norm already", in: place, remedy: "removeNorm(of:) first")
    }
    let rank = try parameter.value.ndim
    guard let dim else { return nil }
    guard (-rank..<rank).contains(dim) else {
      throw TorchError.layer("there is no dimension \(dim) in \(parameter.shape)", in: place, expected: "\(-rank)..<\(rank)")
    }
    return dim < 0 ? dim + rank : dim
  }
}
