import Foundation

/// The model of a tokenizer.
enum TokenModel: Sendable {
  case bytePair(BytePairModel)
  case wordPiece(WordPieceModel)
  case wordLevel(WordLevelModel)
  case unigram(UnigramModel)

  var vocabulary: Vocabulary {
    switch self {
    case .bytePair(let model): model.vocabulary
    case .wordPiece(let model): model.vocabulary
    case .wordLevel(let model): model.vocabulary
    case .unigram(let model): model.vocabulary
    }
  }

  @inline(__always)
  func encode(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ space: inout Workspace) throws(TokenizerError) {
    switch self {
    case .bytePair(let model): try model.encode(bytes, start, end, &space)
    case .wordPiece(let model): try model.encode(bytes, start, end, &space)
    case .wordLevel(let model): try model.encode(bytes, start, end, &space)
    case .unigram(let model): try model.encode(bytes, start, end, &space)
    }
  }
}

/// The parts of a tokenizer that do not change, shared by all copies and threads.
final class TokenizerCore: Sendable {
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
  let model: TokenModel
  let postProcessor: PostProcessor?
  let decoder: Decoder?
  let added: AddedTokens
  let names: TokenNames
  /// Whether the model takes bare bytes where the byte-level step would write its alphabet.
  private let keepsBytes: Bool
  private let spaces = WorkspacePool()

  init(
    normalizer: Normalizer?, preTokenizer: PreTokenizer?, model: TokenModel, postProcessor: PostProcessor?, decoder: Decoder?,
    added: AddedTokens
  ) {
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.postProcessor = postProcessor
    self.decoder = decoder
    self.added = added
    names = TokenNames(vocabulary: model.vocabulary, added: added.tokens.mapValues { Array($0.content.utf8) })
    if case .bytePair(let model) = model { keepsBytes = model.settings.takesBytes } else { keepsBytes = false }
  }

  /// Finds the tokens of a text and hands the workspace that holds them to the body.
  func withTokens<Result>(
    _ text: UnsafeBufferPointer<UInt8>, allowsSpecial: Bool, _ body: (inout Workspace) -> Result
  ) throws(TokenizerError) -> Result {
    let box = spaces.take()
    defer { spaces.give(box) }
    guard text.count < Int(Int32.max) / 4 else {
      throw TokenizerError(
        source: "the text", problem: "has \(text.count) bytes", expected: "less than 512 MiB at a time", remedy: "cut it into parts")
    }
    box.space.text.removeAll()
    box.space.tokens.removeAll()
    try cut(text, allowsSpecial, &box.space.text)
    if let preTokenizer, !box.space.text.pieces.isEmpty { try preTokenizer.apply(&box.space.text, keepsBytes: keepsBytes) }
    try findTokens(&box.space)
    return body(&box.space)
  }

  /// Takes the added tokens out and normalises what is between them.
  private func cut(_ text: UnsafeBufferPointer<UInt8>, _ allowsSpecial: Bool, _ work: inout WorkText) throws(TokenizerError) {
    if text.isEmpty { return }
    var raw: [Piece] = []
    added.split(text, 0..<text.count, normalized: false, allowsSpecial: allowsSpecial, into: &raw)
    guard let normalizer else {
      work.bytes.append(contentsOf: text)
      guard added.hasNormalized else {
        work.pieces = raw
        return
      }
      for piece in raw {
        if piece.token >= 0 {
          work.pieces.append(piece)
        } else {
          added.split(text, Int(piece.start)..<Int(piece.end), normalized: true, allowsSpecial: allowsSpecial, into: &work.pieces)
        }
      }
      return
    }
    for piece in raw {
      var part = AlignedText(text[Int(piece.start)..<Int(piece.end)], base: Int(piece.start))
      if piece.token < 0 { try normalizer.apply(&part) }
      let start = work.bytes.count
      work.append(part)
      if piece.token >= 0 {
        work.pieces.append(Piece(start: Int32(start), end: Int32(work.bytes.count), token: piece.token))
      } else {
        work.bytes.withUnsafeBufferPointer { buffer in
          added.split(buffer, start..<buffer.count, normalized: true, allowsSpecial: allowsSpecial, into: &work.pieces)
        }
      }
    }
  }

