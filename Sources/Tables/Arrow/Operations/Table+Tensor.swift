public import MartletCore
public import Torch

extension Column {
  /// The values as a tensor of one dimension, of their own type unless another is asked for. Numbers are shared with the column, not
  /// copied:
  /// a tensor that is to be changed is cloned first.
  /// - Throws: `TableError` if values are missing, or are no numbers or booleans; `TorchError` if there is no memory.
  public func tensor(dtype: DType? = nil) throws -> Tensor {
    let own = try elementType()
    guard missingCount == 0 else {
      throw TableError(
        "column '\(name)' misses \(missingCount) of \(count) values", expected: "a value in each row", remedy: "impute it first")
    }
    let result: Tensor
    if type == .boolean {
      result = try Tensor((0..<count).map { booleanUnchecked($0) })
    } else {
      let start = UnsafeMutableRawPointer(mutating: storage.values.advanced(by: offset * own.size))
      result = try Tensor.sharing(start, shape: [count], dtype: own, owner: storage)
    }
    return try dtype.map { $0 == own ? result : try result.to($0) } ?? result
  }

  private func elementType() throws(TableError) -> DType {
    switch type {
    case .int8: return .int8
    case .int16: return .int16
    case .int32: return .int32
    case .int64, .timestamp: return .int64
    case .uint8: return .uint8
    case .uint16: return .uint16
    case .uint32: return .uint32
    case .uint64: return .uint64
    case .float32: return .float32
    case .float64: return .float64
    case .boolean: return .bool
    case .text, .categorical, .list: throw TableError("column '\(name)' holds \(type)", expected: "numbers", remedy: "encode it first")
    }
  }
}

extension Table {
  /// Columns beside each other.
  /// - Parameters:
  ///   - columns: `nil` for all.
  ///   - missing: what stands where there is no value; `nil`: that is an error.
  /// - Returns: `[rows, columns]`.
  /// - Throws: `TableError` naming a column that is unknown, holds no numbers, or misses values.
  public func tensor(columns names: [String]? = nil, dtype: DType = .float32, missing: Double? = nil) throws -> Tensor {
    let chosen = try names.map { try selecting($0).columns } ?? columns
    let width = chosen.count
    let lists = try chosen.map { column -> [Double] in
      guard missing != nil || column.missingCount == 0 else {
        throw TableError(
          "column '\(column.name)' misses \(column.missingCount) of \(column.count) values", expected: "a value in each row",
          remedy: "impute it first, or say what stands for missing")
      }
      return try column.numbers(missing: missing ?? .nan)
    }
    let isSingle = dtype == .float32
    let result = try Tensor.empty([rowCount, width], dtype: isSingle ? .float32 : .float64)
    try result.withUnsafeMutableBytes { target in
      for (place, values) in lists.enumerated() {
        values.withUnsafeBufferPointer { source in
          if isSingle {
            let numbers = target.bindMemory(to: Float.self)
            for row in 0..<rowCount { numbers[row * width + place] = Float(source[row]) }
          } else {
            let numbers = target.bindMemory(to: Double.self)
            for row in 0..<rowCount { numbers[row * width + place] = source[row] }
          }
        }
      }
    }
    return isSingle || dtype == .float64 ? result : try result.to(dtype)
  }
}
