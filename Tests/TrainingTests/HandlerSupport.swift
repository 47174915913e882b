import Foundation
import MartletCore
import NN
import Torch

@testable import Training

/// Real pictures: the first ones of Fashion-MNIST's test part, 28 × 28, from 0 to 1. `scripts/fetch-data fashion-mnist` brings them.
enum Fashion {
  static let isInstalled = SharedFiles.path("data/fashion-mnist/t10k-images-idx3-ubyte.gz") != nil

  /// - Returns: pictures `[count, 1, 28, 28]` and classes.
  static func items(_ range: Range<Int>) throws -> (pictures: Tensor, classes: Tensor) {
    let pictures = try unpacked("data/fashion-mnist/t10k-images-idx3-ubyte.gz", header: 16, size: 784, range)
    let classes = try unpacked("data/fashion-mnist/t10k-labels-idx1-ubyte.gz", header: 8, size: 1, range)
    return (
      try Tensor(pictures, shape: [range.count, 1, 28, 28]).to(.float32) / 255, try Tensor(classes, shape: [range.count]).to(.int64)
    )
  }

  private static func unpacked(_ name: String, header: Int, size: Int, _ range: Range<Int>) throws -> [UInt8] {
    guard let path = SharedFiles.path(name) else { throw FileError(path: name, problem: "is not installed") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return [UInt8](data[(header + range.lowerBound * size)..<(header + range.upperBound * size)])
  }
}

func close(_ left: [Double], _ right: [Double], _ tolerance: Double) -> Bool {
  left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}
