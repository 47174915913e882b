public import MartletCore
import Torch
public import Training

/// Texts with what they shall become, for encoder-decoders: `inputs` the first ones' ids `[batch, length]` with `extras["mask"]`, `targets`
/// the second ones' `[batch, target length]` with -100 where they have ended.
public struct TranslationBatches: BatchSource {
  public let sources: [[Int]]
  public let translations: [[Int]]
  private let padding: Int

  /// - Throws: `ArgumentError` where the numbers of texts differ, or one has no tokens.
  public init(sources: [[Int]], translations: [[Int]], padding: Int) throws(ArgumentError) {
    guard sources.count == translations.count else {
      throw ArgumentError("\(sources.count) texts and \(translations.count) translations", expected: "as many of both")
    }
    if let empty = sources.indices.first(where: { sources[$0].isEmpty || translations[$0].isEmpty }) {
      throw ArgumentError("pair \(empty) has a text without tokens", expected: "one or more")
    }
    self.sources = sources
    self.translations = translations
    self.padding = padding
  }

  public var count: Int { sources.count }
  /// The longer text's length, for buckets.
  public var lengths: [Int] { zip(sources, translations).map { max($0.count, $1.count) } }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    try TokenRows.check(indices, count: count)
    let read = indices.map { sources[$0] }
    return Batch(
      inputs: try TokenRows.filled(read, with: padding), targets: try TokenRows.filled(indices.map { translations[$0] }, with: -100),
      indices: indices, extras: ["mask": try TokenRows.mask(read)])
  }
}
