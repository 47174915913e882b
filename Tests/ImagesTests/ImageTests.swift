import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct ImageTests {
  @Test(arguments: ColourMode.allCases) func pngRoundTripIsExact(_ mode: ColourMode) throws {
    let image = Image.gradient(23, 11, mode)
    #expect(try Image.decode(image.encoded(as: .png())) == image)
    let deep = Image(
      unchecked: .uint16((0..<23 * 11 * mode.channels).map { UInt16(truncatingIfNeeded: $0 &* 977) }), width: 23, height: 11, mode: mode)
    #expect(try Image.decode(deep.encoded(as: .png(level: 9))) == deep)
  }

  @Test func jpegRoundTripIsNear() throws {
    let image = try Image.read(Fixture.path("rgb.png"))
    let flat = try image.resized(width: 4, height: 4).resized(width: 64, height: 48, filter: .bicubic)
    let back = try Image.decode(flat.encoded(as: .jpeg(quality: 95)))
    #expect((zip(back.values, flat.values).map { abs($0 - $1) }.max() ?? .max) <= 12)
    let small = try flat.encoded(as: .jpeg(quality: 10)).count, large = try flat.encoded(as: .jpeg(quality: 100)).count
    #expect(small < large)
    #expect(try Image.decode(Image.gradient(9, 9, .greyAlpha).encoded(as: .jpeg())).mode == .grey)
  }

  @Test func depthsConvertBothWays() {
    let image = Image.gradient(16, 16, .rgb)
    #expect(image.with16Bits().with8Bits() == image)
    #expect(image.with16Bits().values.max().map { $0 / 257 } == image.values.max())
    let edges = Image(unchecked: .uint16([0, 128, 129, 65535, 65407, 65406]), width: 6, height: 1, mode: .grey)
    #expect(edges.bytes == [0, 0, 1, 255, 255, 254])
  }

  @Test func modesConvertThroughEachOther() {
    let grey = Image.gradient(5, 4, .grey)
    for mode in ColourMode.allCases { #expect(grey.converted(to: mode).converted(to: .grey) == grey) }
    let clear = Image(unchecked: .uint8([10, 20, 30, 0]), width: 1, height: 1, mode: .rgba)
    #expect(clear.converted(to: .rgb).values == [255, 255, 255])
    #expect(clear.converted(to: .rgb, background: Colour(red: 1, green: 2, blue: 3)).values == [1, 2, 3])
    #expect(clear.converted(to: .grey, background: .black).values == [0])
    #expect(clear.with16Bits().converted(to: .rgb).values == [65535, 65535, 65535])
  }

  @Test func wrongSizesAreErrors() throws {
    #expect(
      imageError { try Image(width: 2, height: 2, mode: .rgb, samples: .uint8([1, 2, 3])) }?.description
        == "image: 3 samples do not fill a rgb picture of 2×2; expected 12 samples")
    #expect(imageError { try Image(width: 0, height: 2, mode: .grey, samples: .uint8([])) }?.kind == .invalidArgument)
    #expect(imageError { try Image(width: .max, height: .max, mode: .grey, samples: .uint8([])) }?.kind == .invalidArgument)
    let image = Image.gradient(8, 6)
    #expect(imageError { try image.cropped(x: 3, y: 0, width: 6, height: 6) }?.kind == .invalidArgument)
    #expect(imageError { try image.cropped(x: .max, y: 0, width: 6, height: 6) }?.kind == .invalidArgument)
    #expect(imageError { try image.centerCropped(width: 9, height: 2) }?.kind == .invalidArgument)
    #expect(imageError { try image.padded(left: -1, top: 0, right: 0, bottom: 0) }?.kind == .invalidArgument)
    #expect(imageError { try image.resized(width: 0, height: 5) }?.kind == .invalidArgument)
    #expect(imageError { try image.rotated(degrees: .nan) }?.kind == .invalidArgument)
    #expect(imageError { try image.encoded(as: .jpeg(quality: 0)) }?.kind == .invalidArgument)
    #expect(imageError { try image.encoded(as: .png(level: 11)) }?.kind == .invalidArgument)
    #expect(image.sample(x: 8, y: 0) == nil && image.sample(x: 1, y: 1) == image.values[9])
  }

  @Test(arguments: [ColourMode.grey, .rgb, .rgba]) func geometryIsTheSameAtBothDepths(_ mode: ColourMode) throws {
    let image = Image.gradient(19, 13, mode)
    let deep = image.with16Bits()
    func near(_ one: Image, _ two: Image) -> Bool {
      one.width == two.width && one.height == two.height
        && zip(one.values, two.values).allSatisfy { abs($0 - $1) <= (mode == .rgba ? 3 : 1) }
    }
    #expect(deep.flippedHorizontally().with8Bits() == image.flippedHorizontally())
    #expect(deep.shifted(x: 3, y: -2, fill: 200).with8Bits() == image.shifted(x: 3, y: -2, fill: 200))
    #expect(near(try deep.rotated(degrees: 17, fill: 9).with8Bits(), try image.rotated(degrees: 17, fill: 9)))
    if mode != .rgba {
      for filter in ResizeFilter.allCases {
        #expect(
          near(try deep.resized(width: 8, height: 30, filter: filter).with8Bits(), try image.resized(width: 8, height: 30, filter: filter)))
      }
    }
  }

  @Test func movesUndoEachOther() throws {
    let image = Image.gradient(12, 7, .rgb)
    #expect(image.flippedHorizontally().flippedHorizontally() == image)
    #expect(image.flippedVertically().flippedVertically() == image)
    #expect(try image.padded(left: 2, top: 3, right: 1, bottom: 4).cropped(x: 2, y: 3, width: 12, height: 7) == image)
    #expect(image.flippedHorizontally().flippedVertically() == (try image.rotated(degrees: 180)))
    #expect(try image.rotated(degrees: 90, expand: true).rotated(degrees: -90, expand: true) == image)
    #expect(try image.rotated(degrees: 450, expand: true) == image.rotated(degrees: 90, expand: true))
    let flat = try Image(width: 9, height: 9, mode: .rgb, filledWith: Colour(red: 7, green: 8, blue: 9))
    #expect(Set(try flat.resized(width: 31, height: 4).bytes) == [7, 8, 9])
    #expect(image.shifted(x: 99, y: 0, fill: 4).bytes.allSatisfy { $0 == 4 })
  }

  @Test func writingIsWholeOrNotAtAll() throws {
    try withFolder { folder in
      let image = Image.gradient(5, 5, .rgb)
      try image.write(to: folder + "/a.png")
      #expect(try Image.read(folder + "/a.png") == image)
      try image.write(to: folder + "/a.JPEG")
      #expect(try ByteSignature(FileBytes.read(folder + "/a.JPEG", limit: 1 << 20)) == .jpeg)
      #expect(imageError { try image.write(to: folder + "/a.tiff") }?.kind == .unsupported)
      #expect(
        imageError { try image.write(to: folder + "/missing/a.png") }?.description.contains("cannot be written: No such file") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.JPEG", "a.png"])
    }
  }
}
