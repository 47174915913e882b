import Foundation
import MartletCore
import Text

/// Makes tokens of what a request gives: text, tokens or a conversation.
struct LanguagePrompt: Sendable {
  let tokenizer: Tokenizer
  /// `nil` for a model that knows no conversations.
  let template: ChatTemplate?
  /// One more than the largest token that the model reads.
  let vocabulary: Int

  /// - Throws: `LanguageRequestError` where the model cannot be given this; `TokenizerError` where a word is unknown.
  func tokens(of request: GenerationRequest) throws -> [Int] {
    let tokens: [Int]
    switch request.prompt {
    case .text(let text):
      guard request.suffix == nil else { throw LanguageRequestError(.unsupported(setting: "suffix")) }
      tokens = try tokenizer.encode(text, allowSpecialTokens: false).ids
    case .tokens(let ids):
      if let wrong = ids.first(where: { !(0..<vocabulary).contains($0) }) {
        throw LanguageRequestError(.unknownToken(wrong, vocabulary: vocabulary))
      }
      tokens = ids
    case .chat(let messages): tokens = try tokenizer.ids(of: text(of: messages, request))
    }
    guard !tokens.isEmpty else { throw LanguageRequestError(.emptyPrompt) }
    return tokens
  }

  /// A conversation as the model was trained to read it, ending where the assistant begins to speak.
  func text(of messages: [ChatMessage], _ request: GenerationRequest) throws -> String {
    guard let template else { throw LanguageRequestError(.noTemplate) }
    var variables = request.templateVariables.mapValues { TemplateValue($0) }
    for (name, token) in [
      ("bos_token", tokenizer.specialTokens.beginning), ("eos_token", tokenizer.specialTokens.end),
      ("unk_token", tokenizer.specialTokens.unknown), ("pad_token", tokenizer.specialTokens.padding),
    ] where variables[name] == nil { variables[name] = .string(token ?? "") }
    let offered = request.toolChoice == .none ? [] : request.tools
    let tools = try offered.map { try TemplateValue(json: Data($0.source.utf8), source: "tool '\($0.name)'") }
    do {
      return try template.render(
        messages: try messages.map(value), tools: tools.isEmpty ? nil : tools, addGenerationPrompt: true, variables: variables
      ).text
    } catch let error as TemplateError {
      throw LanguageRequestError(.template(error.message))
    }
  }

  private func value(_ message: ChatMessage) throws -> TemplateValue {
    var members: [TemplateValue.Member] = [.init("role", .string(message.role.rawValue))]
    // Many templates add the content to other text without a look; nothing is the empty text there.
    members.append(.init("content", .string(message.content.map(sanitized) ?? "")))
    if let name = message.name { members.append(.init("name", .string(sanitized(name)))) }
    if let id = message.toolCallID { members.append(.init("tool_call_id", .string(id))) }
    if !message.toolCalls.isEmpty {
      members.append(
        .init(
          "tool_calls",
          .array(
            message.toolCalls.map { call in
              // Templates expect the arguments as an object; what is no JSON stays text.
              let arguments = (try? TemplateValue(json: Data(call.arguments.utf8), source: "arguments")) ?? .string(call.arguments)
              return .object([
                .init("id", .string(call.id)), .init("type", "function"),
                .init("function", .object([.init("name", .string(call.name)), .init("arguments", arguments)])),
              ])
            })))
    }
    return .object(members)
  }

  /// A message's text with the model's special tokens broken up by a zero-width space, so that nobody can speak in another one's name.
  private func sanitized(_ text: String) -> String {
    var text = text
    for token in tokenizer.addedTokens.values where token.isSpecial && token.content.count > 1 && text.contains(token.content) {
      text = text.replacingOccurrences(of: token.content, with: token.content.prefix(1) + "\u{200B}" + token.content.dropFirst(1))
    }
    return text
  }
}
