import Foundation
import MartletCore

/// A random part of the picture, of random size and proportions, brought to one size: the augmentation of Inception (Szegedy et al., 2014)
/// and of most training on photos; torchvision's `RandomResizedCrop`.
///
/// Where it stands first in an `ImageBatcher`'s augmentation, the part is cut from the picture as it was decoded, before any resizing.
public struct ResizedCrop: ConfiguredTransform {
  static let name = "resizedCrop"
  static let summary = "A random part of the picture, of random size and proportions, brought to one size."
  static let settings: [Setting<ResizedCrop>] = [
    .range("scale", \.scale, 1e-4...1, "The part's area, as a share of the picture's."),
    .range("ratio", \.ratio, 0.01...100, "The part's width over its height, drawn evenly in the logarithm."),
    .side("width", \.width, "The result's width."), .side("height", \.height, "The result's height."),
    .word("filter", \.filter, "How it is resized."), .probability(\.probability),
  ]

  /// The result's size; the picture's own where `nil`.
  public var width, height: Int?
  /// The part's area, as a share of the picture's.
  public var scale: ClosedRange<Double>
  /// The part's width over its height, drawn evenly in the logarithm.
  public var ratio: ClosedRange<Double>
  public var filter: ResizeFilter
  public var probability: Double

  /// The standard settings.
  public init() { self.init(width: nil) }

  public init(
    width: Int? = nil, height: Int? = nil, scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 3 / 4...4 / 3,
    filter: ResizeFilter = .bilinear, probability: Double = 1
  ) {
    (self.width, self.height, self.scale, self.ratio) = (width, height, scale, ratio)
    (self.filter, self.probability) = (filter, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .resizedPart(
      part(width, height, &random), width: self.width ?? width, height: self.height ?? height, filter: filter)
  }

  /// Ten tries, then the largest middle part with allowed proportions.
  private func part(_ width: Int, _ height: Int, _ random: inout KeyedRandom) -> PixelArea {
    let area = Double(width * height)
    for _ in 0..<10 {
      let wanted = area * random.within(scale), proportion = random.logarithmic(ratio)
      let w = Int((wanted * proportion).squareRoot().rounded()), h = Int((wanted / proportion).squareRoot().rounded())
      if w > 0, h > 0, w <= width, h <= height {
        return PixelArea(x: random.below(width - w + 1), y: random.below(height - h + 1), width: w, height: h)
      }
    }
    let own = Double(width) / Double(height)
    var (w, h) = (width, height)
    if own < ratio.lowerBound {
      h = max(1, Int((Double(width) / ratio.lowerBound).rounded()))
    } else if own > ratio.upperBound {
      w = max(1, Int((Double(height) * ratio.upperBound).rounded()))
    }
    return PixelArea(x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
  }
}
