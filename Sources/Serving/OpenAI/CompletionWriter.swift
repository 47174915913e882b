import Foundation
import MartletCore
import Web

/// What all documents about one request begin with.
struct AnswerHead: Sendable {
  let id: String
  let created: Int
  let model: String
  let fingerprint: String

  init(_ prefix: String, model: ServedLanguageModel) {
    id = prefix + Self.randomName()
    created = Int(Date().timeIntervalSince1970)
    self.model = model.name
    fingerprint = "\(model.name)@\(model.version)"
  }

  /// Names an answer, or a call in it: 24 letters and digits.
  static func randomName() -> String {
    let digits = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
    return String(decoding: (0..<24).map { _ in digits[Int.random(in: 0..<digits.count)] }, as: UTF8.self)
  }

  /// `{"id": …, "choices":`
  func write(_ object: StaticString, to writer: inout JSONWriter) {
    writer.raw("{\"id\":")
    writer.string(id)
    writer.raw(",\"object\":\"")
    writer.raw(object)
    writer.raw("\",\"created\":")
    writer.integer(created)
    writer.raw(",\"model\":")
    writer.string(model)
    writer.raw(",\"system_fingerprint\":")
    writer.string(fingerprint)
    writer.raw(",\"choices\":")
  }
}

extension JSONWriter {
  mutating func usage(_ usage: GenerationUsage) {
    raw("{\"prompt_tokens\":")
    integer(usage.promptTokens)
    raw(",\"completion_tokens\":")
    integer(usage.completionTokens)
    raw(",\"total_tokens\":")
    integer(usage.promptTokens + usage.completionTokens)
    raw(",\"prompt_tokens_details\":{\"cached_tokens\":")
    integer(usage.cachedTokens)
    raw("},\"completion_tokens_details\":{\"reasoning_tokens\":0}}")
  }

  /// `{"content": […], "refusal": null}`, as conversations have it.
  mutating func chatLogProbabilities(_ tokens: [GeneratedToken]) {
    raw("{\"content\":")
    array(tokens) { writer, token in
      writer.raw("{")
      writer.scored(token.bytes, token.logProbability)
      writer.raw(",\"top_logprobs\":")
      writer.array(token.top) { writer, candidate in
        writer.raw("{")
        writer.scored(candidate.bytes, candidate.logProbability)
        writer.raw("}")
      }
      writer.raw("}")
    }
    raw(",\"refusal\":null}")
  }

  private mutating func scored(_ bytes: [UInt8], _ logProbability: Double?) {
    raw("\"token\":")
    string(String(decoding: bytes, as: UTF8.self))
    raw(",\"bytes\":")
    array(bytes) { $0.integer($1) }
    raw(",\"logprob\":")
    logarithm(logProbability ?? -.infinity)
  }

  /// -9999 stands for what JSON cannot say.
  mutating func logarithm(_ value: Double) { value > -9999 ? number(min(value, 0)) : raw("-9999.0") }
}

/// `{"tokens", "token_logprobs", "top_logprobs", "text_offset"}`, as completions have it. Offsets go on from piece to piece.
struct CompletionLogProbabilities {
  /// Characters (Unicode scalars, as Python counts) before the next token.
  private(set) var offset = 0

  mutating func write(_ tokens: [GeneratedToken], to writer: inout JSONWriter) {
    writer.raw("{\"tokens\":")
    writer.strings(tokens.map { Self.name($0.bytes) })
    writer.raw(",\"token_logprobs\":")
    writer.array(tokens) { writer, token in
      if let value = token.logProbability { writer.logarithm(value) } else { writer.raw("null") }
    }
    writer.raw(",\"top_logprobs\":")
    writer.array(tokens) { writer, token in
      // The first token of a prompt follows nothing.
      guard token.logProbability != nil else { return writer.raw("null") }
      var seen: Set<String> = []
      var isFirst = true
      writer.raw("{")
      for candidate in token.top where seen.insert(Self.name(candidate.bytes)).inserted {
        if isFirst { isFirst = false } else { writer.raw(",") }
        writer.string(Self.name(candidate.bytes))
        writer.raw(":")
        writer.logarithm(candidate.logProbability)
      }
      writer.raw("}")
    }
    writer.raw(",\"text_offset\":")
    var next = offset
    writer.array(tokens) { writer, token in
      writer.integer(next)
      // A character counts where its first byte is.
      next += token.bytes.count { $0 & 0xC0 != 0x80 }
    }
    offset = next
    writer.raw("}")
  }

  /// A token that is part of a character only is named by its bytes, so that two of them differ.
  private static func name(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return "bytes:"
      + bytes.map { byte in "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
