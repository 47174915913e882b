import MartletCore
import Web

/// Joins and splits arrays along the batch dimension, the first one.
enum BatchArithmetic {
  /// Arrays of equal type and equal shape behind the first dimension, one after the other.
  /// - Parameter fill: what pads the second dimension of those that are shorter than the longest.
  static func join(_ arrays: [HostArray], fill: Double? = nil) throws -> HostArray {
    guard let first = arrays.first else { throw ArgumentError("no arrays to join") }
    if arrays.count == 1 { return first }
    var arrays = arrays
    if let fill, first.shape.count > 1 {
      let length = arrays.reduce(0) { max($0, $1.shape.count > 1 ? $1.shape[1] : 0) }
      arrays = try arrays.map { try $0.padded(to: length, with: fill) }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(arrays.reduce(0) { $0 + $1.bytes.count })
    for array in arrays { bytes.append(contentsOf: array.bytes) }
    let items = arrays.reduce(0) { $0 + ($1.shape.first ?? 0) }
    return try HostArray(dtype: first.dtype, shape: [items] + arrays[0].shape.dropFirst(), bytes: bytes)
  }

  /// Parts of `counts` items each.
  /// - Throws: `ArgumentError` if the array does not hold exactly that many items.
  static func split(_ array: HostArray, counts: [Int], name: String) throws -> [HostArray] {
    let total = counts.reduce(0, +)
    guard array.shape.first == total, total > 0 else {
      throw ArgumentError("the output '\(name)' has shape \(array.shape)", expected: "\(total) items, as many as went in")
    }
    let stride = array.bytes.count / total
    var start = 0
    return try counts.map { count in
      defer { start += count * stride }
      let shape = [count] + array.shape.dropFirst()
      return try HostArray(dtype: array.dtype, shape: shape, bytes: [UInt8](array.bytes[start..<start + count * stride]))
    }
  }
}

extension HostArray {
  /// The second dimension made longer at its end.
  func padded(to length: Int, with fill: Double) throws -> HostArray {
    guard shape.count > 1, shape[1] < length else { return self }
    let inner = shape.dropFirst(2).reduce(dtype.size, *)
    let old = shape[1] * inner
    let element = try dtype.bytes(of: fill)
    var padding: [UInt8] = []
    padding.reserveCapacity(length * inner - old)
    while padding.count < length * inner - old { padding.append(contentsOf: element) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(shape[0] * length * inner)
    for row in 0..<shape[0] {
      bytes.append(contentsOf: self.bytes[row * old..<(row + 1) * old])
      bytes.append(contentsOf: padding)
    }
    return try HostArray(dtype: dtype, shape: [shape[0], length] + shape.dropFirst(2), bytes: bytes)
  }

  /// The second dimension cut to its beginning.
  func cut(to length: Int) throws -> HostArray {
    guard shape.count > 1, shape[1] > length else { return self }
    let inner = shape.dropFirst(2).reduce(dtype.size, *)
    let old = shape[1] * inner
    var bytes: [UInt8] = []
    bytes.reserveCapacity(shape[0] * length * inner)
    for row in 0..<shape[0] { bytes.append(contentsOf: self.bytes[row * old..<row * old + length * inner]) }
    return try HostArray(dtype: dtype, shape: [shape[0], length] + shape.dropFirst(2), bytes: bytes)
  }
}

extension DType {
  /// One element of this type.
  /// - Throws: `ArgumentError` where the type does not hold the number.
  fileprivate func bytes(of value: Double) throws -> [UInt8] {
    func bytes<Element>(_ element: Element) -> [UInt8] { withUnsafeBytes(of: element) { [UInt8]($0) } }
    func integer<Element: FixedWidthInteger>(_ type: Element.Type) throws -> [UInt8] {
      guard let element = Element(exactly: value) else {
        throw ArgumentError("\(self) does not hold \(value)", expected: "a fill that fits")
      }
      return bytes(element)
    }
    switch self {
    case .float32: return bytes(Float(value))
    case .float64: return bytes(value)
    case .float16: return bytes(Float16(value))
    case .bfloat16: return bytes(UInt16(truncatingIfNeeded: Float(value).bitPattern >> 16))
    case .int8: return try integer(Int8.self)
    case .int16: return try integer(Int16.self)
    case .int32: return try integer(Int32.self)
    case .int64: return try integer(Int64.self)
    case .uint8: return try integer(UInt8.self)
    case .bool: return [value == 0 ? 0 : 1]
    default: throw ArgumentError("\(self) cannot be padded", expected: "real numbers")
    }
  }
}
