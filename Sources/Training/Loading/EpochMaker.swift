/// Makes the batches of one epoch by their numbers.
protocol EpochMaker: Sendable {
  /// - Parameters:
  ///   - epoch: from zero.
  ///   - first: the first batch that will be asked for; then every later one, each once.
  /// - Returns: what makes a batch; several threads call it at a time.
  func batches(epoch: Int, from first: Int) -> @Sendable (Int) throws -> Batch
}

/// Batches of a source whose items can be had in any order.
struct SampledEpochs: EpochMaker {
  let source: any BatchSource
  let batches: any BatchSampler

  func batches(epoch: Int, from first: Int) -> @Sendable (Int) throws -> Batch {
    let plan = batches.batches(of: source.count, epoch: epoch)
    let source = source
    return { number in
      let items = plan[number]
      do {
        return try source.batch(items, epoch: epoch)
      } catch let error as LoaderError {
        throw error
      } catch {
        throw LoaderError(items: items, underlying: error)
      }
    }
  }
}
