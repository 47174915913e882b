import Foundation
import Images

/// The Swift side of the image benchmark; the names are those that `decode.py` prints.
enum ImageBenchmark {
  /// - Parameter photo: a 640×480 JPEG file, such as the one that `decode.py` makes.
  /// - Returns: medians in milliseconds, and single-core rates of batch assembly in images per second.
  static func run(photo: String) throws -> [String: Double] {
    let data = try Data(contentsOf: URL(fileURLWithPath: photo))
    let small = try ImagePreparation(mode: .rgb, width: 224, height: 224)
    let whole = try ImagePreparation(mode: .rgb, width: 640, height: 480)
    let plain = ImageBatcher(Pictures(), preparation: try ImagePreparation(mode: .grey, width: 28, height: 28, mean: [0.286], std: [0.353]))
    let moved = ImageBatcher(
      plain.dataset, preparation: plain.preparation, augmentation: Augmentation([.randomCrop(padding: 2), .flipHorizontal()]), seed: 1)
    let turned = ImageBatcher(
      plain.dataset, preparation: plain.preparation, augmentation: Augmentation([.rotate(degrees: 10)]), seed: 1)
    let items = Array(0..<256)
    let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: items.count * plain.elementCount)
    defer { memory.deallocate() }
    func rate(_ batcher: ImageBatcher) throws -> Double {
      256_000 / (try median { try batcher.fill(memory, items: items, epoch: 1) })
    }
    let full = try median { _ = try small.floats(try Image.decode(data, as: .rgb)) }
    return [
      "jpeg_640x480_to_224_float_ms": full,
      "jpeg_640x480_to_224_float_draft_ms": try median { _ = try small.floats(try small.decode(data)) },
      "jpeg_640x480_to_640x480_float_ms": try median { _ = try whole.floats(try whole.decode(data)) },
      "batch_256_28x28_float_ms": try median { try plain.fill(memory, items: items, epoch: nil) },
      "batch_images_per_second": try rate(plain),
      "batch_images_per_second_crop_flip": try rate(moved),
      "batch_images_per_second_rotate": try rate(turned),
    ]
  }

  /// Median milliseconds of one call, over one second.
  private static func median(_ body: () throws -> Void) rethrows -> Double {
    try body()
    let clock = ContinuousClock()
    var times: [Double] = []
    let end = clock.now + .seconds(1)
    while clock.now < end {
      let time = try clock.measure(body)
      times.append(Double(time.components.attoseconds) / 1e15 + Double(time.components.seconds) * 1000)
    }
    return times.sorted()[times.count / 2]
  }

  /// 256 pictures of 28×28 in memory, as an IDX file gives them.
  private struct Pictures: ImageDataset {
    let block: ImageBlock? = ImageBlock(
      width: 28, height: 28, mode: .grey, samples: (0..<256 * 784).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) })
    let labels = (0..<256).map { $0 % 10 }
    var count: Int { 256 }
    var classes: [String] { (0..<10).map(String.init) }
    func name(_ index: Int) -> String { "picture \(index)" }
    func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
      let samples = Array(block?.samples[index * 784..<(index + 1) * 784] ?? [])
      return try Image(width: 28, height: 28, mode: .grey, samples: .uint8(samples))
    }
    func digest() throws(ImageError) -> String { "" }
  }
}
