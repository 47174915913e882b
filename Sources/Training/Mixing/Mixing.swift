import MartletCore
import Torch

/// Blending the items of a batch with each other, so that a network learns to be no surer between two classes than it should.
///
/// It goes into `TrainerOptions.mixing`; validation is never mixed. What is drawn depends on the trainer's seed and the batch's place (epoch
/// and number) alone. Integer targets become soft ones when the loss is computed: `lambda` of the item's own class and the rest of its
/// partner's.
public struct Mixing: Sendable, Hashable, Codable {
  /// How two items become one.
  public enum Kind: Sendable, Hashable, Codable {
    /// The weighted sum of both (Zhang et al.: "mixup", ICLR 2018, arXiv:1710.09412).
    case mixUp(alpha: Double)
    /// A rectangle of the second in the first (Yun et al.: "CutMix", ICCV 2019, arXiv:1905.04899). Inputs `[batch, …, height, width]`.
    case cutMix(alpha: Double)
    /// One of both by chance, batch by batch.
    case either(mixUp: Double, cutMix: Double, shareOfCutMix: Double)
  }

  /// How two items become one.
  public let kind: Kind
  /// The share of batches that are mixed at all.
  public let probability: Double

  /// - Throws: `ArgumentError` for an alpha that is not above 0 or a share outside 0…1.
  public init(_ kind: Kind, probability: Double = 1) throws {
    func positive(_ name: String, _ value: Double) throws {
      guard value > 0, value.isFinite else { throw ArgumentError("\(name) is \(value)", expected: "a finite number above 0") }
    }
    switch kind {
    case .mixUp(let alpha): try positive("MixUp's alpha", alpha)
    case .cutMix(let alpha): try positive("CutMix's alpha", alpha)
    case .either(let mixUp, let cutMix, let share):
      try positive("MixUp's alpha", mixUp)
      try positive("CutMix's alpha", cutMix)
      guard (0...1).contains(share) else { throw ArgumentError("the share of CutMix is \(share)", expected: "0…1") }
    }
    guard (0...1).contains(probability) else { throw ArgumentError("the probability of mixing is \(probability)", expected: "0…1") }
    self.kind = kind
    self.probability = probability
  }

  /// MixUp; the weights are drawn from Beta(alpha, alpha), 0.2 being usual for pictures.
  public static func mixUp(alpha: Double = 0.2, probability: Double = 1) throws -> Mixing {
    try Mixing(.mixUp(alpha: alpha), probability: probability)
  }

  /// CutMix; the area that stays is drawn from Beta(alpha, alpha), 1 being usual.
  public static func cutMix(alpha: Double = 1, probability: Double = 1) throws -> Mixing {
    try Mixing(.cutMix(alpha: alpha), probability: probability)
  }

  /// MixUp or CutMix, drawn anew for every batch.
  public static func either(
    mixUp: Double = 0.2, cutMix: Double = 1, shareOfCutMix: Double = 0.5, probability: Double = 1
  ) throws -> Mixing {
    try Mixing(.either(mixUp: mixUp, cutMix: cutMix, shareOfCutMix: shareOfCutMix), probability: probability)
  }

  /// What happens to a batch of `count` items, the one at `position`, or `nil` if it is left alone.
  ///
  /// A pure function of its arguments.
  /// - Parameter extent: height and width of the inputs; CutMix needs them.
  public func plan(count: Int, extent: (height: Int, width: Int)?, seed: UInt64, position: LoaderPosition) throws -> MixingPlan? {
    var random = KeyedRandom(seed: seed, purpose: "mixing", index: UInt64(max(0, position.epoch)) << 32 | UInt64(max(0, position.batch)))
    guard count > 1, random.bernoulli(probability) else { return nil }
    let cuts: Bool
    let alpha: Double
    switch kind {
    case .mixUp(let value): (cuts, alpha) = (false, value)
    case .cutMix(let value): (cuts, alpha) = (true, value)
    case .either(let mixUp, let cutMix, let share):
      cuts = random.bernoulli(share)
      alpha = cuts ? cutMix : mixUp
    }
    let lambda = random.beta(alpha, alpha)
    var permutation = Array(0..<count)
    permutation.shuffle(using: &random)
    guard cuts else { return MixingPlan(lambda: lambda, permutation: permutation) }
    guard let extent else {
      throw ArgumentError("CutMix needs pictures", expected: "inputs of shape [batch, …, height, width]", remedy: ".mixUp(alpha:)")
    }
    let centre = (x: Int.random(in: 0..<max(1, extent.width), using: &random), y: Int.random(in: 0..<max(1, extent.height), using: &random))
    return MixingPlan(lambda: lambda, permutation: permutation, extent: extent, centre: centre)
  }
}
