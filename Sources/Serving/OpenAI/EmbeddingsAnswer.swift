import Foundation
import MartletCore
import Web

/// The vectors of an embeddings request.
enum EmbeddingsAnswer {
  static func write(_ result: TextEmbeddings, model: String, isBase64: Bool, to writer: inout JSONWriter) {
    writer.raw("{\"object\":\"list\",\"data\":")
    writer.array(result.vectors.enumerated()) { writer, vector in
      writer.raw("{\"object\":\"embedding\",\"index\":")
      writer.integer(vector.offset)
      writer.raw(",\"embedding\":")
      if isBase64 {
        writer.raw("\"")
        writer.raw(Array(base64(vector.element)))
        writer.raw("\"")
      } else {
        writer.array(vector.element) { $0.number($1) }
      }
      writer.raw("}")
    }
    writer.raw(",\"model\":")
    writer.string(model)
    writer.raw(",\"usage\":{\"prompt_tokens\":")
    writer.integer(result.tokens)
    writer.raw(",\"total_tokens\":")
    writer.integer(result.tokens)
    writer.raw("}}")
  }

  /// Little-endian bytes of the floats.
  private static func base64(_ vector: [Float]) -> Data {
    var bytes = [UInt8]()
    bytes.reserveCapacity(vector.count * 4)
    for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return Data(bytes).base64EncodedData()
  }
}
