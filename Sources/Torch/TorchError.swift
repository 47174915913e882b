import CTorch
public import MartletCore

/// What libtorch refused, and with what it was called.
///
/// A wrong shape, type or index is an error and never ends the process. Equality and layout are those of one reference, so that a `throws`
/// costs nothing where nothing is thrown.
public struct TorchError: MartletError {
  /// The case, for `catch` clauses that handle one of them.
  public enum Kind: Sendable, Hashable {
    /// Memory for a result could not be had. Nothing was changed; smaller batches may work.
    case outOfMemory
    /// An index or dimension out of range.
    case index
    /// A value that the operator does not take.
    case value
    /// An element type that the operator does not take.
    case type
    /// The operator has no kernel for this device or type.
    case notImplemented
    /// A singular matrix, or a decomposition that does not converge.
    case linearAlgebra
    /// A closure of the caller's (a hook, a backward function) threw.
    case callback
    /// A file's contents do not make a tensor.
    case file
    /// Everything else that libtorch checks: shapes that do not fit, gradients that do not exist …
    case engine
  }

  private final class Details: Sendable {
    let kind: Kind
    let operatorName: String
    let message: String
    let operands: [Operand]
    let expected: String?
    let remedy: String?

    init(kind: Kind, operatorName: String, message: String, operands: [Operand], expected: String?, remedy: String?) {
      self.kind = kind
      self.operatorName = operatorName
      self.message = message
      self.operands = operands
      self.expected = expected
      self.remedy = remedy
    }
  }

  /// One tensor that took part.
  public struct Operand: Sendable, Hashable, CustomStringConvertible {
    public let shape: [Int]
    public let dtype: DType?
    public let device: Device
    public var description: String { "\(dtype.map(\.description) ?? "?")\(shape) on \(device)" }
  }

  private let details: Details

  public var kind: Kind { details.kind }
  /// The operator as libtorch names it (`aten::mm`), or what was done (`Tensor.item`).
  public var operatorName: String { details.operatorName }
  /// libtorch's own words.
  public var message: String { details.message }
  /// Shapes, types and devices of the tensors that took part, in argument order.
  public var operands: [Operand] { details.operands }

  public var problem: String {
    let with = operands.isEmpty ? "" : " (with \(operands.map(\.description).joined(separator: ", ")))"
    return "\(operatorName): \(message)\(with)"
  }
  public var expected: String? { details.expected }
  public var remedy: String? { details.remedy }

  /// Consumes an error object of the C ABI.
  @inline(never)
  init(_ error: CTError?, _ operatorName: StaticString, _ tensors: [Tensor?] = []) {
    self.init(error, named: "\(operatorName)", tensors)
  }

  @inline(never)
  init(_ error: CTError?, named operatorName: String, _ tensors: [Tensor?]) {
    let operands = tensors.compactMap { $0 }.map { Operand(shape: $0.shape, dtype: $0.dtypeIfKnown, device: $0.device) }
    guard let error else {
      self.init(.engine, operatorName, "no result and no reason", operands: operands)
      return
    }
    defer { ct_error_free(error) }
    let kind: Kind =
      switch ct_error_kind(error) {
      case CT_ERROR_OUT_OF_MEMORY: .outOfMemory
      case CT_ERROR_INDEX: .index
      case CT_ERROR_VALUE: .value
      case CT_ERROR_TYPE: .type
      case CT_ERROR_NOT_IMPLEMENTED: .notImplemented
      case CT_ERROR_LINEAR_ALGEBRA: .linearAlgebra
      case CT_ERROR_CALLBACK: .callback
      default: .engine
      }
    let remedy = kind == .outOfMemory ? "a smaller batch, a smaller type, or fewer tensors kept alive" : nil
    self.init(kind, operatorName, Self.firstParagraph(String(cString: ct_error_message(error))), operands: operands, remedy: remedy)
  }

  /// What a closure of the caller's threw: a `TorchError` as it is, anything else as one of kind ``Kind/callback``.
  package init(thrown error: any Error, by name: String) {
    self = error as? TorchError ?? TorchError(.callback, name, "\(error)")
  }

  /// An error that this package found itself.
  public init(
    _ kind: Kind, _ operatorName: String, _ message: String, operands: [Operand] = [], expected: String? = nil, remedy: String? = nil
  ) {
    details = Details(
      kind: kind, operatorName: operatorName, message: message, operands: operands, expected: expected, remedy: remedy)
  }

  /// The same error under another name: layers put their path in front.
  public func prefixed(_ place: String) -> TorchError {
    TorchError(
      kind, "\(place): \(operatorName)", message, operands: operands, expected: expected, remedy: remedy)
  }

  // libtorch appends notes for C++ developers after the first paragraph.
  private static func firstParagraph(_ text: String) -> String {
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("Exception raised from") || line.isEmpty && !lines.isEmpty { break }
      lines.append(line)
    }
    return lines.joined(separator: " ")
  }
}
