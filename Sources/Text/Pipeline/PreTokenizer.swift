/// A step that cuts text into the pieces that the model sees one at a time.
enum PreTokenizer: Sendable {
  enum PrependScheme: String, Sendable, CaseIterable { case first, never, always }

  case bert
  case whitespace
  case whitespaceSplit
  case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
  case metaspace(replacement: UInt32, scheme: PrependScheme, splits: Bool)
  case split(Pattern, SplitBehavior, inverted: Bool)
  case punctuation(SplitBehavior)
  case digits(individual: Bool)
  case delimiter(UInt32)
  case unicodeScripts
  case fixedLength(Int)
  case sequence([PreTokenizer])

  /// - Parameter keepsBytes: the byte-level step that comes last leaves bytes as they are, for a model whose vocabulary is bytes.
  func apply(_ text: inout WorkText, keepsBytes: Bool) throws(TokenizerError) {
    let table = UnicodeTable.shared
    switch self {
    case .bert: try Self.splitLikeBERT(&text, table)
    case .whitespace: try Self.splitWords(&text, table)
    case .whitespaceSplit: try Self.split(&text, .removed) { table.has($0, .rustSpace) }
    case .byteLevel(let addsPrefixSpace, let usesPattern):
      if addsPrefixSpace { Self.prependSpaces(&text) }
      if usesPattern { try Self.split(&text, Self.byteLevelPattern, .isolated, inverted: false) }
      if !keepsBytes { text.rewritePieces(ByteAlphabet.transform) }
    case .metaspace(let replacement, let scheme, let splits): try Self.splitBlanks(&text, replacement, scheme, splits)
    case .split(let pattern, let behavior, let inverted): try Self.split(&text, pattern, behavior, inverted: inverted)
    case .punctuation(let behavior): try Self.split(&text, behavior) { Self.isPunctuation($0, table) }
    case .digits(let individual): try Self.split(&text, individual ? .isolated : .contiguous) { table.has($0, .rustNumber) }
    case .delimiter(let delimiter): try Self.split(&text, .removed) { $0 == delimiter }
    case .unicodeScripts: try Self.splitScripts(&text, table)
    case .fixedLength(let length): try Self.splitLengths(&text, length)
    case .sequence(let steps):
      for (index, step) in steps.enumerated() { try step.apply(&text, keepsBytes: keepsBytes && index == steps.count - 1) }
    }
  }

