/// Byte-pair encoding (Sennrich, Haddow, Birch: "Neural machine translation of rare words with subword units", ACL 2016): a word's
/// characters are merged pair by pair, the pair that was learnt first going first.
final class BytePairModel: Sendable {
  struct Settings: Sendable {
    var unknown: Int32?
    var fusesUnknown = false
    /// Unknown characters become a token for each of their bytes.
    var fallsBackToBytes = false
    /// Words that are tokens are not merged.
    var ignoresMerges = false
    var continuingPrefix: [UInt8] = []
    var endSuffix: [UInt8] = []
    /// The text is bare bytes and so are the tokens, rather than the characters that byte-level models write for them.
    var takesBytes = false
    /// Tokens are bare bytes themselves, as files of ranks have them.
    var isBare = false
    /// SentencePiece's pieces that stay whole wherever they stand.
    var fixed: ByteTrie?
    /// SentencePiece's pieces that are cut again after merging.
    var unused: Set<Int32> = []
  }

  let vocabulary: Vocabulary
  let settings: Settings
  private let merges: MergeTable
  /// The token of each byte, of each ASCII character, of each byte that falls back; -1 for none.
  private let byteIDs: [Int32]
  private let fallbackIDs: [Int32]
  /// Words by their bytes, where tokens are written in the byte-level alphabet.
  private let bareWords: ByteTable?
  /// Characters that are no tokens but parts of some: SentencePiece merges them.
  private let loose: ByteTable?
  /// Whether no token goes on with a visible blank after something else, so that blanks are where words may be cut apart.
  private let cutsAtBlanks: Bool

  private static let blank: [UInt8] = [0xE2, 0x96, 0x81]

