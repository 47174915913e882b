import MartletCore
import Testing
import Torch

@testable import Images

@Suite struct ImageTensorTests {
  @Test(arguments: ColourMode.allCases) func roundTrip(_ mode: ColourMode) throws {
    let image = Image.gradient(7, 5, mode)
    let floats = try image.tensor()
    #expect(floats.shape == [mode.channels, 5, 7] && floats.dtype == .float32)
    #expect(try Image(tensor: floats) == image)
    let bytes = try image.tensor(.uint8)
    #expect(bytes.dtype == .uint8)
    #expect(try Image(tensor: bytes) == image)
    let values = try bytes.array(of: UInt8.self)
    #expect(image.sample(x: 3, y: 2, channel: mode.channels - 1) == Int(values[(mode.channels - 1) * 35 + 2 * 7 + 3]))
    #expect(try floats.array(of: Float.self) == values.map { Float($0) / 255 })
    let deep = try image.with16Bits().tensor().array(of: Float.self)
    #expect(zip(deep, values).allSatisfy { abs($0 - Float($1) / 255) < 1e-6 })
  }

  @Test func valuesOutOfRange() throws {
    let tensor = try Tensor([-1, 0, 0.5, 1, 2, .nan] as [Float], shape: [1, 2, 3])
    #expect(try Image(tensor: tensor).bytes == [0, 0, 128, 255, 255, 0])
    #expect(throws: ArgumentError.self) { try Image(tensor: Tensor([1, 2] as [Float])) }
    #expect(throws: ArgumentError.self) { try Image(tensor: Tensor([1, 2] as [Int64], shape: [1, 1, 2])) }
    #expect(throws: ArgumentError.self) { try Image.gradient(2, 2).tensor(.int64) }
  }

  @Test func batches() throws {
    let images = [Image.gradient(4, 3, .rgb), Image.gradient(4, 3, .rgb).flippedHorizontally()]
    let batch = try Image.batch(images)
    #expect(batch.shape == [2, 3, 3, 4])
    #expect(try Image(tensor: batch.select(dim: 0, index: 1)) == images[1])
    #expect(imageError { try Image.batch([images[0], .gradient(3, 4, .rgb)]) }?.kind == .invalidArgument)
    #expect(imageError { try Image.batch([]) }?.kind == .invalidArgument)
  }

  @Test func batcherFillsTensors() throws {
    let batcher = ImageBatcher(
      try TransformTests.block(9), preparation: try ImagePreparation(mode: .grey, width: 11, height: 9, mean: [0.5], std: [0.5]),
      augmentation: TransformTests.moving, seed: 4)
    let batch = try batcher.batch(items: [8, 2, 5], epoch: 1)
    #expect(batch.images.shape == [3, 1, 9, 11])
    #expect(try batch.labels.array(of: Int64.self) == [2, 2, 2])
    #expect(try batch.images.array(of: Float.self) == batcher.floats(items: [8, 2, 5], epoch: 1))
    let image = try batcher.dataset.image(2)
    #expect(try batcher.preparation.tensor([image]).array(of: Float.self) == batcher.preparation.floats(image))
  }
}
