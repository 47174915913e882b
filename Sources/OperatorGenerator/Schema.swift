/// One operator overload as libtorch declares it: `add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`.
struct FunctionSchema: Equatable, Sendable {
  /// The name before the dot.
  let name: String
  /// The name after the dot, empty where there is none.
  let overload: String
  let arguments: [Argument]
  let returns: [Return]
  /// The declaration as it was read.
  let text: String

  /// `add.Tensor`, `relu`.
  var fullName: String { overload.isEmpty ? name : "\(name).\(overload)" }
  /// `add_Tensor`, `relu`: the name of libtorch's struct in `at::_ops`, and of our C function after `ct_`.
  var symbol: String { overload.isEmpty ? name : "\(name)_\(overload)" }
  /// Whether the operator changes arguments and returns nothing else.
  var isInPlace: Bool { returns.allSatisfy { $0.type.isWritten } && arguments.contains { $0.type.isWritten } }
  /// The name without the mark of an in-place operator; libtorch's headers are named by it.
  var rootName: String { name.hasSuffix("_") ? String(name.dropLast()) : name }
}

/// A parameter of an operator.
struct Argument: Equatable, Sendable {
  let name: String
  let type: SchemaType
  /// The default as it is written in the schema.
  let defaultText: String?
  /// Whether Python takes it by name only.
  let isKeywordOnly: Bool
}

/// A result of an operator.
struct Return: Equatable, Sendable {
  /// The result's name, where the schema gives one.
  let name: String?
  let type: SchemaType
}

/// A type of the schema language, as far as the generator needs it: `Tensor(a!)`, `Tensor?[]`, `SymInt[2]`, `int[1]?`.
struct SchemaType: Equatable, Sendable {
  /// `Tensor`, `int`, `SymInt`, `Scalar` …
  let base: String
  /// Whether a list's items may be missing.
  let hasOptionalItems: Bool
  let isList: Bool
  /// The length that a list is expected to have, where the schema tells it.
  let listSize: Int?
  let isOptional: Bool
  /// Whether the operator writes to it (`a!`).
  let isWritten: Bool

  /// The type's shape without names of aliases and sizes of lists: `Tensor?[]`, `int[]?`.
  var spelling: String {
    base + (hasOptionalItems ? "?" : "") + (isList ? "[]" : "") + (isOptional ? "?" : "")
  }
}
