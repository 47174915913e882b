import CImage

extension Image {
  /// The picture seen through a projection.
  ///
  /// The values are those of torchvision's `affine` and `perspective` on tensors; neighbours outside the picture count as `fill`.
  /// - Parameters:
  ///   - projection: from the result to this picture.
  ///   - fill: a sample on the scale of 8 bits, in every channel.
  ///   - size: the result's size, this picture's if `nil`.
  /// - Throws: `ImageError` for a size that cannot be.
  public func warped(
    by projection: Projection, interpolation: Interpolation = .bilinear, fill: UInt8 = 0, size: (width: Int, height: Int)? = nil
  ) throws(ImageError) -> Image {
    let (outWidth, outHeight) = size ?? (width, height)
    let total = try Self.sampleCount(width: outWidth, height: outHeight, channels: channels)
    let (sourceWidth, sourceHeight, depth) = (Int32(width), Int32(height), Int32(channels))
    let smooth: Int32 = interpolation == .bilinear ? 1 : 0
    let result: Samples
    switch samples {
    case .uint8(let values):
      let border = [UInt8](repeating: fill, count: 4)
      result = .uint8(
        .filled(total) {
          cimage_project8(
            values, sourceWidth, sourceHeight, depth, projection.matrix, smooth, border, Int32(outWidth), Int32(outHeight), $0)
        })
    case .uint16(let values):
      let border = [UInt16](repeating: UInt16(fill) * 257, count: 4)
      result = .uint16(
        .filled(total) {
          cimage_project16(
            values, sourceWidth, sourceHeight, depth, projection.matrix, smooth, border, Int32(outWidth), Int32(outHeight), $0)
        })
    }
    return Image(unchecked: result, width: outWidth, height: outHeight, mode: mode)
  }

  /// The picture with every pixel fetched from a place nearby.
  /// - Parameter fill: what lies outside, a sample on the scale of 8 bits, in every channel.
  /// - Throws: `ImageError` if the displacement was made for another size.
  public func displaced(
    by displacement: Displacement, interpolation: Interpolation = .bilinear, fill: UInt8 = 0
  ) throws(ImageError) -> Image {
    guard displacement.width == width, displacement.height == height else {
      throw .argument(
        "a displacement of \(displacement.width)×\(displacement.height) for a picture of \(width)×\(height)", expected: "one of its size")
    }
    let (sourceWidth, sourceHeight, depth) = (Int32(width), Int32(height), Int32(channels))
    let smooth: Int32 = interpolation == .bilinear ? 1 : 0
    let result: Samples
    switch samples {
    case .uint8(let values):
      let border = [UInt8](repeating: fill, count: 4)
      result = .uint8(
        .filled(values.count) {
          cimage_displace8(values, sourceWidth, sourceHeight, depth, displacement.dx, displacement.dy, smooth, border, $0)
        })
    case .uint16(let values):
      let border = [UInt16](repeating: UInt16(fill) * 257, count: 4)
      result = .uint16(
        .filled(values.count) {
          cimage_displace16(values, sourceWidth, sourceHeight, depth, displacement.dx, displacement.dy, smooth, border, $0)
        })
    }
    return Image(unchecked: result, width: width, height: height, mode: mode)
  }
}

/// How far each pixel of a picture is fetched from, in pixels to the right and down.
public struct Displacement: Sendable, Hashable {
  public let width, height: Int
  /// Row by row, one for each pixel.
  public let dx, dy: [Float]

  /// - Throws: `ImageError` if there is not one number for each pixel.
  public init(width: Int, height: Int, dx: [Float], dy: [Float]) throws(ImageError) {
    let count = try Image.sampleCount(width: width, height: height, channels: 1)
    guard dx.count == count, dy.count == count else {
      throw .argument("a displacement of \(dx.count) and \(dy.count) numbers", expected: "\(count) each for \(width)×\(height)")
    }
    self.init(unchecked: width, height, dx, dy)
  }

  private init(unchecked width: Int, _ height: Int, _ dx: [Float], _ dy: [Float]) {
    self.width = width
    self.height = height
    self.dx = dx
    self.dy = dy
  }

  /// Random distances, smoothed: the elastic deformation of Simard, Steinkraus and Platt (2003).
  /// - Parameters:
  ///   - alpha: strength on torchvision's scale: the distances are alpha / 2 times smoothed noise in -1…1.
  ///   - sigma: pixels over which neighbours move together; 0 does not smooth.
  ///   - seed: all of the chance.
  /// - Throws: `ImageError` if the size cannot be or memory runs out.
  public static func elastic(width: Int, height: Int, alpha: Double, sigma: Double, seed: UInt64) throws(ImageError) -> Displacement {
    let count = try Image.sampleCount(width: width, height: height, channels: 1)
    let kernel = GaussianKernel(sigma: sigma, taps: Int(8 * sigma + 1) | 1)
    var status = CIMAGE_OK
    func plane(_ seed: UInt64) -> [Float] {
      let strength = Float(alpha / 2)
      let noise = [Float].filled(count) {
        cimage_uniform_plane($0, count, seed)
        if sigma > 0, status == CIMAGE_OK {
          status = cimage_blur_plane($0, Int32(width), Int32(height), kernel.weights, Int32(kernel.weights.count))
        }
      }
      return noise.map { $0 * strength }
    }
    let (dx, dy) = (plane(seed), plane(seed ^ 0x5851_f42d_4c95_7f2d))
    guard status == CIMAGE_OK else {
      throw ImageError(.outOfMemory, source: "image", problem: "no memory to deform \(width)×\(height) pixels")
    }
    return Displacement(unchecked: width, height, dx, dy)
  }

  /// Where in the result a place of the source appears: the displacement turned round by iteration.
  func moved(_ point: ImagePoint) -> ImagePoint {
    var target = point
    for _ in 0..<20 {
      let (x, y) = (sample(dx, target), sample(dy, target))
      target = ImagePoint(point.x - x, point.y - y)
    }
    return target
  }

  /// Bilinear between pixel centres, the edge repeated.
  private func sample(_ plane: [Float], _ point: ImagePoint) -> Double {
    let x = min(max(point.x - 0.5, 0), Double(width - 1)), y = min(max(point.y - 0.5, 0), Double(height - 1))
    let (left, top) = (Int(x), Int(y))
    let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
    let (u, v) = (x - Double(left), y - Double(top))
    func at(_ column: Int, _ row: Int) -> Double { Double(plane[row * width + column]) }
    return (at(left, top) * (1 - u) + at(right, top) * u) * (1 - v) + (at(left, bottom) * (1 - u) + at(right, bottom) * u) * v
  }
}
