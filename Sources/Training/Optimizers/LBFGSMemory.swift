import MartletCore
import NN
import Torch

/// What L-BFGS knows of the loss's curvature.
struct LBFGSMemory {
  /// Iterations since the beginning.
  private(set) var iterations = 0
  /// How far the last iteration went.
  var length = 0.0
  /// The last direction and the gradient that it was made from.
  private var last: (direction: Tensor, gradient: Tensor)?
  /// How the gradient changed, how the parameters moved, and one over the product of both; the oldest first.
  private var pairs: [(change: Tensor, move: Tensor, inverse: Double)] = []
  /// The scale of the first guess of the inverse curvature.
  private var scale = 1.0

  /// Where to go from `gradient`.
  /// - Parameter limit: pairs to remember.
  mutating func direction(_ gradient: Tensor, limit: Int) throws(TorchError) -> Tensor {
    iterations += 1
    guard iterations > 1, let last else {
      (pairs, scale) = ([], 1)
      return try gradient.neg()
    }
    let change = try gradient.sub(last.gradient)
    let move = try last.direction.mul(Scalar(length))
    let product = try change.dot(move).double()
    if product > 1e-10 {
      if pairs.count == limit { pairs.removeFirst() }
      pairs.append((change, move, 1 / product))
      scale = product / (try change.dot(change).double())
    }
    // The two-loop recursion.
    let result = try gradient.neg()
    var weights = [Double](repeating: 0, count: pairs.count)
    for (index, pair) in pairs.enumerated().reversed() {
      weights[index] = try pair.move.dot(result).double() * pair.inverse
      try result.add_(pair.change, alpha: Scalar(-weights[index]))
    }
    try result.mul_(Scalar(scale))
    for (index, pair) in pairs.enumerated() {
      let back = try pair.change.dot(result).double() * pair.inverse
      try result.add_(pair.move, alpha: Scalar(weights[index] - back))
    }
    return result
  }

  mutating func remember(_ direction: Tensor, _ gradient: Tensor) { last = (direction, gradient) }

  private struct Plain: Codable {
    var kind = "lbfgs"
    var iterations: Int
    var length: Double
    var scale: Double
    var inverses: [Double]
    var settings: LBFGS.Settings
    var count: Int
  }

  func saved(_ settings: LBFGS.Settings, count: Int) throws -> SavedState {
    let plain = Plain(
      iterations: iterations, length: length, scale: scale, inverses: pairs.map(\.inverse), settings: settings, count: count)
    var tensors: [(name: String, tensor: Tensor)] = []
    if let last { tensors += [("direction", try last.direction.clone()), ("gradient", try last.gradient.clone())] }
    for (index, pair) in pairs.enumerated() {
      tensors += [("change.\(index)", try pair.change.clone()), ("move.\(index)", try pair.move.clone())]
    }
    return SavedState(values: try JSON.decode(JSONValue.self, from: JSON.encode(plain, pretty: false), source: "lbfgs"), tensors: tensors)
  }

  /// - Parameter like: a parameter, for element type and device.
  init(_ state: SavedState, count: Int, like: Tensor) throws {
    guard let kind = state.values["kind"]?.stringValue, kind == "lbfgs" else {
      throw StateMismatch("the state is one of '\(state.values["kind"]?.stringValue ?? "nothing")'", expected: "a state of 'lbfgs'")
    }
    let plain = try JSON.decode(Plain.self, from: JSON.encode(state.values, pretty: false), source: "optimizer state")
    guard plain.count == count else {
      throw StateMismatch("the state is of \(plain.count) numbers", expected: "\(count)", remedy: "build the same model")
    }
    let named = Dictionary(state.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    func tensor(_ name: String) throws -> Tensor {
      guard let tensor = named[name], tensor.shape == [count], tensor.dtype == like.dtype else {
        throw StateMismatch(
          "'\(name)' is \(named[name].map { "\($0.dtype) of shape \($0.shape)" } ?? "missing")",
          expected: "\(like.dtype) of shape [\(count)]",
          remedy: "an undamaged checkpoint of the same model")
      }
      return try tensor.to(device: like.device, copy: true)
    }
    iterations = plain.iterations
    length = plain.length
    scale = plain.scale
    if iterations > 0 { last = (try tensor("direction"), try tensor("gradient")) }
    pairs = try plain.inverses.enumerated().map { (try tensor("change.\($0.offset)"), try tensor("move.\($0.offset)"), $0.element) }
  }

  init() {}
}

extension LBFGS {
  public func state() throws -> SavedState { try memory.saved(settings, count: parameters.map(\.count).reduce(0, +)) }

  public func load(_ state: SavedState) throws {
    memory = try LBFGSMemory(state, count: parameters.map(\.count).reduce(0, +), like: parameters[0].value)
  }
}
