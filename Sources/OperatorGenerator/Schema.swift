/// One operator overload as libtorch declares it: `add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`.
public struct FunctionSchema: Equatable, Sendable {
  /// The name before the dot.
  public let name: String
  /// The name after the dot, empty where there is none.
  public let overload: String
  public let arguments: [Argument]
  public let returns: [Return]
  /// The declaration as it was read.
  public let text: String

  /// `add.Tensor`, `relu`.
  public var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }
  /// `add_Tensor`, `relu`: the name of libtorch's struct in `at::_ops`, and of our C function after `ct_`.
  public var symbol: String { overload.isEmpty ? name : "\(name)_\(overload)" }
  /// Whether the operator changes arguments and returns nothing else.
  public var isInPlace: Bool { returns.allSatisfy { $0.type.isWritten } && arguments.contains { $0.type.isWritten } }
  /// The name without the mark of an in-place operator; libtorch's headers are named by it.
  public var rootName: String { name.hasSuffix("_") ? String(name.dropLast()) : name }
}

/// A parameter of an operator.
public struct Argument: Equatable, Sendable {
  public let name: String
  public let type: SchemaType
  /// The default as it is written in the schema.
  public let defaultText: String?
  /// Whether Python takes it by name only.
  public let isKeywordOnly: Bool
}

/// A result of an operator.
public struct Return: Equatable, Sendable {
  /// The result's name, where the schema gives one.
  public let name: String?
  public let type: SchemaType
}

/// A type of the schema language, as far as the generator needs it: `Tensor(a!)`, `Tensor?[]`, `SymInt[2]`, `int[1]?`.
public struct SchemaType: Equatable, Sendable {
  /// `Tensor`, `int`, `SymInt`, `Scalar` …
  public let base: String
  /// Whether a list's items may be missing.
  public let hasOptionalItems: Bool
  public let isList: Bool
  /// The length that a list is expected to have, where the schema tells it.
  public let listSize: Int?
  public let isOptional: Bool
  /// Whether the operator writes to it (`a!`).
  public let isWritten: Bool

  /// The type's shape without names of aliases and sizes of lists: `Tensor?[]`, `int[]?`.
  public var spelling: String {
    base + (hasOptionalItems ? "?" : "") + (isList ? "[]" : "") + (isOptional ? "?" : "")
  }
}
