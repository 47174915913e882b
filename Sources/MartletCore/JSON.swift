public import Foundation

/// How the package writes and reads JSON: sorted keys, ISO 8601 dates, no escaped slashes; NaN and infinity as the strings that `Codable` needs.
public enum JSON {
  /// - Returns: UTF-8 text that ends in a newline when `pretty`.
  public static func encode(_ value: some Encodable, pretty: Bool = true) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var data = try encoder.encode(value)
    if pretty { data.append(0x0A) }
    return data
  }

  /// - Parameter source: where the text came from, for the error message.
  /// - Throws: `FileError` that says what is wrong and where in the document.
  public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data, source: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      return try decoder.decode(type, from: data)
    } catch let error as DecodingError {
      throw FileError(path: source, problem: explain(error))
    }
  }

  /// One sentence for a decoding error: the place in the document and what is wrong there.
  public static func explain(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
      let keys = path + (last.map { [$0] } ?? [])
      return keys.isEmpty ? "the document" : keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath, key)) is missing"
    case .typeMismatch(let type, let context): return "\(place(context.codingPath)) is not a \(type)"
    case .valueNotFound(let type, let context): return "\(place(context.codingPath)) is null, not a \(type)"
    case .dataCorrupted(let context): return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }
}
