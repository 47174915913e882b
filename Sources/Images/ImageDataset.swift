import MartletCore

/// Labelled pictures, however they are stored. Safe to read from many threads at once.
public protocol ImageDataset: Sendable {
  /// The number of pictures.
  var count: Int { get }
  /// The classes' names; labels are positions in this list.
  var classes: [String] { get }
  /// The label of every picture, positions in `classes`.
  var labels: [Int] { get }
  /// The pictures as one block of 8-bit samples, if they are kept that way.
  var block: ImageBlock? { get }

  /// What errors and reports call a picture: its file, or its number in the file.
  func name(_ index: Int) -> String
  /// One picture.
  /// - Parameter size: a hint, as `covering` in `Image.decode`.
  /// - Throws: `ImageError` naming the file if it cannot be decoded.
  func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image
  /// SHA-256 over names, labels, classes and contents: equal exactly if the data are, for lineage.
  /// - Throws: `ImageError` naming a file that cannot be read.
  func digest() throws(ImageError) -> String
}

extension ImageDataset {
  public var block: ImageBlock? { nil }

  /// One picture in full size.
  /// - Throws: `ImageError` naming the file if it cannot be decoded.
  public func image(_ index: Int) throws(ImageError) -> Image { try image(index, covering: nil) }

  /// How many pictures each class has, in the order of `classes`.
  public var classCounts: [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for label in labels { counts[label] += 1 }
    return counts
  }

  func checkIndex(_ index: Int) throws(ImageError) {
    guard (0..<count).contains(index) else { throw .argument("there is no picture \(index)", expected: "0 to \(count - 1)") }
  }
}

/// Many pictures of one size, 8 bits, one after the other in memory.
public struct ImageBlock: Sendable, Hashable {
  /// The size and channels of each.
  public let width, height: Int
  public let mode: ColourMode
  /// All samples: `count * height * width * channels`.
  public let samples: [UInt8]

  /// - Parameter samples: whole pictures, in the order of the data set.
  public init(width: Int, height: Int, mode: ColourMode, samples: [UInt8]) {
    self.width = width
    self.height = height
    self.mode = mode
    self.samples = samples
  }

  /// Samples of one picture.
  public var stride: Int { width * height * mode.channels }
}

/// The digest of a data set from the digests of its parts.
struct DatasetDigest {
  private var lines: [String] = []

  mutating func add(_ name: String, _ digest: String) { lines.append("\(digest)  \(name)") }

  /// Lines are joined by newlines; names cannot forge one because control characters are escaped.
  func finish(classes: [String]) -> String {
    let all = classes.map { "class  \($0)" } + lines
    return Digest.sha256(all.map { $0.debugDescription }.joined(separator: "\n"))
  }
}
