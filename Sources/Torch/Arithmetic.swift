import MartletCore

// Operators in Swift's spelling. Every one throws, so one `try` covers an expression: `try (x * 2 + 1).mean(dims: [0])`.

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator ** : BitwiseShiftPrecedence

/// A Swift number that an operator takes; whole numbers keep integer tensors integer.
public protocol ScalarConvertible: Sendable {
  var torchScalar: Scalar { get }
}
extension Int: ScalarConvertible { public var torchScalar: Scalar { .int(self) } }
extension Double: ScalarConvertible { public var torchScalar: Scalar { .double(self) } }
extension Float: ScalarConvertible { public var torchScalar: Scalar { .double(Double(self)) } }
extension Bool: ScalarConvertible { public var torchScalar: Scalar { .bool(self) } }
extension Scalar: ScalarConvertible { public var torchScalar: Scalar { self } }

extension Tensor {
  public static func + (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.add(rhs) }
  public static func - (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.sub(rhs) }
  public static func * (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.mul(rhs) }
  public static func / (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.div(rhs) }
  public static func ** (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.pow(rhs) }

  public static func + (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.add(rhs.torchScalar) }
  public static func - (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.sub(rhs.torchScalar) }
  public static func * (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.mul(rhs.torchScalar) }
  public static func / (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.div(rhs.torchScalar) }
  public static func ** (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.pow(rhs.torchScalar) }

  public static func + (lhs: some ScalarConvertible, rhs: Tensor) throws(TorchError) -> Tensor { try rhs.add(lhs.torchScalar) }
  public static func - (lhs: some ScalarConvertible, rhs: Tensor) throws(TorchError) -> Tensor { try rhs.rsub(lhs.torchScalar) }
  public static func * (lhs: some ScalarConvertible, rhs: Tensor) throws(TorchError) -> Tensor { try rhs.mul(lhs.torchScalar) }
  public static func / (lhs: some ScalarConvertible, rhs: Tensor) throws(TorchError) -> Tensor {
    try rhs.reciprocal().mul(lhs.torchScalar)
  }

  public static func ** (lhs: some ScalarConvertible, rhs: Tensor) throws(TorchError) -> Tensor { try Tensor.pow(lhs.torchScalar, rhs) }

  /// Swift's prefix operators bind tighter than all others: `-x ** 2` is `(-x) ** 2`, not `-(x ** 2)` as in Python.
  public static prefix func - (value: Tensor) throws(TorchError) -> Tensor { try value.neg() }

  // Comparisons give a tensor of `bool`, element by element.
  public static func .== (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.eq(rhs) }
  public static func .!= (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.ne(rhs) }
  public static func .< (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.lt(rhs) }
  public static func .<= (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.le(rhs) }
  public static func .> (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.gt(rhs) }
  public static func .>= (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.ge(rhs) }
  public static func .== (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.eq(rhs.torchScalar) }
  public static func .!= (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.ne(rhs.torchScalar) }
  public static func .< (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.lt(rhs.torchScalar) }
  public static func .<= (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.le(rhs.torchScalar) }
  public static func .> (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.gt(rhs.torchScalar) }
  public static func .>= (lhs: Tensor, rhs: some ScalarConvertible) throws(TorchError) -> Tensor { try lhs.ge(rhs.torchScalar) }

  // Logic on `bool`, bits on integers.
  public static func & (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.bitwiseAnd(rhs) }
  public static func | (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.bitwiseOr(rhs) }
  public static func ^ (lhs: Tensor, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.bitwiseXor(rhs) }
  public static prefix func ~ (value: Tensor) throws(TorchError) -> Tensor { try value.bitwiseNot() }
}