  /// Whether the last step writes bytes in the byte-level alphabet.
  var endsInBytes: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let steps): steps.last?.endsInBytes ?? false
    default: false
    }
  }

  /// A pattern that only `KnownPattern` matches; reading it cannot fail, and a failure would show at once in every test.
  private static let byteLevelPattern: Pattern? = try? Pattern(KnownPattern.gpt2, dialect: .oniguruma)

  @inline(__always)
  private static func isPunctuation(_ scalar: UInt32, _ table: UnicodeTable) -> Bool {
    table.has(scalar, .bertPunctuation)
  }

  /// Splits where a test of scalars holds.
  @inline(__always)
  private static func split(_ text: inout WorkText, _ behavior: SplitBehavior, _ test: (UInt32) -> Bool) throws(TokenizerError) {
    var parts: [SplitBehavior.Part] = []
    try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
      parts.removeAll(keepingCapacity: true)
      var last = piece.start
      var at = Int(piece.start)
      while at < Int(piece.end) {
        let (scalar, length) = UTF8Text.decode(bytes, at)
        if test(scalar) {
          if last < at { parts.append(.init(start: last, end: Int32(at), isMatch: false)) }
          last = Int32(at + length)
          parts.append(.init(start: Int32(at), end: last, isMatch: true))
        }
        at += length
      }
      if last < piece.end { parts.append(.init(start: last, end: piece.end, isMatch: false)) }
      behavior.pieces(parts, into: &pieces)
    }
  }

  private static func split(_ text: inout WorkText, _ pattern: Pattern?, _ behavior: SplitBehavior, inverted: Bool) throws(TokenizerError) {
    guard let pattern else { return }
    // A known pattern matches everything: either each match is a piece, or nothing is left.
    if let known = pattern.known, behavior == .isolated || behavior == .removed && inverted {
      return try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
        let start = piece.start
        known.split(bytes + Int(start), Int(piece.end - start)) { pieces.append(Piece(start: start + Int32($0), end: start + Int32($1))) }
      }
    }
    var parts: [SplitBehavior.Part] = []
    try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
      parts.removeAll(keepingCapacity: true)
      let start = piece.start
      var last = start
      let matches = try pattern.matches(in: UnsafeBufferPointer(start: bytes + Int(start), count: Int(piece.end - start)))
      for match in matches {
        let (low, high) = (start + Int32(match.lowerBound), start + Int32(match.upperBound))
        if last != low { parts.append(.init(start: last, end: low, isMatch: inverted)) }
        parts.append(.init(start: low, end: high, isMatch: !inverted))
        last = high
      }
      if last != piece.end { parts.append(.init(start: last, end: piece.end, isMatch: inverted)) }
      behavior.pieces(parts, into: &pieces)
    }
  }

  /// Words between white space, and each punctuation mark by itself.
  private static func splitLikeBERT(_ text: inout WorkText, _ table: UnicodeTable) throws(TokenizerError) {
    try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
      var last = Int(piece.start)
      var at = last
      while at < Int(piece.end) {
        let (scalar, length) = UTF8Text.decode(bytes, at)
        let flags = table.flags(scalar)
        if !flags.isDisjoint(with: [.rustSpace, .bertPunctuation]) {
          if last < at { pieces.append(Piece(start: Int32(last), end: Int32(at))) }
          last = at + length
          if flags.isDisjoint(with: .rustSpace) { pieces.append(Piece(start: Int32(at), end: Int32(last))) }
        }
        at += length
      }
      if last < at { pieces.append(Piece(start: Int32(last), end: Int32(at))) }
    }
  }

  /// Runs of word characters and runs of what is neither word nor white space.
  private static func splitWords(_ text: inout WorkText, _ table: UnicodeTable) throws(TokenizerError) {
    try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
      var at = Int(piece.start)
      var start = at
      var kind = 0
      while at < Int(piece.end) {
        let (scalar, length) = UTF8Text.decode(bytes, at)
        let flags = table.flags(scalar)
        let own = !flags.isDisjoint(with: .rustWord) ? 1 : flags.isDisjoint(with: .rustSpace) ? 2 : 0
        if own != kind {
          if kind != 0 { pieces.append(Piece(start: Int32(start), end: Int32(at))) }
          start = at
          kind = own
        }
        at += length
      }
      if kind != 0 { pieces.append(Piece(start: Int32(start), end: Int32(at))) }
    }
  }

  private static func splitScripts(_ text: inout WorkText, _ table: UnicodeTable) throws(TokenizerError) {
    let han = table.script(0x4E00), hiragana = table.script(0x3042), katakana = table.script(0x30A2)
    try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
      var at = Int(piece.start)
      var start = at
      var last: UInt8?
      while at < Int(piece.end) {
        let (scalar, length) = UTF8Text.decode(bytes, at)
        var script = scalar == 0x30FC ? han : scalar == 0x20 ? 0 : table.script(scalar)
        if script == hiragana || script == katakana { script = han }
        if script != 0 {
          if last != nil, last != script {
            pieces.append(Piece(start: Int32(start), end: Int32(at)))
            start = at
          } else if last == nil {
            // What stands before the first script is lost with the reference library, unless it is nothing.
            start = at
          }
          last = script
        }
        at += length
      }
      if last != nil, start < at { pieces.append(Piece(start: Int32(start), end: Int32(at))) }
    }
  }

  private static func splitLengths(_ text: inout WorkText, _ length: Int) throws(TokenizerError) {
    try text.splitPieces { (bytes, piece, pieces) throws(TokenizerError) in
      var at = Int(piece.start)
      while at < Int(piece.end) {
        let start = at
        var left = length
        while at < Int(piece.end), left > 0 {
          at += UTF8Text.length(bytes[at])
          left -= 1
        }
        pieces.append(Piece(start: Int32(start), end: Int32(at)))
      }
    }
  }

  /// A blank before each piece that does not begin with one.
  private static func prependSpaces(_ text: inout WorkText) {
    guard text.pieces.contains(where: { $0.token < 0 && text.bytes[Int($0.start)] != 0x20 }) else { return }
    text.rewritePieces { if $0.bytes.first != 0x20 { $0.prepend([0x20]) } }
  }

  /// SentencePiece's way: blanks become visible, one goes in front, and each begins a piece.
  private static func splitBlanks(
    _ text: inout WorkText, _ replacement: UInt32, _ scheme: PrependScheme, _ splits: Bool
  ) throws(TokenizerError) {
    var mark: [UInt8] = []
    UTF8Text.append(replacement, to: &mark)
    text.materialize()
    var result = WorkText()
    result.isIdentity = false
    result.bytes.reserveCapacity(text.bytes.count * 5 / 4)
    result.starts.reserveCapacity(text.bytes.count * 5 / 4)
    result.ends.reserveCapacity(text.bytes.count * 5 / 4)
    func add(_ bytes: [UInt8], _ place: Int) {
      for byte in bytes {
        result.bytes.append(byte)
        result.starts.append(text.starts[place])
        result.ends.append(text.ends[place])
      }
    }
    for piece in text.pieces {
      let start = Int32(result.bytes.count)
      let range = Int(piece.start)..<Int(piece.end)
      if piece.token >= 0 {
        for at in range { add([text.bytes[at]], at) }
        result.pieces.append(Piece(start: start, end: Int32(result.bytes.count), token: piece.token))
        continue
      }
      let begins = text.bytes[range.lowerBound] == 0x20 || text.bytes[range].starts(with: mark)
      if !begins, scheme == .always || scheme == .first && text.starts[range.lowerBound] == 0 { add(mark, range.lowerBound) }
      for at in range {
        if text.bytes[at] == 0x20 {
          add(mark, at)
        } else {
          result.bytes.append(text.bytes[at])
          result.starts.append(text.starts[at])
          result.ends.append(text.ends[at])
        }
      }
      result.pieces.append(Piece(start: start, end: Int32(result.bytes.count)))
    }
    text = result
    if splits { try split(&text, .mergedWithNext) { $0 == replacement } }
  }
}
