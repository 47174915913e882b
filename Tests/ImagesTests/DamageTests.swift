import Foundation
import FuzzTesting
import MartletCore
import Testing

@testable import Images

/// Files that are not what they should be: always an `ImageError` that names the file, never a crash or half a picture.
@Suite struct DamageTests {
  private func failure(_ bytes: [UInt8], limits: ImageLimits = .default) -> ImageError? {
    imageError { try Image.decode(bytes, limits: limits, source: "photo") }
  }

  @Test(arguments: ["rgb.jpg", "rgb-progressive.jpg", "grey.jpg", "cmyk.jpg", "restart.jpg"]) func truncatedJPEG(_ name: String) throws {
    let bytes = try Fixture.bytes(name)
    for length in stride(from: 4, to: bytes.count - 1, by: 41) {
      let error = try #require(failure(Array(bytes.prefix(length))), "\(length) bytes passed")
      #expect([.truncated, .corrupt].contains(error.kind))
      #expect(error.problem.hasPrefix("photo: "))
    }
    #expect(failure(Array(bytes.dropLast(2)))?.kind == .truncated)
  }

  @Test(arguments: ["rgb.png", "interlaced.png", "palette-transparent.png", "rgb16.png"]) func truncatedPNG(_ name: String) throws {
    let bytes = try Fixture.bytes(name)
    for length in stride(from: 5, to: bytes.count - 4, by: 23) {
      let error = try #require(failure(Array(bytes.prefix(length))), "\(length) bytes passed")
      #expect(error.kind == .truncated)
    }
    #expect(failure(Array(bytes.dropLast(5)))?.kind == .truncated)
  }

  @Test func wrongChecksums() throws {
    var bytes = try Fixture.bytes("rgb.png")
    bytes[bytes.count - 14] ^= 1
    let error = try #require(failure(bytes))
    #expect(error.kind == .corrupt && error.problem.lowercased().contains("checksum"), "\(error)")
    #expect(error.remedy == "copy or download the file again, or remove it")
    // A note's checksum counts too.
    let png = try Fixture.bytes("rgb.png")
    var note = pngChunk("tEXt", Array("a\0b".utf8))
    #expect(failure(Array(png.prefix(33)) + note + png.dropFirst(33)) == nil)
    note[note.count - 1] ^= 1
    #expect(failure(Array(png.prefix(33)) + note + png.dropFirst(33))?.kind == .corrupt)
  }

  @Test func damagedJPEGStreamIsAnError() throws {
    var bytes = try Fixture.bytes("restart.jpg")
    let start = bytes.count / 2
    for index in start..<start + 40 { bytes[index] = 0xAA }
    #expect(failure(bytes)?.kind == .corrupt)
  }

