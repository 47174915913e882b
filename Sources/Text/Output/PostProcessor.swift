/// What is put around the tokens of a text: special tokens, and the places' trimming.
indirect enum PostProcessor: Sendable {
  struct Special: Sendable {
    var token: [UInt8]
    var id: Int
  }

  enum TemplatePiece: Sendable {
    /// The first text or the second.
    case sequence(Int, typeID: Int)
    case special([Special], typeID: Int)
  }

  case template(single: [TemplatePiece], pair: [TemplatePiece])
  case bert(separator: Special, classifier: Special)
  case roberta(separator: Special, classifier: Special, trims: Bool, addsPrefixSpace: Bool)
  case byteLevel(trims: Bool, addsPrefixSpace: Bool)
  case sequence([PostProcessor])

  /// The tokens that are added to one text or to a pair.
  func addedTokens(isPair: Bool) -> Int {
    switch self {
    case .template(let single, let pair):
      (isPair ? pair : single).reduce(0) { sum, piece in if case .special(let tokens, _) = piece { sum + tokens.count } else { sum } }
    case .bert: isPair ? 3 : 2
    case .roberta: isPair ? 4 : 2
    case .byteLevel: 0
    case .sequence(let steps): steps.reduce(0) { $0 + $1.addedTokens(isPair: isPair) }
    }
  }

  /// Turns the encodings of one or two texts into those whose joining is the result.
  func apply(_ encodings: [Encoding], addSpecialTokens: Bool) throws(TokenizerError) -> [Encoding] {
    switch self {
    case .template(let single, let pair): return try Self.fill(encodings, single, pair, addSpecialTokens)
    case .bert(let separator, let classifier):
      guard addSpecialTokens else { return encodings }
      return encodings.enumerated().map { index, encoding in
        Self.wrap(encoding) { part in
          var result = Encoding(names: part.names)
          if index == 0 { result.appendSpecial(classifier.id, classifier.token, typeID: 0) }
          result.append(part)
          result.appendSpecial(separator.id, separator.token, typeID: index == 0 ? 0 : 1)
          return result
        }
      }
    case .roberta(let separator, let classifier, let trims, let addsPrefixSpace):
      var encodings = encodings
      for index in encodings.indices {
        if trims { Self.trim(&encodings[index], addsPrefixSpace) }
        encodings[index].setTypeID(0)
      }
      guard addSpecialTokens else { return encodings }
      return encodings.enumerated().map { index, encoding in
        Self.wrap(encoding) { part in
          var result = Encoding(names: part.names)
          let first = index == 0 ? classifier : separator
          result.appendSpecial(first.id, first.token, typeID: 0)
          var part = part
          part.setTypeID(0)
          result.append(part)
          result.appendSpecial(separator.id, separator.token, typeID: 0)
          return result
        }
      }
    case .byteLevel(let trims, let addsPrefixSpace):
      guard trims else { return encodings }
      var encodings = encodings
      for index in encodings.indices { Self.trim(&encodings[index], addsPrefixSpace) }
      return encodings
    case .sequence(let steps):
      var encodings = encodings
      for step in steps { encodings = try step.apply(encodings, addSpecialTokens: addSpecialTokens) }
      return encodings
    }
  }

  /// Puts special tokens around an encoding and each of its windows.
  private static func wrap(_ encoding: Encoding, _ body: (Encoding) -> Encoding) -> Encoding {
    var bare = encoding
    bare.overflowing = []
    var result = body(bare)
    result.overflowing = encoding.overflowing.map(body)
    return result
  }

  private static func fill(
    _ encodings: [Encoding], _ single: [TemplatePiece], _ pair: [TemplatePiece], _ addSpecialTokens: Bool
  ) throws(TokenizerError) -> [Encoding] {
    guard let first = encodings.first, encodings.count <= 2 else {
      throw TokenizerError(
        source: "the tokenizer", place: "post_processor", problem: "a template comes after a step that made \(encodings.count) parts",
        expected: "one text or a pair")
    }
    var result: [Encoding] = []
    for piece in encodings.count == 2 ? pair : single {
      switch piece {
      case .sequence(let index, let typeID):
        guard index < encodings.count else {
          throw TokenizerError(
            source: "the tokenizer", place: "post_processor.single", problem: "the template for one text names the second", expected: "$A")
        }
        var part = encodings[index]
        part.setTypeID(typeID)
        result.append(part)
      case .special(let tokens, let typeID):
        guard addSpecialTokens else { continue }
        var part = Encoding(names: first.names)
        for token in tokens { part.appendSpecial(token.id, token.token, typeID: typeID) }
        result.append(part)
      }
    }
    return result
  }

  /// Takes the blanks at the ends of tokens out of their offsets.
  private static func trim(_ encoding: inout Encoding, _ addsPrefixSpace: Bool) {
    for index in encoding.overflowing.indices { trim(&encoding.overflowing[index], addsPrefixSpace) }
    let table = UnicodeTable.shared
    func isBlank(_ scalar: UInt32) -> Bool { scalar == ByteAlphabet.scalars[0x20] || table.has(scalar, .rustSpace) }
    for index in encoding.ids.indices {
      guard let token = encoding.surfaces[index].map({ $0[...] }) ?? encoding.names.bytes(of: encoding.ids[index]) else { continue }
      guard let first = token.first, let last = token.last, mayBlank(first) || mayBlank(last) || last >= 0x80 else { continue }
      let scalars = UTF8Text.scalars(token)
      var leading = scalars.prefix(while: isBlank).count
      let trailing = scalars.reversed().prefix(while: isBlank).count
      var (start, end) = (encoding.offsets[index].lowerBound, encoding.offsets[index].upperBound)
      if leading > 0 {
        // The blank that was put before the first word is in no text.
        if index == 0 || start == 0, addsPrefixSpace, leading == 1 { leading = 0 }
        start = min(start + leading, end)
      }
      if trailing > 0, end >= trailing { end = max(end - trailing, start) }
      encoding.offsets[index] = start..<end
    }
  }

  private static func mayBlank(_ byte: UInt8) -> Bool { byte <= 0x20 || byte >= 0xC2 }
}
