import CTorch

/// A number given to an operator. Its kind takes part in type promotion: an integer tensor times `2` stays integer, times `2.0` does not.
public enum Scalar: Sendable, Hashable {
  case double(Double)
  case int(Int)
  case bool(Bool)
  case complex(real: Double, imaginary: Double)

  init(_ scalar: CTScalar) {
    self =
      switch scalar.kind {
      case CT_SCALAR_INT: .int(Int(scalar.i))
      case CT_SCALAR_BOOL: .bool(scalar.i != 0)
      case CT_SCALAR_COMPLEX: .complex(real: scalar.re, imaginary: scalar.im)
      default: .double(scalar.re)
      }
  }

  var c: CTScalar {
    switch self {
    case .double(let value): CTScalar(kind: CT_SCALAR_DOUBLE, i: 0, re: value, im: 0)
    case .int(let value): CTScalar(kind: CT_SCALAR_INT, i: Int64(value), re: 0, im: 0)
    case .bool(let value): CTScalar(kind: CT_SCALAR_BOOL, i: value ? 1 : 0, re: 0, im: 0)
    case .complex(let real, let imaginary): CTScalar(kind: CT_SCALAR_COMPLEX, i: 0, re: real, im: imaginary)
    }
  }

  /// The value as a `Double`; the real part of a complex number.
  public var doubleValue: Double {
    switch self {
    case .double(let value): value
    case .int(let value): Double(value)
    case .bool(let value): value ? 1 : 0
    case .complex(let real, _): real
    }
  }

  public init(_ value: Double) { self = .double(value) }
  public init(_ value: Float) { self = .double(Double(value)) }
  public init(_ value: Int) { self = .int(value) }
}

extension Scalar: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}
