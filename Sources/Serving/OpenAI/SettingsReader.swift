import MartletCore
import Web

/// What a request may ask for at most.
struct LanguageLimits: Sendable {
  var maxTokens: Int?
  var messages: Int
  var choices: Int
  var stopStrings: Int
  var tools: Int
  var embeddingInputs: Int
  var time: Duration?
}

/// The settings that chat and completion requests share.
enum SettingsReader {
  /// Reads everything but the prompt and the number of tokens.
  /// - Parameter sources: the JSON text of members whose order matters.
  static func read(
    _ fields: RequestFields, sources: [String: String], into request: inout GenerationRequest, limits: LanguageLimits
  ) throws(APIProblem) {
    request.sampling = try sampling(fields)
    request.choices = try fields.integer("n", in: 1...max(1, limits.choices)) ?? 1
    request.stop = try stop(fields, limit: limits.stopStrings)
    request.beams = try beams(fields, limit: limits.choices)
    request.format = try format(fields, source: sources["response_format"])
    request.priority = try fields.integer("priority") ?? 0
    if let time = limits.time { request.deadline = .now + time }
  }

  private static func sampling(_ fields: RequestFields) throws(APIProblem) -> GenerationSampling {
    var sampling = GenerationSampling()
    sampling.temperature = try fields.number("temperature", in: 0...2)
    sampling.topP = try fields.number("top_p", in: 0...1)
    // These are not OpenAI's; clients send them as further members of the body.
    sampling.topK = try fields.integer("top_k", in: -1 ... .max).map { max(0, $0) }
    sampling.minP = try fields.number("min_p", in: 0...1)
    sampling.typicalP = try fields.number("typical_p", in: 0...1)
    sampling.repetitionPenalty = try fields.number("repetition_penalty", in: 0.01...100)
    sampling.presencePenalty = try fields.number("presence_penalty", in: -2...2)
    sampling.frequencyPenalty = try fields.number("frequency_penalty", in: -2...2)
    sampling.seed = try fields.integer("seed").map { UInt64(bitPattern: Int64($0)) }
    if let bias = try fields.object("logit_bias") {
      for key in bias.members.keys.sorted() {
        guard let token = Int(key), token >= 0 else {
          throw APIProblem(
            Sentence(
              "Invalid key in 'logit_bias': '\(excerpt(key))'. Expected the number of a token.",
              zh: "“logit_bias”的键“\(excerpt(key))”不是词元编号。"),
            param: "logit_bias", code: "invalid_value")
        }
        sampling.logitBias[token] = try bias.number(key, in: -100...100)
      }
    }
    return sampling
  }

  /// Beam search, by transformers' names: OpenAI has none.
  private static func beams(_ fields: RequestFields, limit: Int) throws(APIProblem) -> BeamSettings? {
    guard let count = try fields.integer("num_beams", in: 1...max(1, limit)) else { return nil }
    var beams = BeamSettings(count)
    beams.groups = try fields.integer("num_beam_groups", in: 1...count) ?? 1
    beams.diversityPenalty = try fields.number("diversity_penalty", in: 0...1e6) ?? 0
    beams.lengthPenalty = try fields.number("length_penalty", in: -100...100) ?? 1
    beams.stopsEarly = try fields.bool("early_stopping") ?? false
    return beams
  }

  private static func stop(_ fields: RequestFields, limit: Int) throws(APIProblem) -> [String] {
    guard let value = fields.members["stop"] else { return [] }
    var stop: [String] = []
    switch value {
    case .string(let text): stop = [text]
    case .array(let elements):
      guard elements.count <= limit else { throw fields.tooLong("stop", elements.count, limit) }
      for (index, element) in elements.enumerated() {
        guard case .string(let text) = element else { throw RequestFields.wrongType("stop[\(index)]", "a string", element) }
        stop.append(text)
      }
    default: throw RequestFields.wrongType("stop", "a string or an array of strings", value)
    }
    return stop.filter { !$0.isEmpty }
  }

  private static func format(_ fields: RequestFields, source: String?) throws(APIProblem) -> GenerationFormat {
    guard let format = try fields.object("response_format") else { return .text }
    let type = try format.required("type", try format.word("type", among: ["text", "json_object", "json_schema", "grammar"]))
    switch type {
    case "json_object": return .jsonObject
    case "json_schema":
      let schema = try format.required("json_schema", try format.object("json_schema"))
      let name = try schema.required("name", try schema.string("name"))
      guard let value = schema.members["schema"] else { return .jsonObject }
      guard case .object = value else { throw RequestFields.wrongType(schema.place("schema"), "an object", value) }
      let text = source.flatMap { JSONSource.member(["json_schema", "schema"], of: $0) }
      return .jsonSchema(JSONSchemaFormat(name: name, schema: value, source: text, isStrict: try schema.bool("strict") ?? false))
    case "grammar": return .grammar(try format.required("grammar", try format.string("grammar")))
    default: return .text
    }
  }

  /// - Parameter keys: the first that is there counts.
  static func maxTokens(_ fields: RequestFields, _ keys: [String], least: Int = 1, limits: LanguageLimits) throws(APIProblem) -> Int? {
    for key in keys {
      if let count = try fields.integer(key, in: least...(limits.maxTokens ?? .max)) { return count }
    }
    return limits.maxTokens
  }
}

extension LanguageLimits {
  init(_ options: ServerOptions) {
    self.init(
      maxTokens: options.maxGeneratedTokens, messages: options.maxMessages, choices: options.maxChoices,
      stopStrings: options.maxStopStrings, tools: options.maxTools, embeddingInputs: options.maxEmbeddingInputs,
      time: options.generationTimeout)
  }
}
