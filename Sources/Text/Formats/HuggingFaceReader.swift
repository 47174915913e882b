import Foundation

/// Reads `tokenizer.json`, the whole format of Hugging Face's tokenizers.
struct HuggingFaceReader {
  let root: JSONItem

  init(_ data: Data, source: String) throws(TokenizerError) {
    root = try JSONDocument(data, source: source).root
    guard root.kind == .object else { throw root.fail("is not a tokenizer", expected: "an object with 'model'") }
  }

  func read() throws(TokenizerError) -> Tokenizer {
    if let version = root["version"], try version.string() != "1.0" {
      throw version.fail("is \(try version.string())", expected: "1.0")
    }
    let normalizer = try root["normalizer"].map { item throws(TokenizerError) in try HuggingFaceSteps.normalizer(item) }
    let preTokenizer = try root["pre_tokenizer"].map { item throws(TokenizerError) in try HuggingFaceSteps.preTokenizer(item) }
    let model = try HuggingFaceModels.model(try root.required("model"), preTokenizer: preTokenizer)
    var list: [AddedToken] = []
    for item in try root["added_tokens"]?.items() ?? [] { list.append(try Self.addedToken(item)) }
    let added = try AddedTokens(list, vocabulary: model.vocabulary, normalizer: normalizer)
    let core = TokenizerCore(
      normalizer: normalizer, preTokenizer: preTokenizer, model: model,
      postProcessor: try root["post_processor"].map { item throws(TokenizerError) in try HuggingFaceSteps.postProcessor(item) },
      decoder: try root["decoder"].map { item throws(TokenizerError) in try HuggingFaceSteps.decoder(item) }, added: added)
    return Tokenizer(core: core, truncation: try truncation(), padding: try padding())
  }

  static func addedToken(_ item: JSONItem) throws(TokenizerError) -> AddedToken {
    let isSpecial = try item.bool("special", default: false)
    return AddedToken(
      try item.string("content"), isSpecial: isSpecial, isSingleWord: try item.bool("single_word", default: false),
      stripsLeft: try item.bool("lstrip", default: false), stripsRight: try item.bool("rstrip", default: false),
      isNormalized: try item.bool("normalized", default: !isSpecial))
  }

  private func truncation() throws(TokenizerError) -> Truncation? {
    guard let item = root["truncation"] else { return nil }
    let result = Truncation(
      maxLength: try item.required("max_length").int(), strategy: try Self.choice(item, "strategy"),
      stride: try item.int("stride", default: 0),
      direction: try Self.choice(item, "direction", default: .right))
    guard result.maxLength >= 0, result.stride >= 0 else { throw item.fail("has a negative length or stride") }
    return result
  }

  private func padding() throws(TokenizerError) -> Padding? {
    guard let item = root["padding"] else { return nil }
    let strategy = try item.required("strategy")
    let multiple = try item["pad_to_multiple_of"].map { item throws(TokenizerError) in try item.int() }
    var result = Padding(
      direction: try Self.choice(item, "direction", default: .right), multiple: multiple, id: try item.int("pad_id", default: 0),
      typeID: try item.int("pad_type_id", default: 0), token: try item.string("pad_token", default: "[PAD]"))
    if strategy.kind == .object {
      let length = try strategy.required("Fixed").int()
      guard (0...(1 << 24)).contains(length) else { throw strategy.fail("is a length of \(length)", expected: "0 to 16777216 tokens") }
      result.strategy = .fixed(length)
    } else if try strategy.string() != "BatchLongest" {
      throw strategy.fail("is '\(try strategy.string())'", expected: "BatchLongest or Fixed")
    }
    if let multiple, !(0...(1 << 24)).contains(multiple) { throw item.fail("pads to a multiple of \(multiple)") }
    return result
  }

  /// A value of an enumeration by its name in the file.
  static func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ item: JSONItem, _ key: String, default value: Value? = nil
  ) throws(TokenizerError) -> Value {
    if let value, item[key] == nil { return value }
    let member = try item.required(key)
    let name = try member.string()
    guard let found = Value(rawValue: name) else {
      throw member.fail("is '\(name)'", expected: Value.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return found
  }
}
