/// The tokens of a model and their ids.
///
/// Tokens are byte strings: "é" in one scalar and in two are different tokens, though they are equal as `String`.
public final class Vocabulary: Sendable {
  private let table: ByteTable
  /// The place in the table of each id, -1 for ids that no token has.
  private let places: [Int32]

  /// No tokenizer in use comes near; a larger id would only fill memory.
  static let largestID = 1 << 24

  init(_ tokens: [(bytes: ArraySlice<UInt8>, id: Int)], source: String, place: String) throws(TokenizerError) {
    var table = ByteTable(capacity: tokens.count)
    var places = [Int32](repeating: -1, count: tokens.count)
    for (bytes, id) in tokens {
      guard id >= 0, id < Self.largestID else {
        throw TokenizerError(
          source: source, place: place, problem: "the token '\(String(decoding: bytes, as: UTF8.self))' has the id \(id)",
          expected: "an id from 0 to \(Self.largestID - 1)")
      }
      let index = table.insert(bytes, Int32(id))
      if id >= places.count { places += [Int32](repeating: -1, count: max(id + 1, places.count * 2) - places.count) }
      places[id] = Int32(index)
    }
    while places.last == -1 { places.removeLast() }
    self.table = table
    self.places = places
  }

  /// The number of different tokens.
  public var count: Int { table.count }
  /// One more than the largest id: the rows that an embedding needs.
  public var idCount: Int { places.count }

  /// The id of a token, or `nil`.
  public func id(of token: String) -> Int? {
    let id = table.value(token.utf8)
    return id < 0 ? nil : Int(id)
  }

  /// The token with an id, or `nil`.
  public func token(of id: Int) -> String? { bytes(of: id).map { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of the token with an id, or `nil`. They are UTF-8 but where a file of ranks holds bare bytes.
  public func bytes(of id: Int) -> ArraySlice<UInt8>? {
    guard places.indices.contains(id), places[id] >= 0 else { return nil }
    return table.key(Int(places[id]))
  }

  /// Every token with its id, in the order of the ids.
  public var tokens: [(token: String, id: Int)] { places.indices.compactMap { id in token(of: id).map { ($0, id) } } }

  @inline(__always)
  func find(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 { table.value(bytes, count) }
  func find(_ bytes: some Collection<UInt8>) -> Int32 { table.value(bytes) }
}
