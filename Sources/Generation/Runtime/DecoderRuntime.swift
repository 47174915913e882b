import CGeneration
import MartletCore
import Models

/// Runs steps of a decoder: rows of tokens in, keys and values kept in pages, scores of the next tokens out.
///
/// What a row gives does not depend on the other rows of its step, on how a text is cut into steps, or on the number of threads: every
/// sum has one order. One step at a time; whoever owns the runtime calls it from one thread at a time.
final class DecoderRuntime {
  /// One token of a step.
  struct Row {
    var token: Int
    var position: Int
    /// The sequence's pages. Rows of one sequence follow one another.
    var pages: PageTable
    /// Whether the scores after this token are wanted.
    var isOutput: Bool
    /// What an encoder made of the text that the sequence answers, and its number of tokens.
    var source: PageTable?
    var sourceCount = 0
  }

  let model: DecoderModel
  /// Rows of a step at most.
  let rows: Int
  let threads: Int
  private let workspace: OpaquePointer

  /// - Parameter instructions: those of ``DecoderModel/knownInstructions`` to use; the usual ones if `nil`.
  /// - Throws: `GenerationError` where memory runs out.
  init(
    _ model: DecoderModel, rows: Int = 256, threads: Int = Parallel.defaultThreads, instructions: String? = nil
  ) throws(GenerationError) {
    guard let workspace = cg_workspace_create(model.decoder.raw, Int64(rows), Int32(threads), instructions) else {
      throw GenerationError(.memory, "no memory for steps of \(rows) rows")
    }
    self.model = model
    self.rows = rows
    self.threads = threads
    self.workspace = workspace
  }

  deinit { cg_workspace_free(workspace) }

  /// Runs one step.
  /// - Parameter logits: room for the scores of the output rows, one row of the vocabulary after another.
  /// - Precondition: pages cover the positions, tokens are in the vocabulary, there are at most `rows` rows; all have a source where the
  ///   model has an encoder.
  func step(_ batch: [Row], logits: UnsafeMutableBufferPointer<Float>) throws(GenerationError) {
    let outputs = batch.indices.filter { batch[$0].isOutput }.map(Int32.init)
    precondition(batch.count <= rows && logits.count >= outputs.count * model.configuration.vocabulary)
    let tokens = batch.map { Int32($0.token) }
    let positions = batch.map { Int32($0.position) }
    let pages: [UnsafePointer<UnsafeMutablePointer<UInt8>?>?] = batch.map { UnsafePointer($0.pages.address) }
    let sources: [UnsafePointer<UnsafeMutablePointer<UInt8>?>?] = batch.map { $0.source.map { UnsafePointer($0.address) } }
    let lengths = batch.map { Int32($0.sourceCount) }
    let status = tokens.withUnsafeBufferPointer { tokens in
      positions.withUnsafeBufferPointer { positions in
        pages.withUnsafeBufferPointer { pages in
          sources.withUnsafeBufferPointer { sources in
            lengths.withUnsafeBufferPointer { lengths in
              outputs.withUnsafeBufferPointer { outputs in
                var step = CGStep(
                  rows: Int64(batch.count), tokens: tokens.baseAddress, positions: positions.baseAddress, pages: pages.baseAddress,
                  sources: model.isEncoderDecoder ? sources.baseAddress : nil, sourceLengths: lengths.baseAddress,
                  outputs: Int64(outputs.count), outputRows: outputs.baseAddress, logits: logits.baseAddress)
                return cg_step(model.decoder.raw, workspace, &step)
              }
            }
          }
        }
      }
    }
    guard status == 0 else { throw GenerationError(.memory, "no memory for a step of \(batch.count) rows") }
  }

  /// Keeps an encoder's vectors, row by row, as the keys and values that the decoder looks at.
  /// - Precondition: pages cover as many tokens as there are vectors.
  func remember(_ vectors: UnsafeBufferPointer<Float>, in table: PageTable) throws(GenerationError) {
    let count = vectors.count / model.configuration.width
    guard let base = vectors.baseAddress, cg_remember(model.decoder.raw, workspace, Int64(count), base, table.address) == 0 else {
      throw GenerationError(.memory, "no memory for a text of \(count) tokens")
    }
  }
}