  init(vocabulary: Vocabulary, merges: MergeTable, settings: Settings, loose: ByteTable? = nil) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.settings = settings
    self.loose = loose
    if settings.takesBytes {
      let isBare = settings.isBare
      byteIDs = (0..<256).map { vocabulary.find(isBare ? [UInt8($0)] : ByteAlphabet.encode([UInt8($0)])) }
      var bare = ByteTable(capacity: vocabulary.count)
      for id in 0..<vocabulary.idCount {
        if let token = vocabulary.bytes(of: id), vocabulary.find(token) == Int32(id),
          let bytes = isBare ? Array(token) : ByteAlphabet.decode(token)
        {
          bare.insert(bytes, Int32(id))
        }
      }
      bareWords = bare
    } else {
      byteIDs = []
      bareWords = nil
    }
    fallbackIDs =
      settings.fallsBackToBytes
      ? (0..<256).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return vocabulary.find("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8)
      } : []
    cutsAtBlanks =
      !settings.takesBytes && settings.continuingPrefix.isEmpty && settings.endSuffix.isEmpty && !settings.ignoresMerges
      && settings.unused.isEmpty && settings.fixed == nil && vocabulary.find(Self.blank) >= 0
      && (0..<vocabulary.idCount).allSatisfy { id in
        guard let token = vocabulary.bytes(of: id) else { return true }
        return !Self.goesOnWithBlank(token)
      }
  }

  /// Whether every byte has a token.
  static func coversBytes(_ vocabulary: Vocabulary) -> Bool {
    (0..<256).allSatisfy { vocabulary.find(ByteAlphabet.encode([UInt8($0)])) >= 0 }
  }

  private static func goesOnWithBlank(_ token: ArraySlice<UInt8>) -> Bool {
    var at = token.startIndex
    var hasOther = false
    while at < token.endIndex {
      if token[at...].starts(with: blank) {
        if hasOther { return true }
        at += 3
      } else {
        hasOther = true
        at += 1
      }
    }
    return false
  }

  func encode(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ space: inout Workspace) throws(TokenizerError) {
    guard cutsAtBlanks else { return try encodeWord(bytes, start, end, &space) }
    var from = start
    var at = start
    while at < end {
      // A word begins where blanks follow something else.
      while at + 3 <= end, isBlank(bytes, at) { at += 3 }
      while at < end, !(at + 3 <= end && isBlank(bytes, at)) { at += 1 }
      try encodeWord(bytes, from, at, &space)
      from = at
    }
  }

  @inline(__always)
  private func isBlank(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> Bool {
    bytes[at] == 0xE2 && bytes[at + 1] == 0x96 && bytes[at + 2] == 0x81
  }

  @inline(__always)
  private func encodeWord(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ space: inout Workspace) throws(TokenizerError) {
    let length = end - start
    let isShort = length <= WordCache.longestWord
    let hash = isShort ? ByteTable.hash(bytes + start, length) : 0
    if isShort, space.cache.append(bytes + start, length, hash, at: Int32(start), to: &space.tokens) { return }
    let first = space.tokens.ids.count
    let isSound = merge(bytes, start, length, &space)
    if isShort, isSound { space.cache.insert(bytes + start, length, hash, space.tokens, from: first) }
  }

  /// - Returns: whether the tokens follow from the bytes alone, with no text of their own, so that they can be kept.
  private func merge(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ space: inout Workspace) -> Bool {
    if settings.ignoresMerges {
      let id = bareWords?.value(bytes + start, length) ?? vocabulary.find(bytes + start, length)
      if id >= 0 {
        space.tokens.append(id, Int32(start), Int32(start + length))
        return true
      }
    }
    space.merging.symbols.removeAll(keepingCapacity: true)
    if settings.takesBytes {
      for at in start..<start + length {
        let id = byteIDs[Int(bytes[at])]
        if id < 0 { return mergeWithGaps(bytes, start, length, &space) }
        space.merging.append(id, 1)
      }
    } else {
      addCharacters(bytes, start, length, &space)
    }
    if settings.unused.isEmpty {
      space.merging.merge(merges, hasFixed: settings.fixed != nil)
    } else {
      mergeAndCutUnused(&space)
    }
    var at = Int32(start)
    var isSound = true
    for symbol in space.merging.symbols {
      if loose == nil || symbol.id < Int32(vocabulary.idCount) {
        space.tokens.append(symbol.id, at, at + symbol.length)
      } else {
        addUnknown(bytes, Int(at), Int(symbol.length), &space)
        isSound = false
      }
      at += symbol.length
    }
    return isSound
  }

  /// A word with bytes that have no token: they are left out. Places are counted as the reference library counts them, in the characters that
  /// stand for the bytes that are left, from the front of the word.
  private func mergeWithGaps(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ space: inout Workspace) -> Bool {
    space.merging.symbols.removeAll(keepingCapacity: true)
    var places: [Int32] = []
    for at in start..<start + length {
      let width = settings.isBare ? 1 : UTF8Text.length(of: ByteAlphabet.scalars[Int(bytes[at])])
      for _ in 0..<width { places.append(Int32(at)) }
      let id = byteIDs[Int(bytes[at])]
      if id >= 0 { space.merging.append(id, Int32(width)) }
    }
    space.merging.merge(merges)
    var at = 0
    for symbol in space.merging.symbols {
      space.tokens.append(symbol.id, places[at], places[at + Int(symbol.length) - 1] + 1)
      at += Int(symbol.length)
    }
    return false
  }

  private func addCharacters(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ space: inout Workspace) {
    let end = start + length
    let isPlain = settings.continuingPrefix.isEmpty && settings.endSuffix.isEmpty
    var unknownLength: Int32 = 0
    var at = start
    func flush() {
      if unknownLength > 0, let unknown = settings.unknown { space.merging.append(unknown, unknownLength) }
      unknownLength = 0
    }
    while at < end {
      if let fixed = settings.fixed, let (length, id) = fixed.longest(UnsafeBufferPointer(start: bytes, count: end), at) {
        flush()
        space.merging.append(id, Int32(length), isFixed: true)
        at += length
        continue
      }
      let size = UTF8Text.length(bytes[at])
      var affixed: [UInt8] = []
      if !isPlain {
        affixed = (at > start ? settings.continuingPrefix : []) + Array(UnsafeBufferPointer(start: bytes + at, count: size))
        if at + size == end { affixed += settings.endSuffix }
      }
      let id = isPlain ? vocabulary.find(bytes + at, size) : vocabulary.find(affixed)
      if id >= 0 {
        flush()
        space.merging.append(id, Int32(size))
      } else if let loose {
        let id = loose.value(bytes + at, size)
        // Each unknown character by itself: nothing merges with an id that no table knows.
        space.merging.append(id >= 0 ? id : Int32.max, Int32(size))
      } else if !addFallback(isPlain ? Array(UnsafeBufferPointer(start: bytes + at, count: size)) : affixed, &space),
        settings.unknown != nil
      {
        if !settings.fusesUnknown { flush() }
        unknownLength += Int32(size)
      }
      at += size
    }
    flush()
  }

  /// The tokens of the bytes of an unknown character, if there is one for each. The reference library writes an unknown token that is still
  /// to come only before the next known character, and so does this.
  private func addFallback(_ character: [UInt8], _ space: inout Workspace) -> Bool {
    guard settings.fallsBackToBytes, character.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) else { return false }
    for byte in character { space.merging.append(fallbackIDs[Int(byte)], 1) }
    return true
  }

  /// SentencePiece's unknown characters: bytes, or one unknown token for a run of them.
  private func addUnknown(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ length: Int, _ space: inout Workspace) {
    if settings.fallsBackToBytes {
      for offset in 0..<length {
        let isLast = offset == length - 1
        space.tokens.append(fallbackIDs[Int(bytes[at + offset])], Int32(at), Int32(isLast ? at + length : at))
      }
      return
    }
    guard let unknown = settings.unknown else { return }
    let last = space.tokens.ids.count - 1
    if last >= 0, space.tokens.ids[last] == unknown, space.tokens.words[last] == space.tokens.word, space.tokens.ends[last] == Int32(at) {
      space.tokens.ends[last] = Int32(at + length)
      space.tokens.surfaces[last, default: []] += Array(UnsafeBufferPointer(start: bytes + at, count: length))
    } else {
      space.tokens.append(unknown, Int32(at), Int32(at + length))
      space.tokens.surfaces[last + 1] = Array(UnsafeBufferPointer(start: bytes + at, count: length))
    }
  }

  private func mergeAndCutUnused(_ space: inout Workspace) {
    var made: [Int32: (Int32, Int32)] = [:]
    let unused = settings.unused
    space.merging.merge(merges, hasFixed: true) { left, right, new in if unused.contains(new) { made[new] = (left, right) } }
    guard !made.isEmpty else { return }
    let symbols = space.merging.symbols
    space.merging.symbols.removeAll()
    func add(_ id: Int32, _ length: Int32, depth: Int) {
      guard depth < 200, let (left, right) = made[id] else { return space.merging.append(id, length) }
      let leftLength = Int32(vocabulary.bytes(of: Int(left))?.count ?? Int(length) - (vocabulary.bytes(of: Int(right))?.count ?? 0))
      add(left, leftLength, depth: depth + 1)
      add(right, length - leftLength, depth: depth + 1)
    }
    for symbol in symbols { add(symbol.id, symbol.length, depth: 0) }
  }
}
