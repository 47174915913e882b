import Foundation
import Images
import MartletCore
import Project
import Torch
import Training

/// The pictures of a project in their three parts, and how they are prepared.
struct ImageParts: Sendable {
  let training: any ImageDataset
  /// `nil` where the project wants none.
  let validation: (any ImageDataset)?
  let test: any ImageDataset
  let preparation: ImagePreparation
  let augmentation: Images.Augmentation?
  let seed: UInt64
  /// The processes that train together, each on its part of every batch.
  var group: ProcessGroup?

  var labels: [String] { training.classes }

  /// Batches of one of the parts; only training pictures are changed at random.
  func batches(_ dataset: any ImageDataset, augmented: Bool = false) throws -> ShardedBatches {
    let batches = try ImageBatches(dataset, preparation: preparation, augmentation: augmented ? augmentation : nil, seed: seed)
    return ShardedBatches(batches, over: group)
  }

  /// Reads what a project's `data` describes, splits it, and measures the normalisation on the training part alone.
  /// - Parameters:
  ///   - fixed: a bundle's own preparation, which then is not measured.
  ///   - known: the classes that a bundle knows already; folders and lists of another model's classes are then errors.
  /// - Throws: `ImageError`, `ArgumentError`, `FileError` naming the file or the key of the project that is wrong.
  init(_ file: ImageProject, preparedBy fixed: ImagePreparation? = nil, labels known: [String]? = nil) throws {
    let data = file.project.data
    let seed = file.project.training.seed
    var (all, ownTest) = try Self.sources(file, known)
    try Self.check(all, labels: data.labels)

    switch ownTest == nil ? data.testPart ?? .share(0.2) : .share(0) {
    case .source(let source): ownTest = try Self.open(source, file, classes: all.classes)
    case .share(let share):
      if ownTest == nil {
        let split = try StratifiedSplit(labels: all.labels, validation: share, seed: seed)
        guard !split.validation.isEmpty else {
          throw ArgumentError("data.test of \(share) leaves no picture to judge by", expected: "a larger share, or pictures of its own")
        }
        ownTest = try DatasetSubset(all, indices: split.validation)
        all = try DatasetSubset(all, indices: split.training)
      }
    }
    guard let test = ownTest else { throw ArgumentError("the project has no test part", expected: "data.test") }

    var validation: (any ImageDataset)?
    switch data.validation {
    case .source(let source): validation = try Self.open(source, file, classes: all.classes)
    case .share(let share) where share > 0:
      let split = try StratifiedSplit(labels: all.labels, validation: share, seed: seed &+ 1)
      validation = split.validation.isEmpty ? nil : try DatasetSubset(all, indices: split.validation)
      all = try DatasetSubset(all, indices: split.training)
    case .share: break
    }
    if let limit = data.limit, limit < all.count {
      let split = try StratifiedSplit(labels: all.labels, validation: Double(limit) / Double(all.count), seed: seed &+ 2)
      all = try DatasetSubset(all, indices: split.validation)
    }

    training = all
    self.validation = validation
    self.test = test
    self.seed = seed
    preparation = try fixed ?? Self.preparation(data, all)
    augmentation = data.augment.isEmpty ? nil : try Images.Augmentation(data.augment.map(Self.transform))
  }

