/// What a language model is asked for.
public struct GenerationRequest: Sendable, Hashable, Codable {
  /// What is given.
  public enum Prompt: Sendable, Hashable, Codable {
    /// Text that is continued. Special tokens in it are plain text, but the model's own beginning is added.
    case text(String)
    /// Tokens that are continued as they are.
    case tokens([Int])
    /// A conversation that is answered; the model's chat template makes a text of it.
    case chat([ChatMessage])
  }

  public var prompt: Prompt
  /// Text that follows what is generated, for models that fill gaps; `nil` for none.
  public var suffix: String?
  /// Functions that may be called; conversations only.
  public var tools: [ToolDefinition] = []
  public var toolChoice: ToolChoice = .auto
  /// More than one call in one answer is allowed.
  public var allowsParallelToolCalls = true
  /// Further variables of the chat template (`enable_thinking` …).
  public var templateVariables: [String: JSONValue] = [:]

  public var sampling = GenerationSampling()
  /// How many answers, each a choice of its own, numbered from 0.
  public var choices = 1
  /// The most tokens of one choice; `nil` is what the context has room for, 0 only looks at the prompt.
  public var maxTokens: Int?
  /// Strings that end the output. They are not part of it, and no text that might begin one is given out before that is clear.
  public var stop: [String] = []
  /// With the log-probability of each token, and of as many of the most likely ones; `nil` for none.
  public var topLogProbabilities: Int?
  public var format: GenerationFormat = .text
  /// Keeps the best of several continuations instead of drawing one; the choices are the best of them, best first. `nil` is what the
  /// model's makers want.
  public var beams: BeamSettings?
  /// The first text of each choice is the prompt, with the log-probabilities of its tokens if those are asked for.
  public var echoesPrompt = false
  /// Requests with larger numbers are served first where there is a queue.
  public var priority = 0
  /// The answer is of no use later; what is generated until then ends with `LanguageRequestError.Kind.deadline`.
  public var deadline: ContinuousClock.Instant?

  /// A request with the defaults; change what should differ.
  public init(_ prompt: Prompt) { self.prompt = prompt }

  private enum CodingKeys: String, CodingKey {
    // The deadline is a time of this process's clock and means nothing elsewhere.
    case prompt, suffix, tools, toolChoice, allowsParallelToolCalls, templateVariables, sampling, choices, maxTokens, stop,
      topLogProbabilities, format, beams, echoesPrompt, priority
  }
}

/// How the next token is chosen. Settings that are `nil` are the model's own defaults.
public struct GenerationSampling: Sendable, Hashable, Codable {
  /// 0 takes the most likely token always.
  public var temperature: Double?
  /// Only the most likely tokens that together have this probability (nucleus sampling, Holtzman et al. 2020).
  public var topP: Double?
  /// Only so many of the most likely tokens; 0 is all.
  public var topK: Int?
  /// Only tokens at least this many times as likely as the most likely one.
  public var minP: Double?
  /// Locally typical sampling (Meister et al. 2023): the tokens nearest to the expected information that together have this probability.
  public var typicalP: Double?
  /// Divides or multiplies the logits of tokens that are there already (Keskar et al. 2019); 1 changes nothing.
  public var repetitionPenalty: Double?
  /// Is subtracted once from the logit of every token that was generated already.
  public var presencePenalty: Double?
  /// Is subtracted from a token's logit as often as it was generated already.
  public var frequencyPenalty: Double?
  /// The same seed gives the same output; `nil` draws one.
  public var seed: UInt64?
  /// Is added to the logits of tokens by their number.
  public var logitBias: [Int: Double] = [:]

  /// The model's own defaults.
  public init() {}
}

/// Beam search, plain or diverse (Vijayakumar et al. 2016). Nothing is drawn: temperature and cut-offs mean nothing then.
public struct BeamSettings: Sendable, Hashable, Codable {
  /// Continuations that are kept; 1 takes the most likely token always.
  public var count: Int
  /// Divides the beams into groups that should differ.
  public var groups = 1
  /// Subtracted from a token's score for every beam of an earlier group that took it in the same step.
  public var diversityPenalty = 0.0
  /// Scores are divided by length to this power: above 0 favours long texts.
  public var lengthPenalty = 1.0
  /// Ends as soon as there are as many whole texts as beams.
  public var stopsEarly = false

  /// Beam search with so many beams.
  public init(_ count: Int) { self.count = count }
}

/// What the output must look like.
public enum GenerationFormat: Sendable, Hashable, Codable {
  case text
  /// Any JSON object.
  case jsonObject
  /// JSON that fits a schema.
  case jsonSchema(JSONSchemaFormat)
  /// Text that a grammar in GBNF can derive.
  case grammar(String)
}

/// A JSON schema that an output must fit.
public struct JSONSchemaFormat: Sendable, Hashable, Codable {
  public var name: String
  public var schema: JSONValue
  /// The schema as the client wrote it: members of the output come in the order of its `properties`, which `JSONValue` forgets.
  public var source: String
  public var isStrict: Bool

  /// A schema by its parts.
  /// - Parameter source: by default the schema with sorted members.
  public init(name: String, schema: JSONValue, source: String? = nil, isStrict: Bool = true) {
    self.name = name
    self.schema = schema
    // A value that came from JSON can be written as JSON.
    self.source = source ?? (try? JSON.encode(schema, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    self.isStrict = isStrict
  }
}
