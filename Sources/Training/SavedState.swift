public import MartletCore
public import Torch

/// Everything that an optimizer or a handler must remember: plain values and named tensors.
public struct SavedState: Sendable {
  /// Numbers, texts and flags.
  public var values: JSONValue
  /// Tensors by name; names are unique within one state.
  public var tensors: [(name: String, tensor: Tensor)]

  /// A state of the given values and tensors.
  public init(values: JSONValue = .null, tensors: [(name: String, tensor: Tensor)] = []) {
    self.values = values
    self.tensors = tensors
  }
}

/// A saved state or checkpoint that does not belong to what it is loaded into.
public struct StateMismatch: MartletError {
  public let problem: String
  public let expected: String?
  public let remedy: String?

  /// The three parts of the message.
  public init(_ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
