import CImage
import Foundation

/// A sampled bell curve that sums to one.
struct GaussianKernel {
  let weights: [Float]

  init(sigma: Double, taps: Int) {
    let reach = taps / 2
    let values = (-reach...reach).map { sigma > 0 ? exp(-0.5 * Double($0 * $0) / (sigma * sigma)) : $0 == 0 ? 1 : 0 }
    let sum = values.reduce(0, +)
    weights = values.map { Float($0 / sum) }
  }
}

extension Image {
  /// The picture blurred by a bell curve, the edges mirrored; torchvision's `gaussian_blur`. Made at 8 bits; alpha stays.
  /// - Parameters:
  ///   - sigma: pixels, above 0.
  ///   - taps: the kernel's length, odd; three sigma to either side if `nil`.
  /// - Throws: `ImageError` for a sigma or length that cannot be, or if memory runs out.
  public func blurred(sigma: Double, taps: Int? = nil) throws(ImageError) -> Image {
    guard sigma.isFinite, sigma > 0, sigma <= 1000 else { throw .argument("a blur of sigma \(sigma)", expected: "above 0, up to 1000") }
    let length = taps ?? 2 * Int((3 * sigma).rounded(.up)) + 1
    guard length > 0, length % 2 == 1, length <= 8001 else { throw .argument("a blur over \(length) pixels", expected: "an odd number") }
    let kernel = GaussianKernel(sigma: sigma, taps: length)
    var status = CIMAGE_OK
    let result = changed {
      status = cimage_blur8($0, Int32(width), Int32(height), Int32(channels), kernel.weights, Int32(length), $1)
      if status == CIMAGE_OK {
        cimage_keep_alpha8($0, pixelCount, Int32(channels), $1)
      } else {
        $1?.initialize(repeating: 0, count: $0.count)
      }
    }
    guard status == CIMAGE_OK else {
      throw ImageError(.outOfMemory, source: "image", problem: "no memory to blur \(width)×\(height) pixels")
    }
    return result
  }

  /// The picture after it was a JPEG file of a quality from 1 to 100: blocks, ringing, lost colour. Alpha and 16 bits are kept as they are.
  /// - Throws: `ImageError` for a quality out of range or a picture too large for JPEG.
  public func afterJPEG(quality: Int) throws(ImageError) -> Image {
    let plain = with8Bits()
    let colours = mode.hasAlpha ? plain.opaque : plain
    let back = try Image.decode(try JPEG.encode(colours, quality: quality, background: .black)).bytes
    let (from, to) = (mode.colours, channels)
    var samples = plain.bytes
    if from == to {
      samples = back
    } else {
      for pixel in 0..<pixelCount {
        for channel in 0..<from { samples[pixel * to + channel] = back[pixel * from + channel] }
      }
    }
    let result = Image(unchecked: .uint8(samples), width: width, height: height, mode: mode)
    return bitsPerSample == 8 ? result : result.with16Bits()
  }

  /// The colours without alpha, as they lie under it.
  private var opaque: Image {
    let (from, to) = (channels, mode.colours)
    let values = bytes
    let samples = (0..<pixelCount).flatMap { pixel in (0..<to).map { values[pixel * from + $0] } }
    return Image(unchecked: .uint8(samples), width: width, height: height, mode: to == 1 ? .grey : .rgb)
  }
}
