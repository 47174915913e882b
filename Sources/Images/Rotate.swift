import CImage
import Foundation

extension Image {
  /// The picture turned about its centre, with the values of Pillow's `rotate`.
  ///
  /// - Parameters:
  ///   - degrees: counter-clockwise.
  ///   - fill: what the corners show, a sample on the scale of 8 bits, in every channel.
  ///   - expand: grow the picture so that nothing is cut off; otherwise it keeps its size.
  ///   - interpolation: `nearest` for pictures of classes.
  /// - Throws: `ImageError` if the angle is not a finite number.
  public func rotated(
    degrees: Double, fill: UInt8 = 0, expand: Bool = false, interpolation: Interpolation = .bilinear
  ) throws(ImageError) -> Image {
    guard degrees.isFinite else { throw .argument("a rotation by \(degrees) degrees", expected: "a finite number") }
    let turn = degrees.truncatingRemainder(dividingBy: 360)
    let quarters = (turn / 90 + 4).truncatingRemainder(dividingBy: 4)
    if quarters == 0 { return self }
    if quarters == 2 { return oriented(3) }
    if quarters == quarters.rounded(), expand || width == height { return oriented(quarters == 1 ? 8 : 6) }
    let (sine, cosine) = (sin(-turn * .pi / 180), cos(-turn * .pi / 180))
    // From the target to the source, about both centres.
    func source(_ x: Double, _ y: Double) -> (Double, Double) { (cosine * x + sine * y, -sine * x + cosine * y) }
    var (outWidth, outHeight) = (width, height)
    if expand {
      let (w, h) = (Double(width), Double(height))
      // The rounding of Pillow's rotate(expand=True), so that sizes agree; a hair is taken off what rounding in the sine adds.
      func bounds(_ side: Double, _ turned: Double) -> Int {
        Int(((side + turned) / 2 - 1e-9).rounded(.up)) - Int(((side - turned) / 2 + 1e-9).rounded(.down))
      }
      outWidth = max(1, bounds(w, w * abs(cosine) + h * abs(sine)))
      outHeight = max(1, bounds(h, w * abs(sine) + h * abs(cosine)))
    }
    let corner = source(-Double(outWidth) / 2, -Double(outHeight) / 2)
    let matrix = [cosine, sine, corner.0 + Double(width) / 2, -sine, cosine, corner.1 + Double(height) / 2]
    if interpolation == .nearest {
      return try warped(by: Projection(matrix: matrix + [0, 0, 1]), interpolation: .nearest, fill: fill, size: (outWidth, outHeight))
    }
    let total = try Self.sampleCount(width: outWidth, height: outHeight, channels: channels)
    let result: Samples
    let (sourceWidth, sourceHeight, depth) = (Int32(width), Int32(height), Int32(channels))
    switch samples {
    case .uint8(let values):
      result = .uint8(
        .filled(total) { cimage_warp8(values, sourceWidth, sourceHeight, depth, matrix, fill, Int32(outWidth), Int32(outHeight), $0) })
    case .uint16(let values):
      let border = UInt16(fill) * 257
      result = .uint16(
        .filled(total) { cimage_warp16(values, sourceWidth, sourceHeight, depth, matrix, border, Int32(outWidth), Int32(outHeight), $0) })
    }
    return Image(unchecked: result, width: outWidth, height: outHeight, mode: mode)
  }
}
