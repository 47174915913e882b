import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct WebPTests {
  static let isThere = WebP.library != nil

  @Test(.enabled(if: WebPTests.isThere), arguments: ["lossy", "exact", "alpha", "lossy-alpha", "turned"])
  func decodesAsPillowDoes(_ name: String) throws {
    let image = try Image.read(Fixture.path("webp-\(name).webp"))
    let expected = try Image.read(Fixture.path("webp-\(name).png"))
    #expect(image.width == expected.width && image.height == expected.height && image.mode == expected.mode)
    #expect((zip(image.values, expected.values).map { abs($0 - $1) }.max() ?? .max) <= 1)
  }

  @Test(.enabled(if: WebPTests.isThere)) func encodes() throws {
    let image = Image.gradient(19, 13, .rgb)
    #expect(try Image.decode(image.encoded(as: .webp(quality: nil))) == image)
    let photo = try Image.read(Fixture.path("rgb.png"))
    #expect(try photo.encoded(as: .webp(quality: 20)).count < photo.encoded(as: .webp(quality: 95)).count)
    #expect(imageError { try photo.encoded(as: .webp(quality: 101)) }?.kind == .invalidArgument)
    try withFolder { folder in
      try photo.write(to: folder + "/a.webp")
      #expect(try Image.read(folder + "/a.webp", as: .grey).width == photo.width)
      try write(FileBytes.read(folder + "/a.webp", limit: .max), folder + "/data/one/1.webp")
      try write(FileBytes.read(Fixture.path("rgb.png"), limit: .max), folder + "/data/two/1.png")
      #expect(try FolderDataset(folder + "/data").image(0).width == photo.width)
    }
  }

  @Test func aMachineWithoutTheLibrarySaysWhatToInstall() throws {
    let missing = WebP.Library(named: "libwebp-that-is-not-there.so.7")
    #expect(missing == nil)
    let error = try #require(
      imageError {
        try Fixture.bytes("webp-lossy.webp").withUnsafeBytes {
          try WebP.decode($0, limits: .default, source: "cat.webp", library: missing)
        }
      })
    #expect(error.kind == .unsupported)
    #expect(error.description.contains("cat.webp: is WebP, and this machine lacks libwebp; expected libwebp.so.7"))
    #expect(error.remedy?.contains("apt-get install libwebp7") == true)
    #expect(imageError { try WebP.encode(Image.gradient(2, 2), quality: 90, library: missing) }?.kind == .unsupported)
  }

  /// The header alone decides, before the library is even looked for.
  @Test func limitsComeFirst() throws {
    for name in ["lossy", "exact", "alpha"] {
      let error = imageError {
        try Fixture.bytes("webp-\(name).webp").withUnsafeBytes {
          try WebP.decode($0, limits: ImageLimits(maxPixels: 100), source: "cat.webp", library: nil)
        }
      }
      #expect(error?.kind == .tooLarge, "\(name)")
    }
  }

  @Test(.enabled(if: WebPTests.isThere)) func damageIsNamed() throws {
    #expect(imageError { try Image.read(Fixture.path("webp-frames.webp")) }?.description.contains("animated") == true)
    for name in ["lossy", "exact", "alpha", "turned"] {
      let bytes = try Fixture.bytes("webp-\(name).webp")
      for length in stride(from: 16, to: bytes.count, by: 7) {
        #expect(imageError { try Image.decode(Array(bytes.prefix(length))) } != nil, "\(name) cut at \(length)")
      }
      var random = KeyedRandom(seed: 1, purpose: name)
      for _ in 0..<200 {
        // Any bytes may change: an error or a picture, never a crash.
        var broken = bytes
        for _ in 0..<4 { broken[12 + random.below(bytes.count - 12)] = UInt8(random.below(256)) }
        _ = try? Image.decode(broken, limits: ImageLimits(maxPixels: 1_000_000))
      }
    }
  }
}
