public import MartletCore
public import Tables

extension Table {
  /// A column as texts; numbers are written out, missing ones are empty.
  /// - Throws: `TableError` for a column that is not there, or holds lists.
  public func texts(of column: String) throws -> [String] {
    let found = try self.column(column)
    if let texts = try? found.texts() { return texts.map { $0 ?? "" } }
    let (codes, names) = try found.codes()
    return codes.map { $0 < 0 ? "" : names[Int($0)] }
  }

  /// A column as lists of words: lists as they are, texts cut at white space.
  /// - Throws: `TableError` for a column that is not there.
  public func words(of column: String) throws -> [[String]] {
    let found = try self.column(column)
    guard case .list = found.type else {
      return try texts(of: column).map(TextModel.words)
    }
    return (0..<found.count).map { row in
      guard case .list(let values) = found.value(row) else { return [] }
      return values.map { value in if case .text(let text) = value { text } else { value.text(limit: .max) } }
    }
  }
}

/// Rows that are divided by chance.
public struct TextSplit: Sendable, Hashable, Codable {
  public let training: [Int]
  public let validation: [Int]
  public let test: [Int]

  /// - Parameters:
  ///   - rows: how many there are.
  ///   - test: the share to judge by; 0 where others judge.
  ///   - validation: the share of the rest that is watched.
  ///   - limit: the most rows that are learnt from.
  /// - Throws: `ArgumentError` if nothing is left to learn from.
  public init(rows: Int, test: Double, validation: Double, limit: Int?, seed: UInt64) throws(ArgumentError) {
    var random = KeyedRandom(seed: seed, purpose: "texts", index: 0)
    let order = (0..<rows).shuffled(using: &random)
    func count(_ share: Double, of all: Int) -> Int { share > 0 ? Swift.max(1, Int((share * Double(all)).rounded())) : 0 }
    let held = count(test, of: rows), rest = Array(order.dropFirst(held))
    let watched = rest.count > 1 ? Swift.min(rest.count - 1, count(validation, of: rest.count)) : 0
    let learnt = rest.dropFirst(watched).prefix(limit ?? .max)
    guard !learnt.isEmpty else {
      throw ArgumentError("no text is left to learn from: there are \(rows)", expected: "more texts, or a smaller test share")
    }
    self.test = order.prefix(held).sorted()
    self.validation = rest.prefix(watched).sorted()
    training = learnt.sorted()
  }
}
