import CImage

// Noise. All of it follows from the seed. Made at 8 bits; alpha stays.

extension Image {
  /// Bell-shaped noise on every sample.
  /// - Parameters:
  ///   - mean: what is added on average, 1 being the whole range.
  ///   - sigma: standard deviation on the same scale.
  public func withGaussianNoise(mean: Double = 0, sigma: Double, seed: UInt64) -> Image {
    changed { cimage_gaussian_noise8($0, pixelCount, Int32(channels), mean * 255, sigma * 255, seed, $1) }
  }

  /// A part of the pixels becomes white or black.
  /// - Parameters:
  ///   - amount: the part of the pixels, 0 to 1.
  ///   - salt: the part of those that becomes white.
  public func withSaltAndPepper(amount: Double, salt: Double = 0.5, seed: UInt64) -> Image {
    changed {
      cimage_salt_and_pepper8($0, pixelCount, Int32(channels), min(max(amount, 0), 1), min(max(salt, 0), 1), seed, $1)
    }
  }

  /// The noise of light itself: every sample is counted in quanta.
  /// - Parameter photons: quanta of a white sample, above 0; fewer are noisier.
  public func withPoissonNoise(photons: Double, seed: UInt64) -> Image {
    changed { cimage_poisson_noise8($0, pixelCount, Int32(channels), max(photons, 1e-3), seed, $1) }
  }
}

/// A rectangle of whole pixels within a picture.
public struct PixelArea: Sendable, Hashable {
  public let x, y, width, height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// What comes where something is erased.
public enum ErasureFill: Sendable, Hashable {
  /// One sample in every channel of colour, on the scale of 8 bits.
  case value(UInt8)
  /// A random sample for each pixel and channel.
  case random
  /// The picture's mean of each channel.
  case mean
}

extension Image {
  /// The picture with rectangles painted over. Parts outside the picture are passed over; alpha stays.
  /// - Parameter seed: the chance of `.random`.
  public func erased(_ areas: [PixelArea], with fill: ErasureFill = .value(0), seed: UInt64 = 0) -> Image {
    let colour: [UInt8] =
      switch fill {
      case .value(let value): Array(repeating: value, count: mode.colours)
      case .mean: channelMeans.map { UInt8($0.rounded()) }
      case .random: []
      }
    var values = bytes
    for (number, area) in areas.enumerated() {
      let (left, right) = (max(0, area.x), min(width, area.x + area.width))
      let (top, bottom) = (max(0, area.y), min(height, area.y + area.height))
      guard left < right, top < bottom else { continue }
      let (wide, high) = (Int32(right - left), Int32(bottom - top))
      if fill == .random {
        let count = (right - left) * (bottom - top) * mode.colours
        let noise = [UInt8].filled(count) { cimage_random_bytes($0, count, seed &+ UInt64(number)) }
        cimage_paint8(&values, Int32(width), Int32(channels), Int32(left), Int32(top), wide, high, nil, noise)
      } else {
        cimage_paint8(&values, Int32(width), Int32(channels), Int32(left), Int32(top), wide, high, colour, nil)
      }
    }
    let result = Image(unchecked: .uint8(values), width: width, height: height, mode: mode)
    return bitsPerSample == 8 ? result : result.with16Bits()
  }

  /// The four corners and the middle, each of `width` × `height`: upper left, upper right, lower left, lower right, centre.
  /// - Throws: `ImageError` if the picture is smaller than that.
  public func fiveCrops(width: Int, height: Int) throws(ImageError) -> [Image] {
    let (right, bottom) = (self.width - width, self.height - height)
    var crops: [Image] = []
    for (x, y) in [(0, 0), (right, 0), (0, bottom), (right, bottom)] {
      crops.append(try cropped(x: x, y: y, width: width, height: height))
    }
    return crops + [try centerCropped(width: width, height: height)]
  }

  /// `fiveCrops` of the picture, then those of its mirror image (upside down if `vertical`).
  /// - Throws: `ImageError` if the picture is smaller than that.
  public func tenCrops(width: Int, height: Int, vertical: Bool = false) throws(ImageError) -> [Image] {
    let mirrored = vertical ? flippedVertically() : flippedHorizontally()
    return try fiveCrops(width: width, height: height) + mirrored.fiveCrops(width: width, height: height)
  }
}
