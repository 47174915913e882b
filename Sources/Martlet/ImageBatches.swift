public import Images
import Torch
public import Training

/// Batches of prepared pictures for a `DataLoader`, made on its worker threads without libtorch's operators.
///
/// ```swift
/// let loader = try DataLoader(ImageBatches(pictures), batchSize: 128, shuffle: true, workers: 1)
/// ```
public struct ImageBatches: BatchSource {
  let batcher: ImageBatcher
  let isTraining: Bool

  /// - Parameters:
  ///   - preparation: size, channels and normalisation; the first picture's size and channels, pixels from 0 to 1, if `nil`.
  ///   - augmentation: drawn anew for every epoch; `nil` leaves the pictures as they are (validation, test).
  /// - Throws: `ImageError` if the first picture cannot be read.
  public init(
    _ dataset: any ImageDataset, preparation: ImagePreparation? = nil, augmentation: Augmentation? = nil, seed: UInt64 = 0
  ) throws {
    let preparation = try preparation ?? ImagePreparation(likeFirstOf: dataset)
    batcher = ImageBatcher(dataset, preparation: preparation, augmentation: augmentation, seed: seed)
    isTraining = augmentation != nil
  }

  public var count: Int { batcher.dataset.count }

  /// Inputs `[batch, channels, height, width]` of `float32`, targets `[batch]` of `int64`.
  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    let (images, labels) = try batcher.batch(items: indices, epoch: isTraining ? epoch : nil)
    return Batch(inputs: images, targets: labels, indices: indices)
  }
}

extension ImagePreparation {
  /// The size and channels of a data set's first picture, pixels from 0 to 1.
  init(likeFirstOf dataset: any ImageDataset) throws {
    let first = try dataset.image(0)
    try self.init(mode: first.channels < 3 ? .grey : .rgb, width: first.width, height: first.height)
  }
}
