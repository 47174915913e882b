import MartletCore

/// How a model's makers want it to write: `generation_config.json`.
struct GenerationDefaults: Sendable {
  var temperature: Double?
  var topP: Double?
  var topK: Int?
  var repetitionPenalty: Double?
  var noRepeatNGram: Int?
  /// Token sequences that are never written.
  var badWords: [[Int]] = []
  var endTokens: [Int] = []
  var beams: BeamSettings?
  /// What an answer begins with behind the decoder's start: a language's token.
  var firstToken: Int?
  /// The most new tokens where nobody says how many.
  var newTokens: Int?

  init() {}

  /// - Parameter document: `generation_config.json`, or a `config.json` whose end tokens count.
  init(_ document: JSONValue) {
    // Where nothing is to be drawn, the other settings mean nothing.
    if document["do_sample"]?.boolValue == true {
      temperature = document["temperature"]?.doubleValue
      topP = document["top_p"]?.doubleValue
      topK = document["top_k"]?.intValue
    }
    repetitionPenalty = document["repetition_penalty"]?.doubleValue
    noRepeatNGram = document["no_repeat_ngram_size"]?.intValue
    badWords = document["bad_words_ids"]?.arrayValue?.compactMap { $0.arrayValue?.compactMap(\.intValue) }.filter { !$0.isEmpty } ?? []
    endTokens = document["eos_token_id"]?.arrayValue?.compactMap(\.intValue) ?? document["eos_token_id"]?.intValue.map { [$0] } ?? []
    firstToken = document["forced_bos_token_id"]?.intValue
    newTokens = document["max_new_tokens"]?.intValue ?? document["max_length"]?.intValue
    if let count = document["num_beams"]?.intValue, (2...64).contains(count) {
      var beams = BeamSettings(count)
      beams.lengthPenalty = document["length_penalty"]?.doubleValue ?? 1
      beams.stopsEarly = document["early_stopping"]?.boolValue ?? false
      self.beams = beams
    }
  }

  /// Models that draw or continue at will take the request's word for how; only those that translate are told how by their makers.
  func limited(toTranslators isTranslator: Bool) -> GenerationDefaults {
    var result = self
    guard !isTranslator else {
      // Nothing is drawn where nobody asks for it.
      result.temperature = temperature ?? 0
      return result
    }
    (result.beams, result.firstToken, result.newTokens, result.noRepeatNGram, result.badWords) = (nil, nil, nil, nil, [])
    return result
  }
}
