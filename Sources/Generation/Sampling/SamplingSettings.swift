/// How the next token is chosen. The names in JSON are those that other programs use (`top_p`, `repetition_penalty` …).
public struct SamplingSettings: Sendable, Hashable {
  /// 0 takes the likeliest token; 1 draws from the model's own distribution.
  public var temperature: Double = 1
  /// Keeps the likeliest tokens; 0 keeps all.
  public var topK: Int = 0
  /// Keeps the likeliest tokens that reach this probability together; 1 keeps all.
  public var topP: Double = 1
  /// Keeps tokens at least this many times as likely as the likeliest; 0 keeps all.
  public var minP: Double = 0
  /// Keeps the most typical tokens of this mass; 1 keeps all.
  public var typicalP: Double = 1
  /// Keeps tokens of at least this probability; 0 keeps all.
  public var epsilonCutoff: Double = 0
  /// As `epsilonCutoff`, with a bound that follows the entropy; 0 keeps all.
  public var etaCutoff: Double = 0
  /// Divides the scores of tokens that occurred; 1 does nothing.
  public var repetitionPenalty: Double = 1
  /// Subtracted once from tokens that were generated, from −2 to 2.
  public var presencePenalty: Double = 0
  /// Subtracted from tokens for every time they were generated, from −2 to 2.
  public var frequencyPenalty: Double = 0
  /// No n-gram of this length occurs twice; 0 allows it.
  public var noRepeatNGram: Int = 0
  /// Token sequences that are never written.
  public var badWords: [[Int]] = []
  /// Added to tokens' scores.
  public var logitBias: [Int: Double] = [:]
  /// No end before so many new tokens.
  public var minimumNewTokens: Int = 0
  /// Tokens at given places of the whole sequence.
  public var forcedTokens: [Int: Int] = [:]
  /// The random draw's key; `nil` lets whoever runs the request choose one.
  public var seed: UInt64?
  /// How many of the likeliest tokens are reported with their log-probabilities; `nil` reports none, 0 the chosen one only.
  public var topLogProbabilities: Int?

  public init() {}

  /// The likeliest token at every step.
  public static var greedy: SamplingSettings {
    var settings = SamplingSettings()
    settings.temperature = 0
    return settings
  }

  /// Checks every setting's range.
  /// - Throws: `SamplingError` that names the first setting out of range and its value.
  public func validate() throws(SamplingError) {
    func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>, _ text: String) throws(SamplingError) {
      if !range.contains(value) { throw SamplingError(.setting, "\(name) is \(value)", expected: text) }
    }
    func check(_ name: String, notNegative value: Int) throws(SamplingError) {
      if value < 0 { throw SamplingError(.setting, "\(name) is \(value)", expected: "0 or more") }
    }
    try check("temperature", temperature, 0...100, "a number from 0 to 100")
    if temperature > 0, temperature < 1e-4 {
      throw SamplingError(.setting, "temperature is \(temperature)", expected: "0 or at least 0.0001", remedy: "0 for the likeliest token")
    }
    try check("top_k", notNegative: topK)
    try check("top_p", topP, 0...1, "a number from 0 to 1")
    try check("min_p", minP, 0...1, "a number from 0 to 1")
    try check("typical_p", typicalP, 0.0.nextUp...1, "a number above 0, at most 1")
    try check("epsilon_cutoff", epsilonCutoff, 0...1.0.nextDown, "a number from 0 to below 1")
    try check("eta_cutoff", etaCutoff, 0...1.0.nextDown, "a number from 0 to below 1")
    try check("repetition_penalty", repetitionPenalty, 0.0.nextUp...1e6, "a number above 0")
    try check("presence_penalty", presencePenalty, -2...2, "a number from -2 to 2")
    try check("frequency_penalty", frequencyPenalty, -2...2, "a number from -2 to 2")
    try check("no_repeat_ngram_size", notNegative: noRepeatNGram)
    try check("min_new_tokens", notNegative: minimumNewTokens)
    for (token, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
      try check("logit_bias of token \(token)", bias, -100...100, "a number from -100 to 100")
    }
    if badWords.contains(where: \.isEmpty) { throw SamplingError(.setting, "bad_words_ids holds an empty sequence") }
    if let count = topLogProbabilities { try check("top_logprobs", notNegative: count) }
  }
}

extension SamplingSettings: Codable {
  private enum CodingKeys: String, CodingKey {
    case temperature, seed
    case topK = "top_k"
    case topP = "top_p"
    case minP = "min_p"
    case typicalP = "typical_p"
    case epsilonCutoff = "epsilon_cutoff"
    case etaCutoff = "eta_cutoff"
    case repetitionPenalty = "repetition_penalty"
    case presencePenalty = "presence_penalty"
    case frequencyPenalty = "frequency_penalty"
    case noRepeatNGram = "no_repeat_ngram_size"
    case badWords = "bad_words_ids"
    case logitBias = "logit_bias"
    case minimumNewTokens = "min_new_tokens"
    case forcedTokens = "forced_tokens"
    case topLogProbabilities = "top_logprobs"
  }

  /// Every member may be left out; `null` is as good as leaving it out.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ otherwise: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? otherwise
    }
    temperature = try value(.temperature, 1)
    topK = try value(.topK, 0)
    topP = try value(.topP, 1)
    minP = try value(.minP, 0)
    typicalP = try value(.typicalP, 1)
    epsilonCutoff = try value(.epsilonCutoff, 0)
    etaCutoff = try value(.etaCutoff, 0)
    repetitionPenalty = try value(.repetitionPenalty, 1)
    presencePenalty = try value(.presencePenalty, 0)
    frequencyPenalty = try value(.frequencyPenalty, 0)
    noRepeatNGram = try value(.noRepeatNGram, 0)
    badWords = try value(.badWords, [])
    logitBias = try value(.logitBias, [:])
    minimumNewTokens = try value(.minimumNewTokens, 0)
    forcedTokens = try value(.forcedTokens, [:])
    seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
    topLogProbabilities = try values.decodeIfPresent(Int.self, forKey: .topLogProbabilities)
  }
}
