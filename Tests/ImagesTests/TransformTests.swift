import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct TransformTests {
  static let moving = Augmentation([
    .randomCrop(padding: 4), .flipHorizontal(), .flipVertical(probability: 0.3), .shift(x: 0.2, y: 0.1),
    .randomCrop(padding: 2), .flipHorizontal(),
  ])
  static let turning = Augmentation([.randomCrop(padding: 2, fill: 9), .rotate(degrees: 20), .flipHorizontal()])

  static func block(_ count: Int = 20, _ width: Int = 11, _ height: Int = 9, _ mode: ColourMode = .grey) throws -> MemoryDataset {
    let samples = (0..<count * width * height * mode.channels).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }
    return MemoryDataset(block: ImageBlock(width: width, height: height, mode: mode, samples: samples), labels: (0..<count).map { $0 % 3 })
  }

  @Test func sameKeySameBytes() throws {
    let image = Image.gradient(28, 28)
    for augmentation in [Self.moving, Self.turning] {
      let first = try augmentation.apply(to: image, seed: 3, epoch: 1, item: 17)
      #expect(try augmentation.apply(to: image, seed: 3, epoch: 1, item: 17) == first)
      let others = try (0..<20).map { try augmentation.apply(to: image, seed: 3, epoch: 2, item: $0) }
      #expect(Set(others).count > 15)
      #expect(try augmentation.apply(to: image, seed: 4, epoch: 1, item: 17) != first)
    }
  }

  @Test func aGivenKeyGivesTheseBytesForever() throws {
    let image = Image.gradient(28, 28)
    let digest = Digest.sha256(Data(try Self.moving.apply(to: image, seed: 1, epoch: 2, item: 3).bytes))
    #expect(digest == "478759b3bb500e6f32a0eaf07ef555e6a14699c1720391b5fb3e982c7790c965")
  }

  @Test func probabilitiesHold() throws {
    let image = Image.gradient(4, 4)
    let flipped = image.flippedHorizontally()
    let count = try (0..<2000).count {
      try ImageTransform.flipHorizontal(probability: 0.25).apply(to: image, seed: 5, epoch: 0, item: $0) == flipped
    }
    #expect((430...570).contains(count))
    #expect(try ImageTransform.flipVertical(probability: 1).apply(to: image, seed: 5, epoch: 0, item: 0) == image.flippedVertically())
    #expect(try ImageTransform.flipVertical(probability: 0).apply(to: image, seed: 5, epoch: 0, item: 0) == image)
  }

  @Test func cropsReachEveryPlace() throws {
    let image = Image.gradient(6, 6)
    let crops = try Set((0..<500).map { try ImageTransform.randomCrop(width: 4, height: 4).apply(to: image, seed: 1, epoch: 0, item: $0) })
    #expect(crops.count == 9)
    let error = imageError { try ImageTransform.randomCrop(width: 9, height: 4, padding: 1).apply(to: image, seed: 1, epoch: 0, item: 0) }
    #expect(error?.description.contains("random crop of 9×4 does not fit a picture of 6×6 with padding 1") == true)
    let centre = imageError { try ImageTransform.centerCrop(width: 9, height: 4).apply(to: image, seed: 1, epoch: 0, item: 0) }
    #expect(centre?.kind == .invalidArgument)
  }

  @Test func aUsersOwnTransformComposes() throws {
    struct Invert: Transform {
      func apply(to image: Image, random: inout KeyedRandom) throws(ImageError) -> Image {
        try Image(width: image.width, height: image.height, mode: image.mode, samples: .uint8(image.bytes.map { 255 - $0 }))
      }
    }
    let image = Image.gradient(5, 5)
    let both = Compose([Invert(), Invert(), ImageTransform.flipVertical(probability: 1)])
    #expect(try both.apply(to: image, seed: 0, epoch: 0, item: 0) == image.flippedVertically())
  }

  @Test(arguments: [ColourMode.grey, .rgb]) func theFastWayEqualsTheLongWay(_ mode: ColourMode) throws {
    let dataset = try Self.block(40, 11, 9, mode)
    let preparation = try ImagePreparation(mode: mode, width: 11, height: 9, mean: [0.3], std: [0.2])
    let augmentations = [
      Self.moving, Self.turning, Augmentation([]), Augmentation([.randomCrop(width: 7, height: 5)]),
      Augmentation([.shift(x: 1, y: 1, fill: 8), .shift(x: 1, y: 1, fill: 8)]),
      Augmentation([.shift(x: 0.3, y: 0, fill: 1), .shift(x: 0.3, y: 0, fill: 2)]),
    ]
    for augmentation in augmentations {
      let fast = ImageBatcher(dataset, preparation: preparation, augmentation: augmentation, seed: 11)
      let items = Array((0..<40).reversed())
      let floats = try fast.floats(items: items, epoch: 3)
      let long = try items.flatMap { item in
        let image = try augmentation.apply(to: try dataset.image(item), seed: 11, epoch: 3, item: item)
        return try preparation.floats(image)
      }
      #expect(floats == long)
      #expect(try fast.floats(items: items, epoch: nil) == items.flatMap { try preparation.floats(try dataset.image($0)) })
    }
  }

  @Test func anyNumberOfWorkersGivesTheSameBatch() async throws {
    let batcher = ImageBatcher(
      try Self.block(64), preparation: try ImagePreparation(mode: .grey, width: 11, height: 9), augmentation: Self.turning, seed: 2)
    let whole = try batcher.floats(items: Array(0..<64), epoch: 5)
    for workers in [2, 7, 16] {
      let parts = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
        for worker in 0..<workers {
          let items = Array(stride(from: worker, to: 64, by: workers))
          group.addTask { (worker, try batcher.floats(items: items, epoch: 5)) }
        }
        return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
      }
      let size = batcher.elementCount
      for item in 0..<64 {
        let part = try #require(parts[item % workers])
        #expect(part[item / workers * size..<(item / workers + 1) * size] == whole[item * size..<(item + 1) * size])
      }
    }
  }

  @Test func preparationNumbersAreTorchvisions() throws {
    let preparation = try ImagePreparation(mode: .rgb, width: 2, height: 1, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    let image = try Image(width: 2, height: 1, mode: .rgb, samples: .uint8([0, 128, 255, 64, 1, 200]))
    // torchvision: ToTensor() then Normalize(mean, std).
    let expected: [Float] = [-2.117904, -1.021920, 0.205182, -2.018207, 2.640000, 1.681395]
    let values = try preparation.floats(image)
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 2e-6 })
    let deep = try preparation.floats(image.with16Bits())
    #expect(zip(values, deep).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func fits() throws {
    let image = Image.gradient(40, 20, .rgb)
    func fitted(_ fit: ImagePreparation.Fit) throws -> Image {
      try ImagePreparation(mode: .grey, width: 16, height: 16, fit: fit).fitted(image)
    }
    for fit in ImagePreparation.Fit.allCases {
      let result = try fitted(fit)
      #expect(result.width == 16 && result.height == 16 && result.mode == .grey)
    }
    #expect(try fitted(.stretch) == image.converted(to: .grey).resized(width: 16, height: 16))
    #expect(try fitted(.cover) == image.converted(to: .grey).cropped(x: 10, y: 0, width: 20, height: 20).resized(width: 16, height: 16))
    #expect(try fitted(.contain).bytes.prefix(64).allSatisfy { $0 == 0 })
    #expect(throws: ArgumentError.self) { try ImagePreparation(mode: .rgb, width: 2, height: 2, mean: [1, 2]) }
    #expect(throws: ArgumentError.self) { try ImagePreparation(mode: .rgb, width: 2, height: 2, std: [0]) }
    #expect(throws: ArgumentError.self) { try ImagePreparation(mode: .rgb, width: 0, height: 2) }
    let saved = try ImagePreparation(mode: .rgb, width: 3, height: 2, fit: .cover, mean: [0.5])
    #expect(try JSON.decode(ImagePreparation.self, from: JSON.encode(saved), source: "recipe") == saved)
  }
}

/// Pictures in one block, as IDX files give them.
struct MemoryDataset: ImageDataset {
  let pixels: ImageBlock
  let labels: [Int]
  var count: Int { labels.count }
  var classes: [String] { (0...(labels.max() ?? 0)).map { "class \($0)" } }
  var block: ImageBlock? { pixels }

  init(block: ImageBlock, labels: [Int]) {
    pixels = block
    self.labels = labels
  }

  func name(_ index: Int) -> String { "memory[\(index)]" }
  func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
    try checkIndex(index)
    return try Image(
      width: pixels.width, height: pixels.height, mode: pixels.mode,
      samples: .uint8(Array(pixels.samples[index * pixels.stride..<(index + 1) * pixels.stride])))
  }
  func digest() throws(ImageError) -> String { "" }
}
