import MartletCore
public import NN
public import Torch

/// Several optimizers that step together, each for its own parameters, with one state: Muon for matrices and AdamW for the rest, SGD for a
/// thawed backbone and Adam for a new head.
///
/// Its groups are those of the first one, then those of the second, and so on: in this order `learningRates` gives and takes them.
public final class CombinedOptimizer: Optimizer {
  /// The optimizers, in the order in which they step.
  public let parts: [any Optimizer]

  /// - Throws: `ArgumentError` for no optimizers, a parameter in two of them, or one that evaluates the loss itself (L-BFGS, SAM): wrap the
  ///   combination into SAM instead.
  public init(_ parts: [any Optimizer]) throws {
    guard !parts.isEmpty else { throw ArgumentError("no optimizers to combine", expected: "one or more") }
    var seen = Set<ObjectIdentifier>()
    for part in parts {
      guard !(part is any ClosureOptimizer) else {
        throw ArgumentError("'\(part.kind)' evaluates the loss itself", expected: "optimizers that step from gradients that are there")
      }
      for parameter in part.parameters where !seen.insert(ObjectIdentifier(parameter)).inserted {
        throw ArgumentError("a parameter of '\(part.kind)' belongs to an optimizer before it, too", expected: "each parameter in one")
      }
    }
    self.parts = parts
  }

  public var kind: String { "combined(\(parts.map(\.kind).joined(separator: ", ")))" }
  public var parameters: [Parameter] { parts.flatMap(\.parameters) }

  public var learningRates: [Double] {
    get { parts.flatMap(\.learningRates) }
    set { spread(newValue, { $0.learningRates.count }) { $0.learningRates = $1 } }
  }

  public var momenta: [Double] {
    get { parts.flatMap(\.momenta) }
    set { spread(newValue, { $0.momenta.count }) { $0.momenta = $1 } }
  }

  public var weightDecays: [Double] {
    get { parts.flatMap(\.weightDecays) }
    set { spread(newValue, { $0.weightDecays.count }) { $0.weightDecays = $1 } }
  }

  private func spread(_ values: [Double], _ count: (any Optimizer) -> Int, _ set: (any Optimizer, [Double]) -> Void) {
    var rest = values[...]
    for part in parts {
      let size = count(part)
      set(part, Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
  }

  public func step() throws(TorchError) { for part in parts { try part.step() } }

  public func zeroGradients() { for part in parts { part.zeroGradients() } }

  public func state() throws -> SavedState {
    var values: [JSONValue] = []
    var tensors: [(name: String, tensor: Tensor)] = []
    for (number, part) in parts.enumerated() {
      let state = try part.state()
      values.append(state.values)
      tensors += state.tensors.map { ("\(number).\($0.name)", $0.tensor) }
    }
    return SavedState(values: ["kind": .string(kind), "parts": .array(values)], tensors: tensors)
  }

  public func load(_ state: SavedState) throws {
    guard state.values["kind"]?.stringValue == kind, let values = state.values["parts"]?.arrayValue, values.count == parts.count else {
      throw StateMismatch(
        "the state is one of '\(state.values["kind"]?.stringValue ?? "nothing")'", expected: "a state of '\(kind)'")
    }
    for (number, part) in parts.enumerated() {
      let prefix = "\(number)."
      let own = state.tensors.filter { $0.name.hasPrefix(prefix) }
      try part.load(SavedState(values: values[number], tensors: own.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }))
    }
  }
}
