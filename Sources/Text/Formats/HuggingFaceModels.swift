/// The models of `tokenizer.json`.
enum HuggingFaceModels {
  static func model(_ item: JSONItem, preTokenizer: PreTokenizer?) throws(TokenizerError) -> TokenModel {
    // Old files leave the type out; what they have tells.
    let type = try item.optionalString("type")
    switch type ?? guessedType(item) {
    case "BPE": return .bytePair(try bytePair(item, preTokenizer))
    case "WordPiece": return .wordPiece(try wordPiece(item))
    case "WordLevel":
      let vocabulary = try vocabulary(item)
      return .wordLevel(
        WordLevelModel(vocabulary: vocabulary, unknown: vocabulary.find(try item.string("unk_token", default: "<unk>").utf8)))
    case "Unigram": return .unigram(try unigram(item))
    default: throw HuggingFaceSteps.unknown(item, type ?? "(none)", ["BPE", "WordPiece", "WordLevel", "Unigram"])
    }
  }

  private static func guessedType(_ item: JSONItem) -> String {
    if item["merges"] != nil { return "BPE" }
    if item["max_input_chars_per_word"] != nil || item["continuing_subword_prefix"] != nil { return "WordPiece" }
    return item["vocab"]?.kind == .array ? "Unigram" : "WordLevel"
  }

  static func vocabulary(_ item: JSONItem) throws(TokenizerError) -> Vocabulary {
    let member = try item.required("vocab")
    var tokens: [(ArraySlice<UInt8>, Int)] = []
    tokens.reserveCapacity(member.count)
    try member.forEachMember { (token, id) throws(TokenizerError) in tokens.append((token, try id.int())) }
    return try Vocabulary(tokens.map { (bytes: $0.0, id: $0.1) }, source: item.document.source, place: member.path)
  }

  private static func bytePair(_ item: JSONItem, _ preTokenizer: PreTokenizer?) throws(TokenizerError) -> BytePairModel {
    let vocabulary = try vocabulary(item)
    if let dropout = item["dropout"], try dropout.double() != 0 {
      throw dropout.fail(
        "is \(try dropout.double())", expected: "0 or null", remedy: "dropout belongs to training; take it out of the file")
    }
    var settings = BytePairModel.Settings()
    settings.fusesUnknown = try item.bool("fuse_unk", default: false)
    settings.fallsBackToBytes = try item.bool("byte_fallback", default: false)
    settings.ignoresMerges = try item.bool("ignore_merges", default: false)
    settings.continuingPrefix = Array(try item.string("continuing_subword_prefix", default: "").utf8)
    settings.endSuffix = Array(try item.string("end_of_word_suffix", default: "").utf8)
    if let unknown = item["unk_token"] {
      let id = vocabulary.find(try unknown.bytes())
      // A vocabulary without it is only wrong where a text needs it; then the character is left out.
      settings.unknown = id >= 0 ? id : nil
    }
    settings.takesBytes =
      preTokenizer?.endsInBytes == true && settings.continuingPrefix.isEmpty && settings.endSuffix.isEmpty
      && (BytePairModel.coversBytes(vocabulary) || settings.unknown == nil && !settings.fallsBackToBytes)
    let list = try item.required("merges")
    var merges = MergeTable(capacity: list.count)
    let prefix = settings.continuingPrefix.count
    var rank: UInt32 = 0
    try list.forEachItem { (_, merge) throws(TokenizerError) in
      guard let (left, right) = try pair(merge) else { return }
      try MergeReader.add(left, right, rank: rank, prefix: prefix, vocabulary, &merges, source: item.document.source, place: list.path)
      rank += 1
    }
    return BytePairModel(vocabulary: vocabulary, merges: merges, settings: settings)
  }

  /// A merge as a pair, or, in older files, as two tokens with a blank between; `nil` for the line that names the version.
  private static func pair(_ item: JSONItem) throws(TokenizerError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
    if item.kind == .string {
      let line = try item.bytes()
      if line.starts(with: "#version".utf8) { return nil }
      let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw item.fail("the merge '\(String(decoding: line, as: UTF8.self))' is not two tokens") }
      return (parts[0], parts[1])
    }
    let parts = try item.items()
    guard parts.count == 2 else { throw item.fail("a merge has \(parts.count) parts", expected: "two tokens") }
    return (try parts[0].bytes(), try parts[1].bytes())
  }

  private static func wordPiece(_ item: JSONItem) throws(TokenizerError) -> WordPieceModel {
    let vocabulary = try vocabulary(item)
    return WordPieceModel(
      vocabulary: vocabulary, unknown: vocabulary.find(try item.string("unk_token", default: "[UNK]").utf8),
      prefix: Array(try item.string("continuing_subword_prefix", default: "##").utf8),
      longestWord: try item.int("max_input_chars_per_word", default: 100))
  }

  private static func unigram(_ item: JSONItem) throws(TokenizerError) -> UnigramModel {
    let list = try item.required("vocab")
    var tokens: [(bytes: ArraySlice<UInt8>, id: Int)] = []
    var scores: [Double] = []
    tokens.reserveCapacity(list.count)
    try list.forEachItem { (id, entry) throws(TokenizerError) in
      let parts = try entry.items()
      guard parts.count == 2 else { throw entry.fail("an entry has \(parts.count) parts", expected: "a token and its score") }
      tokens.append((try parts[0].bytes(), id))
      scores.append(try parts[1].double())
    }
    let vocabulary = try Vocabulary(tokens, source: item.document.source, place: list.path)
    var settings = UnigramModel.Settings()
    if let unknown = item["unk_id"] {
      let id = try unknown.int()
      guard scores.indices.contains(id) else { throw unknown.fail("is \(id)", expected: "an id below \(scores.count)") }
      settings.unknown = Int32(id)
    }
    settings.fallsBackToBytes = try item.bool("byte_fallback", default: false)
    guard scores.allSatisfy(\.isFinite) else { throw list.fail("has a score that is not finite") }
    return UnigramModel(vocabulary: vocabulary, scores: scores, pieces: scores.indices, ordinary: scores.indices, settings: settings)
  }
}

/// What merges say.
enum MergeReader {
  /// Adds the merge of two tokens, both of which and their joining must be in the vocabulary.
  static func add(
    _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, rank: UInt32, prefix: Int, _ vocabulary: Vocabulary, _ merges: inout MergeTable,
    source: String, place: String
  ) throws(TokenizerError) {
    let (a, b) = (vocabulary.find(left), vocabulary.find(right))
    let joined = Array(left) + right.dropFirst(prefix)
    let new = vocabulary.find(joined)
    for (id, token) in [(a, left), (b, right), (new, joined[...])] where id < 0 {
      throw TokenizerError(
        source: source, place: place,
        problem: "merge \(rank) names '\(String(decoding: token, as: UTF8.self))', which is not in the vocabulary",
        expected: "tokens of the vocabulary", remedy: "take the merges and the vocabulary of the same model")
    }
    merges.insert(a, b, rank: rank, id: new)
  }
}
