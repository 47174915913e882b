import HTTPTypes
import MartletCore
import Web

/// The classification extension: the largest values of an output as texts `value:index:label`.
enum Classification {
  /// - Returns: `BYTES` of shape `[batch, count]`, or `[count]` where the model knows no items. The count is at most that of the classes.
  /// - Throws: `HTTPProblem` 400 for an output that has no classes.
  static func tensor(_ name: String, _ array: HostArray, count: Int, labels: [String]?, isBatched: Bool) throws -> OutputTensor {
    let items = isBatched ? array.shape.first ?? 0 : 1
    guard items > 0, array.elementCount > 0, array.elementCount % items == 0, !isBatched || array.shape.count > 1,
      let values = Values(array)
    else {
      throw HTTPProblem(
        .badRequest, "output '\(excerpt(name))' of shape \(array.shape) has no classes", expected: "a number for each class")
    }
    let classes = array.elementCount / items
    let names = labels?.count == classes ? labels : nil
    let kept = min(count, classes)
    var texts: [[UInt8]] = []
    texts.reserveCapacity(items * kept)
    for item in 0..<items {
      for index in values.largest(kept, from: item * classes, count: classes) {
        let label = names.map { ":" + $0[index] } ?? ""
        texts.append(Array("\(values.text(at: item * classes + index)):\(index)\(label)".utf8))
      }
    }
    return OutputTensor(name, texts: texts, shape: isBatched ? [items, kept] : [kept])
  }

  /// Numbers of any type that can be ordered.
  private enum Values {
    case floats([Float])
    case doubles([Double])
    case signed([Int64])
    case unsigned([UInt64])

    init?(_ array: HostArray) {
      func load<Element, Result>(_ type: Element.Type, _ convert: (Element) -> Result) -> [Result] {
        array.bytes.withUnsafeBytes { bytes in
          (0..<array.elementCount).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type)) }
        }
      }
      switch array.dtype {
      case .float32: self = .floats(load(Float.self) { $0 })
      case .float16: self = .floats(load(Float16.self) { Float($0) })
      case .bfloat16: self = .floats(load(UInt16.self) { Float(bitPattern: UInt32($0) << 16) })
      case .float64: self = .doubles(load(Double.self) { $0 })
      case .int8: self = .signed(load(Int8.self) { Int64($0) })
      case .int16: self = .signed(load(Int16.self) { Int64($0) })
      case .int32: self = .signed(load(Int32.self) { Int64($0) })
      case .int64: self = .signed(load(Int64.self) { $0 })
      case .uint8, .bool: self = .unsigned(load(UInt8.self) { UInt64($0) })
      case .uint16: self = .unsigned(load(UInt16.self) { UInt64($0) })
      case .uint32: self = .unsigned(load(UInt32.self) { UInt64($0) })
      case .uint64: self = .unsigned(load(UInt64.self) { $0 })
      case .complex64, .complex128, .float8e4m3, .float8e5m2: return nil
      }
    }

    func text(at index: Int) -> String {
      switch self {
      case .floats(let values): values[index].description
      case .doubles(let values): values[index].description
      case .signed(let values): String(values[index])
      case .unsigned(let values): String(values[index])
      }
    }

    /// The places of the largest values, largest first; of equal ones the earlier first, and what is no number last.
    func largest(_ kept: Int, from start: Int, count: Int) -> [Int] {
      func order<Value: Comparable>(_ values: [Value], _ isNumber: (Value) -> Bool) -> [Int] {
        let sorted = (0..<count).sorted { first, second in
          let a = values[start + first], b = values[start + second]
          if isNumber(a) != isNumber(b) { return isNumber(a) }
          return a > b || (!(b > a) && first < second)
        }
        return Array(sorted.prefix(kept))
      }
      return switch self {
      case .floats(let values): order(values) { !$0.isNaN }
      case .doubles(let values): order(values) { !$0.isNaN }
      case .signed(let values): order(values) { _ in true }
      case .unsigned(let values): order(values) { _ in true }
      }
    }
  }
}
