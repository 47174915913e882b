extension Tokenizer {
  /// The bytes that a token stands for in running text, which may be part of a character: what a grammar is held against, and what
  /// log-probabilities are reported with.
  /// - Returns: empty for an id that no token has.
  public func bytes(of id: Int) -> [UInt8] {
    guard let token = token(decoding: id, false) else { return [] }
    guard addedTokens[id] == nil else { return token }
    switch core.decoder {
    case .byteLevel?: return ByteAlphabet.decode(token) ?? token
    case .bytes?: return token
    default:
      if let byte = Decoder.byte(token) { return [byte] }
      // SentencePiece writes a blank as U+2581.
      return Decoder.replace(token, [0xE2, 0x96, 0x81], with: [0x20])
    }
  }
}
