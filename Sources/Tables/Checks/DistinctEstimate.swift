import Foundation

/// How many different values there were, from their hashes, in 16 KiB whatever the number.
///
/// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 2^14 registers, read by Ertl's improved estimator ("New cardinality estimation
/// algorithms for HyperLogLog sketches", 2017), which needs no tables of corrections. Merging is exact: the same as having seen all values.
public struct DistinctEstimate: Sendable, Hashable, Codable {
  private static let bits = 14
  private var registers = [UInt8](repeating: 0, count: 1 << bits)

  public init() {}

  /// The relative standard error of the estimate: 0.0081.
  public static let standardError = 1.04 / Double(1 << bits).squareRoot()

  @inline(__always)
  mutating func add(_ hash: UInt64) {
    let place = Int(hash >> (64 - UInt64(Self.bits)))
    let rest = hash << UInt64(Self.bits)
    let rank = UInt8(min(rest.leadingZeroBitCount, 64 - Self.bits) + 1)
    if registers[place] < rank { registers[place] = rank }
  }

  public mutating func merge(_ other: DistinctEstimate) {
    for place in registers.indices { registers[place] = max(registers[place], other.registers[place]) }
  }

  /// About so many different values.
  public var count: Double {
    let size = Double(registers.count), limit = 64 - Self.bits
    var histogram = [Int](repeating: 0, count: limit + 2)
    for register in registers { histogram[Int(register)] += 1 }
    var z = size * Self.tau(1 - Double(histogram[limit + 1]) / size)
    for rank in stride(from: limit, to: 0, by: -1) { z = 0.5 * (z + Double(histogram[rank])) }
    z += size * Self.sigma(Double(histogram[0]) / size)
    return size * size / (2 * log(2.0) * z)
  }

  private static func sigma(_ start: Double) -> Double {
    guard start < 1 else { return .infinity }
    var x = start, y = 1.0, z = start
    while true {
      x *= x
      let before = z
      z += x * y
      y += y
      if z == before { return z }
    }
  }

  private static func tau(_ start: Double) -> Double {
    guard start > 0, start < 1 else { return 0 }
    var x = start, y = 1.0, z = 1 - start
    while true {
      x = x.squareRoot()
      let before = z
      y *= 0.5
      z -= (1 - x) * (1 - x) * y
      if z == before { return z / 3 }
    }
  }
}
