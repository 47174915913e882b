import Foundation
import MartletCore

/// The operations that AutoAugment and its descendants choose from, with torchvision's magnitudes.
enum PolicyOperation: String, Sendable, Hashable, CaseIterable {
  case identity, shearX, shearY, translateX, translateY, rotate, brightness, colour, contrast, sharpness, posterise, solarise
  case autocontrast, equalise, invert

  /// What a magnitude of 0 to `bins - 1` comes to.
  enum Space {
    case autoAugment, wide, augMix

    var shear: Double { self == .wide ? 0.99 : 0.3 }
    var turn: Double { self == .wide ? 135 : 30 }
    var factor: Double { self == .wide ? 0.99 : 0.9 }

    func shift(_ side: Int) -> Double {
      switch self {
      case .autoAugment: 150.0 / 331.0 * Double(side)
      case .wide: 32
      case .augMix: Double(side) / 3
      }
    }

    func bits(_ part: Double) -> Int {
      let bits: Double =
        switch self {
        case .autoAugment: 8 - part * 4
        case .wide: 8 - part * 6
        case .augMix: 4 - part * 4
        }
      return Int(bits.rounded(.toNearestOrEven))
    }
  }

  /// The operations of RandAugment and TrivialAugment.
  static let common: [PolicyOperation] = allCases.filter { $0 != .invert }
  /// Those of AugMix.
  static let mixable: [PolicyOperation] = allCases.filter { $0 != .invert && $0 != .identity }
  /// Those of AugMix that the test corruptions of its paper do not contain.
  static let plain: [PolicyOperation] = mixable.filter { ![.brightness, .colour, .contrast, .sharpness].contains($0) }

  /// The direction is drawn where there is one.
  var isSigned: Bool {
    switch self {
    case .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .colour, .contrast, .sharpness: true
    case .identity, .posterise, .solarise, .autocontrast, .equalise, .invert: false
    }
  }

  /// - Parameters:
  ///   - part: the magnitude as a part of the largest, 0 to 1.
  ///   - sign: +1 or -1; passed over where there is no direction.
  func resolved(
    _ space: Space, part: Double, sign: Double, width: Int, height: Int, interpolation: Interpolation, fill: UInt8
  ) -> ResolvedTransform {
    let corner = ImagePoint(0, 0)
    func degrees(_ slope: Double) -> Double { atan(slope) * 180 / .pi }
    func project(_ projection: Projection) -> ResolvedTransform { .project(projection, interpolation, fill: fill) }
    switch self {
    case .identity: return .identity
    case .shearX: return project(.affine(shear: (degrees(part * space.shear * sign), 0), centre: corner))
    case .shearY: return project(.affine(shear: (0, degrees(part * space.shear * sign)), centre: corner))
    case .translateX: return .window(x: -Int(part * space.shift(width) * sign), y: 0, width: width, height: height, fill: fill)
    case .translateY: return .window(x: 0, y: -Int(part * space.shift(height) * sign), width: width, height: height, fill: fill)
    case .rotate:
      return project(
        .affine(degrees: -part * space.turn * sign, centre: ImagePoint(Double(width) / 2, Double(height) / 2)))
    case .brightness: return .pixels(.brightness(1 + part * space.factor * sign))
    case .colour: return .pixels(.saturation(1 + part * space.factor * sign))
    case .contrast: return .pixels(.contrast(1 + part * space.factor * sign))
    case .sharpness: return .pixels(.sharpness(1 + part * space.factor * sign))
    case .posterise: return .pixels(.posterise(bits: space.bits(part)))
    // Thresholds between levels: the next level is the first that turns round.
    case .solarise: return .pixels(.solarise(threshold: Int((255 * (1 - part)).rounded(.up))))
    case .autocontrast: return .pixels(.autocontrast)
    case .equalise: return .pixels(.equalise)
    case .invert: return .pixels(.invert)
    }
  }
}
