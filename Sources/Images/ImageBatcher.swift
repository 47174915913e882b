import CImage
import MartletCore

/// Makes batches of prepared, augmented floats `[batch, channels, height, width]` from a data set.
///
/// A value without state: call it from as many threads as there are; the same (seed, epoch, item) gives the same bytes on each. Small
/// pictures that lie in one block (IDX) and are only moved and mirrored go straight from the block to the batch.
public struct ImageBatcher: Sendable {
  public let dataset: any ImageDataset
  public let preparation: ImagePreparation
  /// Applied to the picture after it has the model's size and channels; a transform that leaves another size is followed by a resize.
  /// A `resizedCrop` that stands first cuts from the picture as it was decoded.
  public let augmentation: (any Transform)?
  public let seed: UInt64
  private let table: SampleTable
  private let block: ImageBlock?
  private let labels: [Int]

  public init(_ dataset: any ImageDataset, preparation: ImagePreparation, augmentation: (any Transform)? = nil, seed: UInt64 = 0) {
    self.dataset = dataset
    self.preparation = preparation
    self.augmentation = augmentation
    self.seed = seed
    table = preparation.table
    // The fast way needs pictures that have the model's size and channels already.
    block = dataset.block.flatMap {
      $0.width == preparation.width && $0.height == preparation.height && $0.mode == preparation.mode ? $0 : nil
    }
    labels = dataset.labels
  }

  /// Floats of one item.
  public var elementCount: Int { preparation.elementCount }

  /// The labels of items, positions in the data set's classes.
  /// - Throws: `ImageError` if an item does not exist.
  public func labels(of items: [Int]) throws(ImageError) -> [Int64] {
    for item in items { try dataset.checkIndex(item) }
    return items.map { Int64(labels[$0]) }
  }

  /// Writes the items one after the other to `output`.
  /// - Parameters:
  ///   - output: `items.count * elementCount` floats, `[batch, channels, height, width]` in row-major order.
  ///   - epoch: draws this epoch's augmentation; `nil` leaves the pictures as they are (validation, test).
  /// - Throws: `ImageError` naming the picture that cannot be used.
  public func fill(_ output: UnsafeMutableBufferPointer<Float>, items: [Int], epoch: Int?) throws(ImageError) {
    guard output.count == items.count * elementCount else {
      throw .argument("\(output.count) floats for a batch of \(items.count)", expected: "\(items.count * elementCount)")
    }
    for (position, item) in items.enumerated() {
      try dataset.checkIndex(item)
      let place = UnsafeMutableBufferPointer(rebasing: output[position * elementCount..<(position + 1) * elementCount])
      if try fillFast(place, item: item, epoch: epoch) { continue }
      try preparation.write(try image(item, epoch: epoch), table: table, to: place)
    }
  }

  /// The floats of a batch as an array of its own; see `fill`.
  /// - Throws: `ImageError` naming the picture that cannot be used.
  public func floats(items: [Int], epoch: Int?) throws(ImageError) -> [Float] {
    var failure: ImageError?
    let total = items.count * elementCount
    let values = [Float](unsafeUninitializedCapacity: total) { buffer, count in
      do throws(ImageError) {
        try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<total]), items: items, epoch: epoch)
        count = total
      } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }

  /// The picture as the model will see it, before it becomes floats.
  /// - Throws: `ImageError` naming the picture that cannot be used.
  public func image(_ item: Int, epoch: Int?) throws(ImageError) -> Image {
    guard let augmentation, let epoch else {
      return try preparation.fitted(try dataset.image(item, covering: (preparation.width, preparation.height)))
    }
    let start = try startingPoint(item)
    do {
      return try preparation.fitted(try augmentation.apply(to: start, seed: seed, epoch: epoch, item: item))
    } catch {
      throw ImageError(
        error.kind, source: dataset.name(item), problem: error.problem.replacing("image: ", with: "", maxReplacements: 1),
        expected: error.expected, remedy: error.remedy)
    }
  }

  /// What the augmentation is applied to: the prepared picture, or all that was decoded where the first transform cuts a part out.
  private func startingPoint(_ item: Int) throws(ImageError) -> Image {
    guard let augmentation = augmentation as? Augmentation, case .resizedCrop(let crop) = augmentation.transforms.first else {
      return try preparation.fitted(try dataset.image(item, covering: (preparation.width, preparation.height)))
    }
    // The smallest part should still have the model's pixels.
    let zoom = 1 / max(crop.scale.lowerBound, 1e-4).squareRoot()
    func side(_ wanted: Int) -> Int { min(Int((Double(wanted) * zoom).rounded(.up)), ImageLimits.longestSide) }
    return try dataset.image(item, covering: (side(preparation.width), side(preparation.height))).converted(to: preparation.mode)
  }

  /// - Returns: false if the item has to go the long way.
  private func fillFast(_ place: UnsafeMutableBufferPointer<Float>, item: Int, epoch: Int?) throws(ImageError) -> Bool {
    guard let block else { return false }
    var placement = Placement(width: block.width, height: block.height)
    let isAugmented = augmentation != nil && epoch != nil
    if isAugmented, let epoch {
      guard let augmentation = augmentation as? Augmentation else { return false }
      // Others would be drawn for nothing: only moves can be folded into one.
      guard augmentation.transforms.allSatisfy({ $0.configured == nil }) else { return false }
      var random = KeyedRandom(seed: seed, epoch: epoch, item: item)
      for transform in augmentation.transforms {
        let resolved = transform.resolved(width: placement.x.size, height: placement.y.size, random: &random)
        guard placement.add(resolved) else { return false }
      }
      guard placement.x.size == block.width, placement.y.size == block.height else { return false }
    }
    block.samples.withUnsafeBufferPointer { samples in
      guard let start = samples.baseAddress else { return }
      let source = start + item * block.stride
      let channels = Int32(block.mode.channels)
      if isAugmented {
        cimage_place8(
          source, Int32(block.width), Int32(block.height), channels, placement.x.raw, placement.y.raw, placement.fill ?? 0,
          table.values, table.scales, place.baseAddress)
      } else {
        cimage_to_planes_float8(source, block.width * block.height, channels, table.values, table.scales, place.baseAddress)
      }
    }
    return true
  }
}
