import MartletCore
import Torch

/// Texts in which tokens are hidden for a model to guess (Devlin et al. 2018, arXiv:1810.04805). Other tokens are hidden in every epoch.
///
/// Of the tokens that are chosen eight in ten become the mask, one becomes any token, one stays. `inputs` are the ids `[batch, length]`,
/// `targets` the hidden tokens, -100 everywhere else.
public struct MaskedTokenBatches: BatchSource {
  /// The texts' ids.
  public let rows: [[Int]]
  /// The id that fills up.
  public let padding: Int
  /// The id that hides.
  public let mask: Int
  /// The number of ids.
  public let vocabulary: Int
  /// Ids that are never hidden: separators and the like.
  public let special: Set<Int>
  /// The share of tokens that is chosen.
  public let probability: Double
  /// Decides what is hidden, together with the epoch and the text.
  public let seed: UInt64
  /// Ids that go on with a word: they are hidden with its first token, or not at all. Empty where each token is hidden for itself.
  public let continuations: Set<Int>

  /// - Parameters:
  ///   - rows: one list of ids for each text, none of them empty.
  ///   - padding: the id that fills up.
  ///   - mask: the id that hides.
  ///   - vocabulary: the number of ids.
  ///   - special: ids that are never hidden.
  ///   - probability: the share of tokens that is chosen.
  ///   - continuations: ids that go on with a word (`##ing`), so that whole words are hidden.
  /// - Throws: `ArgumentError` for settings out of range and empty texts.
  public init(
    _ rows: [[Int]], padding: Int, mask: Int, vocabulary: Int, special: Set<Int> = [], probability: Double = 0.15, seed: UInt64 = 0,
    continuations: Set<Int> = []
  ) throws {
    if let empty = rows.firstIndex(where: \.isEmpty) { throw ArgumentError("text \(empty) has no tokens", expected: "one or more") }
    guard probability > 0, probability <= 1 else {
      throw ArgumentError("a share of \(probability) of the tokens hidden", expected: "above 0, at most 1")
    }
    guard vocabulary > 0, (0..<vocabulary).contains(mask) else {
      throw ArgumentError("the mask's id \(mask) among \(vocabulary) ids", expected: "an id of the vocabulary")
    }
    self.rows = rows
    self.padding = padding
    self.mask = mask
    self.vocabulary = vocabulary
    self.special = special
    self.probability = probability
    self.seed = seed
    self.continuations = continuations
  }

  public var count: Int { rows.count }

  /// The texts' lengths, for buckets.
  public var lengths: [Int] { rows.map(\.count) }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    var shown: [[Int]] = [], hidden: [[Int]] = []
    for index in indices {
      guard rows.indices.contains(index) else {
        throw LoaderError(items: [index], underlying: ArgumentError("there is no such text", expected: "0…\(count - 1)"))
      }
      let (row, targets) = masked(rows[index], index: index, epoch: epoch)
      shown.append(row)
      hidden.append(targets)
    }
    return Batch(
      inputs: try TokenBatches.filled(shown, with: padding), targets: try TokenBatches.filled(hidden, with: -100), indices: indices)
  }

  private func masked(_ row: [Int], index: Int, epoch: Int) -> (row: [Int], targets: [Int]) {
    var random = KeyedRandom(seed: seed, purpose: "masked tokens of epoch \(epoch)", index: UInt64(index))
    var shown = row
    var targets = [Int](repeating: -100, count: row.count)
    var words: [[Int]] = []
    for place in row.indices where !special.contains(row[place]) && row[place] != padding {
      if continuations.contains(row[place]), words.last?.last == place - 1 {
        words[words.count - 1].append(place)
      } else {
        words.append([place])
      }
    }
    var chosen = words.filter { _ in Double.random(in: 0..<1, using: &random) < probability }
    // A text without a question would teach nothing.
    if chosen.isEmpty, let one = words.randomElement(using: &random) { chosen = [one] }
    for place in chosen.joined() {
      targets[place] = row[place]
      let share = Double.random(in: 0..<1, using: &random)
      if share < 0.8 { shown[place] = mask } else if share < 0.9 { shown[place] = Int.random(in: 0..<vocabulary, using: &random) }
    }
    return (shown, targets)
  }
}
