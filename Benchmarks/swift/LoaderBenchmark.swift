import Foundation
import Martlet

/// Pictures a second that come out of a loader which decodes JPEGs, crops, flips, jitters and normalises: the usual way to train on photos.
/// The folder is the one that `Benchmarks/images/loader.py` makes.
enum LoaderBenchmark {
  /// - Parameter arguments: the folder of pictures and the number of workers.
  static func run(_ arguments: [String]) async throws -> [String: Double] {
    guard arguments.count == 2, let workers = Int(arguments[1]) else {
      throw ArgumentError("loader \(arguments)", expected: "a folder of pictures and a number of workers")
    }
    let pictures = try FolderDataset(arguments[0])
    let preparation = try ImagePreparation(
      mode: .rgb, width: 224, height: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    let jitter = ColourJitter(brightness: 0.6...1.4, contrast: 0.6...1.4, saturation: 0.6...1.4)
    let augmentation = Augmentation([
      .resizedCrop(ResizedCrop(width: 224, height: 224)), .flipHorizontal(), .colourJitter(jitter),
    ])
    let loader = try DataLoader(
      ImageBatches(pictures, preparation: preparation, augmentation: augmentation, seed: 1), batchSize: 32, shuffle: true, seed: 1,
      workers: workers)
    var best = 0.0
    for epoch in 0..<4 {
      let clock = ContinuousClock(), start = clock.now
      var count = 0
      for try await batch in loader { count += batch.indices.count }
      // The first epoch warms up.
      if epoch > 0 { best = max(best, Double(count) / ((clock.now - start) / .seconds(1))) }
    }
    return ["pictures": best]
  }
}
