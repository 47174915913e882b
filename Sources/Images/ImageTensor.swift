import CImage
import MartletCore
public import Torch

// The only file of this module that knows tensors.

extension Image {
  /// The picture as a tensor `[channels, height, width]` on the CPU.
  /// - Parameter dtype: `float32` for values in 0…1, or `uint8` for the samples themselves (16-bit ones rounded to 8).
  /// - Throws: `ArgumentError` for another type, `TorchError` if memory runs out.
  public func tensor(_ dtype: DType = .float32) throws -> Tensor { try Self.batch([self], dtype).squeeze(dim: 0) }

  /// Pictures of one size as a tensor `[batch, channels, height, width]` on the CPU.
  /// - Parameter dtype: as in `tensor`.
  /// - Throws: `ImageError` if there are none or they differ in size or channels, `ArgumentError` for another type, `TorchError` if memory
  ///   runs out.
  public static func batch(_ images: [Image], _ dtype: DType = .float32) throws -> Tensor {
    guard dtype == .float32 || dtype == .uint8 else { throw ArgumentError("pictures as \(dtype)", expected: "float32 or uint8") }
    guard let first = images.first else { throw ImageError.argument("a batch of no pictures", expected: "one picture or more") }
    if let other = images.first(where: { ($0.width, $0.height, $0.channels) != (first.width, first.height, first.channels) }) {
      throw ImageError.argument("a batch of \(first) and \(other)", expected: "one size and one mode", remedy: "resize or convert first")
    }
    let tensor = try Tensor.empty([images.count, first.channels, first.height, first.width], dtype: dtype)
    let identity = [Float](repeating: 0, count: 4), unit = [Float](repeating: 1, count: 4)
    let table = (0..<first.channels).flatMap { _ in (0..<256).map { Float($0) / 255 } }
    let (pixels, channels) = (first.pixelCount, Int32(first.channels))
    try tensor.withUnsafeMutableBytes { raw in
      for (index, image) in images.enumerated() {
        let offset = index * pixels * first.channels
        switch (dtype, image.samples) {
        case (.uint8, _):
          cimage_to_planes8(image.bytes, pixels, channels, raw.bindMemory(to: UInt8.self).baseAddress.map { $0 + offset })
        case (_, .uint8(let values)):
          cimage_to_planes_float8(values, pixels, channels, table, nil, raw.bindMemory(to: Float.self).baseAddress.map { $0 + offset })
        case (_, .uint16(let values)):
          cimage_to_planes_float16(
            values, pixels, channels, identity, unit, raw.bindMemory(to: Float.self).baseAddress.map { $0 + offset })
        }
      }
    }
    return tensor
  }

  /// A picture of 8 bits from a tensor `[channels, height, width]`, or `[1, channels, height, width]`.
  ///
  /// Floating-point values are clamped to 0…1, scaled by 255 and rounded (NaN becomes 0); `uint8` values are taken as they are.
  /// - Throws: `ArgumentError` for another shape or type, `ImageError` for an empty picture, `TorchError` if the tensor cannot be read.
  public init(tensor: Tensor) throws {
    let shape = tensor.ndim == 4 && tensor.shape[0] == 1 ? Array(tensor.shape.dropFirst()) : tensor.shape
    guard shape.count == 3, let mode = ColourMode(rawValue: shape[0]) else {
      throw ArgumentError("a tensor of shape \(tensor.shape) is not a picture", expected: "[channels, height, width] with 1 to 4 channels")
    }
    guard tensor.dtype == .uint8 || tensor.dtype.isFloatingPoint else {
      throw ArgumentError("a tensor of \(tensor.dtype) is not a picture", expected: "uint8, or a floating-point type with values in 0…1")
    }
    let (height, width) = (shape[1], shape[2])
    let total = try Self.sampleCount(width: width, height: height, channels: mode.channels)
    let samples: [UInt8]
    if tensor.dtype == .uint8 {
      let values = try tensor.array(of: UInt8.self)
      samples = .filled(total) { cimage_from_planes8(values, width * height, Int32(mode.channels), $0) }
    } else {
      let values = try tensor.array(of: Float.self)
      samples = .filled(total) { cimage_from_planes_float(values, width * height, Int32(mode.channels), $0) }
    }
    self.init(unchecked: .uint8(samples), width: width, height: height, mode: mode)
  }
}

extension ImagePreparation {
  /// Pictures as the model wants them: `[batch, channels, height, width]`, float32, on the CPU.
  /// - Throws: `ImageError`, or `TorchError` if memory runs out.
  public func tensor(_ images: [Image]) throws -> Tensor {
    let tensor = try Tensor.empty([images.count] + shape, dtype: .float32)
    let table = table
    try tensor.withUnsafeMutableBytes { raw in
      let floats = raw.bindMemory(to: Float.self)
      for (index, image) in images.enumerated() {
        let place = UnsafeMutableBufferPointer(rebasing: floats[index * elementCount..<(index + 1) * elementCount])
        try write(try fitted(image), table: table, to: place)
      }
    }
    return tensor
  }
}

extension ImageBatcher {
  /// A batch on the CPU: pictures `[batch, channels, height, width]` in float32, labels `[batch]` in int64.
  /// - Parameter epoch: draws this epoch's augmentation; `nil` leaves the pictures as they are.
  /// - Throws: `ImageError` naming the picture that cannot be used, `TorchError` if memory runs out.
  public func batch(items: [Int], epoch: Int?) throws -> (images: Tensor, labels: Tensor) {
    let images = try Tensor.empty([items.count] + preparation.shape, dtype: .float32)
    try images.withUnsafeMutableBytes { raw in try fill(raw.bindMemory(to: Float.self), items: items, epoch: epoch) }
    return (images, try Tensor(labels(of: items)))
  }
}
