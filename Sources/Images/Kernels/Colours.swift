import CImage

// Changes of colours. They are made at 8 bits: a 16-bit picture is rounded for them and has 16 bits again afterwards. Alpha stays.

extension Image {
  /// Brighter (above 1) or darker; 0 is black. torchvision's `adjust_brightness`.
  public func brightened(by factor: Double) -> Image {
    let factor = Float(max(0, factor))
    return mapped { UInt8(min(Float($0) * factor, 255)) }
  }

  /// More (above 1) or less contrast; 0 is one grey. torchvision's `adjust_contrast`.
  public func contrasted(by factor: Double) -> Image {
    let plain = with8Bits()
    let mean = Float(cimage_grey_mean8(plain.bytes, pixelCount, Int32(channels))) * (1 - Float(factor))
    return mapped { UInt8(min(max(Float($0) * Float(factor) + mean, 0), 255)) }
  }

  /// More (above 1) or less colourful; 0 is grey. Grey pictures stay. torchvision's `adjust_saturation`.
  public func saturated(by factor: Double) -> Image {
    guard channels >= 3 else { return self }
    return changed { cimage_saturate8($0, pixelCount, Int32(channels), Float(factor), $1) }
  }

  /// The hue turned by a part of the circle, -0.5 to 0.5. Grey pictures stay. torchvision's `adjust_hue`.
  public func hueTurned(by part: Double) -> Image {
    guard channels >= 3 else { return self }
    return changed { cimage_hue8($0, pixelCount, Int32(channels), Float(min(max(part, -0.5), 0.5)), $1) }
  }

  /// Sharper (above 1) or smoother; 0 is a small blur. torchvision's `adjust_sharpness`.
  public func sharpened(by factor: Double) -> Image {
    changed {
      cimage_sharpen8($0, Int32(width), Int32(height), Int32(channels), Float(factor), $1)
      cimage_keep_alpha8($0, pixelCount, Int32(channels), $1)
    }
  }

  /// The negative.
  public func inverted() -> Image { mapped { 255 - $0 } }

  /// Samples from `threshold` on become their negative.
  public func solarised(threshold: Int) -> Image { mapped { Int($0) >= threshold ? 255 - $0 : $0 } }

  /// Only the upper `bits` of each sample are kept, 0 to 8.
  public func posterised(bits: Int) -> Image {
    let mask = bits >= 8 ? 255 : UInt8(truncatingIfNeeded: 0xFF00 >> max(0, bits))
    return mapped { $0 & mask }
  }

  /// Each channel stretched from black to white. torchvision's `autocontrast`.
  public func autocontrasted() -> Image {
    mapped(
      histograms.map { bins -> [UInt8] in
        guard let low = bins.firstIndex(where: { $0 > 0 }), let high = bins.lastIndex(where: { $0 > 0 }), low < high else {
          return Self.sameSamples
        }
        let unit = Float(high - low) * (1 / 255)
        return (0..<256).map { UInt8(min(max(Float($0 - low) / unit, 0), 255)) }
      })
  }

  /// Each channel with its samples spread evenly from black to white. Pillow's and torchvision's `equalize`.
  public func equalised() -> Image {
    mapped(
      histograms.map { bins -> [UInt8] in
        guard let last = bins.lastIndex(where: { $0 > 0 }) else { return Self.sameSamples }
        let step = (pixelCount - Int(bins[last])) / 255
        guard step > 0 else { return Self.sameSamples }
        var sum = step / 2
        return bins.map { count in
          defer { sum += Int(count) }
          return UInt8(min(sum / step, 255))
        }
      })
  }

  /// Grey in the picture's own channels.
  public func withoutColour() -> Image { channels < 3 ? self : converted(to: mode.hasAlpha ? .greyAlpha : .grey).converted(to: mode) }

  /// The channels of colour in another order: channel i of the result is channel `order[i]` of the picture.
  /// - Throws: `ImageError` if the order does not name every channel of colour once.
  public func reordered(_ order: [Int]) throws(ImageError) -> Image {
    guard order.sorted() == Array(0..<mode.colours) else {
      throw .argument("the order \(order) of channels", expected: "0 to \(mode.colours - 1), each once")
    }
    let whole = (order + Array(mode.colours..<channels)).map(Int32.init)
    return changed { cimage_reorder8($0, pixelCount, Int32(channels), whole, $1) }
  }

  /// Some channels of colour filled with one sample.
  public func dropped(_ dropped: Set<Int>, fill: UInt8 = 0) -> Image {
    mapped((0..<mode.colours).map { dropped.contains($0) ? Array(repeating: fill, count: 256) : Self.sameSamples })
  }

  /// The mean of each channel of colour on the scale of 8 bits.
  public var channelMeans: [Double] {
    histograms.map { bins in
      Double(bins.indices.reduce(0) { $0 + $1 * Int(bins[$1]) }) / Double(pixelCount)
    }
  }

  static let sameSamples = (0...255).map(UInt8.init)

  /// How often each sample occurs, for each channel of colour.
  var histograms: [[UInt32]] {
    let plain = with8Bits()
    let bins = [UInt32].filled(256 * channels) { cimage_histogram8(plain.bytes, pixelCount, Int32(channels), $0) }
    return (0..<mode.colours).map { Array(bins[$0 * 256..<($0 + 1) * 256]) }
  }

  /// Replaces every sample of colour.
  func mapped(_ change: (UInt8) -> UInt8) -> Image {
    mapped(Array(repeating: Self.sameSamples.map(change), count: mode.colours))
  }

  /// Replaces samples of colour by one table for each channel.
  func mapped(_ tables: [[UInt8]]) -> Image {
    let all = (tables + (mode.hasAlpha ? [Self.sameSamples] : [])).flatMap { $0 }
    return changed { cimage_lookup8($0, pixelCount, Int32(channels), all, $1) }
  }

  /// Runs a kernel over 8-bit samples.
  func changed(_ kernel: ([UInt8], UnsafeMutablePointer<UInt8>?) -> Void) -> Image {
    let values = bytes
    let result = Image(unchecked: .uint8(.filled(values.count) { kernel(values, $0) }), width: width, height: height, mode: mode)
    return bitsPerSample == 8 ? result : result.with16Bits()
  }
}

extension ColourMode {
  /// Channels without alpha.
  var colours: Int { hasAlpha ? channels - 1 : channels }
}