  @Test func headersThatLieAreCaughtBeforeAllocation() throws {
    let png = try Fixture.bytes("rgb.png")
    func header(_ width: Int, _ height: Int) -> [UInt8] {
      Array(png.prefix(8)) + pngChunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0]) + png.dropFirst(33)
    }
    #expect(
      failure(header(60_000, 60_000))?.description
        == "photo: has 60000×60000 = 3600000000 pixels; expected at most 100000000; try: make the picture smaller, or raise the limit on pixels"
    )
    #expect(failure(header(9000, 9000))?.problem.contains("cannot hold the 9000×9000 pixels that its header promises") == true)
    #expect(failure(header(70_000, 10))?.kind == .tooLarge)
    #expect(failure(header(0, 10))?.kind == .corrupt)
    #expect(failure(header(37, 30))?.kind == .truncated)
    #expect(failure(header(37, 28)) == nil || failure(header(37, 28))?.kind == .corrupt)
    var jpeg = try Fixture.bytes("rgb.jpg")
    let frame = try #require((0..<jpeg.count - 1).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(failure(jpeg)?.kind == .tooLarge)
  }

  @Test func limitsAreTheUsers() throws {
    let bytes = try Fixture.bytes("rgb.png")
    #expect(failure(bytes, limits: ImageLimits(maxPixels: 37 * 29)) == nil)
    #expect(failure(bytes, limits: ImageLimits(maxPixels: 37 * 29 - 1))?.kind == .tooLarge)
    #expect(failure(bytes, limits: ImageLimits(maxSide: 36))?.kind == .tooLarge)
    #expect(failure(bytes, limits: ImageLimits(maxFileBytes: 100))?.kind == .tooLarge)
    #expect(failure(try Fixture.bytes("rgb.jpg"), limits: ImageLimits(maxPixels: 1000))?.kind == .tooLarge)
    let path = Fixture.path("rgb.png")
    #expect(imageError { try Image.read(path, limits: ImageLimits(maxFileBytes: 100)) }?.kind == .tooLarge)
  }

  @Test func metadataThatExplodesIsRefused() throws {
    let png = try Fixture.bytes("rgb.png")
    let note = pngChunk("tEXt", Array("a\0".utf8) + [UInt8](repeating: 65, count: 40_000))
    let bytes = Array(png.prefix(33)) + note + note + png.dropFirst(33)
    #expect(failure(bytes) == nil)
    // The pixels themselves are no metadata.
    let large = Array(try Image.gradient(300, 300, .rgb).encoded(as: .png(level: 0)))
    #expect(failure(large, limits: ImageLimits(maxMetadataBytes: 50_000)) == nil)
    #expect(
      failure(bytes, limits: ImageLimits(maxMetadataBytes: 50_000))?.kind == .tooLarge,
      "\(failure(bytes, limits: ImageLimits(maxMetadataBytes: 50_000)) as Any)")
  }

  @Test func otherThingsAreNamed() throws {
    #expect(
      failure(Array("hello, I am a cat\n".utf8))?.description
        == "photo: is text, not an image; expected a JPEG or PNG file; try: remove it, or give the picture it stands for")
    #expect(failure(Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8))?.kind == .notAnImage)
    #expect(failure(Array("die Schwalbe fliegt über Grün".utf8))?.problem == "photo: is text, not an image")
    #expect(failure([])?.problem == "photo: is empty")
    #expect(failure([0, 1, 2, 3, 4])?.kind == .notAnImage)
    for (name, format) in [("other.gif", "GIF"), ("other.bmp", "BMP"), ("other.tiff", "TIFF")] {
      let error = try #require(failure(try Fixture.bytes(name)))
      #expect(error.kind == .unsupported && error.problem == "photo: \(format) is not supported")
    }
    #expect(failure([0, 0, 0, 32] + Array("ftypheic".utf8))?.problem == "photo: HEIC is not supported")
    #expect(failure([0, 0, 0, 32] + Array("ftypavif".utf8))?.problem == "photo: AVIF is not supported")
    #expect(failure(Array("%PDF-1.7".utf8))?.problem == "photo: is a PDF document, not an image")
    #expect(failure(try Fixture.bytes("bits12.jpg"))?.problem == "photo: JPEG with 12-bit samples is not supported")
    #expect(failure([0xFF, 0xD8, 0xFF, 0xD9])?.kind == .corrupt)
  }

  @Test func pathsThatCannotBeRead() throws {
    try withFolder { folder in
      #expect(imageError { try Image.read(folder + "/none.png") }?.description.contains("none.png: cannot be read: No such file") == true)
      #expect(imageError { try Image.read(folder) }?.problem.hasSuffix("it is a folder") == true)
    }
  }

  @Test func exifThatLeadsAstrayIsPassedOver() throws {
    func orientation(_ bytes: [UInt8]) -> Int? { bytes.withUnsafeBytes { Exif.orientation(tiff: ByteReader(bytes: $0)) } }
    let good: [UInt8] = Array("II".utf8) + [42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]
    #expect(orientation(good) == 6)
    for length in 0..<good.count - 3 { #expect(orientation(Array(good.prefix(length))) == nil) }
    var far = good
    far.replaceSubrange(4..<8, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(orientation(far) == nil)
    var strange = good
    strange[18] = 77
    strange[16] = 9
    #expect(orientation(strange) == nil)
  }

  /// Fixed seed, 2,400 inputs: bytes changed, removed, doubled. Each gives an image or an `ImageError`.
  @Test func mutatedFilesNeverCrash() throws {
    let names = [
      "rgb.jpg", "rgb-progressive.jpg", "cmyk.jpg", "exif-6.jpg", "rgb.png", "palette-transparent.png", "interlaced.png", "grey16.png",
    ]
    let originals = try names.map { try Fixture.bytes($0) }
    let idx: [UInt8] = [0, 0, 8, 3] + [2, 3, 4].flatMap(bigEndian) + [UInt8](repeating: 9, count: 24)
    let limits = ImageLimits(maxPixels: 1_000_000)
    var fuzz = FuzzRun("images")
    for round in 0..<2400 * FuzzRun.times {
      var random = KeyedRandom(seed: 7, purpose: "mutate", index: UInt64(round))
      let which = round % (originals.count + 1)
      var bytes = which < originals.count ? originals[which] : idx
      for _ in 0...random.below(4) {
        // Headers are where the decisions fall, so half of the damage goes there.
        let place = random.below(random.bernoulli(0.5) ? min(64, bytes.count) : bytes.count)
        switch random.below(4) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(16)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 8)], at: place)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      fuzz.attempt {
        do {
          if which < originals.count {
            let image = try Image.decode(bytes, limits: limits)
            #expect(image.samples.count == image.pixelCount * image.channels)
          } else {
            let file = try IDXFile(bytes, path: "mutated", dimensions: 1...4)
            #expect(file.values.count == file.dimensions.reduce(1, *))
          }
          return true
        } catch { return false }
      }
    }
    fuzz.tell()
    #expect(fuzz.refused > fuzz.inputs * 2 / 5 && fuzz.inputs - fuzz.refused > fuzz.inputs / 50)
  }
}
