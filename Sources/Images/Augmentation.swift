public import MartletCore

/// A list of configured transforms: what `augment:` in `martlet.yml` becomes.
public struct Augmentation: Transform, Hashable, Codable {
  /// The transforms in the order in which they are applied.
  public let transforms: [ImageTransform]

  public init(_ transforms: [ImageTransform]) { self.transforms = transforms }

  /// Reads a list of transforms.
  public init(from decoder: any Decoder) throws { transforms = try decoder.singleValueContainer().decode([ImageTransform].self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(transforms)
  }

  public func apply(to image: Image, random: inout KeyedRandom) throws(ImageError) -> Image {
    var image = image
    for transform in transforms { image = try transform.apply(to: image, random: &random) }
    return image
  }
}
