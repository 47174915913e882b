import CGeneration
import MartletCore

/// A matrix as the kernels want it. Rows are packed once; then it is only read.
///
/// `@unchecked Sendable`: rows are written by one builder before anybody else sees the matrix.
final class PackedMatrix: @unchecked Sendable {
  let raw: OpaquePointer
  let rows: Int
  let columns: Int
  let format: WeightFormat

  /// Zeros.
  init(_ format: WeightFormat, rows: Int, columns: Int) throws(GenerationError) {
    guard let raw = cg_matrix_create(format.kind, Int64(rows), Int64(columns)) else {
      throw GenerationError(.memory, "no memory for a matrix of \(rows) rows and \(columns) columns as \(format)")
    }
    self.raw = raw
    self.rows = rows
    self.columns = columns
    self.format = format
  }

  deinit { cg_matrix_free(raw) }

  var bytes: Int { Int(cg_matrix_bytes(raw)) }

  func set(_ row: Int, _ values: UnsafePointer<Float>) { cg_matrix_set_row(raw, Int64(row), values) }

  /// - Precondition: there are as many values as columns.
  func set(_ row: Int, _ values: [Float]) {
    values.withUnsafeBufferPointer { if let address = $0.baseAddress { set(row, address) } }
  }

  /// Unpacks one row.
  func row(_ index: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: columns) { target, written in
      if let address = target.baseAddress { cg_matrix_row(raw, Int64(index), address) }
      written = columns
    }
  }

  /// The products of rows with all rows of the matrix, as a decoding step computes them: `[input rows][rows]`.
  func product(_ input: [Float]) throws(GenerationError) -> [Float] {
    let count = input.count / max(columns, 1)
    var status: Int32 = 0
    let result = [Float](unsafeUninitializedCapacity: count * rows) { target, written in
      input.withUnsafeBufferPointer { input in
        if let from = input.baseAddress, let to = target.baseAddress { status = cg_product(raw, from, Int64(count), to) }
      }
      written = count * rows
    }
    guard status == 0 else { throw GenerationError(.memory, "no memory for a product of \(count) rows") }
    return result
  }
}
