import MartletCore

/// Pictures and labels in two IDX files, plain or `.gz`: MNIST, Fashion-MNIST, EMNIST, Kuzushiji-MNIST. Kept in memory as one block.
public struct IDXDataset: ImageDataset {
  public let count: Int
  public let classes: [String]
  public let labels: [Int]
  private let pixels: ImageBlock
  private let path: String

  public var block: ImageBlock? { pixels }

  /// - Parameters:
  ///   - images: an IDX file of `[count, height, width]`, or `[count, height, width, channels]`.
  ///   - labels: an IDX file of `[count]`.
  ///   - classes: the classes' names in the order of the labels; `nil` counts them from "0" to the largest label.
  ///   - limits: what one picture may cost.
  /// - Throws: `ImageError` naming the file, for anything from a missing file to a header that lies.
  public init(images: String, labels: String, classes: [String]? = nil, limits: ImageLimits = .default) throws(ImageError) {
    let pictures = try IDXFile(path: images, dimensions: 3...4)
    let numbers = try IDXFile(path: labels, dimensions: 1...1)
    try self.init(pictures, numbers, classes: classes, limits: limits)
  }

  init(
    _ pictures: IDXFile, _ numbers: IDXFile, classes names: [String]?, limits: ImageLimits = .default
  ) throws(ImageError) {
    let sizes = pictures.dimensions
    guard let mode = ColourMode(rawValue: sizes.count == 4 ? sizes[3] : 1) else {
      throw ImageError(.invalidDataset, source: pictures.path, problem: "its pictures have \(sizes[3]) channels", expected: "1 to 4")
    }
    guard sizes[0] > 0 else { throw ImageError(.invalidDataset, source: pictures.path, problem: "holds no pictures") }
    try limits.check(width: sizes[2], height: sizes[1], source: pictures.path)
    guard numbers.dimensions[0] == sizes[0] else {
      throw ImageError(
        .invalidDataset, source: numbers.path, problem: "has \(numbers.dimensions[0]) labels",
        expected: "\(sizes[0]), as \(pictures.path) has pictures",
        remedy: "check that the two files belong together")
    }
    let largest = Int(numbers.values.max() ?? 0)
    let classes = names ?? (0...largest).map(String.init)
    if let index = numbers.values.firstIndex(where: { Int($0) >= classes.count }) {
      throw ImageError(
        .invalidDataset, source: numbers.path, problem: "label \(numbers.values[index]) of item \(index) has no name",
        expected: "labels 0 to \(classes.count - 1)", remedy: "name all \(largest + 1) classes")
    }
    if names == nil, largest == 0 { throw DatasetProblem.oneClass(numbers.path, "0") }
    count = sizes[0]
    self.classes = classes
    labels = numbers.values.map(Int.init)
    pixels = ImageBlock(width: sizes[2], height: sizes[1], mode: mode, samples: pictures.values)
    path = pictures.path
  }

  public func name(_ index: Int) -> String { "\(path)[\(index)]" }

  public func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
    try checkIndex(index)
    let samples = Array(pixels.samples[index * pixels.stride..<(index + 1) * pixels.stride])
    return Image(unchecked: .uint8(samples), width: pixels.width, height: pixels.height, mode: pixels.mode)
  }

  public func digest() throws(ImageError) -> String {
    var digest = DatasetDigest()
    digest.add("images \(count)×\(pixels.height)×\(pixels.width)×\(pixels.mode.channels)", Bytes.sha256(pixels.samples))
    digest.add("labels", Bytes.sha256(labels.map { UInt8(truncatingIfNeeded: $0) }))
    return digest.finish(classes: classes)
  }
}
