import MartletCore
import Web

/// Joins and splits arrays along the batch dimension, the first one.
enum BatchArithmetic {
  /// Arrays of equal type and equal shape behind the first dimension, one after the other.
  static func join(_ arrays: [HostArray]) throws -> HostArray {
    guard let first = arrays.first else { throw ArgumentError("no arrays to join") }
    if arrays.count == 1 { return first }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(arrays.reduce(0) { $0 + $1.bytes.count })
    for array in arrays { bytes.append(contentsOf: array.bytes) }
    let items = arrays.reduce(0) { $0 + ($1.shape.first ?? 0) }
    return try HostArray(dtype: first.dtype, shape: [items] + first.shape.dropFirst(), bytes: bytes)
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
