import Foundation
import HTTPTypes
import MartletCore
import Web

extension TensorDocument {
  /// Holds the inputs against their own types and the model's columns. Any value may be missing (`null`).
  /// - Throws: `HTTPProblem` 400 naming the input whose datatype is none or is not the column's, or the value that is not of it.
  func check(_ columns: [ServedColumn]) throws {
    for input in inputs {
      let name = excerpt(input.name)
      let dtype = DType(inferenceProtocolName: input.datatype)
      guard dtype != nil || input.datatype == "BYTES" else {
        throw HTTPProblem(
          .badRequest,
          input.datatype.isEmpty ? "input '\(name)' has no datatype" : "the datatype '\(excerpt(input.datatype))' of '\(name)' is none",
          expected: (DType.allCases.compactMap(\.inferenceProtocolName) + ["BYTES"]).joined(separator: ", "))
      }
      if let column = columns.first(where: { $0.name == input.name }), !column.takes(dtype) {
        throw HTTPProblem(
          .badRequest, "input '\(name)' is of datatype \(input.datatype)",
          expected: column.datatype == "BOOL" ? "BOOL" : "\(column.datatype) or other numbers")
      }
      let values = input.values
      guard let place = values.firstIndex(where: { !Self.fits($0, dtype) }) else { continue }
      let text = (try? JSON.encode(values[place], pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw HTTPProblem(
        .badRequest, "value \(place) of '\(name)' is \(excerpt(text))", expected: "\(input.datatype), as its datatype says")
    }
  }

  /// - Parameter dtype: `nil` for texts.
  private static func fits(_ value: JSONValue, _ dtype: DType?) -> Bool {
    func whole<Number: FixedWidthInteger>(_: Number.Type) -> Bool {
      switch value {
      case .int(let number): Number(exactly: number) != nil
      case .double(let number): Number(exactly: number) != nil
      default: false
      }
    }
    func number(upTo most: Double) -> Bool { value.doubleValue.map { abs($0) <= most } ?? false }
    switch (value, dtype) {
    case (.null, _), (.string, nil), (.bool, .bool?), (.int(0), .bool?), (.int(1), .bool?): return true
    case (_, .int8?): return whole(Int8.self)
    case (_, .int16?): return whole(Int16.self)
    case (_, .int32?): return whole(Int32.self)
    case (_, .int64?): return whole(Int64.self)
    case (_, .uint8?): return whole(UInt8.self)
    case (_, .uint16?): return whole(UInt16.self)
    case (_, .uint32?): return whole(UInt32.self)
    // What does not fit `Int` has been rounded.
    case (_, .uint64?): return whole(UInt64.self) || value.doubleValue == 0x1p64
    case (_, .float16?): return number(upTo: Double(Float16.greatestFiniteMagnitude))
    case (_, .float32?), (_, .bfloat16?): return number(upTo: Double(Float.greatestFiniteMagnitude))
    case (_, .float64?): return number(upTo: .greatestFiniteMagnitude)
    default: return false
    }
  }
}

extension ServedColumn {
  /// Numbers of all kinds are as good as each other; texts and categories may be written as anything.
  fileprivate func takes(_ dtype: DType?) -> Bool {
    switch datatype {
    case "BYTES": true
    case "BOOL": dtype == .bool
    default: dtype != nil && dtype != .bool
    }
  }
}
