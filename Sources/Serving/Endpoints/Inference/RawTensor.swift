import HTTPTypes
import MartletCore
import Web

/// Reads tensors of raw bytes: little-endian, row-major, without gaps.
enum RawTensor {
  static let rankLimit = 32

  /// - Parameter shape: as it came; every dimension is checked here.
  /// - Throws: `HTTPProblem` 400 naming what does not fit.
  static func checked(_ name: String, _ shape: [Int]) throws -> Int {
    guard shape.count <= rankLimit else {
      throw HTTPProblem(.badRequest, "'\(excerpt(name))' has \(shape.count) dimensions", expected: "at most \(rankLimit)")
    }
    do { return try HostArray.elementCount(of: shape) } catch { throw HTTPProblem(.badRequest, because: error) }
  }

  /// A tensor of numbers.
  /// - Throws: `HTTPProblem` 400 where the bytes do not fill the shape, or hold truth values other than 0 and 1.
  static func array(_ name: String, _ dtype: DType, _ shape: [Int], _ bytes: [UInt8]) throws -> HostArray {
    let (wanted, overflow) = try checked(name, shape).multipliedReportingOverflow(by: dtype.size)
    guard !overflow, bytes.count == wanted else {
      throw HTTPProblem(
        .badRequest, "'\(excerpt(name))' has \(bytes.count) bytes, which do not fill \(dtype) of shape \(shape)",
        expected: overflow ? nil : "\(wanted) bytes")
    }
    // A truth value other than 0 and 1 would be undefined behaviour in the engine.
    guard dtype != .bool || bytes.allSatisfy({ $0 <= 1 }) else {
      throw HTTPProblem(.badRequest, "the bytes of '\(excerpt(name))' are not all 0 or 1", expected: "BOOL")
    }
    return try HostArray(dtype: dtype, shape: shape, bytes: bytes)
  }

  /// The elements of a tensor of type `BYTES`: each a length in four bytes, and as many bytes.
  /// - Throws: `HTTPProblem` 400 where lengths point past the end, or the number of elements is another one.
  static func texts(_ name: String, count: Int, _ bytes: [UInt8]) throws -> [[UInt8]] {
    var texts: [[UInt8]] = []
    texts.reserveCapacity(min(count, bytes.count / 4))
    var offset = 0
    while offset < bytes.count {
      guard bytes.count - offset >= 4 else { throw broken(name, "a length is cut off", count) }
      let length = Int(bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) })
      offset += 4
      guard bytes.count - offset >= length else { throw broken(name, "an element of \(length) bytes goes past the end", count) }
      guard texts.count < count else { throw broken(name, "there are more elements", count) }
      texts.append(Array(bytes[offset..<offset + length]))
      offset += length
    }
    guard texts.count == count else { throw broken(name, "there are \(texts.count) elements", count) }
    return texts
  }

  private static func broken(_ name: String, _ reason: String, _ count: Int) -> HTTPProblem {
    HTTPProblem(
      .badRequest, "the BYTES of '\(excerpt(name))' are wrong: \(reason)",
      expected: "\(count) elements, each a length of four bytes and as many bytes")
  }
}
