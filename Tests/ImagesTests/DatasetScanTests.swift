import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct DatasetScanTests {
  @Test func everyDamagedPictureIsNamed() async throws {
    let good = try Fixture.bytes("rgb.png"), photo = try Fixture.bytes("rgb-420.jpg")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-scan-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for index in 0..<20 {
      let bytes = index % 2 == 0 ? good : photo
      try write(index % 5 == 3 ? Array(bytes.prefix(bytes.count / 2)) : bytes, folder + "/class\(index % 2)/\(10 + index)")
    }
    let dataset = try FolderDataset(folder)
    let alone = try await dataset.scan(workers: 1)
    #expect(alone.count == 4)
    #expect(alone.allSatisfy { $0.name == dataset.name($0.index) && $0.error.description.contains($0.name) })
    #expect(alone.allSatisfy { [.truncated, .corrupt].contains($0.error.kind) })
    for workers in [2, 5, 40] { #expect(try await dataset.scan(workers: workers) == alone) }
    #expect(try await dataset.scan(workers: 3, step: 100).isEmpty)
    #expect(try await DatasetSubset(dataset, indices: alone.map(\.index)).scan().count == 4)
    // Limits are part of what a picture must meet.
    #expect(try await FolderDataset(folder, limits: ImageLimits(maxPixels: 10)).scan().count == 20)
    // What is no picture at all is refused by the data set, and listed by the scan of the folder.
    try write("no picture", folder + "/class0/note.txt")
    try write([1, 2, 3], folder + "/class1/blob")
    #expect(imageError { try FolderDataset(folder) } != nil)
    let all = try await FolderDataset.scan(folder)
    #expect(all.count == 6 && all.count { $0.error.kind == .notAnImage } == 2)
  }

  @Test func blocksAreSound() async throws {
    #expect(try await TransformTests.block().scan().isEmpty)
  }
}
