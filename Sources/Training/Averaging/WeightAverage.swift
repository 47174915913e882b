import Foundation
import MartletCore
public import NN
public import Torch

/// A running average of a model's weights, equal to PyTorch's `torch.optim.swa_utils.AveragedModel`.
///
/// ```swift
/// let average = try WeightAverage(of: model, .exponential(decay: 0.999, warmsUp: true))
/// … try optimizer.step(); try average.update()
/// try average.swap()      // the model holds the average, the average the model's weights
/// ```
public final class WeightAverage {
  /// How new weights enter.
  public enum Rule: Sendable, Hashable, Codable {
    /// All count alike.
    case equal
    /// The old average counts `decay`; with `warmsUp` less at first: `min(decay, (1 + updates) / (10 + updates))`.
    case exponential(decay: Double, warmsUp: Bool)
  }

  /// How new weights enter.
  public let rule: Rule
  /// How often weights have entered; the first ones were copied.
  public private(set) var updates = 0
  /// The model holds the average now, and `values` its own weights.
  public private(set) var isSwapped = false
  private let members: [(name: String, value: () throws(TorchError) -> Tensor)]
  private let averages: [Tensor]

  /// - Parameters:
  ///   - averagesBuffers: average floating-point buffers (running statistics), too. Without it the averaged model uses the model's own.
  /// - Throws: `TorchError` if there is no memory for a second copy.
  public init(of model: Module, _ rule: Rule, averagesBuffers: Bool = false) throws {
    var members: [(name: String, value: () throws(TorchError) -> Tensor)] = []
    for (name, parameter) in model.namedParameters() {
      members.append((name, { () throws(TorchError) in try parameter.value.detach() }))
    }
    if averagesBuffers {
      for (name, buffer) in model.namedBuffers() where try buffer.value.dtype.isFloatingPoint {
        members.append((name, { () throws(TorchError) in try buffer.value }))
      }
    }
    self.rule = rule
    self.members = members
    averages = try members.map { try $0.value().clone() }
  }

  /// Lets the model's present weights enter.
  public func update() throws {
    try withoutGrad {
      let current = try members.map { try $0.value() }
      if updates == 0 {
        for (average, value) in zip(averages, current) { try average.copy_(value) }
      } else {
        try Tensor._foreach_lerp_(averages, current, Scalar(share))
      }
    }
    updates += 1
  }

  /// The share of the newest weights.
  private var share: Double {
    switch rule {
    case .equal: return 1 / Double(updates + 1)
    case .exponential(let decay, let warmsUp):
      let count = Double(updates)
      return 1 - (warmsUp ? min(decay, (1 + count) / (10 + count)) : decay)
    }
  }

  /// Exchanges the model's weights and the averages; a second call undoes it. Before the first update nothing happens.
  public func swap() throws {
    guard updates > 0 else { return }
    try exchange()
    isSwapped.toggle()
  }

  /// Exchanges the contents without saying so.
  func exchange() throws {
    try withoutGrad {
      for (member, average) in zip(members, averages) {
        let value = try member.value()
        let own = try value.clone()
        try value.copy_(average)
        try average.copy_(own)
      }
    }
  }

  /// The averages (while swapped, the model's own weights) by name.
  public var values: [(name: String, tensor: Tensor)] { zip(members, averages).map { ($0.name, $1) } }

  /// Goes on from saved averages.
  /// - Throws: `StateMismatch` if they belong to another model.
  func load(_ values: [String: Tensor], updates: Int) throws {
    for (member, average) in zip(members, averages) {
      guard let value = values[member.name], value.shape == average.shape, updates >= 0 else {
        throw StateMismatch(
          "the saved average has no '\(member.name)' of shape \(average.shape)", expected: "the average of this model",
          remedy: "build the same model")
      }
    }
    try withoutGrad {
      for (member, average) in zip(members, averages) { if let value = values[member.name] { try average.copy_(value) } }
    }
    self.updates = updates
  }
}
