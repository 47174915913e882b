import Foundation
import Generation
import MartletCore
import Synchronization
import Text

/// Grammars for requests that want JSON, a schema, a grammar or a call of a tool; what was made for one request serves the next that asks alike.
final class OutputRules: Sendable {
  private let tokenizer: Tokenizer
  private let endTokens: [Int]
  private let vocabularySize: Int
  private let state = Mutex(State())
  /// Grammars that are kept.
  private static let capacity = 64

  private struct State: Sendable {
    var vocabulary: GrammarVocabulary?
    var known: [String: GrammarConstraint] = [:]
    var order: [String] = []
  }

  init(_ tokenizer: Tokenizer, endTokens: [Int], vocabulary: Int) {
    self.tokenizer = tokenizer
    self.endTokens = endTokens
    vocabularySize = vocabulary
  }

  /// - Returns: `nil` where any text will do.
  /// - Throws: `LanguageRequestError` for what cannot be held to.
  func constraint(_ request: GenerationRequest) throws -> (any TokenConstraint)? {
    if let text = try calls(request) {
      return try matcher("call " + text, error: { .badTool(name: "tool_choice", reason: $0) }) { try Self.schema(text) }
    }
    switch request.format {
    case .text: return nil
    case .jsonObject:
      return try matcher("object", error: { .badSchema($0) }) { try Grammar(schema: JSONValue.object(["type": "object"])) }
    case .jsonSchema(let format):
      return try matcher("schema " + format.source, error: { .badSchema($0) }) { try Self.schema(format.source) }
    case .grammar(let text): return try matcher("grammar " + text, error: { .badGrammar($0) }) { try Grammar(text) }
    }
  }

  /// The schema of a call that must be made, as text; `nil` where none must.
  private func calls(_ request: GenerationRequest) throws -> String? {
    let wanted: [ToolDefinition]
    switch request.toolChoice {
    case .auto, .none: return nil
    case .required: wanted = request.tools
    case .named(let name):
      wanted = request.tools.filter { $0.name == name }
      if wanted.isEmpty { throw LanguageRequestError(.badTool(name: name, reason: "it is not among the tools")) }
    }
    guard !wanted.isEmpty else { return nil }
    let choices = try wanted.map { tool -> String in
      let name = String(decoding: try JSON.encode(JSONValue.string(tool.name), pretty: false), as: UTF8.self)
      let parameters = try tool.parameters.map { String(decoding: try JSON.encode($0, pretty: false), as: UTF8.self) }
      return """
        {"type": "object", "properties": {"name": {"const": \(name)}, "arguments": \(parameters ?? #"{"type": "object"}"#)}, \
        "required": ["name", "arguments"], "additionalProperties": false}
        """
    }
    return #"{"anyOf": ["# + choices.joined(separator: ", ") + "]}"
  }

  private static func schema(_ text: String) throws -> Grammar {
    try Grammar(schema: TemplateValue(json: Data(text.utf8), source: "the schema"))
  }

  private func matcher(
    _ key: String, error: (String) -> LanguageRequestError.Kind, _ make: () throws -> Grammar
  ) throws -> any TokenConstraint {
    if let known = state.withLock({ $0.known[key] }) { return MatcherConstraint(matcher: known.matcher()) }
    let constraint: GrammarConstraint
    do {
      constraint = try GrammarConstraint(make(), vocabulary: vocabulary())
    } catch let failure as any MartletError {
      throw LanguageRequestError(error(failure.problem))
    }
    state.withLock { state in
      guard state.known.updateValue(constraint, forKey: key) == nil else { return }
      state.order.append(key)
      if state.order.count > Self.capacity { state.known[state.order.removeFirst()] = nil }
    }
    return MatcherConstraint(matcher: constraint.matcher())
  }

  private func vocabulary() -> GrammarVocabulary {
    if let made = state.withLock({ $0.vocabulary }) { return made }
    let special = tokenizer.addedTokens.filter { $0.value.isSpecial }
    let made = GrammarVocabulary(
      (0..<vocabularySize).map { special[$0] == nil ? tokenizer.bytes(of: $0) : [] }, endTokens: endTokens)
    state.withLock { $0.vocabulary = made }
    return made
  }
}

/// A grammar's matcher as the engine asks it.
private struct MatcherConstraint: TokenConstraint {
  var matcher: GrammarMatcher

  // Where the grammar gives up, no token is allowed, and the request ends with the sampler's error.
  mutating func allowed() -> TokenMask { (try? matcher.mask()) ?? TokenMask(count: matcher.constraint.vocabulary.count) }

  mutating func accept(_ token: Int) { try? matcher.accept(token) }
}
