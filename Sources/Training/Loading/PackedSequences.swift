import MartletCore
import Torch

/// Short texts put one behind the other into rows of one length, so that hardly anything is padding. Each token knows its text
/// (`extras["segments"]`) and its place in it (`extras["positions"]`); models that get both keep the texts apart.
///
/// `inputs` are the ids `[batch, length]`, `targets` the same with -100 at padding and at each text's first token, which nothing foretells.
public struct PackedSequences: BatchSource {
  /// The texts of each row, by their numbers.
  public let packs: [[Int]]
  /// The length of a row.
  public let length: Int
  private let rows: [[Int]]
  private let padding: Int

  /// Packs the longest texts first, each into the fullest row that has room (best fit, decreasing).
  /// - Parameters:
  ///   - rows: one list of ids for each text.
  ///   - length: of a row; longer texts are cut into pieces.
  ///   - padding: the id that fills up.
  /// - Throws: `ArgumentError` for no texts or a length below 1.
  public init(_ rows: [[Int]], length: Int, padding: Int) throws {
    guard length >= 1 else { throw ArgumentError("rows of \(length) tokens", expected: "1 or more") }
    let pieces = rows.flatMap { row in
      stride(from: 0, to: row.count, by: length).map { Array(row[$0..<min(row.count, $0 + length)]) }
    }
    guard !pieces.isEmpty else { throw ArgumentError("no texts to pack", expected: "one or more with tokens") }
    self.length = length
    self.padding = padding
    self.rows = pieces
    var packs: [[Int]] = []
    // Rows by the room that is left in them.
    var open = [[Int]](repeating: [], count: length + 1)
    let order = pieces.indices.sorted { (-pieces[$0].count, $0) < (-pieces[$1].count, $1) }
    for piece in order {
      let size = pieces[piece].count
      if let room = (size...length).first(where: { !open[$0].isEmpty }), let pack = open[room].popLast() {
        packs[pack].append(piece)
        open[room - size].append(pack)
      } else {
        packs.append([piece])
        open[length - size].append(packs.count - 1)
      }
    }
    self.packs = packs
  }

  public var count: Int { packs.count }

  /// The share of all places that holds a token.
  public var fill: Double { Double(rows.reduce(0) { $0 + $1.count }) / Double(packs.count * length) }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    var ids: [Int64] = [], targets: [Int64] = [], segments: [Int64] = [], positions: [Int64] = []
    for index in indices {
      guard packs.indices.contains(index) else {
        throw LoaderError(items: [index], underlying: ArgumentError("there is no such row", expected: "0…\(count - 1)"))
      }
      for (segment, piece) in packs[index].enumerated() {
        let row = rows[piece].map(Int64.init)
        ids += row
        targets += [-100] + row.dropFirst()
        segments += repeatElement(Int64(segment), count: row.count)
        positions += (0..<Int64(row.count))
      }
      let rest = length * (ids.count / length + (ids.count % length == 0 ? 0 : 1)) - ids.count
      ids += repeatElement(Int64(padding), count: rest)
      targets += repeatElement(-100, count: rest)
      segments += repeatElement(-1, count: rest)
      positions += repeatElement(0, count: rest)
    }
    let shape = [indices.count, length]
    return Batch(
      inputs: try Tensor(ids, shape: shape), targets: try Tensor(targets, shape: shape), indices: indices,
      extras: ["segments": try Tensor(segments, shape: shape), "positions": try Tensor(positions, shape: shape)])
  }
}
