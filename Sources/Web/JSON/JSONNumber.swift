/// A number of a JSON text, before it becomes a value of some type: `±mantissa × 10^exponent`.
package struct JSONNumber {
  package var isNegative = false
  package var mantissa: UInt64 = 0
  package var exponent = 0
  /// The mantissa holds all digits.
  package var isExact = true
  /// The text has neither a fraction nor an exponent.
  package var isInteger = true
  /// Where the text lies.
  package var start: Int
  package var end: Int
}

extension JSONReader {
  /// Reads a number by JSON's grammar. Digits that do not fit 64 bits are left for the slow conversion.
  @inline(__always)
  package mutating func readNumber() throws(JSONProblem) -> JSONNumber {
    skipSpace()
    var number = JSONNumber(start: offset, end: offset)
    if offset < text.count, text[offset] == UInt8(ascii: "-") {
      number.isNegative = true
      offset += 1
    }
    let digitsStart = offset
    readDigits(into: &number)
    guard offset > digitsStart else { throw unexpected("a number") }
    if text[digitsStart] == UInt8(ascii: "0"), offset - digitsStart > 1 {
      throw problem("a number with a leading zero", expected: "no zero before other digits", at: digitsStart)
    }
    if offset < text.count, text[offset] == UInt8(ascii: ".") {
      number.isInteger = false
      offset += 1
      let fractionStart = offset
      readDigits(into: &number)
      guard offset > fractionStart else { throw unexpected("a digit after the decimal point") }
      number.exponent = fractionStart - offset
    }
    if offset < text.count, text[offset] | 0x20 == UInt8(ascii: "e") { try readExponent(into: &number) }
    number.end = offset
    return number
  }

  @inline(__always)
  private mutating func readDigits(into number: inout JSONNumber) {
    while offset < text.count {
      let digit = text[offset] &- UInt8(ascii: "0")
      guard digit < 10 else { return }
      if number.mantissa < 1_000_000_000_000_000_000 {
        number.mantissa = number.mantissa &* 10 &+ UInt64(digit)
      } else {
        let (tenfold, overflow) = number.mantissa.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tenfold.addingReportingOverflow(UInt64(digit))
        if overflow || carry || !number.isExact { number.isExact = false } else { number.mantissa = sum }
      }
      offset += 1
    }
  }

  private mutating func readExponent(into number: inout JSONNumber) throws(JSONProblem) {
    number.isInteger = false
    offset += 1
    var isNegative = false
    if offset < text.count, text[offset] == UInt8(ascii: "-") || text[offset] == UInt8(ascii: "+") {
      isNegative = text[offset] == UInt8(ascii: "-")
      offset += 1
    }
    let start = offset
    var value = 0
    while offset < text.count {
      let digit = text[offset] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      value = min(value * 10 + Int(digit), 1_000_000)
      offset += 1
    }
    guard offset > start else { throw unexpected("a digit in the exponent") }
    number.exponent += isNegative ? -value : value
  }

  /// The nearest double, or `nil` where it would be infinite.
  @inline(__always)
  package func double(_ number: JSONNumber) -> Double? {
    // Both factors are exact doubles, so one rounding gives the nearest value (Clinger 1990).
    if number.isExact, number.mantissa <= 1 << 53, number.exponent >= -22, number.exponent <= 22 {
      let mantissa = Double(number.mantissa)
      let scale = powersOfTen[abs(number.exponent)]
      let value = number.exponent < 0 ? mantissa / scale : mantissa * scale
      return number.isNegative ? -value : value
    }
    return slowDouble(number)
  }

  @inline(never)
  private func slowDouble(_ number: JSONNumber) -> Double? {
    let value = Double(String(decoding: text[number.start..<number.end], as: UTF8.self))
    return value.flatMap { $0.isFinite ? $0 : nil }
  }

  package func outOfRange(_ number: JSONNumber, _ type: String) -> JSONProblem {
    let digits = String(decoding: text[number.start..<number.end], as: UTF8.self)
    return problem("\(excerpt(digits, limit: 40)) does not fit \(type)", expected: "a \(type)", at: number.start)
  }
}

private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]

extension FixedWidthInteger {
  /// The value of a number without fraction and exponent, exactly, or `nil` where it does not fit.
  @inline(__always)
  package init?(number: JSONNumber) {
    guard number.isExact else { return nil }
    if number.isNegative {
      guard number.mantissa != 0 else {
        self = 0
        return
      }
      // −(m − 1) − 1 reaches the least value of a type without passing its greatest.
      guard Self.isSigned, let below = Self(exactly: number.mantissa - 1) else { return nil }
      self = -1 - below
    } else {
      guard let value = Self(exactly: number.mantissa) else { return nil }
      self = value
    }
  }
}
