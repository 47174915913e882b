import MartletCore
import Torch
import Training

/// Rows of token ids brought to one length.
enum TokenRows {
  /// `[rows, longest]`, filled up on the right.
  static func filled(_ rows: [[Int]], with filler: Int) throws(TorchError) -> Tensor {
    let longest = max(1, rows.map(\.count).max() ?? 1)
    var values = [Int64](repeating: Int64(filler), count: rows.count * longest)
    for (position, row) in rows.enumerated() {
      for (place, id) in row.enumerated() { values[position * longest + place] = Int64(id) }
    }
    return try Tensor(values, shape: [rows.count, longest])
  }

  /// `[rows, longest]`: 1 for tokens, 0 for what fills up.
  static func mask(_ rows: [[Int]]) throws(TorchError) -> Tensor {
    try filled(rows.map { [Int](repeating: 1, count: $0.count) }, with: 0)
  }

  static func check(_ indices: [Int], count: Int) throws {
    if let wrong = indices.first(where: { !(0..<count).contains($0) }) {
      throw LoaderError(items: [wrong], underlying: ArgumentError("there is no such text", expected: "0…\(count - 1)"))
    }
  }
}
