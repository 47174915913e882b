import CGeneration

/// Reads texts with a model's encoder. One text at a time, whole: its tokens see one another.
///
/// Not safe for several threads: the engine's own thread is the only user.
final class SourceReader {
  private let encoder: DecoderStack
  private let configuration: DecoderConfiguration
  private let threads: Int
  /// Threads and memory for texts up to this length; made anew for longer ones.
  private var workspace: (raw: OpaquePointer, rows: Int)?

  init(_ encoder: DecoderStack, _ configuration: DecoderConfiguration, threads: Int) {
    self.encoder = encoder
    self.configuration = configuration
    self.threads = threads
  }

  deinit { if let workspace { cg_workspace_free(workspace.raw) } }

  /// Computes a text's vectors and keeps them as the keys and values that the runtime's decoder looks at.
  /// - Precondition: tokens are in the encoder's vocabulary, the table has room for them.
  /// - Throws: `GenerationError` where memory runs out.
  func read(_ tokens: [Int], into table: PageTable, by runtime: DecoderRuntime) throws(GenerationError) {
    let failure = GenerationError(.memory, "no memory for a text of \(tokens.count) tokens")
    let workspace = try room(tokens.count)
    let pool = PagePool(pageBytes: encoder.pageBytes, capacity: (tokens.count + PagePool.tokens - 1) / PagePool.tokens)
    let pages = PageTable(pool, tokens: tokens.count)
    guard pages.reserve(tokens.count), table.reserve(tokens.count) else { throw failure }
    let vectors = UnsafeMutableBufferPointer<Float>.allocate(capacity: tokens.count * configuration.width)
    defer { vectors.deallocate() }
    let ids = tokens.map(Int32.init), places = tokens.indices.map(Int32.init)
    let addresses = [UnsafePointer<UnsafeMutablePointer<UInt8>?>?](repeating: UnsafePointer(pages.address), count: tokens.count)
    let status = ids.withUnsafeBufferPointer { ids in
      places.withUnsafeBufferPointer { places in
        addresses.withUnsafeBufferPointer { addresses in
          var step = CGStep(
            rows: Int64(tokens.count), tokens: ids.baseAddress, positions: places.baseAddress, pages: addresses.baseAddress,
            sources: nil, sourceLengths: nil, outputs: Int64(tokens.count), outputRows: places.baseAddress, logits: vectors.baseAddress)
          return cg_step(encoder.raw, workspace, &step)
        }
      }
    }
    guard status == 0 else { throw failure }
    try runtime.remember(UnsafeBufferPointer(vectors), in: table)
  }

  private func room(_ rows: Int) throws(GenerationError) -> OpaquePointer {
    if let workspace, workspace.rows >= rows { return workspace.raw }
    if let workspace { cg_workspace_free(workspace.raw) }
    workspace = nil
    let wanted = (rows + 127) / 128 * 128
    guard let raw = cg_workspace_create(encoder.raw, Int64(wanted), Int32(threads), nil) else {
      throw GenerationError(.memory, "no memory for texts of \(wanted) tokens")
    }
    workspace = (raw, wanted)
    return raw
  }
}