  private func findTokens(_ space: inout Workspace) throws(TokenizerError) {
    let pieces = space.text.pieces
    let bytes = space.text.bytes
    try bytes.withUnsafeBufferPointer { buffer throws(TokenizerError) in
      guard let pointer = buffer.baseAddress else { return }
      for (index, piece) in pieces.enumerated() {
        space.tokens.word = Int32(index)
        if piece.token >= 0 {
          let surface = UnsafeBufferPointer(rebasing: buffer[Int(piece.start)..<Int(piece.end)])
          if let name = names.added[Int(piece.token)], !name.elementsEqual(surface) {
            space.tokens.surfaces[space.tokens.ids.count] = Array(surface)
          }
          space.tokens.append(piece.token, piece.start, piece.end)
        } else if piece.end > piece.start {
          try model.encode(pointer, Int(piece.start), Int(piece.end), &space)
        }
      }
    }
  }

  /// The encoding of one text, before anything is put around it.
  func encode(_ text: UnsafeBufferPointer<UInt8>, typeID: Int, allowsSpecial: Bool, word: Int? = nil) throws(TokenizerError) -> Encoding {
    let names = self.names
    return try withTokens(text, allowsSpecial: allowsSpecial) { space in
      var result = Encoding(names: names)
      let count = space.tokens.ids.count
      result.ids = space.tokens.ids.map { Int($0) }
      result.typeIDs = [Int](repeating: typeID, count: count)
      result.specialTokensMask = [Int](repeating: 0, count: count)
      result.attentionMask = [Int](repeating: 1, count: count)
      result.words = space.tokens.words.map { word ?? Int($0) }
      result.surfaces = space.tokens.surfaces
      result.offsets = Self.offsets(space, text)
      return result
    }
  }

  private static func offsets(_ space: Workspace, _ text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    let (starts, ends, work) = (space.tokens.starts, space.tokens.ends, space.text)
    let scalars = UTF8Text.isASCII(text) ? [] : scalarIndices(text)
    func place(_ byte: Int32) -> Int { scalars.isEmpty ? Int(byte) : Int(scalars[Int(byte)]) }
    return [Range<Int>](unsafeUninitializedCapacity: starts.count) { buffer, used in
      used = starts.count
      for index in 0..<used {
        let (start, end) = (Int(starts[index]), Int(ends[index]))
        let low = start < work.bytes.count ? work.originalStart(start) : Int32(text.count)
        let high = end > start ? work.originalEnd(min(end, work.bytes.count) - 1) : low
        buffer.baseAddress.unsafelyUnwrapped.advanced(by: index).initialize(to: place(low)..<max(place(high), place(low)))
      }
    }
  }

  /// For each byte the number of the scalar that it is part of; one more for the end.
  private static func scalarIndices(_ text: UnsafeBufferPointer<UInt8>) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: text.count + 1) { buffer, used in
      var index: Int32 = -1
      for at in 0..<text.count {
        if text[at] & 0xC0 != 0x80 { index += 1 }
        buffer[at] = index
      }
      buffer[text.count] = index + 1
      used = text.count + 1
    }
  }
}

/// Workspaces that wait for the next text.
///
/// `@unchecked Sendable`: the lock guards the list, and a box is used by the one thread that took it.
final class WorkspacePool: @unchecked Sendable {
  final class Box {
    var space = Workspace()
  }

  private let lock = NSLock()
  private var boxes: [Box] = []

  func take() -> Box { lock.withLock { boxes.popLast() } ?? Box() }

  func give(_ box: Box) {
    // What a very long text has grown is not kept.
    if box.space.text.bytes.capacity > 1 << 24 || box.space.lattice.capacity > 1 << 22 || box.space.merging.symbols.capacity > 1 << 22 {
      return
    }
    lock.withLock { boxes.append(box) }
  }
}
