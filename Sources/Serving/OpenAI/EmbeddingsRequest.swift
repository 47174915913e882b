import MartletCore
import NIOCore
import Web

/// `POST /v1/embeddings`
struct EmbeddingsRequest: Sendable {
  let model: String
  let inputs: [EmbeddingInput]
  let dimensions: Int?
  /// Little-endian 32-bit floats in base64 instead of numbers.
  let isBase64: Bool

  /// - Throws: `APIProblem` that names the member; `JSONProblem` where the body is no JSON.
  init(_ body: ByteBuffer, limits: LanguageLimits) throws {
    let fields = RequestFields(try JSONSource.read(body, keeping: []).members)
    model = try fields.required("model", try fields.string("model"))
    let input = try fields.required("input", fields.members["input"])
    inputs = try TextOrTokens.read(input, "input", limit: limits.embeddingInputs, fields: fields)
    for (index, input) in inputs.enumerated() where input == .text("") {
      let place = input == .text("") && inputs.count == 1 ? "input" : "input[\(index)]"
      throw APIProblem(
        Sentence("Invalid '\(place)': input cannot be an empty string.", zh: "“\(place)”不能是空字符串。"), param: place, code: "empty_string")
    }
    dimensions = try fields.integer("dimensions", in: 1...1_000_000)
    isBase64 = try fields.word("encoding_format", among: ["float", "base64"]) == "base64"
  }
}
