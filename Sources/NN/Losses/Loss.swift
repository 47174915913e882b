import Foundation
import MartletCore
public import Torch

/// A loss as a value: what compares a model's output with a target, under a name.
///
/// `.crossEntropy` and the others take their usual settings; `.crossEntropy(labelSmoothing: 0.1)` and the like take them as given. A loss
/// of one's own is a name and a closure: `Loss("half") { output, target in try mse(output, target) / 2 }`.
public struct Loss: Sendable, CustomStringConvertible {
  /// What logs and reports call it.
  public let name: String
  /// What it was set to, as `gamma: 2.0`; empty for a loss without settings and for closures, which cannot say.
  public let settings: String
  private let compute: @Sendable (Tensor, Tensor) throws -> Tensor

  /// - Parameters:
  ///   - name: what logs and reports call it.
  ///   - compute: the loss, a single number, from the output and the target. A trainer knows no metrics beside it: name those that it shall
  ///     measure (`metrics: [.accuracy]`).
  public init(_ name: String, _ compute: @escaping @Sendable (_ output: Tensor, _ target: Tensor) throws -> Tensor) {
    self.init(name, [:], compute)
  }

  /// - Parameter settings: what else makes the loss, by name; what is `nil` is left out.
  init(
    _ name: String, _ settings: KeyValuePairs<String, (any Sendable)?>,
    _ compute: @escaping @Sendable (_ output: Tensor, _ target: Tensor) throws -> Tensor
  ) {
    self.name = name
    self.settings = settings.compactMap { key, value in value.map { "\(key): \(Self.text($0))" } }.joined(separator: ", ")
    self.compute = compute
  }

  /// The name and the settings: `focal(gamma: 2.0)`.
  public var description: String { settings.isEmpty ? name : "\(name)(\(settings))" }

  private static func text(_ value: any Sendable) -> String {
    guard let tensor = value as? Tensor else { return "\(value)" }
    guard let values = try? tensor.array(of: Double.self) else { return "a tensor of shape \(tensor.shape)" }
    // Settings go into every checkpoint: many numbers are told apart by their digest.
    guard values.count > 32 else { return "\(values)" }
    return "a tensor of shape \(tensor.shape), SHA-256 \(values.withUnsafeBytes { Digest.sha256(Data($0)) })"
  }

  /// Computes the loss.
  /// - Throws: `TorchError` where the closure does, with the loss's name, and if what it gives is not one number.
  public func callAsFunction(_ output: Tensor, _ target: Tensor) throws(TorchError) -> Tensor {
    let value: Tensor
    do {
      value = try compute(output, target)
    } catch let error as TorchError {
      throw TorchError(
        error.kind, "loss '\(name)': \(error.operatorName)", error.message, operands: error.operands, expected: error.expected,
        remedy: error.remedy)
    } catch {
      throw TorchError(thrown: error, by: "loss '\(name)'")
    }
    guard value.count == 1 else {
      throw TorchError(
        .value, "loss '\(name)'", "gives \(value.count) numbers, of shape \(value.shape)", expected: "one number",
        remedy: "reduction: .mean, or .mean() at the end")
    }
    return value
  }
}

extension Loss {
  /// ``NN/crossEntropy(_:_:weight:ignoreIndex:labelSmoothing:reduction:)`` with its usual settings.
  public static var crossEntropy: Loss { crossEntropy(weight: nil) }

  /// ``NN/crossEntropy(_:_:weight:ignoreIndex:labelSmoothing:reduction:)``.
  public static func crossEntropy(weight: Tensor? = nil, ignoreIndex: Int = -100, labelSmoothing: Double = 0) -> Loss {
    Loss("crossEntropy", ["weight": weight, "ignoreIndex": ignoreIndex, "labelSmoothing": labelSmoothing]) {
      (output, target) throws(TorchError) in
      try NN.crossEntropy(output, target, weight: weight, ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
    }
  }

  /// ``NN/nll(_:_:weight:ignoreIndex:reduction:)`` with its usual settings.
  public static var nll: Loss { nll(weight: nil) }

  /// ``NN/nll(_:_:weight:ignoreIndex:reduction:)``.
  public static func nll(weight: Tensor? = nil, ignoreIndex: Int = -100) -> Loss {
    Loss("nll", ["weight": weight, "ignoreIndex": ignoreIndex]) { (output, target) throws(TorchError) in
      try NN.nll(output, target, weight: weight, ignoreIndex: ignoreIndex)
    }
  }

  /// ``NN/bce(_:_:weight:reduction:)``.
  public static var bce: Loss {
    Loss("bce") { (output, target) throws(TorchError) in try NN.bce(output, target) }
  }

  /// ``NN/bceWithLogits(_:_:weight:posWeight:reduction:)`` with its usual settings.
  public static var bceWithLogits: Loss { bceWithLogits(posWeight: nil) }

  /// ``NN/bceWithLogits(_:_:weight:posWeight:reduction:)``.
  public static func bceWithLogits(posWeight: Tensor?) -> Loss {
    Loss("bceWithLogits", ["posWeight": posWeight]) { (output, target) throws(TorchError) in
      try NN.bceWithLogits(output, target, posWeight: posWeight)
    }
  }

  /// ``NN/mse(_:_:reduction:)``.
  public static var mse: Loss {
    Loss("mse") { (output, target) throws(TorchError) in try NN.mse(output, target) }
  }

  /// ``NN/l1(_:_:reduction:)``.
  public static var l1: Loss {
    Loss("l1") { (output, target) throws(TorchError) in try NN.l1(output, target) }
  }

  /// ``NN/smoothL1(_:_:beta:reduction:)`` with its usual settings.
  public static var smoothL1: Loss { smoothL1(beta: 1) }

  /// ``NN/smoothL1(_:_:beta:reduction:)``.
  public static func smoothL1(beta: Double) -> Loss {
    Loss("smoothL1", ["beta": beta]) { (output, target) throws(TorchError) in try NN.smoothL1(output, target, beta: beta) }
  }

  /// ``NN/huber(_:_:delta:reduction:)`` with its usual settings.
  public static var huber: Loss { huber(delta: 1) }

  /// ``NN/huber(_:_:delta:reduction:)``.
  public static func huber(delta: Double) -> Loss {
    Loss("huber", ["delta": delta]) { (output, target) throws(TorchError) in try NN.huber(output, target, delta: delta) }
  }

  /// ``NN/klDivergence(_:_:reduction:logTarget:)``.
  public static var klDivergence: Loss {
    Loss("klDivergence") { (output, target) throws(TorchError) in try NN.klDivergence(output, target) }
  }
}
