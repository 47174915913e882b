/// The steps before and after the model, as `tokenizer.json` names them.
enum HuggingFaceSteps {
  static func unknown(_ item: JSONItem, _ type: String, _ known: [String]) -> TokenizerError {
    item.fail("is of the type '\(type)', which is not known", expected: "one of \(known.joined(separator: ", "))")
  }

  /// A pattern by which text is split or replaced: a string, or a regular expression.
  private static func pattern(_ item: JSONItem) throws(TokenizerError) -> Pattern {
    let pattern = try item.required("pattern")
    if let text = pattern["String"] { return try Pattern(escaped(try text.string()), dialect: .oniguruma) }
    if let text = pattern["Regex"] { return try Pattern(try text.string(), dialect: .oniguruma) }
    if pattern.kind == .string { return try Pattern(escaped(try pattern.string()), dialect: .oniguruma) }
    throw pattern.fail("is no pattern", expected: "String or Regex")
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if "\\.+*?()|[]{}^$#&-~".unicodeScalars.contains(scalar) { result.unicodeScalars.append("\\") }
      result.unicodeScalars.append(scalar)
    }
    return result
  }

  private static func items<Step>(
    _ item: JSONItem, _ key: String, _ read: (JSONItem) throws(TokenizerError) -> Step
  ) throws(TokenizerError) -> [Step] {
    var result: [Step] = []
    for item in try item.required(key).items() { result.append(try read(item)) }
    return result
  }

  static func normalizer(_ item: JSONItem) throws(TokenizerError) -> Normalizer {
    let type = try item.string("type")
    switch type {
    case "BertNormalizer":
      let lowercases = try item.bool("lowercase", default: true)
      return .bert(
        cleans: try item.bool("clean_text", default: true), spacesChinese: try item.bool("handle_chinese_chars", default: true),
        stripsAccents: try item.bool("strip_accents", default: lowercases), lowercases: lowercases)
    case "Strip": return .strip(left: try item.bool("strip_left", default: true), right: try item.bool("strip_right", default: true))
    case "StripAccents": return .stripAccents
    case "NFC": return .unicode(.nfc)
    case "NFD": return .unicode(.nfd)
    case "NFKC": return .unicode(.nfkc)
    case "NFKD": return .unicode(.nfkd)
    case "Lowercase": return .lowercase
    case "Nmt": return .nmt
    case "Precompiled":
      let map = try item.required("precompiled_charsmap")
      guard let blob = Base64.decode(try map.bytes()) else { throw map.fail("is not Base64") }
      return .precompiled(try CharacterMap(blob, source: map.document.source, place: map.path))
    case "Replace": return .replace(try pattern(item), with: Array(try item.string("content").utf8))
    case "Prepend": return .prepend(try item.string("prepend").unicodeScalars.map(\.value))
    case "ByteLevel": return .byteLevel
    case "Sequence": return .sequence(try items(item, "normalizers", normalizer))
    default:
      throw unknown(
        item, type,
        [
          "BertNormalizer", "Strip", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Nmt", "Precompiled", "Replace", "Prepend",
          "ByteLevel", "Sequence",
        ])
    }
  }

  static func preTokenizer(_ item: JSONItem) throws(TokenizerError) -> PreTokenizer {
    let type = try item.string("type")
    switch type {
    case "BertPreTokenizer": return .bert
    case "Whitespace": return .whitespace
    case "WhitespaceSplit": return .whitespaceSplit
    case "ByteLevel":
      return .byteLevel(
        addsPrefixSpace: try item.bool("add_prefix_space", default: true), usesPattern: try item.bool("use_regex", default: true))
    case "Metaspace":
      return .metaspace(
        replacement: try item.scalar("replacement"), scheme: try scheme(item), splits: try item.bool("split", default: true))
    case "Split":
      return .split(
        try pattern(item), try HuggingFaceReader.choice(item, "behavior"), inverted: try item.bool("invert", default: false))
    case "Punctuation": return .punctuation(try HuggingFaceReader.choice(item, "behavior", default: .isolated))
    case "Digits": return .digits(individual: try item.bool("individual_digits", default: false))
    case "CharDelimiterSplit", "Delimiter": return .delimiter(try item.scalar("delimiter"))
    case "UnicodeScripts": return .unicodeScripts
    case "FixedLength":
      let length = try item.int("length", default: 5)
      guard length > 0 else { throw item.fail("cuts text into parts of \(length)", expected: "at least 1") }
      return .fixedLength(length)
    case "Sequence": return .sequence(try items(item, "pretokenizers", preTokenizer))
    default:
      throw unknown(
        item, type,
        [
          "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "ByteLevel", "Metaspace", "Split", "Punctuation", "Digits",
          "CharDelimiterSplit",
          "UnicodeScripts", "FixedLength", "Sequence",
        ])
    }
  }

  /// When a blank goes in front; older files say only whether.
  private static func scheme(_ item: JSONItem) throws(TokenizerError) -> PreTokenizer.PrependScheme {
    let scheme: PreTokenizer.PrependScheme = try HuggingFaceReader.choice(item, "prepend_scheme", default: .always)
    return try item.bool("add_prefix_space", default: true) ? scheme : .never
  }

  static func decoder(_ item: JSONItem) throws(TokenizerError) -> Decoder {
    let type = try item.string("type")
    switch type {
    case "BPEDecoder": return .bpe(suffix: Array(try item.string("suffix", default: "</w>").utf8))
    case "ByteLevel": return .byteLevel
    case "WordPiece":
      return .wordPiece(prefix: Array(try item.string("prefix", default: "##").utf8), cleansUp: try item.bool("cleanup", default: true))
    case "Metaspace": return .metaspace(replacement: try item.scalar("replacement"), scheme: try scheme(item))
    case "CTC":
      return .ctc(
        padding: Array(try item.string("pad_token", default: "<pad>").utf8),
        delimiter: Array(try item.string("word_delimiter_token", default: "|").utf8), cleansUp: try item.bool("cleanup", default: true))
    case "Replace": return .replace(try pattern(item), with: Array(try item.string("content").utf8))
    case "Fuse": return .fuse
    case "Strip":
      let (start, stop) = (try item.int("start", default: 0), try item.int("stop", default: 0))
      guard start >= 0, stop >= 0 else { throw item.fail("strips a negative number of characters") }
      return .strip(try item.scalar("content"), start: start, stop: stop)
    case "ByteFallback": return .byteFallback
    case "Sequence": return .sequence(try items(item, "decoders", decoder))
    default:
      throw unknown(
        item, type, ["BPEDecoder", "ByteLevel", "WordPiece", "Metaspace", "CTC", "Replace", "Fuse", "Strip", "ByteFallback", "Sequence"])
    }
  }

  static func postProcessor(_ item: JSONItem) throws(TokenizerError) -> PostProcessor {
    let type = try item.string("type")
    switch type {
    case "TemplateProcessing": return .template(single: try template(item, "single"), pair: try template(item, "pair"))
    case "BertProcessing": return .bert(separator: try special(item, "sep"), classifier: try special(item, "cls"))
    case "RobertaProcessing":
      return .roberta(
        separator: try special(item, "sep"), classifier: try special(item, "cls"), trims: try item.bool("trim_offsets", default: true),
        addsPrefixSpace: try item.bool("add_prefix_space", default: true))
    case "ByteLevel":
      return .byteLevel(
        trims: try item.bool("trim_offsets", default: true), addsPrefixSpace: try item.bool("add_prefix_space", default: true))
    case "Sequence": return .sequence(try items(item, "processors", postProcessor))
    default: throw unknown(item, type, ["TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence"])
    }
  }

  /// `["[SEP]", 102]`
  private static func special(_ item: JSONItem, _ key: String) throws(TokenizerError) -> PostProcessor.Special {
    let parts = try item.required(key).items()
    guard parts.count == 2 else { throw item.fail("'\(key)' has \(parts.count) parts", expected: "a token and its id") }
    return .init(token: Array(try parts[0].bytes()), id: try parts[1].int())
  }

  private static func template(_ item: JSONItem, _ key: String) throws(TokenizerError) -> [PostProcessor.TemplatePiece] {
    var result: [PostProcessor.TemplatePiece] = []
    for piece in try item.required(key).items() {
      if let sequence = piece["Sequence"] {
        let name = try sequence.string("id")
        guard name == "A" || name == "B" else { throw sequence.fail("names the sequence '\(name)'", expected: "A or B") }
        result.append(.sequence(name == "A" ? 0 : 1, typeID: try sequence.int("type_id", default: 0)))
      } else if let special = piece["SpecialToken"] {
        let name = try special.string("id")
        guard let token = item["special_tokens"]?[name] else { throw special.fail("'\(name)' is not among special_tokens") }
        let ids = try token.required("ids").items()
        let texts = try token.required("tokens").items()
        guard ids.count == texts.count else {
          throw token.fail("has \(ids.count) ids and \(texts.count) tokens", expected: "as many of both")
        }
        var specials: [PostProcessor.Special] = []
        for (id, text) in zip(ids, texts) { specials.append(.init(token: Array(try text.bytes()), id: try id.int())) }
        result.append(.special(specials, typeID: try special.int("type_id", default: 0)))
      } else {
        throw piece.fail("is no part of a template", expected: "Sequence or SpecialToken")
      }
    }
    return result
  }
}
