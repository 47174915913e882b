import MartletCore
import Testing

@testable import Images

@Suite struct ContactSheetTests {
  @Test func everyGlyphIsItsOwn() {
    let glyphs = (0x20..<0x7F).map { BitmapFont.rows(Character(UnicodeScalar(UInt8($0)))) }
    #expect(glyphs.allSatisfy { $0.count == 7 && $0.allSatisfy { $0 < 32 } })
    #expect(Set(glyphs).count == 95)
    #expect(BitmapFont.rows("鳥") == BitmapFont.rows("\u{7F}"))
  }

  @Test func sheetHasItsPicturesAndLabels() throws {
    let data = try TransformTests.block(20, 12, 12)
    let sheet = try ContactSheet.render(data, columns: 4, rows: 3, seed: 1)
    #expect(sheet.width == 6 + 4 * 102 && sheet.height == 6 + 3 * 114 && sheet.mode == .rgb)
    #expect(try ContactSheet.render(data, columns: 4, rows: 3, seed: 1) == sheet)
    #expect(try ContactSheet.render(data, columns: 4, rows: 3, seed: 2) != sheet)
    // The first cell is the first choice, eight times as large; its label's ink lies below.
    let first = try data.image(ContactSheet.choose(data, count: 12, seed: 1)[0]).resized(width: 96, height: 96, filter: .nearest)
    #expect(try sheet.cropped(x: 6, y: 6, width: 96, height: 96) == first.converted(to: .rgb))
    let caption = try sheet.cropped(x: 6, y: 103, width: 96, height: 10)
    let word = "class 0".flatMap { BitmapFont.rows($0) }.map(\.nonzeroBitCount).reduce(0, +)
    #expect(caption.bytes.count { $0 == 24 } == word * 3)
    // Every class comes up as often as the others.
    let labels = ContactSheet.choose(data, count: 12, seed: 1).map { data.labels[$0] }
    #expect((0..<3).allSatisfy { label in labels.count { $0 == label } == 4 })
  }

  @Test func augmentedRows() throws {
    let data = try TransformTests.block(20, 12, 12)
    let sheet = try ContactSheet.render(data, columns: 5, rows: 2, seed: 1, transform: TransformTests.turning)
    #expect(sheet.height == 6 + 2 * 114)
    let cells = try (0..<5).map { try sheet.cropped(x: 6 + $0 * 102, y: 6, width: 96, height: 96) }
    #expect(Set(cells).count == 5)
  }

  @Test func oddRequests() throws {
    let data = try TransformTests.block(3, 300, 7)
    #expect(try ContactSheet.render(data, columns: 8, rows: 6).height == 6 + 114)
    #expect(imageError { try ContactSheet.render(data, columns: 0, rows: 6) }?.kind == .invalidArgument)
    let long = MemoryDataset(block: ImageBlock(width: 1, height: 1, mode: .grey, samples: [5]), labels: [0])
    struct Renamed: ImageDataset {
      let base: MemoryDataset
      var count: Int { 1 }
      var labels: [Int] { [0] }
      var classes: [String] { ["a class with a name that is far too long é 鳥"] }
      func name(_ index: Int) -> String { "x" }
      func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image { try base.image(index) }
      func digest() throws(ImageError) -> String { "" }
    }
    #expect(try ContactSheet.render(Renamed(base: long), columns: 1, rows: 1).width == 108)
  }

  @Test func everyTransformIsShown() throws {
    let photo = try Image.read(Fixture.path("rgb.png"))
    let every = ContactSheet.everyTransform
    #expect(Set(every.map(\.name)).union(["centerCrop", "resize", "sometimes", "oneOf", "someOf"]) == Set(ImageTransform.names))
    let sheet = try ContactSheet.render(photo, transforms: every, columns: 8, seed: 1)
    #expect(sheet.width == 6 + 8 * 102)
    #expect(try ContactSheet.render(photo, transforms: every, columns: 8, seed: 1) == sheet)
    #expect(imageError { try ContactSheet.render(photo, transforms: every, columns: 0) }?.kind == .invalidArgument)
  }
}
