/// Turns tokens into text one by one, as a model makes them, and never gives part of a character.
///
/// ```swift
/// var stream = tokenizer.stream()
/// for id in ids { print(try stream.append(id), terminator: "") }
/// print(stream.finish())
/// ```
/// All that it gives, joined, is what decoding all tokens at once gives.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// Bytes that are not a whole character yet, where the decoder only joins bytes.
  private var pending: [UInt8] = []
  private let joinsBytes: Bool
  /// Tokens whose text was given and that the next ones' text depends on, then those that are still to come.
  private var ids: [Int] = []
  private var given = 0
  /// The text of the first `given` tokens.
  private var prefix: [UInt8] = []

  init(_ tokenizer: Tokenizer, skipsSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.skipsSpecialTokens = skipsSpecialTokens
    joinsBytes =
      switch tokenizer.core.decoder {
      case .byteLevel, .bytes: true
      default: false
      }
  }

  /// - Returns: the text that the token completes; empty while a character is not whole.
  public mutating func append(_ id: Int) throws(TokenizerError) -> String {
    if joinsBytes { return appendBytes(id) }
    ids.append(id)
    let text = try tokenizer.decodedBytes(ids, skipsSpecialTokens)
    guard text.count > prefix.count, !text.suffix(3).elementsEqual([0xEF, 0xBF, 0xBD]), text.starts(with: prefix) else { return "" }
    let new = String(decoding: text[prefix.count...], as: UTF8.self)
    ids.removeFirst(given)
    prefix = try tokenizer.decodedBytes(ids, skipsSpecialTokens)
    given = ids.count
    return new
  }

  /// - Returns: what is left: characters that were never completed, as U+FFFD.
  public mutating func finish() throws(TokenizerError) -> String {
    if joinsBytes {
      defer { pending.removeAll() }
      return String(decoding: pending, as: UTF8.self)
    }
    let text = try tokenizer.decodedBytes(ids, skipsSpecialTokens)
    let rest = text.starts(with: prefix) ? String(decoding: text[prefix.count...], as: UTF8.self) : ""
    ids.removeAll()
    prefix.removeAll()
    given = 0
    return rest
  }

  private mutating func appendBytes(_ id: Int) -> String {
    guard let token = tokenizer.token(decoding: id, skipsSpecialTokens) else { return "" }
    if case .bytes? = tokenizer.core.decoder { pending += token } else { pending += ByteAlphabet.decode(token) ?? token }
    // Everything but a character that is cut off at the end can go.
    var end = pending.count
    for back in 1...4 where back <= pending.count && pending[pending.count - back] & 0xC0 != 0x80 {
      let place = pending.count - back
      if pending.withUnsafeBufferPointer({ UTF8Text.check($0, place) }) == 0 { end = place }
      break
    }
    let text = String(decoding: pending[..<end], as: UTF8.self)
    pending.removeFirst(end)
    return text
  }
}

extension Tokenizer {
  /// A decoder for tokens that come one by one.
  public func stream(skipSpecialTokens: Bool = true) -> StreamingDecoder { StreamingDecoder(self, skipsSpecialTokens: skipSpecialTokens) }
}
