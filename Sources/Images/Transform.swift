public import MartletCore

/// One step of augmentation: a pure function of a picture and a generator.
///
/// A transform takes all its chance from `random` and keeps nothing, so that the same (seed, epoch, item) gives the same bytes on any
/// thread, in any order, at any number of workers.
public protocol Transform: Sendable {
  /// - Returns: the changed picture.
  /// - Throws: `ImageError` where the picture does not fit the transform.
  func apply(to image: Image, random: inout KeyedRandom) throws(ImageError) -> Image
}

extension Transform {
  /// Applies the transform with the generator that belongs to one item in one epoch.
  public func apply(to image: Image, seed: UInt64, epoch: Int, item: Int) throws(ImageError) -> Image {
    var random = KeyedRandom(seed: seed, epoch: epoch, item: item)
    return try apply(to: image, random: &random)
  }
}

/// Transforms one after the other.
public struct Compose: Transform {
  public let transforms: [any Transform]

  public init(_ transforms: [any Transform]) { self.transforms = transforms }

  public func apply(to image: Image, random: inout KeyedRandom) throws(ImageError) -> Image {
    var image = image
    for transform in transforms { image = try transform.apply(to: image, random: &random) }
    return image
  }
}

extension KeyedRandom {
  /// The generator of one item in one epoch. Epochs and items up to 2³² each do not meet.
  public init(seed: UInt64, epoch: Int, item: Int) {
    self.init(seed: seed, purpose: "augment", index: UInt64(truncatingIfNeeded: epoch) << 32 ^ UInt64(truncatingIfNeeded: item))
  }

  /// Uniform in 0..<count, by the high half of a product: written out so that no release of the standard library can change it.
  mutating func below(_ count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(max(count, 1))).high) }

  /// Puts the elements in random order (Fisher and Yates).
  mutating func shuffle<Element>(_ values: inout [Element]) {
    for last in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(last, below(last + 1)) }
  }
}
