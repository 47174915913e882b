import MartletCore
public import Text
import Torch
public import Training

/// Texts with their classes; where an augmenter is given, they are changed and cut into tokens anew in every epoch.
///
/// `inputs` are the ids `[batch, length]` with `extras["mask"]`; `targets` a class for each text `[batch]`, or where texts may have several
/// 0 or 1 for each class, `[batch, classes]`.
public struct ClassifiedTexts: BatchSource {
  public let texts: [String]
  public let classes: [[Int]]
  /// Ids of the texts as they are.
  public let rows: [[Int]]
  /// The number of classes where texts may have several; `nil` where each has one.
  public let several: Int?
  private let tokenizer: Tokenizer
  private let augmenter: TextAugmenter?
  private let padding: Int

  /// - Parameter tokenizer: with its truncation.
  /// - Throws: `ArgumentError` where the numbers differ or a text has no class and needs one; `TokenizerError`.
  public init(
    _ texts: [String], classes: [[Int]], several: Int?, tokenizer: Tokenizer, augmenter: TextAugmenter? = nil, padding: Int
  ) throws {
    guard texts.count == classes.count else {
      throw ArgumentError("\(texts.count) texts and \(classes.count) lists of classes", expected: "as many of both")
    }
    if several == nil, let odd = classes.firstIndex(where: { $0.count != 1 }) {
      throw ArgumentError("text \(odd) has \(classes[odd].count) classes", expected: "one")
    }
    self.texts = texts
    self.classes = classes
    self.several = several
    self.tokenizer = tokenizer
    self.augmenter = augmenter
    self.padding = padding
    rows = try tokenizer.encode(batch: texts, allowSpecialTokens: false).map { $0.ids.isEmpty ? [padding] : $0.ids }
  }

  public var count: Int { texts.count }
  public var lengths: [Int] { rows.map(\.count) }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    try TokenRows.check(indices, count: count)
    let chosen = try indices.map { index -> [Int] in
      guard let augmenter else { return rows[index] }
      let ids = try tokenizer.encode(augmenter.augment(texts[index], index: index, epoch: epoch), allowSpecialTokens: false).ids
      return ids.isEmpty ? [padding] : ids
    }
    let targets: Tensor
    if let several {
      var values = [Float](repeating: 0, count: indices.count * several)
      for (place, index) in indices.enumerated() { for one in classes[index] { values[place * several + one] = 1 } }
      targets = try Tensor(values, shape: [indices.count, several])
    } else {
      targets = try Tensor(indices.map { Int64(classes[$0][0]) })
    }
    return Batch(
      inputs: try TokenRows.filled(chosen, with: padding), targets: targets, indices: indices,
      extras: ["mask": try TokenRows.mask(chosen)])
  }
}
