/// Some pictures of a data set, in an order of its own: one side of a split, a sample for a preview.
public struct DatasetSubset: ImageDataset {
  public let base: any ImageDataset
  /// Positions in `base`.
  public let indices: [Int]
  public let labels: [Int]

  /// - Throws: `ImageError` if an index lies outside `base`.
  public init(_ base: any ImageDataset, indices: [Int]) throws(ImageError) {
    for index in indices { try base.checkIndex(index) }
    self.base = base
    self.indices = indices
    let all = base.labels
    labels = indices.map { all[$0] }
  }

  public var count: Int { indices.count }
  public var classes: [String] { base.classes }
  public func name(_ index: Int) -> String { base.name(indices[index]) }

  public func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
    try checkIndex(index)
    return try base.image(indices[index], covering: size)
  }

  public func digest() throws(ImageError) -> String {
    var digest = DatasetDigest()
    digest.add(indices.map(String.init).joined(separator: ","), try base.digest())
    return digest.finish(classes: classes)
  }
}