  /// Decodes pictures that no training step will see, so that a damaged one is known before training: all of them up to 5,000, evenly
  /// spread ones beyond.
  /// - Throws: `ImageError` naming the file.
  func checkPictures() async throws {
    for dataset in [validation, test].compactMap({ $0 }) where dataset.block == nil {
      let step = max(1, dataset.count / 5000)
      try await withThrowingTaskGroup(of: Void.self) { group in
        let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
        for worker in 0..<workers {
          group.addTask {
            for index in stride(from: worker * step, to: dataset.count, by: workers * step) {
              try Task.checkCancellation()
              _ = try dataset.image(index, covering: (preparation.width, preparation.height))
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  // Sources -----------------------------------------------------------------------------------------------------------------------------

  private static func sources(
    _ file: ImageProject, _ classes: [String]?
  ) throws -> (all: any ImageDataset, test: (any ImageDataset)?) {
    let data = file.project.data
    if let source = data.train { return (try open(source, file, classes: classes), nil) }
    let fetched = try FetchedImages(data.dataset ?? "", classes: data.labels)
    return (fetched.training, fetched.test)
  }

  private static func open(_ source: ImageSource, _ file: ImageProject, classes: [String]?) throws -> any ImageDataset {
    switch source {
    // Numbers have no names of their own: what a model calls them must not hide that they mean something else here.
    case .idx(let images, let labels):
      try IDXDataset(images: file.resolve(images), labels: file.resolve(labels), classes: file.project.data.labels)
    case .folder(let path): try FolderDataset(file.resolve(path), classes: classes ?? file.project.data.labels)
    case .csv(let path, let image, let label):
      try CSVDataset(file.resolve(path), pathColumn: image, labelColumn: label, classes: classes ?? file.project.data.labels)
    }
  }

  private static func check(_ dataset: any ImageDataset, labels: [String]?) throws {
    if let labels, labels.count != dataset.classes.count {
      throw ArgumentError("data.labels names \(labels.count) classes, the pictures have \(dataset.classes.count)")
    }
    if let twice = Dictionary(grouping: dataset.classes, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
      throw ArgumentError(
        "two classes are called '\(twice)'", expected: "a name of its own for each class", remedy: "data.labels in martlet.yml")
    }
    let present = dataset.classCounts.count { $0 > 0 }
    guard present >= 2 else {
      throw ArgumentError(
        "the training pictures are all of \(present) class", expected: "pictures of two classes or more",
        remedy: "check data.train; the classes are \(dataset.classes.prefix(10).joined(separator: ", "))")
    }
  }

  // Preparation -------------------------------------------------------------------------------------------------------------------------

  private static func preparation(_ data: ProjectData, _ training: any ImageDataset) throws -> ImagePreparation {
    let first = try training.image(0)
    let mode: ColourMode =
      switch data.channels.value {
      case 1: .grey
      case 3: .rgb
      default: first.channels < 3 ? .grey : .rgb
      }
    let (width, height) = try size(data.size, training, first)
    switch data.normalize {
    case .none: return try ImagePreparation(mode: mode, width: width, height: height)
    case .fixed(let mean, let std):
      return try ImagePreparation(mode: mode, width: width, height: height, mean: mean.map(Float.init), std: std.map(Float.init))
    case .auto:
      let plain = try ImagePreparation(mode: mode, width: width, height: height)
      let (mean, std) = try statistics(training, plain)
      return try ImagePreparation(mode: mode, width: width, height: height, mean: mean, std: std)
    }
  }

  private static func size(_ size: ImageSize, _ training: any ImageDataset, _ first: Image) throws -> (width: Int, height: Int) {
    if case .fixed(let height, let width) = size { return (width, height) }
    if training.block == nil {
      // Looking at some is enough to notice photos of all sizes; a single stray picture is resized like any other.
      let step = max(1, training.count / 64)
      for index in stride(from: 0, to: training.count, by: step) {
        let image = try training.image(index)
        guard image.width == first.width, image.height == first.height else {
          throw ArgumentError(
            "the pictures differ in size: \(training.name(0)) has \(first.width)×\(first.height), \(training.name(index)) \(image.width)×\(image.height)",
            remedy: "data.size in martlet.yml, such as size: 64")
        }
      }
    }
    return (first.width, first.height)
  }

  /// Mean and standard deviation of each channel over the training pictures, at most 10,000 of them, evenly spread.
  private static func statistics(_ training: any ImageDataset, _ preparation: ImagePreparation) throws -> (mean: [Float], std: [Float]) {
    let batcher = ImageBatcher(training, preparation: preparation)
    let step = max(1, training.count / 10_000)
    let items = Array(stride(from: 0, to: training.count, by: step))
    let channels = preparation.mode.channels
    var sum = try Tensor.zeros([channels], dtype: .float64), squares = sum
    var count = 0.0
    for start in stride(from: 0, to: items.count, by: 256) {
      let part = Array(items[start..<min(start + 256, items.count)])
      let batch = try Tensor(batcher.floats(items: part, epoch: nil), shape: [part.count] + preparation.shape).to(.float64)
      sum = try sum + batch.sum(dims: [0, 2, 3])
      squares = try squares + (batch * batch).sum(dims: [0, 2, 3])
      count += Double(part.count * preparation.width * preparation.height)
    }
    let mean = try sum / count
    let std = try (squares / count - mean * mean).clamp(min: 0).sqrt()
    // One colour everywhere: nothing to scale.
    return (try mean.array(of: Float.self), try std.array(of: Float.self).map { $0 > 1e-6 ? $0 : 1 })
  }

  /// Settings that the project leaves out are the transform's own.
  static func transform(_ choice: NamedChoice) throws -> ImageTransform {
    let probability = choice.number("probability") ?? 0.5
    switch (choice.name, choice.word("direction")) {
    case ("crop", _): return .randomCrop(padding: choice.whole("padding") ?? 4)
    case ("flip", "vertical"): return .flipVertical(probability: probability)
    case ("flip", _): return .flipHorizontal(probability: probability)
    case ("rotate", _): return .rotate(degrees: choice.number("degrees") ?? 10)
    case ("shift", _): return .shift(x: choice.number("share") ?? 0.1, y: choice.number("share") ?? 0.1)
    default:
      let settings = Dictionary(choice.settings.map { (camelCase($0.key), $0.value) }, uniquingKeysWith: { $1 })
      return try JSON.decode(
        ImageTransform.self, from: JSON.encode([camelCase(choice.name): settings]), source: "data.augment's \(choice.name)")
    }
  }

  /// `colourJitter` for `colour-jitter`: the keys of `Images` are written that way.
  private static func camelCase(_ name: String) -> String {
    name.split(separator: "-").enumerated().map { $0 == 0 ? String($1) : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
  }
}
